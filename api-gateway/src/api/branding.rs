//! `/apps/{app}/branding`: how an app shows itself to whoever is about to log in.

use super::extract::AppPath;
use crate::error::Result;
use crate::server::AppState;
use crate::services::apps::{self, Branding};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// How an app shows itself, for the pages where its users log in: open to all who know its id.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}/branding", tag = "apps", operation_id = "getBranding",
    params(("app" = String, Path, description = "`app_…`")),
    responses((status = 200, description = "The branding", body = Branding)),
)]
pub async fn get(State(state): State<Arc<AppState>>, AppPath(app): AppPath) -> Result<Json<Branding>> {
    apps::branding(&state.db, &app).await.map(Json)
}
