//! The events of one scope from a number on: first from the table, then as they happen.

use super::{Scope, Stored, Tail, log};
use crate::db::Db;
use crate::error::Result;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Events read from the table at once.
const BATCH: i64 = 200;

/// What somebody listens to.
#[derive(Debug)]
pub struct Subscription {
    db: Db,
    scope: Scope,
    receiver: Receiver<Arc<Stored>>,
    /// All up to here was handed out, or is none of this scope's.
    cursor: i64,
    backlog: VecDeque<Arc<Stored>>,
    /// The table has nothing that is older than what the receiver holds.
    caught_up: bool,
}

impl Subscription {
    /// Begins after the number `cursor`; with what happens from now on where there is none.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn new(db: &Db, tail: &Tail, scope: Scope, cursor: Option<i64>) -> Result<Self> {
        // Listening first: what is committed between this and the look at the table is in both.
        let receiver = tail.listen();
        let cursor = match cursor {
            Some(cursor) => cursor,
            None => log::head(db).await?,
        };
        Ok(Self { db: db.clone(), scope, receiver, cursor, backlog: VecDeque::new(), caught_up: false })
    }

    /// The next event, whenever it comes. Nothing is lost when this is dropped while it waits.
    ///
    /// # Errors
    /// When the database is away; the same call again goes on where this one was.
    pub async fn next(&mut self) -> Result<Arc<Stored>> {
        loop {
            if let Some(event) = self.backlog.pop_front() {
                self.cursor = event.sequence;
                return Ok(event);
            }
            if !self.caught_up {
                let events = log::list(&self.db, &self.scope, self.cursor, BATCH).await?;
                self.caught_up = events.is_empty();
                self.backlog.extend(events.into_iter().map(Arc::new));
                continue;
            }
            match self.receiver.recv().await {
                Ok(event) if event.sequence > self.cursor => {
                    if self.scope.holds(&event) {
                        self.cursor = event.sequence;
                        return Ok(event);
                    }
                }
                Ok(_) => {}
                // Too slow: the table has what was missed. The channel is never closed, as the tail lives with the process.
                Err(RecvError::Lagged(_) | RecvError::Closed) => self.caught_up = false,
            }
        }
    }
}
