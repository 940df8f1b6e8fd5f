//! `/users/{user}/…`: change, suspend, erase.

use super::accepted;
use super::extract::{AdminScope, AnyScope, Caller, Checks, Idempotency, Json, Unchecked, UserPath};
use super::users::external_id;
use crate::auth::Principal;
use crate::error::{Code, Error, Result};
use crate::ledger::Operation;
use crate::server::AppState;
use crate::services::appearance::picture;
use crate::services::erasure;
use crate::services::owners::{email, label};
use crate::services::profile::{self, Change, Export};
use crate::services::profiles::Visibility;
use crate::services::users::{self, User};
use crate::strict::nullable;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What is to change of a user, as a JSON merge patch (RFC 7396): what is absent stays, what is null goes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserChange {
    /// What to call them. A user may change it himself, and the following two.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 100)]
    display_name: Option<Option<String>>,
    /// Where their picture is: https, http or ipfs.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 500)]
    avatar: Option<Option<String>>,
    /// Who sees what they are called, the picture and the wallet's address: `open` for all users of the app.
    profile: Option<Visibility>,
    /// Your own name for the user; unique in the app.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 100)]
    external_id: Option<Option<String>>,
    /// For the user's own login; unique in the app.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Email, max_length = 254)]
    email: Option<Option<String>>,
    /// All tags: at most 20, of 1 to 50 characters.
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    /// Your own names and values: at most 50, of 40 and 500 characters. An entry that is null goes.
    metadata: Option<BTreeMap<String, Option<String>>>,
}

impl Unchecked for UserChange {
    type Checked = Change;

    fn check(self, checks: &mut Checks) -> Option<Change> {
        let mut text = |field: &str, given: Option<Option<String>>| match given {
            Some(Some(text)) => {
                let checked = match field {
                    "email" => email(field, &text),
                    "externalId" => external_id(field, &text),
                    _ => label(field, &text, 100),
                };
                checks.take(checked).map(|text| Some(Some(text)))
            }
            other => Some(other),
        };
        let display_name = text("displayName", self.display_name);
        let external_id = text("externalId", self.external_id);
        let email = text("email", self.email);
        let avatar = checks.optional(self.avatar, |given| given.map(|text| picture("avatar", &text)).transpose());
        let tags = checks.optional(self.tags, |tags| profile::tags("tags", tags));
        let metadata = checks.optional(self.metadata, |given| profile::metadata("metadata", given));
        Some(Change {
            display_name: display_name?,
            avatar: avatar?,
            profile: self.profile,
            external_id: external_id?,
            email: email?,
            tags: tags?,
            metadata: metadata?,
        })
    }
}

/// The user who is calling.
#[utoipa::path(
    get, path = "/api/v1/users/me", tag = "users", operation_id = "getMyself",
    security(("user" = [])),
    responses((status = 200, description = "The user", body = User)),
)]
pub async fn me(State(state): State<Arc<AppState>>, Caller(principal): Caller) -> Result<axum::Json<User>> {
    match principal {
        Principal::User { id, app, .. } => users::get(&state.db, &app, &id).await.map(axum::Json),
        other => Err(Error::new(Code::Forbidden, format!("this is for users, not for a {}", other.kind()))),
    }
}

/// Change a user. A user may change his own `displayName`, `avatar` and `profile`.
#[utoipa::path(
    patch, path = "/api/v1/users/{user}", tag = "users", operation_id = "updateUser",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    request_body = UserChange,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The user", body = User)),
)]
pub async fn update(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
    request: Json<UserChange>,
) -> Result<axum::Json<User>> {
    scope.actor.require_self(&user)?;
    profile::update(&state.db, &scope.app, &scope.actor, &user, request.value).await.map(axum::Json)
}

/// Suspend a user: he can't log in, his sessions end, his wallet signs nothing, and the chain is told.
#[utoipa::path(
    post, path = "/api/v1/users/{user}/suspend", tag = "users", operation_id = "suspendUser",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation that tells the chain", body = Operation)),
)]
pub async fn suspend(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    UserPath(user): UserPath,
    idempotency: Idempotency,
) -> Result<Response> {
    set_suspended(&state, &scope.app, &user, true, idempotency).await
}

/// Let a suspended user act again.
#[utoipa::path(
    post, path = "/api/v1/users/{user}/activate", tag = "users", operation_id = "activateUser",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation that tells the chain", body = Operation)),
)]
pub async fn activate(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    UserPath(user): UserPath,
    idempotency: Idempotency,
) -> Result<Response> {
    set_suspended(&state, &scope.app, &user, false, idempotency).await
}

async fn set_suspended(
    state: &AppState,
    app: &str,
    user: &str,
    suspended: bool,
    idempotency: Idempotency,
) -> Result<Response> {
    let key = idempotency.request_key(app, b"");
    let operation = profile::set_suspended(&state.ledger, &state.auth, app, user, suspended, key).await?;
    Ok(accepted::answer(&operation.id.clone(), operation))
}

/// All that is stored of a user, as one document.
#[utoipa::path(
    get, path = "/api/v1/users/{user}/export", tag = "users", operation_id = "exportUser",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "Everything", body = Export)),
)]
pub async fn export(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
) -> Result<axum::Json<Export>> {
    scope.actor.require_self(&user)?;
    profile::export(&state.db, &scope.app, &user).await.map(axum::Json)
}

/// Erase a user: personal data leave the database for good. The ledger keeps his address and what it did.
#[utoipa::path(
    delete, path = "/api/v1/users/{user}", tag = "users", operation_id = "eraseUser",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 204, description = "Erased")),
)]
pub async fn erase(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    UserPath(user): UserPath,
) -> Result<StatusCode> {
    erasure::erase(&state.db, &state.auth, &scope.app, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
