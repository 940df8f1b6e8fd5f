//! Rows that never change once they are committed, kept in memory: who a wallet belongs to, what a token is. Every
//! transfer asks for three of them.
//!
//! Only what was found is kept, never that something was missing: it may be made at any moment.

use alloy::primitives::Address;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Entries of one kind at most. When full, all are forgotten: simpler than ageing, and reading them again is cheap.
const MAX: usize = 100_000;

/// A custodial wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownWallet {
    /// `wal_…`
    pub id: String,
    /// On chain.
    pub address: Address,
    /// Whose; `None` for the app's treasury.
    pub user_id: Option<String>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownToken {
    /// `tok_…`
    pub id: String,
    /// Its ERC-20 address.
    pub address: Address,
    /// Its symbol.
    pub symbol: String,
    /// Its decimals.
    pub decimals: u8,
}

/// Values by app and name.
#[derive(Debug)]
pub struct Known<V> {
    entries: RwLock<HashMap<(String, String), V>>,
}

impl<V> Default for Known<V> {
    fn default() -> Self {
        Self { entries: RwLock::default() }
    }
}

impl<V: Clone> Known<V> {
    /// The value that `app_id` knows by this name.
    pub fn get(&self, app_id: &str, name: &str) -> Option<V> {
        let key = (app_id.to_owned(), name.to_owned());
        self.entries.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    /// Keeps a value that was read from the database.
    pub fn keep(&self, app_id: &str, name: &str, value: V) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX {
            entries.clear();
        }
        entries.insert((app_id.to_owned(), name.to_owned()), value);
    }
}

/// All kinds.
#[derive(Debug, Default)]
pub struct KnownRows {
    /// Wallets by `usr_…`, `wal_…`, 0x address or `treasury`.
    pub wallets: Known<KnownWallet>,
    /// Tokens by `tok_…`.
    pub tokens: Known<KnownToken>,
}
