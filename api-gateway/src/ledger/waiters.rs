//! Wakes those who wait for an operation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

type Table = HashMap<String, (usize, Arc<Notify>)>;

/// Who waits for which operation. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Waiters {
    table: Arc<Mutex<Table>>,
}

/// A place in the table, given up when dropped.
#[derive(Debug)]
pub struct Waiter {
    waiters: Waiters,
    id: String,
    notify: Arc<Notify>,
}

impl Waiters {
    /// Waits for changes of this operation from now on.
    pub fn register(&self, id: &str) -> Waiter {
        let mut table = self.lock();
        let entry = table.entry(id.to_owned()).or_default();
        entry.0 += 1;
        Waiter { waiters: self.clone(), id: id.to_owned(), notify: entry.1.clone() }
    }

    /// The operation has changed.
    pub(crate) fn wake<'a>(&self, ids: impl IntoIterator<Item = &'a String>) {
        let table = self.lock();
        if table.is_empty() {
            return;
        }
        for id in ids {
            if let Some((_, notify)) = table.get(id) {
                notify.notify_waiters();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing in here panics half-way through a change.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Resolves at the next change after this call.
    pub fn changed(&self) -> OwnedNotified {
        self.notify.clone().notified_owned()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut table = self.waiters.lock();
        if let Some(entry) = table.get_mut(&self.id) {
            entry.0 -= 1;
            if entry.0 == 0 {
                table.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_between_registration_and_waiting_is_seen() {
        let waiters = Waiters::default();
        let waiter = waiters.register("op_1");
        let changed = waiter.changed();
        waiters.wake([&"op_1".to_owned(), &"op_2".to_owned()]);
        changed.await;
        drop(waiter);
        assert!(waiters.lock().is_empty());
    }
}
