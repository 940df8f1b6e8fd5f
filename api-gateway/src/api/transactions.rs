//! Movements of units as the chain tells them.

use super::extract::{AdminScope, AnyScope, Query, TokenPath, UserPath};
use crate::db::{Page, PageQuery};
use crate::error::Result;
use crate::server::AppState;
use crate::services::transactions::{self, Transaction};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// A token's movements, newest first, whoever sent them.
#[utoipa::path(
    get, path = "/api/v1/tokens/{token}/transactions", tag = "transactions", operation_id = "listTokenTransactions",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("token" = String, Path, description = "`tok_…`"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of transactions", body = Page<Transaction>)),
)]
pub async fn of_token(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Transaction>>> {
    transactions::of_token(&state.db, &scope.app, &token, &page).await.map(Json)
}

/// A user's movements in all tokens of the app, newest first. A user sees its own alone.
#[utoipa::path(
    get, path = "/api/v1/users/{user}/transactions", tag = "transactions", operation_id = "listUserTransactions",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of transactions", body = Page<Transaction>)),
)]
pub async fn of_user(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Transaction>>> {
    transactions::of_user(&state.db, &scope.app, &scope.actor, &user, &page).await.map(Json)
}
