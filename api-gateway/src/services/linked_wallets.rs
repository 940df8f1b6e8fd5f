//! Wallets of users' own, whose keys the gateway never sees: linked by a signature (EIP-4361, EIP-191), and good for
//! logging in.
//!
//! ```text
//!   challenge ─► the message, of the app's own domain ─► the wallet signs ─► link, or log in
//! ```
//!
//! The message names the domain of the app's `url`, never one that the asker gives: a wallet warns its owner when another
//! site shows it. A challenge is for one address and one purpose, and is good once.

use super::address::parse_address;
use super::sessions::{Login, Session, Sessions};
use super::{Actor, users};
use crate::db::{Db, UnixMs, is_unique_violation, now_ms};
use crate::error::{Code, Error, Result};
use crate::ledger::contracts::address_text;
use alloy::primitives::{Address, Signature};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use std::str::FromStr as _;
use utoipa::ToSchema;

/// How long a challenge is good.
const GOOD_FOR_MS: i64 = 10 * 60 * 1_000;

/// Wallets that a user may link.
const MOST: i64 = 20;

/// Body of `POST /sessions/challenges`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoginChallenge {
    /// `app_…` of the user.
    pub app: String,
    /// The wallet that is going to sign.
    pub address: String,
}

/// Body of `POST /users/{user}/wallets/challenges`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkChallenge {
    /// The wallet that is going to sign.
    pub address: String,
}

/// A message to be signed by `personal_sign`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// What to sign, as it is (EIP-4361).
    pub message: String,
    /// Send it back with the signature.
    pub nonce: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: UnixMs,
}

/// A signed challenge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedChallenge {
    /// The challenge's.
    pub nonce: String,
    /// 65 bytes: what `personal_sign` gives.
    #[schema(example = "0x…")]
    pub signature: String,
}

/// A wallet of a user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserWallet {
    /// Its address.
    pub address: String,
    /// Whether the gateway signs for it.
    pub custodial: bool,
    /// When it was made or linked.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// All wallets of a user: his custodial one first.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserWallets {
    /// 21 at most.
    pub items: Vec<UserWallet>,
}

/// Makes a challenge to log in with. It tells nobody whether the wallet is known.
///
/// # Errors
/// Field errors, also for an unknown app; 409 when the app has no `url`.
pub async fn challenge_login(db: &Db, chain_id: u64, body: &LoginChallenge) -> Result<Challenge> {
    let address = parse_address("address", &body.address).map_err(|fault| Error::fields(vec![fault]))?;
    challenge(db, chain_id, &body.app, address, None, "Log in.").await
}

/// Makes a challenge to link a wallet with. A user links his own.
///
/// # Errors
/// 403, 404, field errors; 409 when the app has no `url`, or the user is erased.
pub async fn challenge_link(
    db: &Db,
    chain_id: u64,
    app: &str,
    actor: &Actor,
    user: &str,
    body: &LinkChallenge,
) -> Result<Challenge> {
    actor.require_self(user)?;
    super::profile::require_kept(&users::get(db, app, user).await?)?;
    let address = parse_address("address", &body.address).map_err(|fault| Error::fields(vec![fault]))?;
    challenge(db, chain_id, app, address, Some(user), "Link this wallet to your account.").await
}

