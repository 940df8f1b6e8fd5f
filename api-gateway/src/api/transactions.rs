//! Movements of units as the chain tells them.

use super::extract::{AdminScope, AnyScope, Query, TokenPath, UserPath};
use crate::db::{Page, PageQuery, UnixMs, now_ms};
use crate::error::{Error, Result};
use crate::server::AppState;
use crate::services::statement::{HEAD, TokenStatement};
use crate::services::tokens;
use crate::services::transactions::{self, Transaction, TransactionsFilter};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The app's movements of units and items, newest first, whoever sent them. A user sees its own alone.
#[utoipa::path(
    get, path = "/api/v1/transactions", tag = "transactions", operation_id = "listTransactions",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        TransactionsFilter,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of transactions", body = Page<Transaction>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Query(filter): Query<TransactionsFilter>,
) -> Result<Json<Page<Transaction>>> {
    transactions::list(&state.db, &scope.app, &scope.actor, &filter).await.map(Json)
}

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
    tokens::token_ref(&state.db, &scope.app, &token).await?;
    transactions::of_token(&state.db, &scope.app, &token, &page).await.map(Json)
}

/// Which movements a statement has.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// From this moment on; from the beginning when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<UnixMs>,
    /// Until this moment; now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<UnixMs>,
}

/// A token's movements as a table (CSV, RFC 4180), oldest first.
#[utoipa::path(
    get, path = "/api/v1/tokens/{token}/statement", tag = "transactions", operation_id = "getStatement",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("token" = String, Path, description = "`tok_…`"),
        StatementQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv")),
)]
pub async fn statement(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    Query(query): Query<StatementQuery>,
) -> Result<Response> {
    let (since, until) = (query.since.unwrap_or(UnixMs(0)), query.until.unwrap_or_else(|| UnixMs(now_ms())));
    let statement = TokenStatement::begin(&state.db, &scope.app, &token, since, until).await?;
    let head = stream::iter([Ok(HEAD.to_owned())]);
    let lines = stream::try_unfold(statement, |mut statement| async move {
        // A table that is cut short breaks the connection, so that nobody takes it for the whole.
        let lines = statement.next().await?;
        Ok::<_, Error>(lines.map(|lines| (lines, statement)))
    });
    let name = format!("attachment; filename=\"{token}.csv\"");
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(head.chain(lines))).into_response())
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
