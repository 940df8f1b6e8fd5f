//! Which gateway runs the background tasks.
//!
//! Several gateways may share one PostgreSQL; all accept, one sends and follows. The lease is a row with an expiry;
//! whoever finds it expired takes it. It only saves double work: were two to run at once, sending the same bytes
//! twice is harmless and the projection's transactions are fenced by `chain_state` (see `projection`).
//! A SQLite file has one gateway, which needs no lease and must not wait for that of its killed predecessor.

use crate::db::{Db, Engine, now_ms};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;

const LIFE_MS: i64 = 6_000;
const RENEW: Duration = Duration::from_secs(2);

/// Whether this gateway holds it.
#[derive(Debug)]
pub(crate) struct Lease {
    holder: String,
    held: AtomicBool,
}

impl Lease {
    pub fn new(engine: Engine) -> Self {
        Self { holder: uuid::Uuid::now_v7().simple().to_string(), held: AtomicBool::new(engine == Engine::Sqlite) }
    }

    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// Takes and renews the lease until the stop.
    pub async fn keep(&self, db: &Db, mut stop: watch::Receiver<bool>) {
        if db.engine() == Engine::Sqlite {
            return;
        }
        loop {
            match self.take(db, LIFE_MS).await {
                Ok(held) => {
                    if held != self.held.swap(held, Ordering::Relaxed) {
                        tracing::info!(held, "the ledger's lease has changed hands");
                    }
                }
                // The database is away: nothing can be written anyway, and the lease may run out meanwhile.
                Err(_) => self.held.store(false, Ordering::Relaxed),
            }
            tokio::select! {
                () = tokio::time::sleep(RENEW) => {}
                _ = stop.changed() => break,
            }
        }
        if self.held.swap(false, Ordering::Relaxed) {
            // So that another gateway need not wait for the expiry.
            let _ = self.take(db, -1).await;
        }
    }

    async fn take(&self, db: &Db, life_ms: i64) -> Result<bool, sqlx::Error> {
        let now = now_ms();
        let done = sqlx::query(
            "INSERT INTO leases (name, holder, expires_at_ms) VALUES ('ledger', $1, $2) \
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at_ms = excluded.expires_at_ms \
             WHERE leases.holder = excluded.holder OR leases.expires_at_ms < $3",
        )
        .bind(&self.holder)
        .bind(now + life_ms)
        .bind(now)
        .execute(db.writer())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}
