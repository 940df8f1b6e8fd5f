//! What comes back from a letter: an address that is confirmed, a password that is set anew.
//!
//! # Invariants
//! - A token is good once, for its purpose alone, and for a time; the database has its hash.
//! - Who asks for a letter learns nothing: not whether there is an account, nor, by the time that it takes, that there is none.

use super::sessions::close_sessions;
use crate::auth::password::Passwords;
use crate::auth::{Authenticator, opaque};
use crate::db::{Db, Statement, now_ms};
use crate::error::{Code, Error, Result};
use crate::mail::{Mailer, Purpose};
use zeroize::Zeroizing;

/// A letter to the same owner for the same purpose at most this often.
const PAUSE_MS: i64 = 60_000;

fn life_ms(purpose: Purpose) -> i64 {
    match purpose {
        Purpose::Verify => 24 * 60 * 60 * 1_000,
        Purpose::Reset => 60 * 60 * 1_000,
    }
}

/// Sends a letter to who has this address, if anybody has, behind the caller's back.
///
/// # Errors
/// 403 when the operator sends no mail.
pub fn write(db: &Db, mailer: &Mailer, email: String, purpose: Purpose) -> Result<()> {
    if !mailer.is_on() {
        return Err(Error::new(Code::Forbidden, "the operator of this gateway sends no mail"));
    }
    let (db, mailer) = (db.clone(), mailer.clone());
    tokio::spawn(async move {
        match token_for(&db, &email, purpose).await {
            Ok(Some(token)) => mailer.send(&email, purpose, &token).await,
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "a letter could not be prepared"),
        }
    });
    Ok(())
}

/// A fresh token; `None` when there is nobody to have it, or one was sent just now.
async fn token_for(db: &Db, email: &str, purpose: Purpose) -> Result<Option<Zeroizing<String>>> {
    let row: Option<(String, Option<i64>)> =
        sqlx::query_as("SELECT id, email_verified_at_ms FROM owners WHERE email = $1")
            .bind(email)
            .fetch_optional(db.reader())
            .await?;
    let Some((owner, verified)) = row else { return Ok(None) };
    if purpose == Purpose::Verify && verified.is_some() {
        return Ok(None);
    }
    let token = opaque::generate(opaque::MAIL_TOKEN_PREFIX);
    let now = now_ms();
    let mut tx = db.write().await?;
    // Holds the owner: of two that ask at once one gets a letter.
    Statement::new("UPDATE owners SET email = email WHERE id = $1").bind(&owner).execute(&mut tx).await?;
    let made = sqlx::query(
        "INSERT INTO mail_tokens (token_hash, owner_id, purpose, created_at_ms, expires_at_ms) \
         SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM mail_tokens WHERE owner_id = $6 AND purpose = $7 \
         AND created_at_ms > $8)",
    )
    .bind(opaque::hash(&token))
    .bind(&owner)
    .bind(purpose.as_str())
    .bind(now)
    .bind(now + life_ms(purpose))
    .bind(&owner)
    .bind(purpose.as_str())
    .bind(now - PAUSE_MS)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((made.rows_affected() == 1).then_some(token))
}

/// Takes a token in: it is gone, whatever comes of it. Says whose it was.
async fn take(db: &Db, connection: &mut sqlx::AnyConnection, token: &str, purpose: Purpose) -> Result<String> {
    let unknown =
        || Error::new(Code::TokenInvalid, "the link is unknown, was used before, or is too old; ask for another");
    if !opaque::is_shaped(opaque::MAIL_TOKEN_PREFIX, token) {
        return Err(unknown());
    }
    let hash = opaque::hash(token);
    let row: Option<(String, i64)> =
        sqlx::query_as("SELECT owner_id, expires_at_ms FROM mail_tokens WHERE token_hash = $1 AND purpose = $2")
            .bind(&hash)
            .bind(purpose.as_str())
            .fetch_optional(db.reader())
            .await?;
    let (owner, expires_at_ms) = row.ok_or_else(unknown)?;
    // The row itself decides who was first.
    let taken =
        sqlx::query("DELETE FROM mail_tokens WHERE token_hash = $1").bind(&hash).execute(&mut *connection).await?;
    if taken.rows_affected() == 0 || expires_at_ms <= now_ms() {
        return Err(unknown());
    }
    Ok(owner)
}

const VERIFIED: &str = "UPDATE owners SET email_verified_at_ms = COALESCE(email_verified_at_ms, $1) WHERE id = $2";

/// Notes that the address is the owner's. Says whose.
///
/// # Errors
/// 401 for a token that isn't good.
pub async fn verify(db: &Db, token: &str) -> Result<String> {
    let mut tx = db.write().await?;
    let owner = take(db, &mut tx, token, Purpose::Verify).await?;
    Statement::new(VERIFIED).bind(now_ms()).bind(&owner).execute(&mut tx).await?;
    tx.commit().await?;
    Ok(owner)
}

/// Sets the owner's password anew, and closes all his sessions. Says whose.
///
/// # Errors
/// 401 for a token that isn't good.
pub async fn reset(
    db: &Db,
    auth: &Authenticator,
    passwords: &Passwords,
    token: &str,
    password: Zeroizing<String>,
) -> Result<String> {
    let hash = passwords.hash(password).await?;
    let mut tx = db.write().await?;
    let owner = take(db, &mut tx, token, Purpose::Reset).await?;
    Statement::new("UPDATE owners SET password_hash = $1 WHERE id = $2")
        .bind(hash)
        .bind(&owner)
        .execute(&mut tx)
        .await?;
    // The letter came to this address.
    Statement::new(VERIFIED).bind(now_ms()).bind(&owner).execute(&mut tx).await?;
    // Other letters for a password are worth nothing now.
    Statement::new("DELETE FROM mail_tokens WHERE owner_id = $1 AND purpose = 'reset'")
        .bind(&owner)
        .execute(&mut tx)
        .await?;
    close_sessions(&owner, None).execute(&mut tx).await?;
    tx.commit().await?;
    auth.forget_sessions();
    tracing::info!(owner, "an owner has set a password anew");
    Ok(owner)
}

/// Deletes tokens that are too old. Called now and then by the server.
pub async fn sweep(db: &Db) -> Result<()> {
    sqlx::query("DELETE FROM mail_tokens WHERE expires_at_ms < $1").bind(now_ms()).execute(db.writer()).await?;
    Ok(())
}
