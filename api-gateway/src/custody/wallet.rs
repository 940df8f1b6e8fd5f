//! A wallet's row.

use crate::db::{Statement, now_ms};
use crate::ledger::contracts::address_text;
use alloy::primitives::Address;

/// A wallet that is not stored yet.
#[derive(Clone, Debug)]
pub struct NewWallet {
    /// `wal_…`
    pub id: String,
    /// The tenant.
    pub app_id: String,
    /// Its address on chain.
    pub address: Address,
    pub(super) sealed_data_key: String,
    pub(super) sealed_key: String,
}

impl NewWallet {
    /// The INSERT for it. `user_id` is `None` for the app's treasury. Run it after the app's row.
    pub fn insert(&self, user_id: Option<&str>) -> Statement {
        Statement::new(
            "INSERT INTO wallets (id, app_id, user_id, address, sealed_data_key, sealed_key, next_nonce, created_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
        )
        .bind(&self.id)
        .bind(&self.app_id)
        .bind(user_id)
        .bind(address_text(self.address))
        .bind(&self.sealed_data_key)
        .bind(&self.sealed_key)
        .bind(now_ms())
    }
}

/// What signing needs: columns of `wallets` and of its app.
#[derive(Clone, Debug)]
pub struct SealedWallet {
    /// `wallets.id`
    pub id: String,
    /// `wallets.app_id`
    pub app_id: String,
    /// `wallets.sealed_data_key`
    pub sealed_data_key: String,
    /// `wallets.sealed_key`
    pub sealed_key: String,
    /// `apps.sealed_app_key`
    pub sealed_app_key: String,
    /// `apps.root_key_id`
    pub root_key_id: String,
}
