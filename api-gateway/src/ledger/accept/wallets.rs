//! The sending wallets: locked, numbered, signing.

use super::super::Inner;
use super::super::contracts::hash_text;
use super::super::intent::Submission;
use super::Prepared;
use crate::custody::{Custody, SealedWallet};
use crate::db::{Db, QueryBuilder};
use crate::error::{Error, Result};
use alloy::consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718 as _;
use alloy::primitives::{Address, TxKind, U256};
use alloy::signers::SignerSync as _;
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeSet, HashMap};

/// A sending wallet, locked.
pub(super) struct Wallet {
    pub sealed: SealedWallet,
    pub address: Address,
    pub next_nonce: u64,
    /// Whether `next_nonce` has changed.
    pub used: bool,
}

/// Reads and locks the wallets that the open submissions name.
pub(super) async fn load_wallets(
    db: &Db,
    tx: &mut AnyConnection,
    submissions: &[Submission],
    open: &[usize],
) -> Result<HashMap<String, Wallet>> {
    let ids: BTreeSet<&str> = open.iter().map(|index| submissions[*index].sender_wallet_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = QueryBuilder::new(
        "SELECT w.id, w.app_id, w.address, w.next_nonce, w.sealed_data_key, w.sealed_key, a.sealed_app_key, \
         a.root_key_id FROM wallets w JOIN apps a ON a.id = w.app_id WHERE w.id IN (",
    );
    query.push_list(ids.iter().map(|id| id.to_owned()));
    query.push(") ORDER BY w.id");
    query.push(db.locking(" FOR NO KEY UPDATE OF w"));
    let mut wallets = HashMap::new();
    for row in query.build().fetch_all(&mut *tx).await? {
        let address: String = row.try_get("address")?;
        let sealed = SealedWallet {
            id: row.try_get("id")?,
            app_id: row.try_get("app_id")?,
            sealed_data_key: row.try_get("sealed_data_key")?,
            sealed_key: row.try_get("sealed_key")?,
            sealed_app_key: row.try_get("sealed_app_key")?,
            root_key_id: row.try_get("root_key_id")?,
        };
        let wallet = Wallet {
            address: address.parse().map_err(Error::internal)?,
            next_nonce: u64::try_from(row.try_get::<i64, _>("next_nonce")?).map_err(Error::internal)?,
            used: false,
            sealed,
        };
        wallets.insert(wallet.sealed.id.clone(), wallet);
    }
    Ok(wallets)
}

/// Signs all on a blocking thread: each takes tens of microseconds of pure computing.
pub(super) async fn sign(
    inner: &Inner,
    prepared: &[Prepared],
    wallets: &HashMap<String, Wallet>,
) -> Result<Vec<(String, String)>> {
    let settings = &inner.chain_settings;
    let mut work = Vec::with_capacity(prepared.len());
    for one in prepared {
        let wallet = wallets.get(&one.wallet_id).ok_or_else(|| Error::not_found("wallet"))?;
        let tx = TxEip1559 {
            chain_id: settings.chain_id,
            nonce: one.nonce,
            gas_limit: one.call.gas_limit,
            max_fee_per_gas: settings.max_fee_per_gas_wei.into(),
            max_priority_fee_per_gas: settings.max_priority_fee_per_gas_wei.into(),
            to: TxKind::Call(one.call.target),
            value: U256::ZERO,
            access_list: Default::default(),
            input: one.call.input.clone(),
        };
        work.push((wallet.sealed.clone(), tx));
    }
    let custody = inner.custody.clone();
    let signed = tokio::task::spawn_blocking(move || {
        work.into_iter().map(|(wallet, tx)| sign_one(&custody, &wallet, tx)).collect::<Result<Vec<_>>>()
    });
    signed.await.map_err(Error::internal)?
}

/// Raw bytes and hash, both as text.
pub(crate) fn sign_one(custody: &Custody, wallet: &SealedWallet, tx: TxEip1559) -> Result<(String, String)> {
    let signer = custody.signer(wallet)?;
    let signature = signer.sign_hash_sync(&tx.signature_hash()).map_err(Error::internal)?;
    let envelope = TxEnvelope::from(tx.into_signed(signature));
    let raw = format!("0x{}", hex::encode(envelope.encoded_2718()));
    Ok((raw, hash_text(*envelope.tx_hash())))
}
