//! `/owners`: sign up, and who am I.

use super::extract::{Checks, Json, OwnerCaller, Unchecked};
use super::trail::Trail;
use crate::auth::password;
use crate::error::Result;
use crate::mail::Purpose;
use crate::secret::Secret;
use crate::server::AppState;
use crate::services::accounts;
use crate::services::owners::{self, Owner, SignUp, email, label};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A person who wants to run apps.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignUpRequest {
    /// The login name.
    #[schema(example = "ada@example.org", format = Email, max_length = 254)]
    email: String,
    /// 8 characters to 256 bytes.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256, example = "correct horse battery staple")]
    password: Secret,
    /// What to call them.
    #[schema(max_length = 100)]
    display_name: Option<String>,
}

impl Unchecked for SignUpRequest {
    type Checked = SignUp;

    fn check(self, checks: &mut Checks) -> Option<SignUp> {
        let email = checks.take(email("email", &self.email));
        let password = checks.take(password::new_password("password", self.password));
        let display_name = checks.optional(self.display_name, |name| label("displayName", &name, 100));
        Some(SignUp { email: email?, password: password?, display_name: display_name? })
    }
}

/// Sign up as an owner. Where the operator sends mail, a letter follows that confirms the address.
#[utoipa::path(
    post, path = "/api/v1/owners", tag = "owners", operation_id = "createOwner",
    request_body = SignUpRequest,
    responses((status = 201, description = "The owner", body = Owner)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    Extension(trail): Extension<Trail>,
    request: Json<SignUpRequest>,
) -> Result<(StatusCode, axum::Json<Owner>)> {
    let open = state.config.auth.owner_sign_up;
    let owner = owners::sign_up(&state.db, &state.passwords, open, request.value).await?;
    trail.actor("owner", owner.id.clone(), None);
    if state.mailer.is_on() {
        accounts::write(&state.db, &state.mailer, owner.email.clone(), Purpose::Verify)?;
    }
    Ok((StatusCode::CREATED, axum::Json(owner)))
}

/// The owner who is calling.
#[utoipa::path(
    get, path = "/api/v1/owners/me", tag = "owners", operation_id = "getMe",
    security(("owner" = [])),
    responses((status = 200, description = "The owner", body = Owner)),
)]
pub async fn me(State(state): State<Arc<AppState>>, caller: OwnerCaller) -> Result<axum::Json<Owner>> {
    owners::get(&state.db, &caller.id).await.map(axum::Json)
}
