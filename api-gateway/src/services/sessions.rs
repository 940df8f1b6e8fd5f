//! Logins: a short access token and a refresh token that changes with each use.
//!
//! All refresh tokens of one login form a family, the session. A token used a second time means that somebody else
//! has a copy, and nobody knows who is who: the whole session is closed (RFC 9700, 4.14.2).

use crate::auth::attempts::Attempts;
use crate::auth::password::Passwords;
use crate::auth::{Authenticator, Principal, opaque};
use crate::db::{Db, Id, Page, PageQuery, QueryBuilder, Statement, UnixMs, new_id, now_ms};
use crate::error::{Code, Error, Result};
use crate::services::second_factor::SecondFactors;
use serde::Serialize;
use sqlx::AnyConnection;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// What a login answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Send it as `Authorization: Bearer …`.
    pub access_token: String,
    /// Exchange it at `/sessions/refresh` for the next pair. Good once.
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: u64,
    /// Whose it is: `own_…` or `usr_…`.
    pub principal: String,
}

/// A session that is open.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenSession {
    /// `ses_…`
    #[schema(example = "ses_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e")]
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
    /// When it was renewed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<UnixMs>,
    /// When it ends unless it is renewed.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: UnixMs,
    /// What the program called itself that opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// Who logs in.
pub enum Login {
    /// An owner.
    Owner,
    /// A user of this app (`app_…`).
    User {
        /// `app_…`
        app: String,
    },
}

/// Session, the token's expiry, the session's revocation, principal, app.
type RefreshRow = (String, i64, Option<i64>, String, Option<String>);

/// Session, when it was opened, renewed last and ends, and by what.
type OpenRow = (String, i64, Option<i64>, i64, Option<String>);

/// Opens, renews and closes sessions.
pub struct Sessions<'a> {
    /// Where they are kept.
    pub db: &'a Db,
    /// Issues access tokens.
    pub auth: &'a Authenticator,
    /// Verifies passwords.
    pub passwords: &'a Passwords,
    /// Counts wrong passwords.
    pub attempts: &'a Attempts,
    /// Owners' second factors.
    pub second_factors: SecondFactors<'a>,
    /// Whether an owner needs an address that is confirmed.
    pub verified_email: bool,
    /// Life of a refresh token.
    pub refresh_ttl_s: u64,
}

/// What is shown by who logs in.
pub struct Credentials {
    /// In small letters.
    pub email: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// Of the second factor, where there is one.
    pub code: Option<Zeroizing<String>>,
}

