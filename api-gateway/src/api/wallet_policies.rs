//! `/users/{user}/wallet`: what a user's custodial wallet may do, and what it signs.

use super::extract::{AdminScope, AnyScope, Body, UserPath};
use crate::error::Result;
use crate::server::AppState;
use crate::services::wallet_policies::{self, NewPolicy, SignatureRequest, WalletPolicy, WalletSignature};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// What a user's custodial wallet may do.
#[utoipa::path(
    get, path = "/api/v1/users/{user}/wallet/policy", tag = "users", operation_id = "getWalletPolicy",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The policy", body = WalletPolicy)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
) -> Result<Json<WalletPolicy>> {
    wallet_policies::get(&state.db, &scope.app, &scope.actor, &user).await.map(Json)
}

/// Say what a user's custodial wallet may do. It holds for what is accepted from now on.
#[utoipa::path(
    put, path = "/api/v1/users/{user}/wallet/policy", tag = "users", operation_id = "setWalletPolicy",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    request_body = NewPolicy,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The policy", body = WalletPolicy)),
)]
pub async fn set(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    UserPath(user): UserPath,
    request: Body<NewPolicy>,
) -> Result<Json<WalletPolicy>> {
    wallet_policies::set(&state.db, &scope.app, &user, request.value).await.map(Json)
}

/// Have a user's custodial wallet sign a message or typed data, as far as its policy lets it.
#[utoipa::path(
    post, path = "/api/v1/users/{user}/wallet/signatures", tag = "users", operation_id = "createWalletSignature",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    request_body = SignatureRequest,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The signature", body = WalletSignature)),
)]
pub async fn sign(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
    request: Body<SignatureRequest>,
) -> Result<Json<WalletSignature>> {
    let (db, custody) = (&state.db, &state.custody);
    wallet_policies::sign(db, custody, &scope.app, &scope.actor, &user, request.value).await.map(Json)
}
