//! Wrong passwords, counted for each account, so that nobody can try many on one.
//!
//! In memory: each replica counts for itself, and a restart forgets. Accounts that don't exist are counted like those
//! that do, so the answer tells nothing.

use crate::error::{Code, Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Wrong passwords for one account within [`WINDOW`]; after that it has to wait.
pub const MAX_FAILURES: u32 = 5;

/// Begins with the first wrong password; at its end the account starts anew.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Accounts counted at most. Hashing is far too slow to fill this within a window.
const CAPACITY: usize = 100_000;

#[derive(Clone, Copy)]
struct Count {
    since: Instant,
    failures: u32,
    /// Being verified just now.
    open: u32,
}

impl Count {
    fn is_over(&self) -> bool {
        self.open == 0 && (self.failures == 0 || self.since.elapsed() >= WINDOW)
    }
}

/// The counts of all accounts. Cheap to clone.
#[derive(Clone, Default)]
pub struct Attempts(Arc<Mutex<HashMap<String, Count>>>);

/// One password being verified. Dropped without [`Attempt::fail`], it counts for nothing.
pub struct Attempt {
    attempts: Attempts,
    account: String,
}

impl Attempts {
    /// Begins to verify a password. Those under way count too: many at once are as many as one after the other.
    ///
    /// # Errors
    /// `too_many_attempts`, with the time to wait.
    pub fn begin(&self, account: String) -> Result<Attempt> {
        let mut counts = self.lock();
        if counts.len() >= CAPACITY {
            counts.retain(|_, count| !count.is_over());
            if counts.len() >= CAPACITY {
                counts.clear();
            }
        }
        let fresh = Count { since: Instant::now(), failures: 0, open: 0 };
        let count = counts.entry(account.clone()).or_insert(fresh);
        if count.since.elapsed() >= WINDOW {
            *count = Count { open: count.open, ..fresh };
        }
        if count.failures.saturating_add(count.open) >= MAX_FAILURES {
            let wait_s = WINDOW.saturating_sub(count.since.elapsed()).as_secs().saturating_add(1);
            return Err(Error::new(
                Code::TooManyAttempts,
                "too many wrong passwords for this account; wait before the next",
            )
            .retry_after(wait_s));
        }
        count.open += 1;
        Ok(Attempt { attempts: self.clone(), account })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// The password was wrong.
    pub fn fail(self) {
        if let Some(count) = self.attempts.lock().get_mut(&self.account) {
            count.failures = count.failures.saturating_add(1);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut counts = self.attempts.lock();
        if let Some(count) = counts.get_mut(&self.account) {
            count.open = count.open.saturating_sub(1);
            if count.is_over() {
                counts.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_ones_and_the_account_has_to_wait() {
        let attempts = Attempts::default();
        let begin = |account: &str| attempts.begin(account.to_owned());
        // Right ones, or those that came to nothing, don't count.
        for _ in 0..20 {
            drop(begin("ada").unwrap());
        }
        assert!(attempts.lock().is_empty());
        for _ in 0..MAX_FAILURES {
            begin("ada").unwrap().fail();
        }
        assert_eq!(begin("ada").err().unwrap().code(), Code::TooManyAttempts);
        assert!(begin("bob").is_ok());
        // After the window it starts anew.
        attempts.lock().get_mut("ada").unwrap().since -= WINDOW;
        assert!(begin("ada").is_ok());
    }

    #[test]
    fn those_under_way_count() {
        let attempts = Attempts::default();
        let open: Vec<_> = (0..MAX_FAILURES).map(|_| attempts.begin("ada".to_owned()).unwrap()).collect();
        assert!(attempts.begin("ada".to_owned()).is_err());
        drop(open);
        assert!(attempts.begin("ada".to_owned()).is_ok());
    }
}