impl Sessions<'_> {
    /// Opens a session. Unknown address, unknown app and wrong password answer alike and take as long; too many of them
    /// are 429. Only who knows the password learns that a code or a letter is missing.
    pub async fn open(&self, login: Login, credentials: Credentials, user_agent: Option<String>) -> Result<Session> {
        let Credentials { email, password, code } = credentials;
        let attempt = self.attempts.begin(match &login {
            Login::Owner => format!("owner {email}"),
            Login::User { app } => format!("{app} {email}"),
        })?;
        let row: Option<(String, Option<String>, String)> = match &login {
            Login::Owner => {
                let sql = "SELECT id, password_hash, CASE WHEN email_verified_at_ms IS NULL THEN 'unverified' ELSE 'active' END \
                           FROM owners WHERE email = $1";
                sqlx::query_as(sql).bind(&email).fetch_optional(self.db.reader()).await?
            }
            Login::User { app } => {
                sqlx::query_as("SELECT id, password_hash, status FROM users WHERE app_id = $1 AND email = $2")
                    .bind(app)
                    .bind(&email)
                    .fetch_optional(self.db.reader())
                    .await?
            }
        };
        let hash = row.as_ref().and_then(|(_, hash, _)| hash.clone());
        let right = self.passwords.verify(password, hash).await?;
        let (Some((principal, _, status)), true) = (row, right) else {
            attempt.fail();
            return Err(Error::new(Code::CredentialsInvalid, "the e-mail address or the password is wrong"));
        };
        match status.as_str() {
            "active" => {}
            "unverified" if !self.verified_email => {}
            "unverified" => {
                let detail = "the address is not confirmed: follow the link in the letter, or ask for another by POST /owners/verifications";
                return Err(Error::new(Code::EmailUnverified, detail));
            }
            _ => return Err(Error::new(Code::UserSuspended, "the user is suspended; ask the app's people")),
        }
        if matches!(login, Login::Owner) {
            self.second_factors.check(&principal, code.as_ref().map(|code| code.as_str())).await?;
        }
        self.begin(login, principal, user_agent).await
    }

    /// Opens a session of somebody who has proved who he is.
    pub(super) async fn begin(&self, login: Login, principal: String, user_agent: Option<String>) -> Result<Session> {
        let (kind, app) = match login {
            Login::Owner => ("owner", None),
            Login::User { app } => ("user", Some(app)),
        };
        let session = new_id(Id::Session);
        let now = now_ms();
        let mut transaction = self.db.write().await?;
        sqlx::query(
            "INSERT INTO sessions (id, principal_kind, principal_id, app_id, created_at_ms, expires_at_ms, user_agent) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&session)
        .bind(kind)
        .bind(&principal)
        .bind(&app)
        .bind(now)
        .bind(self.expiry(now))
        .bind(user_agent)
        .execute(&mut *transaction)
        .await?;
        let refresh_token = self.add_refresh_token(&mut transaction, &session, now).await?;
        transaction.commit().await?;
        self.answer(principal, &session, app.as_deref(), refresh_token)
    }

    /// Exchanges a refresh token for the next pair.
    pub async fn refresh(&self, token: &str) -> Result<Session> {
        let unknown =
            || Error::new(Code::TokenInvalid, "the refresh token is unknown, expired or revoked; log in again");
        if !opaque::is_shaped(opaque::REFRESH_TOKEN_PREFIX, token) {
            return Err(unknown());
        }
        let hash = opaque::hash(token);
        let now = now_ms();
        let mut transaction = self.db.write().await?;
        let row: Option<RefreshRow> = sqlx::query_as(
            "SELECT s.id, r.expires_at_ms, s.revoked_at_ms, s.principal_id, s.app_id \
             FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id WHERE r.token_hash = $1",
        )
        .bind(&hash)
        .fetch_optional(&mut *transaction)
        .await?;
        let (session, expires_at_ms, revoked_at_ms, principal, app) = row.ok_or_else(unknown)?;
        if revoked_at_ms.is_some() || expires_at_ms <= now {
            return Err(unknown());
        }
        // The row itself decides who was first, on SQLite and among several replicas alike.
        let used =
            sqlx::query("UPDATE refresh_tokens SET used_at_ms = $1 WHERE token_hash = $2 AND used_at_ms IS NULL")
                .bind(now)
                .bind(&hash)
                .execute(&mut *transaction)
                .await?;
        if used.rows_affected() == 0 {
            revoke(&mut transaction, &session, now).await?;
            transaction.commit().await?;
            self.auth.forget_session(&session);
            tracing::warn!(session, principal, "a refresh token was used twice; the session is closed");
            return Err(Error::new(
                Code::RefreshTokenReused,
                "this refresh token was used before, so the session is closed; log in again",
            ));
        }
        let refresh_token = self.add_refresh_token(&mut transaction, &session, now).await?;
        sqlx::query("UPDATE sessions SET expires_at_ms = $1, last_used_at_ms = $2 WHERE id = $3")
            .bind(self.expiry(now))
            .bind(now)
            .bind(&session)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.answer(principal, &session, app.as_deref(), refresh_token)
    }

    /// Closes the caller's session: its refresh tokens at once, its access tokens too.
    pub async fn close(&self, principal: &Principal) -> Result<()> {
        let (_, session) = holder(principal)?;
        let mut transaction = self.db.write().await?;
        revoke(&mut transaction, session, now_ms()).await?;
        transaction.commit().await?;
        self.auth.forget_session(session);
        Ok(())
    }

    /// The caller's open sessions, newest first.
    ///
    /// # Errors
    /// 403 for a server key; a bad page query.
    pub async fn list(&self, principal: &Principal, page: &PageQuery) -> Result<Page<OpenSession>> {
        let (id, current) = holder(principal)?;
        let limit = page.limit()?;
        let rows: Vec<OpenRow> = sqlx::query_as(
            "SELECT id, created_at_ms, last_used_at_ms, expires_at_ms, user_agent FROM sessions \
             WHERE principal_id = $1 AND revoked_at_ms IS NULL AND expires_at_ms > $2 AND id < $3 ORDER BY id DESC LIMIT $4",
        )
        .bind(id)
        .bind(now_ms())
        .bind(page.before()?)
        .bind(limit + 1)
        .fetch_all(self.db.reader())
        .await?;
        let open = |(id, created_at_ms, last_used_at_ms, expires_at_ms, user_agent): OpenRow| OpenSession {
            current: id == current,
            id,
            created_at: UnixMs(created_at_ms),
            last_used_at: last_used_at_ms.map(UnixMs),
            expires_at: UnixMs(expires_at_ms),
            user_agent,
        };
        Ok(Page::cut(rows.into_iter().map(open).collect(), limit, |session| session.id.clone()))
    }

    /// Closes one of the caller's sessions.
    ///
    /// # Errors
    /// 403 for a server key; 404 for what is not the caller's.
    pub async fn close_one(&self, principal: &Principal, session: &str) -> Result<()> {
        let (id, _) = holder(principal)?;
        let done = sqlx::query(
            "UPDATE sessions SET revoked_at_ms = COALESCE(revoked_at_ms, $1) WHERE id = $2 AND principal_id = $3",
        )
        .bind(now_ms())
        .bind(session)
        .bind(id)
        .execute(self.db.writer())
        .await?;
        if done.rows_affected() == 0 {
            return Err(Error::not_found("session"));
        }
        self.auth.forget_session(session);
        Ok(())
    }

    fn expiry(&self, now_ms: i64) -> i64 {
        now_ms.saturating_add(i64::try_from(self.refresh_ttl_s.saturating_mul(1000)).unwrap_or(i64::MAX))
    }

    async fn add_refresh_token(
        &self,
        connection: &mut AnyConnection,
        session: &str,
        now_ms: i64,
    ) -> Result<Zeroizing<String>> {
        let token = opaque::generate(opaque::REFRESH_TOKEN_PREFIX);
        sqlx::query(
            "INSERT INTO refresh_tokens (token_hash, session_id, created_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4)",
        )
        .bind(opaque::hash(&token))
        .bind(session)
        .bind(now_ms)
        .bind(self.expiry(now_ms))
        .execute(connection)
        .await?;
        Ok(token)
    }

    fn answer(
        &self,
        principal: String,
        session: &str,
        app: Option<&str>,
        refresh_token: Zeroizing<String>,
    ) -> Result<Session> {
        Ok(Session {
            access_token: self.auth.tokens().issue(&principal, session, app)?,
            refresh_token: refresh_token.to_string(),
            token_type: "Bearer",
            expires_in: self.auth.tokens().ttl_s(),
            principal,
        })
    }
}

