//! Who is calling, and in which app.
//!
//! | extractor | owner | server key | user |
//! |---|---|---|---|
//! | [`Caller`] | yes | yes | yes |
//! | [`OwnerCaller`] | yes | 403 | 403 |
//! | [`MemberScope`] | an app of theirs, by the path | 403 | 403 |
//! | [`OwnerScope`] | the same; to write as an admin | 403 | 403 |
//! | [`AdminScope`] | an app of theirs, by `Hanse-App`; to write as a developer | its app, by its scopes | 403 |
//! | [`AnyScope`] | the same | its app, by its scopes | its app |
//!
//! An app in which the owner is nothing is 404, as if it didn't exist. Roles and scopes: [`crate::auth::access`].

use super::path::AppPath;
use crate::api::client;
use crate::api::limits::Meter;
use crate::api::trail::Trail;
use crate::auth::Principal;
use crate::auth::access::{Role, Wish};
use crate::db::Id;
use crate::error::{Code, Error, Result};
use crate::server::AppState;
use crate::services::Actor;
use crate::services::members::{self, By};
use crate::usage::Metric;
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use std::sync::Arc;

/// Names the app that an owner means.
pub const APP_HEADER: &str = "hanse-app";

/// The text after `Bearer `, whatever it is.
#[derive(Clone)]
pub struct Bearer(pub String);

impl FromRequestParts<Arc<AppState>> for Bearer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<AppState>) -> Result<Self> {
        let missing =
            || Error::new(Code::TokenMissing, "send Authorization: Bearer with an access token or a server key");
        let mut given = parts.headers.get_all(AUTHORIZATION).iter();
        let value = given.next().ok_or_else(missing)?.to_str().map_err(|_| missing())?;
        if given.next().is_some() {
            return Err(Error::new(Code::TokenInvalid, "send one Authorization header"));
        }
        // RFC 9110: the scheme's name is case-insensitive.
        let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(missing());
        }
        Ok(Self(token.trim().to_owned()))
    }
}

/// Anybody with a valid token.
#[derive(Clone, Debug)]
pub struct Caller(pub Principal);

impl FromRequestParts<Arc<AppState>> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self> {
        let Bearer(token) = Bearer::from_request_parts(parts, state).await?;
        let principal = match state.auth.authenticate(&token).await {
            Ok(principal) => principal,
            Err(error) => {
                // Who tries out tokens is held back.
                if let Some(address) = client::address(&parts.headers, &parts.extensions, &state.config) {
                    state.rates.count_stranger(address)?;
                }
                return Err(error);
            }
        };
        // Counted once, though several extractors of one handler may ask who is calling.
        if let Some(meter) = parts.extensions.get::<Meter>()
            && !meter.is_read()
        {
            meter.note(state.rates.count(&principal)?);
            if let Some(app) = principal.app() {
                state.usage.count(app, Metric::Requests);
            }
        }
        tracing::Span::current().record("principal", principal.kind());
        if let Some(trail) = parts.extensions.get::<Trail>() {
            trail.principal(&principal);
        }
        state.origins.require(parts, principal.app())?;
        if let Principal::ServerKey { scopes, .. } = &principal {
            scopes.require(wish(parts))?;
        }
        Ok(Self(principal))
    }
}

/// An owner.
#[derive(Clone, Debug)]
pub struct OwnerCaller {
    /// `own_…`
    pub id: String,
    /// `ses_…`
    pub session: String,
}

impl FromRequestParts<Arc<AppState>> for OwnerCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self> {
        match Caller::from_request_parts(parts, state).await?.0 {
            Principal::Owner { id, session } => Ok(Self { id, session }),
            other => Err(refuse(&other)),
        }
    }
}

/// An owner and the app that the path names, in which he is something.
#[derive(Clone, Debug)]
pub struct MemberScope {
    /// `own_…`
    pub owner: String,
    /// `app_…`
    pub app: String,
    /// What he is there.
    pub role: Role,
}

impl MemberScope {
    /// As services are told.
    pub fn by(&self) -> By<'_> {
        By { owner: &self.owner, role: self.role }
    }
}

