//! `/tokens/{token}/transfers`: the main job.

use super::accepted;
use super::extract::{AnyScope, Body, Idempotency, TokenPath};
use crate::error::Result;
use crate::server::AppState;
use crate::services::Moved;
use crate::services::transfers::{self, BulkTransfer, Transfer};
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;

/// Move units of a token. A user moves its own; an app any of its wallets', the treasury's when `from` is absent.
#[utoipa::path(
    post, path = "/api/v1/tokens/{token}/transfers", tag = "transfers", operation_id = "createTransfer",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    request_body = Transfer,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 202, description = "The operation and both parties' balances", body = Moved)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    TokenPath(token): TokenPath,
    idempotency: Idempotency,
    request: Body<Transfer>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let moved = transfers::submit(&state.ledger, &scope.app, &scope.actor, &token, request.value, key).await?;
    Ok(accepted::answer(&moved.operation.id.clone(), moved))
}

/// Move units of a token to up to 1,000 receivers in one operation: all or nothing.
#[utoipa::path(
    post, path = "/api/v1/tokens/{token}/transfers/bulk", tag = "transfers", operation_id = "createBulkTransfer",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    request_body = BulkTransfer,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 202, description = "The operation and the parties' balances", body = Moved)),
)]
pub async fn create_bulk(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    TokenPath(token): TokenPath,
    idempotency: Idempotency,
    request: Body<BulkTransfer>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let moved = transfers::submit_bulk(&state.ledger, &scope.app, &scope.actor, &token, request.value, key).await?;
    Ok(accepted::answer(&moved.operation.id.clone(), moved))
}