/// Whose session it is, and which.
fn holder(principal: &Principal) -> Result<(&str, &str)> {
    match principal {
        Principal::Owner { id, session } | Principal::User { id, session, .. } => Ok((id, session)),
        Principal::ServerKey { .. } => {
            Err(Error::new(Code::Forbidden, "a server key has no session; revoke the key instead"))
        }
    }
}

/// Closes a principal's sessions, but for one.
pub(super) fn close_sessions(principal: &str, but: Option<&str>) -> Statement {
    Statement::new(
        "UPDATE sessions SET revoked_at_ms = $1 WHERE principal_id = $2 AND revoked_at_ms IS NULL AND id <> $3",
    )
    .bind(now_ms())
    .bind(principal)
    .bind(but.unwrap_or_default())
}

async fn revoke(connection: &mut AnyConnection, session: &str, now_ms: i64) -> Result<()> {
    sqlx::query("UPDATE sessions SET revoked_at_ms = $1 WHERE id = $2 AND revoked_at_ms IS NULL")
        .bind(now_ms)
        .bind(session)
        .execute(connection)
        .await?;
    Ok(())
}

/// Sessions or tokens deleted in one transaction.
const CHUNK: i64 = 500;

/// Deletes refresh tokens that expired and sessions that ended more than a day ago, few at a time so that no write has to
/// wait for it. Called now and then by the server. Returns the number of sessions.
pub async fn sweep(db: &Db) -> Result<u64> {
    let horizon = now_ms().saturating_sub(24 * 60 * 60 * 1000);
    loop {
        let mut transaction = db.write_relaxed().await?;
        let deleted = sqlx::query(
            "DELETE FROM refresh_tokens WHERE token_hash IN (SELECT token_hash FROM refresh_tokens \
             WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)",
        )
        .bind(horizon)
        .bind(CHUNK)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        if deleted.rows_affected() < CHUNK.unsigned_abs() {
            break;
        }
    }
    let mut gone = 0;
    // One after the other: each has an index of its own.
    for ended in [
        "SELECT id FROM sessions WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2",
        "SELECT id FROM sessions WHERE revoked_at_ms < $1 ORDER BY revoked_at_ms LIMIT $2",
    ] {
        loop {
            let ids: Vec<(String,)> = sqlx::query_as(ended).bind(horizon).bind(CHUNK).fetch_all(db.reader()).await?;
            if ids.is_empty() {
                break;
            }
            let mut transaction = db.write_relaxed().await?;
            for sql in ["DELETE FROM refresh_tokens WHERE session_id IN (", "DELETE FROM sessions WHERE id IN ("] {
                let mut query = QueryBuilder::new(sql);
                query.push_list(ids.iter().map(|(id,)| id)).push(")");
                query.execute(&mut transaction).await?;
            }
            transaction.commit().await?;
            gone += ids.len() as u64;
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::testing;

    #[tokio::test]
    async fn what_has_ended_is_swept_and_what_lives_stays() {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        for test in testing::all().await {
            let now = now_ms();
            let (past, future) = (now - 2 * DAY_MS, now + DAY_MS);
            let mut tx = test.db.write().await.unwrap();
            let session = "INSERT INTO sessions (id, principal_kind, principal_id, created_at_ms, expires_at_ms, \
                           revoked_at_ms) VALUES ($1, 'owner', 'own_1', 0, $2, $3)";
            let token = "INSERT INTO refresh_tokens (token_hash, session_id, created_at_ms, expires_at_ms, used_at_ms) \
                         VALUES ($1, $2, 0, $3, 1)";
            // More than one chunk of each.
            for number in 0..=CHUNK {
                let expired = format!("expired{number}");
                sqlx::query(session).bind(&expired).bind(past).bind(None::<i64>).execute(&mut *tx).await.unwrap();
                sqlx::query(token).bind(&expired).bind(&expired).bind(past).execute(&mut *tx).await.unwrap();
            }
            for (id, revoked_at_ms) in [("revoked", Some(past)), ("just revoked", Some(now)), ("living", None)] {
                sqlx::query(session).bind(id).bind(future).bind(revoked_at_ms).execute(&mut *tx).await.unwrap();
                for (name, expires_at_ms) in [("old", past), ("new", future)] {
                    let hash = format!("{name} {id}");
                    sqlx::query(token).bind(hash).bind(id).bind(expires_at_ms).execute(&mut *tx).await.unwrap();
                }
            }
            tx.commit().await.unwrap();
            assert_eq!(sweep(&test.db).await.unwrap(), CHUNK.unsigned_abs() + 2, "{}", test.name);
            let names = |rows: Vec<(String,)>| rows.into_iter().map(|(name,)| name).collect::<Vec<_>>();
            let sql = "SELECT id FROM sessions ORDER BY id";
            let left = sqlx::query_as(sql).fetch_all(test.db.reader()).await.unwrap();
            assert_eq!(names(left), ["just revoked", "living"], "{}", test.name);
            let sql = "SELECT token_hash FROM refresh_tokens ORDER BY token_hash";
            let left = sqlx::query_as(sql).fetch_all(test.db.reader()).await.unwrap();
            assert_eq!(names(left), ["new just revoked", "new living"], "{}", test.name);
        }
    }
}
