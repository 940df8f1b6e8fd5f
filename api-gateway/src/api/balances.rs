//! Balances: a user's in all tokens, a holder's in one, and who holds one.

use super::extract::{AdminScope, AnyScope, HolderPath, Query, TokenPath, UserPath};
use crate::db::{Page, PageQuery};
use crate::error::Result;
use crate::ledger::Balance;
use crate::server::AppState;
use crate::services::balances;
use crate::services::holders::{self, Holder};
use crate::services::tokens;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// A user's balances, token by token. A user sees its own alone.
#[utoipa::path(
    get, path = "/api/v1/users/{user}/balances", tag = "balances", operation_id = "listUserBalances",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of balances", body = Page<Balance>)),
)]
pub async fn of_user(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Balance>>> {
    balances::of_user(&state.db, &scope.app, &scope.actor, &user, &page).await.map(Json)
}

/// What a holder has of the app's tokens and items: a user, a wallet such as the treasury, or any address. A user sees its own
/// alone.
#[utoipa::path(
    get, path = "/api/v1/balances/{holder}", tag = "balances", operation_id = "listBalances",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("holder" = String, Path, description = "`usr_…`, `wal_…` or an address"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of balances", body = Page<Balance>)),
)]
pub async fn of_holder(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    HolderPath(holder): HolderPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Balance>>> {
    balances::of_holder(&state.db, &scope.app, &scope.actor, &holder, &page).await.map(Json)
}

/// What a holder has of a token: a user, a wallet, or any address. A user sees its own alone.
#[utoipa::path(
    get, path = "/api/v1/tokens/{token}/balances/{holder}", tag = "balances", operation_id = "getBalance",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("token" = String, Path, description = "`tok_…`"),
        ("holder" = String, Path, description = "`usr_…`, `wal_…` or an address"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The balance", body = Balance)),
)]
pub async fn of_token(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    TokenPath(token): TokenPath,
    HolderPath(holder): HolderPath,
) -> Result<Json<Balance>> {
    balances::of_token(&state.db, &scope.app, &scope.actor, &token, &holder).await.map(Json)
}

/// Who holds a token, in the order of addresses.
#[utoipa::path(
    get, path = "/api/v1/tokens/{token}/holders", tag = "balances", operation_id = "listHolders",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("token" = String, Path, description = "`tok_…`"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of holders", body = Page<Holder>)),
)]
pub async fn holders(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Holder>>> {
    tokens::token_ref(&state.db, &scope.app, &token).await?;
    holders::list(&state.db, &scope.app, &token, &page).await.map(Json)
}
