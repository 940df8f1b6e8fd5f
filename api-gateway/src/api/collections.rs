//! `/collections`: issue, read, change, pause, give away.

use super::accepted::{self, AcceptedResource};
use super::appearance::AppearanceChange;
use super::extract::{self, AdminScope, AnyScope, Body, CollectionPath, Idempotency, Query};
use crate::db::{OrderedPageQuery, Page};
use crate::error::Result;
use crate::ledger::{Control, Operation};
use crate::server::AppState;
use crate::services::collections::{self, Collection, CreateCollection, TransferCollection};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;

/// Issue a collection: of unique items (`erc721`), or of items of which there are many alike (`erc1155`).
#[utoipa::path(
    post, path = "/api/v1/collections", tag = "collections", operation_id = "createCollection",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
    ),
    request_body = CreateCollection,
    security(("owner" = []), ("serverKey" = [])),
    responses(
        (status = 202, description = "The collection and the operation that issues it", body = AcceptedResource<Collection>)
    ),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    idempotency: Idempotency,
    request: Body<CreateCollection>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    accepted::resource::<Collection>(collections::create(&state.ledger, &scope.app, request.value, key).await?)
}

/// The app's collections, newest first.
#[utoipa::path(
    get, path = "/api/v1/collections", tag = "collections", operation_id = "listCollections",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        OrderedPageQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of collections", body = Page<Collection>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Query(page): Query<OrderedPageQuery>,
) -> Result<Json<Page<Collection>>> {
    collections::list(&state.db, &scope.app, &page).await.map(Json)
}

/// One collection.
#[utoipa::path(
    get, path = "/api/v1/collections/{collection}", tag = "collections", operation_id = "getCollection",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("collection" = String, Path, description = "`col_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The collection", body = Collection)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    CollectionPath(collection): CollectionPath,
) -> Result<Json<Collection>> {
    collections::get(&state.db, &scope.app, &collection).await.map(Json)
}

/// Change how a collection looks to people. What is on chain stays as it was issued.
#[utoipa::path(
    patch, path = "/api/v1/collections/{collection}", tag = "collections", operation_id = "updateCollection",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("collection" = String, Path, description = "`col_…`"),
    ),
    request_body = AppearanceChange,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The collection", body = Collection)),
)]
pub async fn update(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    CollectionPath(collection): CollectionPath,
    request: extract::Json<AppearanceChange>,
) -> Result<Json<Collection>> {
    collections::update(&state.db, &scope.app, &collection, request.value).await.map(Json)
}

/// Stop all movements of a collection's items, minting and burning too, until it is let go.
#[utoipa::path(
    post, path = "/api/v1/collections/{collection}/pause", tag = "collections", operation_id = "pauseCollection",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("collection" = String, Path, description = "`col_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation", body = Operation)),
)]
pub async fn pause(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    CollectionPath(collection): CollectionPath,
    idempotency: Idempotency,
) -> Result<Response> {
    submit(&state, &scope.app, &collection, Control::Pause, &idempotency).await
}

/// Let a collection's items move again.
#[utoipa::path(
    post, path = "/api/v1/collections/{collection}/unpause", tag = "collections", operation_id = "unpauseCollection",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("collection" = String, Path, description = "`col_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation", body = Operation)),
)]
pub async fn unpause(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    CollectionPath(collection): CollectionPath,
    idempotency: Idempotency,
) -> Result<Response> {
    submit(&state, &scope.app, &collection, Control::Unpause, &idempotency).await
}

/// Give a collection to another owner, who issues its items and stops them from then on (ERC-173). Its items stay with those who
/// have them.
#[utoipa::path(
    post, path = "/api/v1/collections/{collection}/transfer", tag = "collections", operation_id = "transferCollection",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("collection" = String, Path, description = "`col_…`"),
    ),
    request_body = TransferCollection,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation", body = Operation)),
)]
pub async fn transfer(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    CollectionPath(collection): CollectionPath,
    idempotency: Idempotency,
    request: Body<TransferCollection>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let operation = collections::transfer(&state.ledger, &scope.app, &collection, request.value, key).await?;
    Ok(accepted::answer(&operation.id.clone(), operation))
}

async fn submit(
    state: &AppState,
    app: &str,
    collection: &str,
    control: Control,
    idempotency: &Idempotency,
) -> Result<Response> {
    let key = idempotency.request_key(app, b"");
    let operation = collections::control(&state.ledger, app, collection, control, key).await?;
    Ok(accepted::answer(&operation.id.clone(), operation))
}
