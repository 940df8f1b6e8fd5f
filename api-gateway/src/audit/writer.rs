//! Adding entries, many in one commit.

use super::{Entry, Link, address_digest};
use crate::db::{Db, QueryBuilder, ROWS_MAX, now_ms};
use crate::error::{Code, Error, Result};
use rand::RngCore as _;
use sqlx::{AnyConnection, Row as _};
use tokio::sync::{mpsc, oneshot};

/// Entries that may wait. More are told to the process's log.
const QUEUE: usize = 4_096;

/// An entry and who waits for it.
type Waiting = (Entry, oneshot::Sender<Result<()>>);

/// Adds to the log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AuditLog {
    queue: mpsc::Sender<Waiting>,
}

impl AuditLog {
    /// The log, and what [`run`] takes.
    pub fn new() -> (Self, mpsc::Receiver<Waiting>) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Self { queue }, waiting)
    }

    /// Returns once the entry is on disk.
    ///
    /// # Errors
    /// When too many wait, or the database is away. The entry is not written then.
    pub async fn write(&self, entry: Entry) -> Result<()> {
        let gone = || Error::new(Code::Unavailable, "the audit log takes no entry just now");
        let (done, written) = oneshot::channel();
        self.queue.try_send((entry, done)).map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }
}

/// Writes what comes in until every [`AuditLog`] is gone.
pub async fn run(db: Db, mut queue: mpsc::Receiver<Waiting>) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, ROWS_MAX).await > 0 {
        let (entries, waiting): (Vec<Entry>, Vec<_>) = group.drain(..).unzip();
        let outcome = append_alone(&db, &entries).await;
        for done in waiting {
            let _ = done.send(outcome.as_ref().copied().map_err(Error::same_answer));
        }
        if let Err(error) = outcome {
            tracing::warn!(%error, entries = entries.len(), "the audit log could not be written");
        }
    }
}

async fn append_alone(db: &Db, entries: &[Entry]) -> Result<()> {
    let mut tx = db.write().await?;
    append(db, &mut tx, entries).await?;
    tx.commit().await?;
    Ok(())
}

/// Adds entries together with what they tell of. To be the last that a transaction does: it holds the log's head, which all
/// others wait for.
pub(crate) async fn append(db: &Db, tx: &mut AnyConnection, entries: &[Entry]) -> Result<()> {
    let (mut sequence, mut hash) = head(tx, db.for_update()).await?;
    let now = now_ms();
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut salt = [0u8; 16];
        rand::rng().fill_bytes(&mut salt);
        let salt = hex::encode(salt);
        let digest = address_digest(&salt, entry.address.as_deref());
        sequence += 1;
        hash = Link {
            sequence,
            created_at_ms: now,
            app_id: entry.app_id.as_deref(),
            owner_id: entry.owner_id.as_deref(),
            actor_kind: entry.actor_kind,
            actor_id: &entry.actor_id,
            action: &entry.action,
            path: &entry.path,
            status: entry.status.into(),
            request_id: &entry.request_id,
            address_digest: &digest,
        }
        .hash(&hash);
        rows.push((entry, sequence, salt, digest, hash.clone()));
    }
    let insert = "INSERT INTO audit_log (sequence, app_id, owner_id, actor_kind, actor_id, action, path, status, request_id, \
         address, address_salt, address_digest, created_at_ms, hash) ";
    QueryBuilder::insert_all(tx, insert, &rows, "", |mut row, (entry, sequence, salt, digest, hash)| {
        row.push_bind(*sequence)
            .push_bind(entry.app_id.as_deref())
            .push_bind(entry.owner_id.as_deref())
            .push_bind(entry.actor_kind)
            .push_bind(&entry.actor_id)
            .push_bind(&entry.action)
            .push_bind(&entry.path)
            .push_bind(i64::from(entry.status))
            .push_bind(&entry.request_id)
            .push_bind(entry.address.as_deref())
            .push_bind(salt)
            .push_bind(digest)
            .push_bind(now)
            .push_bind(hash);
    })
    .await?;
    sqlx::query("UPDATE audit_heads SET sequence = $1, hash = $2 WHERE id = 1")
        .bind(sequence)
        .bind(hash)
        .execute(tx)
        .await?;
    Ok(())
}

/// Number and hash of the last entry.
pub(super) async fn head(connection: &mut AnyConnection, suffix: &'static str) -> Result<(i64, String)> {
    let sql = match suffix {
        "" => "SELECT sequence, hash FROM audit_heads WHERE id = 1",
        _ => "SELECT sequence, hash FROM audit_heads WHERE id = 1 FOR UPDATE",
    };
    let row = sqlx::query(sql).fetch_one(connection).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}
