//! Letters to owners, and what comes back: `/owners/verifications`, `/owners/password-resets`, and the page that their links
//! open.

use super::extract::{Checks, Json, Unchecked};
use super::trail::Trail;
use crate::auth::opaque::{self, MAIL_TOKEN_PREFIX};
use crate::auth::password;
use crate::error::{FieldError, Result};
use crate::mail::Purpose;
use crate::secret::Secret;
use crate::server::AppState;
use crate::services::accounts;
use crate::services::owners::email;
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Who wants a letter.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LetterRequest {
    /// The address of an owner.
    #[schema(example = "ada@example.org", format = Email, max_length = 254)]
    email: String,
}

impl Unchecked for LetterRequest {
    type Checked = String;

    fn check(self, checks: &mut Checks) -> Option<String> {
        checks.take(email("email", &self.email))
    }
}

/// A token out of a letter.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerificationRequest {
    /// What stands behind the `=` of the link.
    #[schema(value_type = String, example = "hm_…")]
    token: Secret,
}

impl Unchecked for VerificationRequest {
    type Checked = Zeroizing<String>;

    fn check(self, checks: &mut Checks) -> Option<Zeroizing<String>> {
        checks.take(token(self.token))
    }
}

/// A token out of a letter, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResetRequest {
    /// What stands behind the `=` of the link.
    #[schema(value_type = String, example = "hm_…")]
    token: Secret,
    /// 8 characters to 256 bytes.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    password: Secret,
}

impl Unchecked for ResetRequest {
    type Checked = (Zeroizing<String>, Zeroizing<String>);

    fn check(self, checks: &mut Checks) -> Option<Self::Checked> {
        let token = checks.take(token(self.token));
        let password = checks.take(password::new_password("password", self.password));
        Some((token?, password?))
    }
}

fn token(token: Secret) -> std::result::Result<Zeroizing<String>, FieldError> {
    if !opaque::is_shaped(MAIL_TOKEN_PREFIX, token.expose()) {
        return Err(FieldError::new("token", "format", "must be a token out of a letter (hm_…)"));
    }
    Ok(token.into_inner())
}

/// Ask for a letter that confirms an owner's address. The answer is the same whether there is such an owner or not.
#[utoipa::path(
    post, path = "/api/v1/owners/verifications", tag = "owners", operation_id = "createVerification",
    request_body = LetterRequest,
    responses((status = 202, description = "A letter is on its way, if there is anybody to have it")),
)]
pub async fn ask_to_verify(State(state): State<Arc<AppState>>, request: Json<LetterRequest>) -> Result<StatusCode> {
    accounts::write(&state.db, &state.mailer, request.value, Purpose::Verify)?;
    Ok(StatusCode::ACCEPTED)
}

/// Confirm an owner's address by the token out of a letter.
#[utoipa::path(
    post, path = "/api/v1/owners/verifications/confirm", tag = "owners", operation_id = "confirmVerification",
    request_body = VerificationRequest,
    responses((status = 204, description = "Confirmed")),
)]
pub async fn verify(
    State(state): State<Arc<AppState>>,
    Extension(trail): Extension<Trail>,
    request: Json<VerificationRequest>,
) -> Result<StatusCode> {
    let owner = accounts::verify(&state.db, &request.value).await?;
    trail.actor("owner", owner, None);
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for a letter by which an owner sets his password anew. The answer is the same whether there is such an owner or not.
#[utoipa::path(
    post, path = "/api/v1/owners/password-resets", tag = "owners", operation_id = "createPasswordReset",
    request_body = LetterRequest,
    responses((status = 202, description = "A letter is on its way, if there is anybody to have it")),
)]
pub async fn ask_to_reset(State(state): State<Arc<AppState>>, request: Json<LetterRequest>) -> Result<StatusCode> {
    accounts::write(&state.db, &state.mailer, request.value, Purpose::Reset)?;
    Ok(StatusCode::ACCEPTED)
}

/// Set an owner's password anew by the token out of a letter. All his sessions end; a second factor stays.
#[utoipa::path(
    post, path = "/api/v1/owners/password-resets/confirm", tag = "owners", operation_id = "confirmPasswordReset",
    request_body = ResetRequest,
    responses((status = 204, description = "Set")),
)]
pub async fn reset(
    State(state): State<Arc<AppState>>,
    Extension(trail): Extension<Trail>,
    request: Json<ResetRequest>,
) -> Result<StatusCode> {
    let (token, password) = request.value;
    let owner = accounts::reset(&state.db, &state.auth, &state.passwords, &token, password).await?;
    trail.actor("owner", owner, None);
    Ok(StatusCode::NO_CONTENT)
}

/// Nothing but its own script, style and API; in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What links in letters open. The token stands in the fragment and is sent by the page's script alone.
pub async fn page() -> impl IntoResponse {
    asset("text/html; charset=utf-8", include_str!("account/page.html"))
}

/// The page's script.
pub async fn script() -> impl IntoResponse {
    asset("text/javascript; charset=utf-8", include_str!("account/page.js"))
}

/// The page's style.
pub async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", include_str!("account/page.css"))
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
        ],
        text,
    )
}
