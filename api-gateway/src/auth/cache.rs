//! What a credential was worth a moment ago, so that not every request asks the database.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A bounded map whose entries are believed for a short time. Revocations reach the replica that made them at once
/// (see [`Cache::forget`]) and the others when their entry has run out.
pub struct Cache<V> {
    ttl: Duration,
    capacity: usize,
    entries: Mutex<HashMap<String, (Instant, V)>>,
}

impl<V: Clone> Cache<V> {
    /// Entries are believed for `ttl`; at most `capacity` are held.
    pub fn new(ttl: Duration, capacity: usize) -> Self {
        Self { ttl, capacity, entries: Mutex::new(HashMap::new()) }
    }

    /// The value, when it is fresh.
    pub fn get(&self, key: &str) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).filter(|(since, _)| since.elapsed() < self.ttl).map(|(_, value)| value.clone())
    }

    /// Remembers a value. A full map first drops what is stale, then everything: it is only a cache.
    pub fn put(&self, key: String, value: V) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.capacity {
            let ttl = self.ttl;
            entries.retain(|_, (since, _)| since.elapsed() < ttl);
            if entries.len() >= self.capacity {
                entries.clear();
            }
        }
        entries.insert(key, (Instant::now(), value));
    }

    /// Forgets every entry that `matches`.
    pub fn forget(&self, matches: impl Fn(&V) -> bool) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (_, value)| !matches(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_run_out_and_the_size_is_bounded() {
        let cache = Cache::new(Duration::from_millis(20), 2);
        for key in ["a", "b", "c"] {
            cache.put(key.to_owned(), key);
        }
        assert!(cache.entries.lock().unwrap().len() <= 2);
        assert_eq!(cache.get("c"), Some("c"));
        cache.forget(|value| *value == "c");
        assert_eq!(cache.get("c"), None);
        cache.put("d".to_owned(), "d");
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!(cache.get("d"), None);
    }
}
