//! `/apps/{app}/defaults`: what an app's new tokens and users get when nothing is said.

use super::extract::{Body, OwnerScope};
use crate::error::Result;
use crate::server::AppState;
use crate::services::defaults::{self, Defaults};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// What the app's new tokens and users get when nothing is said.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}/defaults", tag = "apps", operation_id = "getDefaults",
    params(("app" = String, Path, description = "`app_…`")),
    security(("owner" = [])),
    responses((status = 200, description = "The defaults", body = Defaults)),
)]
pub async fn get(State(state): State<Arc<AppState>>, scope: OwnerScope) -> Result<Json<Defaults>> {
    defaults::get(&state.db, &scope.app).await.map(Json)
}

/// Say what the app's new tokens and users get when nothing is said. What is there already stays as it is.
#[utoipa::path(
    put, path = "/api/v1/apps/{app}/defaults", tag = "apps", operation_id = "setDefaults",
    params(("app" = String, Path, description = "`app_…`")),
    request_body = Defaults,
    security(("owner" = [])),
    responses((status = 200, description = "The defaults; receivers as addresses", body = Defaults)),
)]
pub async fn set(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    request: Body<Defaults>,
) -> Result<Json<Defaults>> {
    defaults::set(&state.db, &scope.app, request.value).await.map(Json)
}
