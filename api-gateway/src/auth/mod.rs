//! Who is calling: passwords, access tokens, refresh tokens, server keys.
//!
//! ```text
//!  Authorization: Bearer eyJ… ─► jwt (EdDSA, kid, exp) ─► session not revoked? ─► Principal::Owner | Principal::User
//!                        hk_… ─► SHA-256 ─► server_keys ────────────────────────► Principal::ServerKey
//! ```
//!
//! What a principal may do stands in `api::extract` and nowhere else; what exists for it is decided by the app id in
//! every query. Checks against the database are remembered for [`BELIEVED_FOR`]: a revocation holds at once on the
//! replica that made it, and within that time on the others.

pub mod access;
pub mod attempts;
pub mod cache;
pub mod identity;
pub mod jwt;
pub mod jwt_keys;
pub mod opaque;
pub mod password;
pub mod rates;

use crate::auth::access::Scopes;
use crate::auth::cache::Cache;
use crate::auth::jwt::AccessTokens;
use crate::config::Auth;
use crate::custody::Custody;
use crate::db::{Db, Id, now_ms};
use crate::error::{Code, Error, Result};
use rand::RngCore;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a checked session or server key is believed without asking the database again.
pub const BELIEVED_FOR: Duration = Duration::from_secs(3);

/// Sessions and keys remembered at most, each.
const REMEMBERED: usize = 100_000;

/// `last_used_at` of a server key is written at most this often.
const LAST_USED_EVERY_MS: i64 = 60_000;

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A person who runs apps.
    Owner {
        /// `own_…`
        id: String,
        /// `ses_…`
        session: String,
    },
    /// An app's own server.
    ServerKey {
        /// `key_…`
        id: String,
        /// `app_…`
        app: String,
        /// What it may do.
        scopes: Scopes,
    },
    /// A user of an app.
    User {
        /// `usr_…`
        id: String,
        /// `app_…`
        app: String,
        /// `ses_…`
        session: String,
    },
}

impl Principal {
    /// Whose it is, where it is an app's.
    pub fn app(&self) -> Option<&str> {
        match self {
            Self::Owner { .. } => None,
            Self::ServerKey { app, .. } | Self::User { app, .. } => Some(app),
        }
    }

    /// The word for it in logs, metrics and messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Owner { .. } => "owner",
            Self::ServerKey { .. } => "server key",
            Self::User { .. } => "user",
        }
    }
}

/// A token with an unknown `kid` makes the gateway look for new keys, at most this often.
const RELOAD_EVERY: Duration = Duration::from_secs(1);

/// Turns a bearer token into a principal.
pub struct Authenticator {
    db: Db,
    custody: Custody,
    issuer: String,
    ttl: Duration,
    tokens: RwLock<Arc<AccessTokens>>,
    reloaded_at: Mutex<Instant>,
    sessions: Cache<LiveSession>,
    keys: Cache<LiveKey>,
}

#[derive(Clone)]
struct LiveSession {
    id: String,
    revoked: bool,
}

#[derive(Clone)]
struct LiveKey {
    id: String,
    app: String,
    scopes: Scopes,
}

impl Authenticator {
    /// Loads the keys that sign access tokens, and makes the first one.
    pub async fn open(db: Db, custody: Custody, config: &Auth) -> Result<Self> {
        let ttl = Duration::from_secs(config.access_token_ttl_s);
        let keys = jwt_keys::load_or_make(&db, &custody).await?;
        let tokens = AccessTokens::new(&config.issuer, ttl, &keys)?;
        Ok(Self {
            db,
            custody,
            issuer: config.issuer.clone(),
            ttl,
            tokens: RwLock::new(Arc::new(tokens)),
            reloaded_at: Mutex::new(Instant::now()),
            sessions: Cache::new(BELIEVED_FOR, REMEMBERED),
            keys: Cache::new(BELIEVED_FOR, REMEMBERED),
        })
    }

    /// The issuer of access tokens.
    pub fn tokens(&self) -> Arc<AccessTokens> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes up keys that were made or retired since: by another replica, or by a rotation.
    pub async fn reload_keys(&self) -> Result<()> {
        let keys = jwt_keys::load_or_make(&self.db, &self.custody).await?;
        let tokens = Arc::new(AccessTokens::new(&self.issuer, self.ttl, &keys)?);
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        Ok(())
    }

    fn may_reload(&self) -> bool {
        let mut last = self.reloaded_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.elapsed() >= RELOAD_EVERY;
        if due {
            *last = Instant::now();
        }
        due
    }

