//! Whether the log is what was written.

use super::writer::head;
use super::{Link, address_digest};
use crate::db::Db;
use crate::error::Result;
use sqlx::Row as _;
use sqlx::any::AnyRow;

/// Rows read at once.
const PAGE: i64 = 1_000;

/// What the check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every hash is right, and what was remembered is there.
    Sound {
        /// Number of the last entry, which is how many there are.
        sequence: i64,
        /// Its hash: remember it elsewhere.
        hash: String,
    },
    /// The first entry that is not what was written, and why.
    Broken {
        /// Its number.
        sequence: i64,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Computes every hash again. `remembered` is a number and hash from an earlier check or from an entry's answer: who can
/// write the whole table anew can't make that fit.
///
/// # Errors
/// When the database is away.
pub async fn verify(db: &Db, remembered: Option<(i64, &str)>) -> Result<Verdict> {
    let mut snapshot = db.snapshot().await?;
    let (last, last_hash) = head(&mut snapshot, "").await?;
    let (mut sequence, mut hash) = (0, String::new());
    loop {
        let rows = sqlx::query("SELECT * FROM audit_log WHERE sequence > $1 ORDER BY sequence LIMIT $2")
            .bind(sequence)
            .bind(PAGE)
            .fetch_all(&mut *snapshot)
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            sequence += 1;
            match check(row, sequence, &hash)? {
                Ok(next) => hash = next,
                Err(reason) => return Ok(Verdict::Broken { sequence, reason }),
            }
            if remembered.is_some_and(|(number, wanted)| number == sequence && wanted != hash) {
                return Ok(Verdict::Broken { sequence, reason: "it is not the entry that was remembered" });
            }
        }
    }
    if (sequence, &hash) != (last, &last_hash) {
        return Ok(Verdict::Broken { sequence: sequence + 1, reason: "entries at the end are missing" });
    }
    if remembered.is_some_and(|(number, _)| number > sequence) {
        return Ok(Verdict::Broken { sequence: sequence + 1, reason: "the remembered entry is missing" });
    }
    Ok(Verdict::Sound { sequence, hash })
}

/// The entry's hash, or what is wrong with it.
fn check(row: &AnyRow, sequence: i64, previous: &str) -> Result<std::result::Result<String, &'static str>> {
    if row.try_get::<i64, _>("sequence")? != sequence {
        return Ok(Err("it is missing"));
    }
    let text = |column: &str| row.try_get::<String, _>(column);
    let maybe = |column: &str| row.try_get::<Option<String>, _>(column);
    let (app_id, owner_id, digest) = (maybe("app_id")?, maybe("owner_id")?, text("address_digest")?);
    // Of a person who was erased the digest alone is left.
    if let Some(salt) = maybe("address_salt")?
        && address_digest(&salt, maybe("address")?.as_deref()) != digest
    {
        return Ok(Err("its address was changed"));
    }
    let hash = Link {
        sequence,
        created_at_ms: row.try_get("created_at_ms")?,
        app_id: app_id.as_deref(),
        owner_id: owner_id.as_deref(),
        actor_kind: &text("actor_kind")?,
        actor_id: &text("actor_id")?,
        action: &text("action")?,
        path: &text("path")?,
        status: row.try_get("status")?,
        request_id: &text("request_id")?,
        address_digest: &digest,
    }
    .hash(previous);
    Ok(if hash == text("hash")? { Ok(hash) } else { Err("it was changed") })
}
