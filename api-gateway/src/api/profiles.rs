//! `/users/profiles` and `/users/{user}/profile`: what users show of themselves to the others of their app.

use super::extract::{AnyScope, Query, UserPath};
use crate::db::Page;
use crate::error::Result;
use crate::server::AppState;
use crate::services::profiles::{self, Profile, ProfilesQuery};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// The open profiles of the app's active users who have a name, in the order of their names.
#[utoipa::path(
    get, path = "/api/v1/users/profiles", tag = "users", operation_id = "listProfiles",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ProfilesQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of profiles", body = Page<Profile>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Query(query): Query<ProfilesQuery>,
) -> Result<Json<Page<Profile>>> {
    profiles::list(&state.db, &scope.app, &query).await.map(Json)
}

/// What a user shows of itself. To other users a private profile doesn't exist.
#[utoipa::path(
    get, path = "/api/v1/users/{user}/profile", tag = "users", operation_id = "getProfile",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The profile", body = Profile)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
) -> Result<Json<Profile>> {
    profiles::get(&state.db, &scope.app, &scope.actor, &user).await.map(Json)
}