    /// The principal behind the text after `Bearer `.
    pub async fn authenticate(&self, bearer: &str) -> Result<Principal> {
        if bearer.starts_with(opaque::SERVER_KEY_PREFIX) {
            return self.by_server_key(bearer).await;
        }
        let mut tokens = self.tokens();
        if !tokens.knows_key_of(bearer) && self.may_reload() {
            self.reload_keys().await?;
            tokens = self.tokens();
        }
        let claims = tokens.verify(bearer)?;
        self.check_session(&claims.sid).await?;
        match claims.app {
            None if Id::Owner.matches(&claims.sub) => Ok(Principal::Owner { id: claims.sub, session: claims.sid }),
            Some(app) if Id::User.matches(&claims.sub) => {
                Ok(Principal::User { id: claims.sub, app, session: claims.sid })
            }
            _ => Err(Error::new(Code::TokenInvalid, "the access token names no principal")),
        }
    }

    /// Makes a revoked session count at once on this replica.
    pub fn forget_session(&self, session: &str) {
        self.sessions.forget(|live| live.id == session);
    }

    /// Makes any number of revoked sessions count at once on this replica.
    pub fn forget_sessions(&self) {
        self.sessions.forget(|_| true);
    }

    /// Makes a revoked server key count at once on this replica.
    pub fn forget_key(&self, key: &str) {
        self.keys.forget(|live| live.id == key);
    }

    async fn check_session(&self, session: &str) -> Result<()> {
        let live = match self.sessions.get(session) {
            Some(live) => live,
            None => {
                let row: Option<(Option<i64>,)> = sqlx::query_as("SELECT revoked_at_ms FROM sessions WHERE id = $1")
                    .bind(session)
                    .fetch_optional(self.db.reader())
                    .await?;
                let live = LiveSession { id: session.to_owned(), revoked: row.is_none_or(|(at,)| at.is_some()) };
                self.sessions.put(session.to_owned(), live.clone());
                live
            }
        };
        if live.revoked {
            return Err(Error::new(Code::TokenInvalid, "the session is closed; log in again"));
        }
        Ok(())
    }

    async fn by_server_key(&self, secret: &str) -> Result<Principal> {
        let unknown = || Error::new(Code::TokenInvalid, "the server key is unknown or revoked");
        if !opaque::is_shaped(opaque::SERVER_KEY_PREFIX, secret) {
            return Err(unknown());
        }
        let hash = opaque::hash(secret);
        if let Some(live) = self.keys.get(&hash) {
            return Ok(Principal::ServerKey { id: live.id, app: live.app, scopes: live.scopes });
        }
        let row: Option<(String, String, Option<i64>, Option<String>)> = sqlx::query_as(
            "SELECT id, app_id, last_used_at_ms, scopes FROM server_keys WHERE secret_hash = $1 AND revoked_at_ms IS NULL \
             AND (expires_at_ms IS NULL OR expires_at_ms > $2) UNION ALL \
             SELECT id, app_id, last_used_at_ms, scopes FROM server_keys WHERE old_secret_hash = $3 AND revoked_at_ms IS NULL \
             AND (expires_at_ms IS NULL OR expires_at_ms > $4) AND old_secret_until_ms > $5",
        )
        .bind(&hash)
        .bind(now_ms())
        .bind(&hash)
        .bind(now_ms())
        .bind(now_ms())
        .fetch_optional(self.db.reader())
        .await?;
        let (id, app, last_used_at_ms, scopes) = row.ok_or_else(unknown)?;
        let scopes = Scopes::parse(scopes.as_deref())?;
        self.keys.put(hash, LiveKey { id: id.clone(), app: app.clone(), scopes: scopes.clone() });
        if last_used_at_ms.is_none_or(|at| now_ms().saturating_sub(at) > LAST_USED_EVERY_MS) {
            self.note_use(id.clone());
        }
        Ok(Principal::ServerKey { id, app, scopes })
    }

    /// Behind the request's back: a statistic must not slow down or fail the request that it counts.
    fn note_use(&self, key: String) {
        let db = self.db.clone();
        tokio::spawn(async move {
            let outcome = sqlx::query("UPDATE server_keys SET last_used_at_ms = $1 WHERE id = $2")
                .bind(now_ms())
                .bind(&key)
                .execute(db.writer())
                .await;
            if let Err(error) = outcome {
                tracing::warn!(%error, key, "could not note the use of a server key");
            }
        });
    }
}

/// Random bytes from a cryptographic generator seeded by the operating system, wiped when dropped.
pub fn random_bytes<const N: usize>() -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::rng().fill_bytes(&mut bytes[..]);
    bytes
}
