//! `/apps/{app}/keys`: an app's server keys, made by its admins.

use super::extract::{Checks, Json, KeyPath, OwnerScope, Query, Unchecked};
use super::rotation::RotationRequest;
use crate::auth::access;
use crate::db::{Page, PageQuery, UnixMs, now_ms};
use crate::error::Result;
use crate::server::AppState;
use crate::services::keys::{self, NewKey, NewServerKey, ServerKey};
use crate::services::owners::label;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A server key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRequest {
    /// What it is for.
    #[schema(example = "production", min_length = 1, max_length = 100)]
    name: String,
    /// What it may do: `tokens:read`, `users:write` and so on, a resource that paths begin with and `read` or `write`, which
    /// is to read, too. Everything when absent. What everybody sees on the chain needs none.
    #[schema(example = json!(["tokens:write", "users:read"]), max_items = 22)]
    scopes: Option<Vec<String>>,
    /// When it is to end by itself; never when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<UnixMs>,
}

impl Unchecked for KeyRequest {
    type Checked = NewKey;

    fn check(self, checks: &mut Checks) -> Option<Self::Checked> {
        let name = checks.take(label("name", &self.name, 100));
        if self.expires_at.is_some_and(|at| at.0 <= now_ms()) {
            checks.broken("expiresAt", "range", "must be in the future");
            return None;
        }
        let scopes = self.scopes.map(|mut scopes| {
            for (number, scope) in scopes.iter().enumerate().filter(|(_, scope)| !access::is_scope(scope)) {
                let rule =
                    format!("{scope:.40?} is no scope: one of {} and :read or :write", access::RESOURCES.join(", "));
                checks.broken(format!("scopes[{number}]"), "format", rule);
            }
            scopes.sort_unstable();
            scopes.dedup();
            scopes
        });
        Some(NewKey { name: name?, scopes, expires_at: self.expires_at })
    }
}

/// Make a server key. Its secret is in this answer and never again.
#[utoipa::path(
    post, path = "/api/v1/apps/{app}/keys", tag = "keys", operation_id = "createKey",
    params(("app" = String, Path, description = "`app_…`")),
    request_body = KeyRequest,
    security(("owner" = [])),
    responses((status = 201, description = "The key with its secret", body = NewServerKey)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    request: Json<KeyRequest>,
) -> Result<(StatusCode, axum::Json<NewServerKey>)> {
    let key = keys::create(&state.db, &scope.app, request.value).await?;
    Ok((StatusCode::CREATED, axum::Json(key)))
}

/// The app's server keys, newest first.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}/keys", tag = "keys", operation_id = "listKeys",
    params(("app" = String, Path, description = "`app_…`"), PageQuery),
    security(("owner" = [])),
    responses((status = 200, description = "A page of keys", body = Page<ServerKey>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<ServerKey>>> {
    keys::list(&state.db, &scope.app, &page).await.map(axum::Json)
}

/// One server key.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}/keys/{key}", tag = "keys", operation_id = "getKey",
    params(("app" = String, Path, description = "`app_…`"), ("key" = String, Path, description = "`key_…`")),
    security(("owner" = [])),
    responses((status = 200, description = "The key", body = ServerKey)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    KeyPath(key): KeyPath,
) -> Result<axum::Json<ServerKey>> {
    keys::get(&state.db, &scope.app, &key).await.map(axum::Json)
}

/// Exchange a server key's secret. The old one works for a while too, so that a server can change over without a gap.
#[utoipa::path(
    post, path = "/api/v1/apps/{app}/keys/{key}/rotate", tag = "keys", operation_id = "rotateKey",
    params(("app" = String, Path, description = "`app_…`"), ("key" = String, Path, description = "`key_…`")),
    request_body = RotationRequest,
    security(("owner" = [])),
    responses((status = 200, description = "The key with its new secret", body = NewServerKey)),
)]
pub async fn rotate(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    KeyPath(key): KeyPath,
    request: Json<RotationRequest>,
) -> Result<axum::Json<NewServerKey>> {
    keys::rotate(&state.db, &state.auth, &scope.app, &key, request.value).await.map(axum::Json)
}

/// Revoke a server key. It works no longer, at once on this gateway and within seconds on its replicas.
#[utoipa::path(
    delete, path = "/api/v1/apps/{app}/keys/{key}", tag = "keys", operation_id = "deleteKey",
    params(("app" = String, Path, description = "`app_…`"), ("key" = String, Path, description = "`key_…`")),
    security(("owner" = [])),
    responses((status = 204, description = "Revoked")),
)]
pub async fn delete(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    KeyPath(key): KeyPath,
) -> Result<StatusCode> {
    keys::revoke(&state.db, &state.auth, &scope.app, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
