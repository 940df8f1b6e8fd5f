//! `/apps/{app}/members`: the owners who run an app together.

use super::extract::{Checks, Json, MemberPath, MemberScope, OwnerScope, Query, Unchecked};
use crate::auth::access::Role;
use crate::db::{Page, PageQuery};
use crate::error::Result;
use crate::server::AppState;
use crate::services::members::{self, Member};
use crate::services::owners::email;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A member to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberRequest {
    /// With which they have signed up.
    #[schema(example = "grace@example.org", format = Email, max_length = 254)]
    email: String,
    /// What they may do; not `owner`, which is given to a member.
    role: Role,
}

impl Unchecked for MemberRequest {
    type Checked = (String, Role);

    fn check(self, checks: &mut Checks) -> Option<Self::Checked> {
        let email = checks.take(email("email", &self.email));
        if self.role == Role::Owner {
            checks.broken("role", "range", "must be viewer, developer or admin; a member can be made the owner");
        }
        Some((email?, self.role))
    }
}

/// A member's new role.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberChange {
    /// What they may do. `owner` makes who was it an admin.
    role: Role,
}

impl Unchecked for MemberChange {
    type Checked = Role;

    fn check(self, _: &mut Checks) -> Option<Role> {
        Some(self.role)
    }
}

/// The members of an app.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}/members", tag = "apps", operation_id = "listMembers",
    params(("app" = String, Path, description = "`app_…`"), PageQuery),
    security(("owner" = [])),
    responses((status = 200, description = "A page of members", body = Page<Member>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Member>>> {
    members::list(&state.db, &scope.app, &page).await.map(axum::Json)
}

/// Make somebody a member who has signed up. Admins are made by the owner alone.
#[utoipa::path(
    post, path = "/api/v1/apps/{app}/members", tag = "apps", operation_id = "addMember",
    params(("app" = String, Path, description = "`app_…`")),
    request_body = MemberRequest,
    security(("owner" = [])),
    responses((status = 201, description = "The member", body = Member)),
)]
pub async fn add(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    request: Json<MemberRequest>,
) -> Result<(StatusCode, axum::Json<Member>)> {
    let (email, role) = request.value;
    let member = members::add(&state.db, &scope.app, scope.by(), &email, role).await?;
    Ok((StatusCode::CREATED, axum::Json(member)))
}

/// Give a member another role.
#[utoipa::path(
    patch, path = "/api/v1/apps/{app}/members/{member}", tag = "apps", operation_id = "updateMember",
    params(("app" = String, Path, description = "`app_…`"), ("member" = String, Path, description = "`own_…`")),
    request_body = MemberChange,
    security(("owner" = [])),
    responses((status = 200, description = "The member", body = Member)),
)]
pub async fn update(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    MemberPath(member): MemberPath,
    request: Json<MemberChange>,
) -> Result<axum::Json<Member>> {
    members::change(&state.db, &scope.app, scope.by(), &member, request.value).await.map(axum::Json)
}

/// Take somebody out of an app, or oneself.
#[utoipa::path(
    delete, path = "/api/v1/apps/{app}/members/{member}", tag = "apps", operation_id = "removeMember",
    params(("app" = String, Path, description = "`app_…`"), ("member" = String, Path, description = "`own_…`")),
    security(("owner" = [])),
    responses((status = 204, description = "Gone")),
)]
pub async fn remove(
    State(state): State<Arc<AppState>>,
    scope: MemberScope,
    MemberPath(member): MemberPath,
) -> Result<StatusCode> {
    members::remove(&state.db, &scope.app, scope.by(), &member).await?;
    Ok(StatusCode::NO_CONTENT)
}
