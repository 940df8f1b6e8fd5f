//! `/schedules`: transfers at a time to come, once or again and again.

use super::extract::{AnyScope, Body, Idempotency, Query, SchedulePath};
use crate::db::Page;
use crate::error::Result;
use crate::server::AppState;
use crate::services::schedules::{self, NewSchedule, Schedule, ScheduleChange, SchedulesQuery};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Schedule a transfer, once or again and again. A user schedules his own. Whether the payer has enough is looked at when it
/// is due: one that is refused then is told by the event `schedule.failed`, and the next one comes all the same.
#[utoipa::path(
    post, path = "/api/v1/schedules", tag = "schedules", operation_id = "createSchedule",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
    ),
    request_body = NewSchedule,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 201, description = "The schedule; a repeat gets it as it stands then", body = Schedule)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    idempotency: Idempotency,
    request: Body<NewSchedule>,
) -> Result<(StatusCode, Json<Schedule>)> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let schedule = schedules::create(&state.db, &scope.app, &scope.actor, request.value, key).await?;
    Ok((StatusCode::CREATED, Json(schedule)))
}

/// The app's schedules, newest first. A user sees his own alone.
#[utoipa::path(
    get, path = "/api/v1/schedules", tag = "schedules", operation_id = "listSchedules",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        SchedulesQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of schedules", body = Page<Schedule>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Query(query): Query<SchedulesQuery>,
) -> Result<Json<Page<Schedule>>> {
    schedules::list(&state.db, &scope.app, &scope.actor, &query).await.map(Json)
}

/// One schedule. A user sees his own alone.
#[utoipa::path(
    get, path = "/api/v1/schedules/{schedule}", tag = "schedules", operation_id = "getSchedule",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("schedule" = String, Path, description = "`sch_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The schedule", body = Schedule)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    SchedulePath(schedule): SchedulePath,
) -> Result<Json<Schedule>> {
    schedules::get(&state.db, &scope.app, &scope.actor, &schedule).await.map(Json)
}

/// Change what is still to come of a schedule. A user changes its own.
#[utoipa::path(
    patch, path = "/api/v1/schedules/{schedule}", tag = "schedules", operation_id = "updateSchedule",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("schedule" = String, Path, description = "`sch_…`"),
    ),
    request_body = ScheduleChange,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The schedule", body = Schedule)),
)]
pub async fn update(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    SchedulePath(schedule): SchedulePath,
    request: Body<ScheduleChange>,
) -> Result<Json<Schedule>> {
    schedules::update(&state.db, &scope.app, &scope.actor, &schedule, request.value).await.map(Json)
}

/// End a schedule. What was accepted goes on.
#[utoipa::path(
    delete, path = "/api/v1/schedules/{schedule}", tag = "schedules", operation_id = "cancelSchedule",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("schedule" = String, Path, description = "`sch_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The schedule as it stands", body = Schedule)),
)]
pub async fn cancel(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    SchedulePath(schedule): SchedulePath,
) -> Result<Json<Schedule>> {
    schedules::cancel(&state.db, &scope.app, &scope.actor, &schedule).await.map(Json)
}
