//! `/tokens`: issue, read, change, mint, burn.

use super::accepted;
use super::appearance::AppearanceChange;
use super::extract::{AdminScope, AnyScope, Body, Idempotency, Json, Query, TokenPath};
use crate::db::{OrderedPageQuery, Page};
use crate::error::Result;
use crate::server::AppState;
use crate::services::Moved;
use crate::services::tokens::{self, Burn, CreateToken, Mint, Token, TokenCreated};
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;

/// Issue a token. Its first supply goes to the app's treasury.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "tokens", operation_id = "createToken",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
    ),
    request_body = CreateToken,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The token and the operation that issues it", body = TokenCreated)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    idempotency: Idempotency,
    request: Body<CreateToken>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let created = tokens::create(&state.ledger, &scope.app, request.value, key).await?;
    Ok(accepted::answer(&created.operation.id.clone(), created))
}

/// The app's tokens, newest first.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "tokens", operation_id = "listTokens",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        OrderedPageQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of tokens", body = Page<Token>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Query(page): Query<OrderedPageQuery>,
) -> Result<axum::Json<Page<Token>>> {
    tokens::list(&state.db, &scope.app, &page).await.map(axum::Json)
}

/// One token.
#[utoipa::path(
    get, path = "/api/v1/tokens/{token}", tag = "tokens", operation_id = "getToken",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The token", body = Token)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    TokenPath(token): TokenPath,
) -> Result<axum::Json<Token>> {
    tokens::get(&state.db, &scope.app, &token).await.map(axum::Json)
}

/// Change how a token looks to people. What is on chain stays as it was issued.
#[utoipa::path(
    patch, path = "/api/v1/tokens/{token}", tag = "tokens", operation_id = "updateToken",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    request_body = AppearanceChange,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The token", body = Token)),
)]
pub async fn update(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    request: Json<AppearanceChange>,
) -> Result<axum::Json<Token>> {
    tokens::update(&state.db, &scope.app, &token, request.value).await.map(axum::Json)
}

/// Create units of a token.
#[utoipa::path(
    post, path = "/api/v1/tokens/{token}/mint", tag = "tokens", operation_id = "mintToken",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    request_body = Mint,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation and the receiver's balance", body = Moved)),
)]
pub async fn mint(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    idempotency: Idempotency,
    request: Body<Mint>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let moved = tokens::mint(&state.ledger, &scope.app, &token, request.value, key).await?;
    Ok(accepted::answer(&moved.operation.id.clone(), moved))
}

/// Destroy units of a token: the treasury's, or with `from` those of a user or wallet of the app. A user destroys
/// its own.
#[utoipa::path(
    post, path = "/api/v1/tokens/{token}/burn", tag = "tokens", operation_id = "burnToken",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    request_body = Burn,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 202, description = "The operation and the holder's balance", body = Moved)),
)]
pub async fn burn(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    TokenPath(token): TokenPath,
    idempotency: Idempotency,
    request: Body<Burn>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let moved = tokens::burn(&state.ledger, &scope.app, &scope.actor, &token, request.value, key).await?;
    Ok(accepted::answer(&moved.operation.id.clone(), moved))
}
