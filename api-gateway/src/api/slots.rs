//! `/items/{item}/slots` and `/slots`: offer items for sale, buy, take back.

use super::accepted::{self, AcceptedResource};
use super::extract::{AnyScope, Body, Idempotency, ItemPath, Query, SlotPath};
use crate::db::{Page, PageQuery};
use crate::error::Result;
use crate::ledger::Operation;
use crate::server::AppState;
use crate::services::Moved;
use crate::services::slots::{self, BuyItem, OpenSlot, Sale, Slot, SlotFilter};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;

/// Offer an item for sale: it waits with its collection for whoever pays the price. Each sale pays the collection's royalty,
/// the shares, and the rest to the seller, in one transaction with the item's move.
#[utoipa::path(
    post, path = "/api/v1/items/{item}/slots", tag = "slots", operation_id = "openSlot",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("item" = String, Path, description = "`itm_…`"),
    ),
    request_body = OpenSlot,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 202, description = "The slot and the operation that opens it", body = AcceptedResource<Slot>)),
)]
pub async fn open(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    ItemPath(item): ItemPath,
    idempotency: Idempotency,
    request: Body<OpenSlot>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let accepted = slots::open(&state.ledger, &scope.app, &scope.actor, &item, request.value, key).await?;
    accepted::resource::<Slot>(accepted)
}

/// The app's sale slots, newest first, whoever opened them.
#[utoipa::path(
    get, path = "/api/v1/slots", tag = "slots", operation_id = "listSlots",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        SlotFilter,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of slots", body = Page<Slot>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Query(filter): Query<SlotFilter>,
) -> Result<Json<Page<Slot>>> {
    slots::list(&state.db, &scope.app, &filter).await.map(Json)
}

/// One sale slot.
#[utoipa::path(
    get, path = "/api/v1/slots/{slot}", tag = "slots", operation_id = "getSlot",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("slot" = String, Path, description = "`slt_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The slot", body = Slot)),
)]
pub async fn get(State(state): State<Arc<AppState>>, scope: AnyScope, SlotPath(slot): SlotPath) -> Result<Json<Slot>> {
    slots::get(&state.db, &scope.app, &slot).await.map(Json)
}

/// Buy out of a slot. A user pays with its own; an app with any of its wallets', the treasury's when `from` is absent.
#[utoipa::path(
    post, path = "/api/v1/slots/{slot}/buy", tag = "slots", operation_id = "buyItem",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("slot" = String, Path, description = "`slt_…`"),
    ),
    request_body = BuyItem,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 202, description = "The operation and both parties' balances of the item", body = Moved)),
)]
pub async fn buy(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    SlotPath(slot): SlotPath,
    idempotency: Idempotency,
    request: Body<BuyItem>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let moved = slots::buy(&state.ledger, &scope.app, &scope.actor, &slot, request.value, key).await?;
    Ok(accepted::answer(&moved.operation.id.clone(), moved))
}

/// Take back what a slot has left. A user closes its own slots, an app all of its collections'.
#[utoipa::path(
    post, path = "/api/v1/slots/{slot}/close", tag = "slots", operation_id = "closeSlot",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("slot" = String, Path, description = "`slt_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 202, description = "The operation", body = Operation)),
)]
pub async fn close(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    SlotPath(slot): SlotPath,
    idempotency: Idempotency,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, b"");
    let operation = slots::close(&state.ledger, &scope.app, &scope.actor, &slot, key).await?;
    Ok(accepted::answer(&operation.id.clone(), operation))
}

/// What was bought out of a slot, newest first, whoever bought it.
#[utoipa::path(
    get, path = "/api/v1/slots/{slot}/sales", tag = "slots", operation_id = "listSales",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("slot" = String, Path, description = "`slt_…`"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of sales", body = Page<Sale>)),
)]
pub async fn sales(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    SlotPath(slot): SlotPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Sale>>> {
    slots::sales(&state.db, &scope.app, &slot, &page).await.map(Json)
}
