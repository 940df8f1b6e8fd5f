//! Logging in by an app's own identity provider (OpenID Connect).
//!
//! The provider's name for a user (`sub`) is the user's `externalId` here. Who has none yet is made a user, where the app
//! says so.

use super::owners::{email, label};
use super::sessions::{Login, Session, Sessions};
use super::users::{NewUser, Users};
use crate::auth::identity::{Identities, Identity, Provider};
use crate::db::{Db, now_ms};
use crate::error::{Code, Error, Result};
use crate::ledger::RequestKey;
use serde::Serialize;
use utoipa::ToSchema;

/// An app's identity provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityProvider {
    /// `iss` of its tokens.
    #[schema(example = "https://login.example.org")]
    pub issuer: String,
    /// `aud` of its tokens: the app's client id there.
    pub audience: String,
    /// Where its keys are (JWKS, RFC 7517).
    #[schema(example = "https://login.example.org/.well-known/jwks.json")]
    pub jwks_url: String,
    /// Whether who logs in for the first time is made a user.
    pub create_users: bool,
}

/// The app's provider.
///
/// # Errors
/// 404 when there is none.
pub async fn get(db: &Db, app: &str) -> Result<IdentityProvider> {
    let row: Option<(String, String, String, i64)> =
        sqlx::query_as("SELECT issuer, audience, jwks_url, create_users FROM identity_providers WHERE app_id = $1")
            .bind(app)
            .fetch_optional(db.reader())
            .await?;
    let (issuer, audience, jwks_url, create_users) = row.ok_or_else(|| Error::not_found("identity provider"))?;
    Ok(IdentityProvider { issuer, audience, jwks_url, create_users: create_users == 1 })
}

/// Sets the app's provider.
pub async fn set(db: &Db, app: &str, provider: IdentityProvider) -> Result<IdentityProvider> {
    sqlx::query(
        "INSERT INTO identity_providers (app_id, issuer, audience, jwks_url, create_users, updated_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (app_id) DO UPDATE SET issuer = excluded.issuer, \
         audience = excluded.audience, jwks_url = excluded.jwks_url, create_users = excluded.create_users, \
         updated_at_ms = excluded.updated_at_ms",
    )
    .bind(app)
    .bind(&provider.issuer)
    .bind(&provider.audience)
    .bind(&provider.jwks_url)
    .bind(i64::from(provider.create_users))
    .bind(now_ms())
    .execute(db.writer())
    .await?;
    Ok(provider)
}

/// Takes the app's provider away: its tokens are worth nothing here from now on.
///
/// # Errors
/// 404 when there is none.
pub async fn remove(db: &Db, app: &str) -> Result<()> {
    let gone = sqlx::query("DELETE FROM identity_providers WHERE app_id = $1").bind(app).execute(db.writer()).await?;
    if gone.rows_affected() == 0 { Err(Error::not_found("identity provider")) } else { Ok(()) }
}

/// Opens a session of whom the app's provider vouches for.
///
/// # Errors
/// `credentials_invalid` for a token that isn't good, for an unknown app, or for who isn't a user and isn't made one; 403 for
/// who is suspended; `unavailable` when the provider's keys can't be had.
pub async fn log_in(
    sessions: &Sessions<'_>,
    users: &Users<'_>,
    identities: &Identities,
    app: &str,
    token: &str,
    user_agent: Option<String>,
) -> Result<Session> {
    let nobody = || Error::new(Code::CredentialsInvalid, "the ID token is not good for this app");
    let provider = get(sessions.db, app).await.map_err(|error| match error.code() {
        Code::NotFound => nobody(),
        _ => error,
    })?;
    let IdentityProvider { issuer, audience, jwks_url, create_users } = provider;
    let identity = identities.verify(&Provider { issuer, audience, jwks_url }, token).await?;
    let found = find(sessions.db, app, &identity.sub).await?;
    let (user, status) = match found {
        Some(user) => user,
        None if create_users => {
            make(users, app, &identity).await?;
            find(sessions.db, app, &identity.sub).await?.ok_or_else(nobody)?
        }
        None => return Err(nobody()),
    };
    if status != "active" {
        return Err(Error::new(Code::UserSuspended, "the user is suspended; ask the app's people"));
    }
    sessions.begin(Login::User { app: app.to_owned() }, user, user_agent).await
}

async fn find(db: &Db, app: &str, sub: &str) -> Result<Option<(String, String)>> {
    Ok(sqlx::query_as("SELECT id, status FROM users WHERE app_id = $1 AND external_id = $2")
        .bind(app)
        .bind(sub)
        .fetch_optional(db.reader())
        .await?)
}

/// Makes the user, once: many first logins at once are one request.
async fn make(users: &Users<'_>, app: &str, identity: &Identity) -> Result<()> {
    let unfit = |_| Error::new(Code::CredentialsInvalid, "the ID token's sub is no externalId: 1 to 100 characters");
    let external_id = label("sub", &identity.sub, 100).map_err(unfit)?;
    // An address that the provider doesn't vouch for could be anybody's, and what is no name is left out.
    let address = identity.email.as_deref().filter(|_| identity.email_verified);
    let address = address.and_then(|text| email("email", text).ok());
    let display_name = identity.name.as_deref().and_then(|text| label("name", text, 100).ok());
    let key = |fingerprint: &[u8]| RequestKey::new(format!("identity {app}"), identity.sub.clone(), "", fingerprint);
    let request = NewUser { external_id: Some(external_id), email: address, display_name, ..NewUser::default() };
    match users.create(app, request.clone(), &[], &key).await {
        Ok(_) => Ok(()),
        // Another user has the address already; the login is by the name, so it goes without.
        Err(error) if error.code() == Code::AlreadyExists => users
            .create(app, NewUser { email: None, ..request }, &[], &key)
            .await
            .map(drop)
            .or_else(|error| if error.code() == Code::AlreadyExists { Ok(()) } else { Err(error) }),
        Err(error) => Err(error),
    }
}
