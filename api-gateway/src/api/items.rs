//! `/collections/{collection}/items` and `/items`: create, change, mint, transfer, burn, and whose they are.

use super::accepted::{self, AcceptedResource};
use super::extract::{
    self, AdminScope, AnyScope, Body, Checks, CollectionPath, Idempotency, ItemPath, Query, Unchecked, UserPath,
};
use crate::db::{Page, PageQuery};
use crate::error::Result;
use crate::server::AppState;
use crate::services::Moved;
use crate::services::collections::{name_fault, uri_fault};
use crate::services::holders::{self, Holder};
use crate::services::items::{
    self, BurnItem, Change, CreateItem, Held, Item, ItemFilter, MintItem, Trait, TransferItem, trait_faults,
};
use crate::services::transactions::{self, Transaction};
use crate::strict::{nullable, optional_objects};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Add an item to a collection. A unique item is minted to its first owner at once; of others, mint as many as you like.
#[utoipa::path(
    post, path = "/api/v1/collections/{collection}/items", tag = "collections", operation_id = "createItem",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("collection" = String, Path, description = "`col_…`"),
    ),
    request_body = CreateItem,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The item and the operation that creates it", body = AcceptedResource<Item>)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    CollectionPath(collection): CollectionPath,
    idempotency: Idempotency,
    request: Body<CreateItem>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    accepted::resource::<Item>(items::create(&state.ledger, &scope.app, &collection, request.value, key).await?)
}

/// A collection's items, newest first, whoever made them.
#[utoipa::path(
    get, path = "/api/v1/collections/{collection}/items", tag = "collections", operation_id = "listItems",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("collection" = String, Path, description = "`col_…`"),
        ItemFilter,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of items", body = Page<Item>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    CollectionPath(collection): CollectionPath,
    Query(filter): Query<ItemFilter>,
) -> Result<Json<Page<Item>>> {
    items::list(&state.db, &scope.app, &collection, &filter).await.map(Json)
}

/// One item.
#[utoipa::path(
    get, path = "/api/v1/items/{item}", tag = "collections", operation_id = "getItem",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("item" = String, Path, description = "`itm_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The item", body = Item)),
)]
pub async fn get(State(state): State<Arc<AppState>>, scope: AnyScope, ItemPath(item): ItemPath) -> Result<Json<Item>> {
    items::get(&state.db, &scope.app, &item).await.map(Json)
}

/// What is to change of what is kept of an item off chain, as a JSON merge patch (RFC 7396): what is absent stays, what is null
/// goes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemChange {
    /// Its name: 1 to 64 bytes of UTF-8.
    #[schema(min_length = 1, max_length = 64)]
    name: Option<String>,
    /// Where its picture, film or sound is: a URI of at most 256 bytes.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 256)]
    media: Option<Option<String>>,
    /// How rare it is, in the app's own word: 1 to 32 bytes.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 32)]
    rarity: Option<Option<String>>,
    /// All that tells it apart, at most 50.
    #[serde(default, deserialize_with = "optional_objects")]
    #[schema(max_items = 50)]
    traits: Option<Vec<Trait>>,
}

impl Unchecked for ItemChange {
    type Checked = Change;

    fn check(self, checks: &mut Checks) -> Option<Change> {
        let mut faults = Vec::new();
        faults.extend(self.name.as_deref().and_then(|name| name_fault("name", name, 64)));
        faults.extend(self.media.iter().flatten().find_map(|media| uri_fault("media", media)));
        faults.extend(self.rarity.iter().flatten().find_map(|rarity| name_fault("rarity", rarity, 32)));
        faults.extend(self.traits.iter().flat_map(|traits| trait_faults(traits)));
        for fault in faults {
            checks.take(Err::<(), _>(fault));
        }
        Some(Change { name: self.name, media: self.media, rarity: self.rarity, traits: self.traits })
    }
}

