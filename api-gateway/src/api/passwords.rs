//! Setting a password.

use super::extract::{AnyScope, Caller, Checks, Json, OwnerCaller, Unchecked, UserPath};
use crate::auth::{Principal, password};
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::server::AppState;
use crate::services::passwords::{PasswordChange, Proof};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordRequest {
    /// The new one: 8 characters to 256 bytes.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    password: Secret,
    /// The one before; required of whoever changes his own.
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<Secret>,
}

/// A new password that keeps the rules, and the one before.
pub struct Passwords {
    password: Zeroizing<String>,
    current: Option<Zeroizing<String>>,
}

impl Unchecked for PasswordRequest {
    type Checked = Passwords;

    fn check(self, checks: &mut Checks) -> Option<Passwords> {
        let password = checks.take(password::new_password("password", self.password));
        let current =
            checks.optional(self.current_password, |given| password::given_password("currentPassword", given));
        Some(Passwords { password: password?, current: current? })
    }
}

impl Passwords {
    /// For who changes his own.
    fn own(self, session: String) -> Result<(Zeroizing<String>, Proof)> {
        let missing = || Error::field("currentPassword", "required", "is required to change one's own password");
        let current = self.current.ok_or_else(missing)?;
        Ok((self.password, Proof::Own { current, session }))
    }
}

pub(super) fn password_change(state: &AppState) -> PasswordChange<'_> {
    PasswordChange { db: &state.db, auth: &state.auth, passwords: &state.passwords, attempts: &state.attempts }
}

/// Set a user's password. A user gives the one before; other sessions of his end.
#[utoipa::path(
    put, path = "/api/v1/users/{user}/password", tag = "users", operation_id = "setUserPassword",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    request_body = PasswordRequest,
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 204, description = "Set")),
)]
pub async fn set_password(
    State(state): State<Arc<AppState>>,
    Caller(principal): Caller,
    scope: AnyScope,
    UserPath(user): UserPath,
    request: Json<PasswordRequest>,
) -> Result<StatusCode> {
    scope.actor.require_self(&user)?;
    let (password, proof) = match principal {
        Principal::User { session, .. } => request.value.own(session)?,
        _ => (request.value.password, Proof::App),
    };
    password_change(&state).of_user(&scope.app, &user, password, proof).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change one's own password. Other sessions end.
#[utoipa::path(
    put, path = "/api/v1/owners/me/password", tag = "owners", operation_id = "setMyPassword",
    request_body = PasswordRequest,
    security(("owner" = [])),
    responses((status = 204, description = "Set")),
)]
pub async fn set_own_password(
    State(state): State<Arc<AppState>>,
    OwnerCaller { id, session }: OwnerCaller,
    request: Json<PasswordRequest>,
) -> Result<StatusCode> {
    let (password, proof) = request.value.own(session)?;
    password_change(&state).of_owner(&id, password, proof).await?;
    Ok(StatusCode::NO_CONTENT)
}