impl FromRequestParts<Arc<AppState>> for MemberScope {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self> {
        let OwnerCaller { id: owner, .. } = OwnerCaller::from_request_parts(parts, state).await?;
        let AppPath(app) = AppPath::from_request_parts(parts, state).await?;
        let role = members::role(&state.db, &owner, &app).await?;
        note_app(parts, &app);
        Ok(Self { owner, app, role })
    }
}

/// The same of who may: to read anybody, to write an admin.
#[derive(Clone, Debug)]
pub struct OwnerScope(pub MemberScope);

impl std::ops::Deref for OwnerScope {
    type Target = MemberScope;

    fn deref(&self) -> &MemberScope {
        &self.0
    }
}

impl FromRequestParts<Arc<AppState>> for OwnerScope {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self> {
        let scope = MemberScope::from_request_parts(parts, state).await?;
        scope.role.require(if wish(parts).writes { Role::Admin } else { Role::Viewer })?;
        Ok(Self(scope))
    }
}

/// Who runs the app: its owner or its server.
#[derive(Clone, Debug)]
pub struct AdminScope {
    /// `app_…`
    pub app: String,
}

impl FromRequestParts<Arc<AppState>> for AdminScope {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self> {
        match AnyScope::from_request_parts(parts, state).await? {
            AnyScope { app, actor: Actor::App } => Ok(Self { app }),
            AnyScope { actor: Actor::User(_), .. } => {
                Err(Error::new(Code::Forbidden, "this is for the app's owner or server, not for its users"))
            }
        }
    }
}

/// Anybody of the app.
#[derive(Clone, Debug)]
pub struct AnyScope {
    /// `app_…`
    pub app: String,
    /// On whose behalf: a user may see and move only what is its own.
    pub actor: Actor,
}

impl FromRequestParts<Arc<AppState>> for AnyScope {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self> {
        match Caller::from_request_parts(parts, state).await?.0 {
            Principal::ServerKey { app, .. } => {
                check_named(parts, &app)?;
                Ok(Self { app, actor: Actor::App })
            }
            Principal::User { id, app, .. } => {
                check_named(parts, &app)?;
                Ok(Self { app, actor: Actor::User(id) })
            }
            Principal::Owner { id, .. } => {
                let app = named_app(parts)?.ok_or_else(|| {
                    Error::new(Code::AppMissing, "an owner names the app with the header Hanse-App: app_…")
                })?;
                let role = members::role(&state.db, &id, &app).await?;
                note_app(parts, &app);
                role.require(if wish(parts).writes { Role::Developer } else { Role::Viewer })?;
                Ok(Self { app, actor: Actor::App })
            }
        }
    }
}

/// A server key or user may name its own app; another one's doesn't exist for it.
fn check_named(parts: &Parts, own: &str) -> Result<()> {
    match named_app(parts)? {
        Some(app) if app != own => Err(Error::not_found("app")),
        _ => Ok(()),
    }
}

/// What the request wants.
fn wish(parts: &Parts) -> Wish<'_> {
    let route = parts.extensions.get::<MatchedPath>().map_or_else(|| parts.uri.path(), MatchedPath::as_str);
    Wish::of(&parts.method, route)
}

fn note_app(parts: &Parts, app: &str) {
    if let Some(trail) = parts.extensions.get::<Trail>() {
        trail.app(app);
    }
}

fn named_app(parts: &Parts) -> Result<Option<String>> {
    let mut given = parts.headers.get_all(APP_HEADER).iter();
    let Some(value) = given.next() else { return Ok(None) };
    match value.to_str() {
        Ok(app) if Id::App.matches(app) && given.next().is_none() => Ok(Some(app.to_owned())),
        _ => Err(Error::field("header.Hanse-App", "format", "must be app_ and 32 lowercase hex digits, given once")),
    }
}

fn refuse(principal: &Principal) -> Error {
    Error::new(Code::Forbidden, format!("this is for owners, not for a {}", principal.kind()))
}
