//! `/apps/{app}/quotas`: how much an app may do in a day.

use super::extract::OwnerScope;
use crate::error::Result;
use crate::server::AppState;
use crate::services::quotas::{self, AppQuotas};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// How much the app may do in a day, and what it has used of that. The operator sets it.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}/quotas", tag = "apps", operation_id = "getQuotas",
    params(("app" = String, Path, description = "`app_…`")),
    security(("owner" = [])),
    responses((status = 200, description = "The quotas", body = AppQuotas)),
)]
pub async fn get(State(state): State<Arc<AppState>>, scope: OwnerScope) -> Result<Json<AppQuotas>> {
    quotas::get(&state.ledger, &scope.app).await.map(Json)
}
