//! `/users/{user}/wallets` and logging in by one: wallets of users' own (EIP-4361).

use super::extract::{AddressPath, AnyScope, Body, UserPath};
use super::sessions::{sessions, user_agent};
use super::trail::Trail;
use crate::error::Result;
use crate::server::AppState;
use crate::services::linked_wallets::{
    self, Challenge, LinkChallenge, LoginChallenge, SignedChallenge, UserWallet, UserWallets,
};
use crate::services::sessions::Session;
use crate::usage::Metric;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use std::sync::Arc;

/// Ask for a message to log in with, which a linked wallet signs (`personal_sign`).
#[utoipa::path(
    post, path = "/api/v1/sessions/challenges", tag = "sessions", operation_id = "createLoginChallenge",
    request_body = LoginChallenge,
    responses((status = 201, description = "What to sign", body = Challenge)),
)]
pub async fn challenge_login(
    State(state): State<Arc<AppState>>,
    request: Body<LoginChallenge>,
) -> Result<(StatusCode, Json<Challenge>)> {
    let chain_id = state.config.chain.chain_id;
    let challenge = linked_wallets::challenge_login(&state.db, chain_id, &request.value).await?;
    Ok((StatusCode::CREATED, Json(challenge)))
}

/// Log in by the signature of a linked wallet.
#[utoipa::path(
    post, path = "/api/v1/sessions/wallet", tag = "sessions", operation_id = "createWalletSession",
    request_body = SignedChallenge,
    responses((status = 201, description = "The session's tokens", body = Session)),
)]
pub async fn log_in(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    Extension(trail): Extension<Trail>,
    request: Body<SignedChallenge>,
) -> Result<(StatusCode, Json<Session>)> {
    let agent = user_agent(&headers);
    let (app, session) = linked_wallets::log_in(&sessions(&state), &request.value, agent).await?;
    state.usage.count(&app, Metric::Sessions);
    trail.actor("user", session.principal.clone(), Some(app));
    Ok((StatusCode::CREATED, Json(session)))
}

/// Ask for a message to link a wallet with. A user links his own.
#[utoipa::path(
    post, path = "/api/v1/users/{user}/wallets/challenges", tag = "users", operation_id = "createLinkChallenge",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    request_body = LinkChallenge,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 201, description = "What to sign", body = Challenge)),
)]
pub async fn challenge_link(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
    request: Body<LinkChallenge>,
) -> Result<(StatusCode, Json<Challenge>)> {
    let chain_id = state.config.chain.chain_id;
    let (app, actor) = (&scope.app, &scope.actor);
    let challenge = linked_wallets::challenge_link(&state.db, chain_id, app, actor, &user, &request.value).await?;
    Ok((StatusCode::CREATED, Json(challenge)))
}

/// Link a wallet by its signature. From then on it is good for logging in.
#[utoipa::path(
    post, path = "/api/v1/users/{user}/wallets", tag = "users", operation_id = "linkWallet",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    request_body = SignedChallenge,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 201, description = "The wallet", body = UserWallet)),
)]
pub async fn link(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
    request: Body<SignedChallenge>,
) -> Result<(StatusCode, Json<UserWallet>)> {
    let wallet = linked_wallets::link(&state.db, &scope.app, &scope.actor, &user, &request.value).await?;
    Ok((StatusCode::CREATED, Json(wallet)))
}

/// A user's wallets: the custodial one, and those that he has linked.
#[utoipa::path(
    get, path = "/api/v1/users/{user}/wallets", tag = "users", operation_id = "listUserWallets",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The wallets", body = UserWallets)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
) -> Result<Json<UserWallets>> {
    linked_wallets::list(&state.db, &scope.app, &scope.actor, &user).await.map(Json)
}

/// End the link of a wallet.
#[utoipa::path(
    delete, path = "/api/v1/users/{user}/wallets/{address}", tag = "users", operation_id = "unlinkWallet",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
        ("address" = String, Path, description = "The wallet's address"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 204, description = "Unlinked")),
)]
pub async fn unlink(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
    AddressPath(address): AddressPath,
) -> Result<StatusCode> {
    linked_wallets::unlink(&state.db, &scope.app, &scope.actor, &user, &address).await?;
    Ok(StatusCode::NO_CONTENT)
}
