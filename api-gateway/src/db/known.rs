//! Rows that never change once they are committed, kept in memory: who a wallet belongs to, what a token is. Every
//! transfer asks for three of them.
//!
//! Only what was found is kept, never that something was missing: it may be made at any moment.

use super::Asset;
use alloy::primitives::Address;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

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

/// What signing for a wallet needs: columns of `wallets` and of its app. The keys are sealed (see `custody`). One that
/// has been sealed anew since opens here all the same: a gateway keeps the root keys that it was started with.
#[derive(Clone, Debug)]
pub struct SealedWallet {
    /// `wallets.id`
    pub id: String,
    /// `wallets.app_id`
    pub app_id: String,
    /// `wallets.address`
    pub address: Address,
    /// `wallets.sealed_data_key`
    pub sealed_data_key: String,
    /// `wallets.sealed_key`
    pub sealed_key: String,
    /// `apps.sealed_app_key`
    pub sealed_app_key: String,
    /// `apps.root_key_id`
    pub root_key_id: String,
}

/// What a token, a collection or an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownToken {
    /// `tok_…`, `col_…` or `itm_…`
    pub id: String,
    /// What it is on chain.
    pub asset: Asset,
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
    /// Wallets that have signed, by `wal_…`.
    pub sealed: Known<Arc<SealedWallet>>,
    /// Tokens, collections and items by `tok_…`, `col_…`, `itm_…`.
    pub tokens: Known<KnownToken>,
}
