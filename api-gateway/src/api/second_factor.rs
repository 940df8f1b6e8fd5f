//! `/owners/me/totp`: an owner's second factor.

use super::extract::{Checks, Json, OwnerCaller, Unchecked};
use super::passwords::password_change;
use super::sessions::one_time_code;
use crate::error::Result;
use crate::secret::Secret;
use crate::server::AppState;
use crate::services::second_factor::{Enrolment, RecoveryCodes, SecondFactors};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Who sets up a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// His password: who has found a browser open can't lock him out.
    #[schema(value_type = String, format = Password)]
    current_password: Secret,
}

impl Unchecked for EnrolmentRequest {
    type Checked = Zeroizing<String>;

    fn check(self, checks: &mut Checks) -> Option<Zeroizing<String>> {
        checks.take(crate::auth::password::given_password("currentPassword", self.current_password))
    }
}

/// A code of the second factor.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeRequest {
    /// The six digits that the device shows, or a recovery code.
    #[schema(value_type = String, example = "492039")]
    code: Secret,
}

impl Unchecked for CodeRequest {
    type Checked = Zeroizing<String>;

    fn check(self, checks: &mut Checks) -> Option<Zeroizing<String>> {
        checks.take(one_time_code("code", self.code))
    }
}

pub(super) fn second_factors(state: &AppState) -> SecondFactors<'_> {
    SecondFactors {
        db: &state.db,
        custody: &state.custody,
        attempts: &state.attempts,
        issuer: &state.config.auth.issuer,
    }
}

/// Set up a second factor (RFC 6238). It is in use once a code of it is confirmed.
#[utoipa::path(
    post, path = "/api/v1/owners/me/totp", tag = "owners", operation_id = "createTotp",
    request_body = EnrolmentRequest,
    security(("owner" = [])),
    responses((status = 200, description = "What the device needs to know; shown this once", body = Enrolment)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    owner: OwnerCaller,
    request: Json<EnrolmentRequest>,
) -> Result<axum::Json<Enrolment>> {
    password_change(&state).check_owner(&owner.id, request.value).await?;
    second_factors(&state).begin(&owner.id).await.map(axum::Json)
}

/// Show that the device has it. From now on a login takes a code, too.
#[utoipa::path(
    post, path = "/api/v1/owners/me/totp/confirm", tag = "owners", operation_id = "confirmTotp",
    request_body = CodeRequest,
    security(("owner" = [])),
    responses((status = 200, description = "Codes for who loses the device; shown this once", body = RecoveryCodes)),
)]
pub async fn confirm(
    State(state): State<Arc<AppState>>,
    owner: OwnerCaller,
    request: Json<CodeRequest>,
) -> Result<axum::Json<RecoveryCodes>> {
    second_factors(&state).confirm(&owner.id, &request.value).await.map(axum::Json)
}

/// Take the second factor away.
#[utoipa::path(
    post, path = "/api/v1/owners/me/totp/disable", tag = "owners", operation_id = "disableTotp",
    request_body = CodeRequest,
    security(("owner" = [])),
    responses((status = 204, description = "Gone")),
)]
pub async fn disable(
    State(state): State<Arc<AppState>>,
    owner: OwnerCaller,
    request: Json<CodeRequest>,
) -> Result<StatusCode> {
    second_factors(&state).disable(&owner.id, &request.value).await?;
    Ok(StatusCode::NO_CONTENT)
}
