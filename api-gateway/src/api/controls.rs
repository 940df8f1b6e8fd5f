//! Stopping a token's units.

use super::accepted;
use super::extract::{AdminScope, Body, Idempotency, TokenPath};
use crate::error::Result;
use crate::ledger::Operation;
use crate::server::AppState;
use crate::services::tokens::{self, Stop};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Whose units.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountRequest {
    /// `usr_…`, `wal_…` or a 0x address.
    account: String,
}

async fn submit(
    state: &AppState,
    app: &str,
    token: &str,
    stop: Stop,
    idempotency: Idempotency,
    body: &[u8],
) -> Result<Response> {
    let key = idempotency.request_key(app, body);
    let operation = tokens::control(&state.ledger, app, token, stop, key).await?;
    Ok(accepted::answer(&operation.id.clone(), operation))
}

/// Stop all movements of a token, minting and burning too, until it is let go.
#[utoipa::path(
    post, path = "/api/v1/tokens/{token}/pause", tag = "tokens", operation_id = "pauseToken",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation", body = Operation)),
)]
pub async fn pause(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    idempotency: Idempotency,
) -> Result<Response> {
    submit(&state, &scope.app, &token, Stop::Pause, idempotency, b"").await
}

/// Let a token move again.
#[utoipa::path(
    post, path = "/api/v1/tokens/{token}/unpause", tag = "tokens", operation_id = "unpauseToken",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation", body = Operation)),
)]
pub async fn unpause(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    idempotency: Idempotency,
) -> Result<Response> {
    submit(&state, &scope.app, &token, Stop::Unpause, idempotency, b"").await
}

/// Stop the units of one account. It can neither send nor receive until it is let go.
#[utoipa::path(
    post, path = "/api/v1/tokens/{token}/freeze", tag = "tokens", operation_id = "freezeAccount",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    request_body = AccountRequest,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation", body = Operation)),
)]
pub async fn freeze(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    idempotency: Idempotency,
    request: Body<AccountRequest>,
) -> Result<Response> {
    submit(&state, &scope.app, &token, Stop::Freeze(request.value.account), idempotency, &request.bytes).await
}

/// Let the units of one account move again.
#[utoipa::path(
    post, path = "/api/v1/tokens/{token}/unfreeze", tag = "tokens", operation_id = "unfreezeAccount",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    request_body = AccountRequest,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation", body = Operation)),
)]
pub async fn unfreeze(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    idempotency: Idempotency,
    request: Body<AccountRequest>,
) -> Result<Response> {
    submit(&state, &scope.app, &token, Stop::Unfreeze(request.value.account), idempotency, &request.bytes).await
}
