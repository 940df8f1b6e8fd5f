//! The audit log, read.

use super::extract::{OwnerCaller, OwnerScope, Query};
use crate::auth::access::Role;
use crate::db::{Page, PageQuery};
use crate::error::Result;
use crate::server::AppState;
use crate::services::audit::{self, AuditEntry, Of};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// Who did what in an app, newest first. For admins.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}/audit", tag = "apps", operation_id = "listAppAudit",
    params(("app" = String, Path, description = "`app_…`"), PageQuery),
    security(("owner" = [])),
    responses((status = 200, description = "A page of entries", body = Page<AuditEntry>)),
)]
pub async fn of_app(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AuditEntry>>> {
    scope.role.require(Role::Admin)?;
    audit::list(&state.db, Of::App(&scope.app), &page).await.map(Json)
}

/// What the caller has done, logins included, newest first.
#[utoipa::path(
    get, path = "/api/v1/owners/me/audit", tag = "owners", operation_id = "listMyAudit",
    params(PageQuery),
    security(("owner" = [])),
    responses((status = 200, description = "A page of entries", body = Page<AuditEntry>)),
)]
pub async fn of_owner(
    State(state): State<Arc<AppState>>,
    owner: OwnerCaller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AuditEntry>>> {
    audit::list(&state.db, Of::Owner(&owner.id), &page).await.map(Json)
}
