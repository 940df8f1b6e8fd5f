//! `/sessions`: log in, renew, log out.

use super::extract::{Caller, Checks, Json, Query, SessionPath, Unchecked};
use super::second_factor::second_factors;
use super::trail::Trail;
use crate::auth::opaque::{self, REFRESH_TOKEN_PREFIX};
use crate::auth::password;
use crate::db::{Id, Page, PageQuery};
use crate::error::{FieldError, Result};
use crate::secret::Secret;
use crate::server::AppState;
use crate::services::sessions::{Credentials, Login, OpenSession, Session, Sessions};
use crate::usage::Metric;
use axum::Extension;
use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Who logs in: an owner, or with `app` a user of that app.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoginRequest {
    /// The login name.
    #[schema(example = "ada@example.org")]
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    password: Secret,
    /// `app_…` of the user; absent for an owner.
    app: Option<String>,
    /// Of an owner who has a second factor: the six digits that his device shows, or a recovery code.
    #[schema(value_type = Option<String>, example = "492039")]
    code: Option<Secret>,
}

/// A login whose fields are well-formed.
pub struct CheckedLogin {
    login: Login,
    credentials: Credentials,
}

impl Unchecked for LoginRequest {
    type Checked = CheckedLogin;

    fn check(self, checks: &mut Checks) -> Option<CheckedLogin> {
        let password = checks.take(password::given_password("password", self.password));
        let login = match self.app {
            None => Login::Owner,
            Some(app) => {
                if !Id::App.matches(&app) {
                    checks.broken("app", "format", "must be app_ and 32 lowercase hex digits");
                }
                Login::User { app }
            }
        };
        // PostgreSQL takes no NUL in a text, and no address has one.
        if self.email.is_empty() || self.email.len() > 254 || self.email.contains('\0') {
            checks.broken("email", "format", "must be an e-mail address");
        }
        let code = checks.optional(self.code, |code| one_time_code("code", code));
        let credentials = Credentials { email: self.email.to_lowercase(), password: password?, code: code? };
        Some(CheckedLogin { login, credentials })
    }
}

/// A code of a second factor: six digits, or a recovery code.
pub(super) fn one_time_code(field: &str, code: Secret) -> std::result::Result<Zeroizing<String>, FieldError> {
    let text = code.into_inner();
    if text.is_empty() || text.len() > 40 || !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err(FieldError::new(field, "format", "must be six digits or a recovery code"));
    }
    Ok(text)
}

/// A refresh token to be exchanged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshRequest {
    /// The newest `refreshToken`.
    #[schema(value_type = String, example = "hr_…")]
    refresh_token: Secret,
}

impl Unchecked for RefreshRequest {
    type Checked = Zeroizing<String>;

    fn check(self, checks: &mut Checks) -> Option<Zeroizing<String>> {
        if !opaque::is_shaped(REFRESH_TOKEN_PREFIX, self.refresh_token.expose()) {
            checks.broken("refreshToken", "format", "must be a refresh token (hr_…)");
        }
        Some(self.refresh_token.into_inner())
    }
}

pub(super) fn sessions(state: &AppState) -> Sessions<'_> {
    Sessions {
        db: &state.db,
        auth: &state.auth,
        passwords: &state.passwords,
        attempts: &state.attempts,
        second_factors: second_factors(state),
        verified_email: state.config.auth.verified_email,
        refresh_ttl_s: state.config.auth.refresh_token_ttl_s,
    }
}

/// Log in. Answers the first pair of tokens of a new session.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "sessions", operation_id = "createSession",
    request_body = LoginRequest,
    responses((status = 201, description = "The session's tokens", body = Session)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    Extension(trail): Extension<Trail>,
    request: Json<LoginRequest>,
) -> Result<(StatusCode, axum::Json<Session>)> {
    let CheckedLogin { login, credentials } = request.value;
    let (kind, app) = match &login {
        Login::Owner => ("owner", None),
        Login::User { app } => ("user", Some(app.clone())),
    };
    let session = sessions(&state).open(login, credentials, user_agent(&headers)).await?;
    if let Some(app) = &app {
        state.usage.count(app, Metric::Sessions);
    }
    trail.actor(kind, session.principal.clone(), app);
    Ok((StatusCode::CREATED, axum::Json(session)))
}

/// What the program calls itself, as far as it can be shown.
pub(super) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(200).collect()).filter(|text: &String| !text.is_empty())
}

/// The caller's open sessions, newest first.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "sessions", operation_id = "listSessions",
    params(PageQuery),
    security(("owner" = []), ("user" = [])),
    responses((status = 200, description = "A page of sessions", body = Page<OpenSession>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    Caller(principal): Caller,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<OpenSession>>> {
    sessions(&state).list(&principal, &page).await.map(axum::Json)
}

/// Close one of the caller's sessions.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{session}", tag = "sessions", operation_id = "closeSession",
    params(("session" = String, Path, description = "`ses_…`")),
    security(("owner" = []), ("user" = [])),
    responses((status = 204, description = "Closed")),
)]
pub async fn delete_one(
    State(state): State<Arc<AppState>>,
    Caller(principal): Caller,
    SessionPath(session): SessionPath,
) -> Result<StatusCode> {
    sessions(&state).close_one(&principal, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Exchange a refresh token for the next pair. Each is good once; a second use closes the session.
#[utoipa::path(
    post, path = "/api/v1/sessions/refresh", tag = "sessions", operation_id = "refreshSession",
    request_body = RefreshRequest,
    responses((status = 200, description = "The next pair of tokens", body = Session)),
)]
pub async fn refresh(State(state): State<Arc<AppState>>, request: Json<RefreshRequest>) -> Result<axum::Json<Session>> {
    sessions(&state).refresh(&request.value).await.map(axum::Json)
}

/// Log out: the session's tokens are worth nothing from now on.
#[utoipa::path(
    delete, path = "/api/v1/sessions/current", tag = "sessions", operation_id = "deleteSession",
    security(("owner" = []), ("user" = [])),
    responses((status = 204, description = "Closed")),
)]
pub async fn delete(State(state): State<Arc<AppState>>, Caller(principal): Caller) -> Result<StatusCode> {
    sessions(&state).close(&principal).await?;
    Ok(StatusCode::NO_CONTENT)
}
