//! `/apps/{app}/usage`: what an app has used.

use super::extract::{OwnerScope, Query};
use crate::error::Result;
use crate::server::AppState;
use crate::services::usage::{self, UsageFormat, UsageQuery, UsageReport};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// What an app has used, day by day: requests, sessions, issuances, operations. With `format=csv` as a table.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}/usage", tag = "apps", operation_id = "getUsage",
    params(("app" = String, Path, description = "`app_…`"), UsageQuery),
    security(("owner" = [])),
    responses((status = 200, description = "The counts", content(
        (UsageReport = "application/json"),
        (String = "text/csv"),
    ))),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    Query(query): Query<UsageQuery>,
) -> Result<Response> {
    let report = usage::report(&state.db, &scope.app, &query).await?;
    if query.format == Some(UsageFormat::Csv) {
        let name = format!("attachment; filename=\"usage-{}.csv\"", scope.app);
        let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
        return Ok((headers, usage::csv(&report)).into_response());
    }
    Ok(Json(report).into_response())
}
