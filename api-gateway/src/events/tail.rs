//! New events, read once and handed to all who listen on this gateway.

use super::{Stored, log};
use crate::db::Db;
use crate::error::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

/// Events that a listener may be behind before it has to read the table.
const KEPT: usize = 4_096;
/// Events read at once.
const BATCH: i64 = 500;
/// How often the table is looked at without being woken: another gateway may have written.
const EVERY: Duration = Duration::from_millis(200);

/// The end of the table of events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tail {
    sender: broadcast::Sender<Arc<Stored>>,
    written: Arc<Notify>,
}

impl Default for Tail {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(KEPT), written: Arc::default() }
    }
}

impl Tail {
    /// Says that this gateway has written events.
    pub fn wake(&self) {
        self.written.notify_one();
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Arc<Stored>> {
        self.sender.subscribe()
    }

    /// Hands on what is new, for ever.
    pub async fn run(&self, db: &Db) {
        let mut last = None;
        loop {
            match self.step(db, last).await {
                Ok(seen) => last = Some(seen),
                Err(error) => tracing::debug!(%error, "events can't be read; trying again"),
            }
            let _ = tokio::time::timeout(EVERY, self.written.notified()).await;
        }
    }

    /// What was committed before somebody began to listen he reads from the table, so nothing is handed on that nobody
    /// listens to.
    async fn step(&self, db: &Db, last: Option<i64>) -> Result<i64> {
        let head = log::head(db).await?;
        let Some(mut last) = last.filter(|_| self.sender.receiver_count() > 0) else { return Ok(head) };
        while last < head {
            let events = log::after(db, last, BATCH).await?;
            // The numbers between are those that no event has.
            last = events.last().map_or(head, |event| event.sequence);
            for event in events {
                let _ = self.sender.send(Arc::new(event));
            }
        }
        Ok(last)
    }
}