async fn challenge(
    db: &Db,
    chain_id: u64,
    app: &str,
    address: Address,
    user: Option<&str>,
    statement: &str,
) -> Result<Challenge> {
    let url: Option<(Option<String>,)> =
        sqlx::query_as("SELECT url FROM apps WHERE id = $1").bind(app).fetch_optional(db.reader()).await?;
    let no_url = || Error::new(Code::Conflict, "the app has no url, which wallets are shown; set it first");
    let (url,) = url.ok_or_else(|| Error::field("app", "not_found", "no such app"))?;
    let url = reqwest::Url::parse(&url.ok_or_else(no_url)?).map_err(|_| no_url())?;
    let host = url.host_str().ok_or_else(no_url)?;
    let domain = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    // EIP-4361 wants at least 8 letters and digits.
    let nonce = hex::encode(&crate::auth::random_bytes::<16>()[..]);
    let now = now_ms();
    let expires_at = UnixMs(now + GOOD_FOR_MS);
    let message = message(&domain, address, statement, url.as_str(), chain_id, &nonce, UnixMs(now), expires_at);
    sqlx::query(
        "INSERT INTO wallet_challenges (nonce, app_id, address, user_id, message, expires_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&nonce)
    .bind(app)
    .bind(address_text(address))
    .bind(user)
    .bind(&message)
    .bind(expires_at.0)
    .execute(db.writer())
    .await?;
    Ok(Challenge { message, nonce, expires_at })
}

#[expect(clippy::too_many_arguments, reason = "the fields of EIP-4361, each once")]
fn message(
    domain: &str,
    address: Address,
    statement: &str,
    uri: &str,
    chain_id: u64,
    nonce: &str,
    issued_at: UnixMs,
    expires_at: UnixMs,
) -> String {
    let address = address.to_checksum(None);
    let (issued_at, expires_at) = (issued_at.to_rfc3339(), expires_at.to_rfc3339());
    format!(
        "{domain} wants you to sign in with your Ethereum account:\n{address}\n\n{statement}\n\nURI: {uri}\nVersion: 1\n\
         Chain ID: {chain_id}\nNonce: {nonce}\nIssued At: {issued_at}\nExpiration Time: {expires_at}"
    )
}

/// Takes a challenge, whose signature is right, out of the world: whose app, address and user.
async fn take(db: &Db, signed: &SignedChallenge) -> Result<(String, String, Option<String>)> {
    let refused =
        || Error::new(Code::CredentialsInvalid, "the challenge is unknown, used or expired, or its signature wrong");
    let row =
        sqlx::query("SELECT app_id, address, user_id, message, expires_at_ms FROM wallet_challenges WHERE nonce = $1")
            .bind(&signed.nonce)
            .fetch_optional(db.reader())
            .await?
            .ok_or_else(refused)?;
    let (address, message): (String, String) = (row.try_get("address")?, row.try_get("message")?);
    let signer = Signature::from_str(&signed.signature)
        .ok()
        .and_then(|signature| signature.recover_address_from_msg(message).ok())
        .map(address_text);
    if row.try_get::<i64, _>("expires_at_ms")? <= now_ms() || signer.as_ref() != Some(&address) {
        return Err(refused());
    }
    // Who deletes it has it, among several replicas too.
    let taken =
        sqlx::query("DELETE FROM wallet_challenges WHERE nonce = $1").bind(&signed.nonce).execute(db.writer()).await?;
    if taken.rows_affected() == 0 {
        return Err(refused());
    }
    Ok((row.try_get("app_id")?, address, row.try_get("user_id")?))
}

/// Opens a session for the user who has linked the wallet.
///
/// # Errors
/// 401 `credentials_invalid` for all that is wrong with the challenge, and for a wallet that nobody has linked; 403 for a
/// suspended user.
pub async fn log_in(
    sessions: &Sessions<'_>,
    signed: &SignedChallenge,
    user_agent: Option<String>,
) -> Result<(String, Session)> {
    let (app, address, user) = take(sessions.db, signed).await?;
    let row: Option<(String, String)> = sqlx::query_as(
        "SELECT u.id, u.status FROM linked_wallets l JOIN users u ON u.id = l.user_id \
         WHERE l.app_id = $1 AND l.address = $2",
    )
    .bind(&app)
    .bind(address)
    .fetch_optional(sessions.db.reader())
    .await?;
    let (Some((principal, status)), None) = (row, user) else {
        return Err(Error::new(Code::CredentialsInvalid, "no user has linked this wallet"));
    };
    if status != "active" {
        return Err(Error::new(Code::UserSuspended, "the user is suspended; ask the app's people"));
    }
    let session = sessions.begin(Login::User { app: app.clone() }, principal, user_agent).await?;
    Ok((app, session))
}

/// Links a wallet to a user.
///
/// # Errors
/// 403, 404; 401 `credentials_invalid` for all that is wrong with the challenge; 409 when the wallet is linked already, is
/// one of the gateway's own, or the user has his fill.
pub async fn link(db: &Db, app: &str, actor: &Actor, user: &str, signed: &SignedChallenge) -> Result<UserWallet> {
    actor.require_self(user)?;
    super::profile::require_kept(&users::get(db, app, user).await?)?;
    let (of_app, address, of_user) = take(db, signed).await?;
    if of_app != app || of_user.as_deref() != Some(user) {
        return Err(Error::new(Code::CredentialsInvalid, "the challenge is for something else"));
    }
    let created_at = UnixMs(now_ms());
    let mut tx = db.write().await?;
    let own = sqlx::query("SELECT id FROM wallets WHERE address = $1").bind(&address).fetch_optional(&mut *tx).await?;
    if own.is_some() {
        return Err(Error::new(Code::Conflict, "the gateway signs for this wallet already"));
    }
    let count: i64 = sqlx::query("SELECT COUNT(*) FROM linked_wallets WHERE user_id = $1")
        .bind(user)
        .fetch_one(&mut *tx)
        .await?
        .try_get(0)?;
    if count >= MOST {
        return Err(Error::new(Code::Conflict, format!("a user links at most {MOST} wallets; unlink one first")));
    }
    let done =
        sqlx::query("INSERT INTO linked_wallets (app_id, address, user_id, created_at_ms) VALUES ($1, $2, $3, $4)")
            .bind(app)
            .bind(&address)
            .bind(user)
            .bind(created_at.0)
            .execute(&mut *tx)
            .await;
    match done {
        Err(error) if is_unique_violation(&error) => return Err(Error::taken("address").caused_by(error)),
        done => done?,
    };
    tx.commit().await?;
    tracing::info!(app, user, "a wallet is linked");
    Ok(UserWallet { address, custodial: false, created_at })
}

/// Ends a link. Sessions that it opened stay open.
///
/// # Errors
/// 403; 404 for what the user has not linked.
pub async fn unlink(db: &Db, app: &str, actor: &Actor, user: &str, address: &str) -> Result<()> {
    actor.require_self(user)?;
    let address = parse_address("path.address", address).map_err(|fault| Error::fields(vec![fault]))?;
    let done = sqlx::query("DELETE FROM linked_wallets WHERE app_id = $1 AND user_id = $2 AND address = $3")
        .bind(app)
        .bind(user)
        .bind(address_text(address))
        .execute(db.writer())
        .await?;
    if done.rows_affected() == 0 { Err(Error::not_found("wallet")) } else { Ok(()) }
}

/// A user's wallets.
///
/// # Errors
/// 403, 404.
pub async fn list(db: &Db, app: &str, actor: &Actor, user: &str) -> Result<UserWallets> {
    actor.require_self(user)?;
    let known = users::get(db, app, user).await?;
    let custodial = UserWallet { address: known.wallet.address, custodial: true, created_at: known.created_at };
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT address, created_at_ms FROM linked_wallets WHERE app_id = $1 AND user_id = $2 ORDER BY created_at_ms, address",
    )
    .bind(app)
    .bind(user)
    .fetch_all(db.reader())
    .await?;
    let linked = rows.into_iter().map(|(address, at)| UserWallet { address, custodial: false, created_at: UnixMs(at) });
    Ok(UserWallets { items: std::iter::once(custodial).chain(linked).collect() })
}

/// Deletes challenges that nobody has answered in time. Called now and then by the server.
pub async fn sweep(db: &Db) -> Result<()> {
    sqlx::query("DELETE FROM wallet_challenges WHERE expires_at_ms < $1").bind(now_ms()).execute(db.writer()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_that_of_eip_4361() {
        let (issued, expires) = (UnixMs(1_795_344_840_123), UnixMs(1_795_345_440_123));
        let text = message(
            "example.org:8443",
            Address::repeat_byte(0xab),
            "Log in.",
            "https://example.org:8443/",
            4269,
            "0123456789abcdef",
            issued,
            expires,
        );
        let lines: Vec<_> = text.split('\n').collect();
        assert_eq!(
            lines,
            [
                "example.org:8443 wants you to sign in with your Ethereum account:",
                "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB",
                "",
                "Log in.",
                "",
                "URI: https://example.org:8443/",
                "Version: 1",
                "Chain ID: 4269",
                "Nonce: 0123456789abcdef",
                "Issued At: 2026-11-22T10:54:00.123Z",
                "Expiration Time: 2026-11-22T11:04:00.123Z",
            ]
        );
    }
}
