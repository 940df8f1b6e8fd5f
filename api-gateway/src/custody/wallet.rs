//! A wallet's row.

use crate::db::{Statement, now_ms};
use alloy::primitives::Address;

pub use crate::db::SealedWallet;

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
        .bind(format!("{:#x}", self.address))
        .bind(&self.sealed_data_key)
        .bind(&self.sealed_key)
        .bind(now_ms())
    }
}
