//! `/apps/{app}/identity-provider`, and logging in by it (OpenID Connect).

use super::extract::{Checks, Json, OwnerScope, Unchecked};
use super::sessions::{sessions, user_agent};
use super::trail::Trail;
use super::users::users;
use crate::db::Id;
use crate::error::Result;
use crate::events::webhooks::check_url;
use crate::secret::Secret;
use crate::server::AppState;
use crate::services::identity::{self, IdentityProvider};
use crate::services::sessions::Session;
use crate::usage::Metric;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// An identity provider, as an app names it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderRequest {
    /// `iss` of its tokens.
    #[schema(example = "https://login.example.org", min_length = 1, max_length = 500)]
    issuer: String,
    /// `aud` of its tokens: the app's client id there.
    #[schema(min_length = 1, max_length = 500)]
    audience: String,
    /// Where its keys are (JWKS, RFC 7517); https, at a public address.
    #[schema(example = "https://login.example.org/.well-known/jwks.json", max_length = 500)]
    jwks_url: String,
    /// Whether who logs in for the first time is made a user; not when absent.
    #[serde(default)]
    create_users: bool,
}

impl Unchecked for ProviderRequest {
    type Checked = IdentityProvider;

    fn check(self, checks: &mut Checks) -> Option<IdentityProvider> {
        for (field, text) in [("issuer", &self.issuer), ("audience", &self.audience)] {
            if text.is_empty() || text.len() > 500 || text.chars().any(char::is_control) {
                checks.broken(field, "length", "must have 1 to 500 bytes, and no control characters");
            }
        }
        if self.jwks_url.len() > 500 {
            checks.broken("jwksUrl", "length", "must have at most 500 bytes");
        }
        // What an address is allowed to be depends on the settings: see `set`.
        let Self { issuer, audience, jwks_url, create_users } = self;
        Some(IdentityProvider { issuer, audience, jwks_url, create_users })
    }
}

/// A login by an app's identity provider.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityLogin {
    /// `app_…`
    app: String,
    /// What the provider has issued to the app's client: a JWT.
    #[schema(value_type = String, max_length = 16384)]
    id_token: Secret,
}

impl Unchecked for IdentityLogin {
    type Checked = (String, Zeroizing<String>);

    fn check(self, checks: &mut Checks) -> Option<Self::Checked> {
        if !Id::App.matches(&self.app) {
            checks.broken("app", "format", "must be app_ and 32 lowercase hex digits");
        }
        if self.id_token.expose().len() > 16_384 {
            checks.broken("idToken", "length", "must have at most 16,384 bytes");
        }
        Some((self.app, self.id_token.into_inner()))
    }
}

/// An app's identity provider.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}/identity-provider", tag = "apps", operation_id = "getIdentityProvider",
    params(("app" = String, Path, description = "`app_…`")),
    security(("owner" = [])),
    responses((status = 200, description = "The provider", body = IdentityProvider)),
)]
pub async fn get(State(state): State<Arc<AppState>>, scope: OwnerScope) -> Result<axum::Json<IdentityProvider>> {
    identity::get(&state.db, &scope.app).await.map(axum::Json)
}

/// Say who signs what an app's users log in with (OpenID Connect). The provider's `sub` is the user's `externalId`.
#[utoipa::path(
    put, path = "/api/v1/apps/{app}/identity-provider", tag = "apps", operation_id = "setIdentityProvider",
    params(("app" = String, Path, description = "`app_…`")),
    request_body = ProviderRequest,
    security(("owner" = [])),
    responses((status = 200, description = "The provider", body = IdentityProvider)),
)]
pub async fn set(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    request: Json<ProviderRequest>,
) -> Result<axum::Json<IdentityProvider>> {
    let provider = request.value;
    check_url(&provider.jwks_url, state.config.webhooks.allow_private)
        .map_err(|rule| crate::error::Error::field("jwksUrl", "format", rule))?;
    identity::set(&state.db, &scope.app, provider).await.map(axum::Json)
}

/// Take an app's identity provider away.
#[utoipa::path(
    delete, path = "/api/v1/apps/{app}/identity-provider", tag = "apps", operation_id = "removeIdentityProvider",
    params(("app" = String, Path, description = "`app_…`")),
    security(("owner" = [])),
    responses((status = 204, description = "Gone")),
)]
pub async fn remove(State(state): State<Arc<AppState>>, scope: OwnerScope) -> Result<StatusCode> {
    identity::remove(&state.db, &scope.app).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Log in by the ID token of the app's identity provider.
#[utoipa::path(
    post, path = "/api/v1/sessions/identity", tag = "sessions", operation_id = "createIdentitySession",
    request_body = IdentityLogin,
    responses((status = 201, description = "The session's tokens", body = Session)),
)]
pub async fn log_in(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    Extension(trail): Extension<Trail>,
    request: Json<IdentityLogin>,
) -> Result<(StatusCode, axum::Json<Session>)> {
    let (app, token) = request.value;
    let (sessions, users, agent) = (sessions(&state), users(&state), user_agent(&headers));
    let session = identity::log_in(&sessions, &users, &state.identities, &app, &token, agent).await?;
    state.usage.count(&app, Metric::Sessions);
    trail.actor("user", session.principal.clone(), Some(app));
    Ok((StatusCode::CREATED, axum::Json(session)))
}
