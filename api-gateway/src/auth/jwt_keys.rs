//! The keys that sign access tokens, in the database, sealed under the root key.

use super::jwt::JwtKey;
use crate::custody::Custody;
use crate::db::{Db, now_ms};
use crate::error::{Error, Result};
use zeroize::Zeroizing;

/// Bound to each sealed key, with its kid.
fn name(kid: &str) -> String {
    format!("jwt:{kid}")
}

/// The keys that verify, oldest first; makes the first one when there is none. Two replicas that start at
/// once may make one each: a replica that meets an unknown `kid` looks here again.
pub async fn load_or_make(db: &Db, custody: &Custody) -> Result<Vec<JwtKey>> {
    let keys = load(db, custody).await?;
    if !keys.is_empty() {
        return Ok(keys);
    }
    make(db, custody).await?;
    load(db, custody).await
}

/// Makes a new key and lets the older ones verify for `grace_ms` more: at least the life of an access token and the
/// minute in which the replicas look here again.
pub async fn rotate(db: &Db, custody: &Custody, grace_ms: i64) -> Result<String> {
    let kid = make(db, custody).await?;
    sqlx::query("UPDATE jwt_keys SET retired_at_ms = $1 WHERE kid <> $2 AND retired_at_ms IS NULL")
        .bind(now_ms().saturating_add(grace_ms))
        .bind(&kid)
        .execute(db.writer())
        .await?;
    Ok(kid)
}

/// Seals under the present root key what hangs on the previous one. Returns how many.
pub async fn rewrap(db: &Db, custody: &Custody) -> Result<u64> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT kid, sealed_key FROM jwt_keys").fetch_all(db.reader()).await?;
    let mut count = 0;
    for (kid, sealed) in rows {
        if custody.is_current(&sealed) {
            continue;
        }
        let seed = custody.open_secret(&name(&kid), &sealed)?;
        let anew = custody.seal_secret(&name(&kid), &seed)?;
        let done = sqlx::query("UPDATE jwt_keys SET sealed_key = $1 WHERE kid = $2 AND sealed_key = $3")
            .bind(anew)
            .bind(&kid)
            .bind(&sealed)
            .execute(db.writer())
            .await?;
        count += done.rows_affected();
    }
    Ok(count)
}

async fn make(db: &Db, custody: &Custody) -> Result<String> {
    let seed = super::random_bytes::<32>();
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    // The kid comes from the public key, so that it says nothing and collides with nothing.
    let kid = hex::encode(&public.as_bytes()[..8]);
    sqlx::query("INSERT INTO jwt_keys (kid, public_key, sealed_key, created_at_ms) VALUES ($1, $2, $3, $4)")
        .bind(&kid)
        .bind(hex::encode(public.as_bytes()))
        .bind(custody.seal_secret(&name(&kid), &seed[..])?)
        .bind(now_ms())
        .execute(db.writer())
        .await?;
    tracing::info!(kid, "made a key to sign access tokens with");
    Ok(kid)
}

async fn load(db: &Db, custody: &Custody) -> Result<Vec<JwtKey>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT kid, sealed_key FROM jwt_keys WHERE retired_at_ms IS NULL OR retired_at_ms > $1 \
         ORDER BY created_at_ms, kid",
    )
    .bind(now_ms())
    .fetch_all(db.reader())
    .await?;
    let open = |(kid, sealed): (String, String)| {
        let bytes = custody.open_secret(&name(&kid), &sealed)?;
        let mut seed = Zeroizing::new([0u8; 32]);
        if bytes.len() != seed.len() {
            return Err(Error::internal(format!("jwt key {kid} has {} bytes", bytes.len())));
        }
        seed.copy_from_slice(&bytes);
        Ok(JwtKey { kid, seed })
    };
    rows.into_iter().map(open).collect()
}
