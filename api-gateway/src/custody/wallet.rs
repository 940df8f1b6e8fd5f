//! A wallet's row.

use crate::db::{Statement, now_ms};
use crate::error::{Error, Result};
use alloy::primitives::Address;
use sqlx::Row as _;
use sqlx::any::AnyRow;

pub use crate::db::SealedWallet;

impl SealedWallet {
    /// Out of a row with a wallet's columns and its app's `sealed_app_key` and `root_key_id`.
    ///
    /// # Errors
    /// When a column is missing or holds no address.
    pub fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            app_id: row.try_get("app_id")?,
            address: row.try_get::<String, _>("address")?.parse().map_err(Error::internal)?,
            sealed_data_key: row.try_get("sealed_data_key")?,
            sealed_key: row.try_get("sealed_key")?,
            sealed_app_key: row.try_get("sealed_app_key")?,
            root_key_id: row.try_get("root_key_id")?,
        })
    }
}

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