/// Change what is kept of an item off chain. Its number, its `uri` and its cap stay as they are.
#[utoipa::path(
    patch, path = "/api/v1/items/{item}", tag = "collections", operation_id = "updateItem",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("item" = String, Path, description = "`itm_…`"),
    ),
    request_body = ItemChange,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The item", body = Item)),
)]
pub async fn update(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    ItemPath(item): ItemPath,
    request: extract::Json<ItemChange>,
) -> Result<Json<Item>> {
    items::update(&state.db, &scope.app, &item, request.value).await.map(Json)
}

/// Make more of an `erc1155` item, for up to 500 receivers: all or nothing.
#[utoipa::path(
    post, path = "/api/v1/items/{item}/mint", tag = "collections", operation_id = "mintItem",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("item" = String, Path, description = "`itm_…`"),
    ),
    request_body = MintItem,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation; with one receiver its balance", body = Moved)),
)]
pub async fn mint(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    ItemPath(item): ItemPath,
    idempotency: Idempotency,
    request: Body<MintItem>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let moved = items::mint(&state.ledger, &scope.app, &item, request.value, key).await?;
    Ok(accepted::answer(&moved.operation.id.clone(), moved))
}

/// Move an item. A user moves its own; an app any of its wallets', the treasury's when `from` is absent.
#[utoipa::path(
    post, path = "/api/v1/items/{item}/transfers", tag = "collections", operation_id = "transferItem",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("item" = String, Path, description = "`itm_…`"),
    ),
    request_body = TransferItem,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 202, description = "The operation and both parties' balances", body = Moved)),
)]
pub async fn transfer(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    ItemPath(item): ItemPath,
    idempotency: Idempotency,
    request: Body<TransferItem>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let moved = items::transfer(&state.ledger, &scope.app, &scope.actor, &item, request.value, key).await?;
    Ok(accepted::answer(&moved.operation.id.clone(), moved))
}

/// Take an item, or some of it, out of the world: the treasury's, or with `from` a user's or wallet's of the app. A user burns its own.
#[utoipa::path(
    post, path = "/api/v1/items/{item}/burn", tag = "collections", operation_id = "burnItem",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("item" = String, Path, description = "`itm_…`"),
    ),
    request_body = BurnItem,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 202, description = "The operation and the holder's balance", body = Moved)),
)]
pub async fn burn(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    ItemPath(item): ItemPath,
    idempotency: Idempotency,
    request: Body<BurnItem>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let moved = items::burn(&state.ledger, &scope.app, &scope.actor, &item, request.value, key).await?;
    Ok(accepted::answer(&moved.operation.id.clone(), moved))
}

/// Who has an item, in the order of addresses.
#[utoipa::path(
    get, path = "/api/v1/items/{item}/holders", tag = "collections", operation_id = "listItemHolders",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("item" = String, Path, description = "`itm_…`"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of holders", body = Page<Holder>)),
)]
pub async fn holders(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    ItemPath(item): ItemPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Holder>>> {
    items::reference(&state.db, &scope.app, &item).await?;
    holders::list(&state.db, &scope.app, &item, &page).await.map(Json)
}

/// An item's provenance: each time that it changed hands, newest first, as the chain tells it.
#[utoipa::path(
    get, path = "/api/v1/items/{item}/transactions", tag = "collections", operation_id = "listItemTransactions",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("item" = String, Path, description = "`itm_…`"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of movements", body = Page<Transaction>)),
)]
pub async fn transactions(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    ItemPath(item): ItemPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Transaction>>> {
    items::reference(&state.db, &scope.app, &item).await?;
    transactions::of_token(&state.db, &scope.app, &item, &page).await.map(Json)
}

/// The items that a user has. A user sees its own alone.
#[utoipa::path(
    get, path = "/api/v1/users/{user}/items", tag = "collections", operation_id = "listUserItems",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of items with the user's balances", body = Page<Held>)),
)]
pub async fn of_user(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Held>>> {
    items::of_user(&state.db, &scope.app, &scope.actor, &user, &page).await.map(Json)
}
