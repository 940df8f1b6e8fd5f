//! The sending wallets: locked, numbered, signing.

use super::super::Inner;
use super::super::contracts::hash_text;
use super::super::intent::Submission;
use super::super::types::Kind;
use super::Prepared;
use crate::custody::{Custody, SealedWallet};
use crate::db::{Db, QueryBuilder};
use crate::error::{Error, Result};
use alloy::consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718 as _;
use alloy::primitives::{TxKind, U256};
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A sending wallet, locked.
pub(super) struct Wallet {
    pub sealed: Arc<SealedWallet>,
    pub next_nonce: u64,
    /// Its user may not act.
    pub suspended: bool,
    /// It has a policy.
    pub guarded: bool,
    /// Whether `next_nonce` has changed.
    pub used: bool,
}

/// Reads and locks the wallets that the open submissions name. What never changes of them is known after their first
/// use.
pub(super) async fn load_wallets(
    db: &Db,
    tx: &mut AnyConnection,
    submissions: &[Submission],
    open: &[usize],
) -> Result<HashMap<String, Wallet>> {
    let mut apps: BTreeMap<&str, &str> = BTreeMap::new();
    for submission in open.iter().map(|index| &submissions[*index]) {
        apps.insert(&submission.sender_wallet_id, &submission.app_id);
    }
    if apps.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = QueryBuilder::new("SELECT id, next_nonce, suspended, guarded FROM wallets WHERE id IN (");
    query.push_list(apps.keys().copied());
    query.push(") ORDER BY id");
    query.push(db.locking(" FOR NO KEY UPDATE"));
    let mut states: HashMap<String, (u64, bool, bool)> = HashMap::new();
    for row in query.fetch_all(&mut *tx).await? {
        let nonce = u64::try_from(row.try_get::<i64, _>(1)?).map_err(Error::internal)?;
        states.insert(row.try_get(0)?, (nonce, row.try_get::<i64, _>(2)? == 1, row.try_get::<i64, _>(3)? == 1));
    }

    let mut sealed: Vec<Arc<SealedWallet>> = Vec::new();
    let mut unknown = Vec::new();
    for (wallet_id, app_id) in apps {
        match db.known().sealed.get(app_id, wallet_id) {
            Some(known) => sealed.push(known),
            None => unknown.push(wallet_id),
        }
    }
    if !unknown.is_empty() {
        sealed.extend(read_sealed(tx, &unknown).await?);
    }
    let with_state = |sealed: Arc<SealedWallet>| {
        let (next_nonce, suspended, guarded) = states.get(&sealed.id).copied()?;
        Some((sealed.id.clone(), Wallet { sealed, next_nonce, suspended, guarded, used: false }))
    };
    Ok(sealed.into_iter().filter_map(with_state).collect())
}

async fn read_sealed(tx: &mut AnyConnection, ids: &[&str]) -> Result<Vec<Arc<SealedWallet>>> {
    let mut query = QueryBuilder::new(
        "SELECT w.id, w.app_id, w.address, w.sealed_data_key, w.sealed_key, a.sealed_app_key, a.root_key_id \
         FROM wallets w JOIN apps a ON a.id = w.app_id WHERE w.id IN (",
    );
    query.push_list(ids.iter().copied());
    query.push(")");
    let rows = query.fetch_all(tx).await?;
    rows.iter().map(|row| SealedWallet::from_row(row).map(Arc::new)).collect()
}

/// Keeps the wallets that have signed in what is now committed: they exist, and their keys open.
pub(super) fn keep_used(db: &Db, wallets: &HashMap<String, Wallet>) {
    let known = &db.known().sealed;
    for sealed in wallets.values().filter(|wallet| wallet.used).map(|wallet| &wallet.sealed) {
        if known.get(&sealed.app_id, &sealed.id).is_none() {
            known.keep(&sealed.app_id, &sealed.id, sealed.clone());
        }
    }
}

/// Signatures up to this number are made on the spot: handing them to another thread would take longer.
const SIGNED_ON_THE_SPOT: usize = 2;

/// Signs all; many of them on a blocking thread, since each is pure computing.
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
            to: if one.call.kind == Kind::Deploy { TxKind::Create } else { TxKind::Call(one.call.target) },
            value: U256::ZERO,
            access_list: Default::default(),
            input: one.call.input.clone(),
        };
        work.push((wallet.sealed.clone(), tx));
    }
    let custody = inner.custody.clone();
    let small = work.len() <= SIGNED_ON_THE_SPOT;
    let sign_all = move || work.into_iter().map(|(wallet, tx)| sign_one(&custody, &wallet, tx)).collect();
    if small { sign_all() } else { tokio::task::spawn_blocking(sign_all).await.map_err(Error::internal)? }
}

/// Raw bytes and hash, both as text.
pub(crate) fn sign_one(custody: &Custody, wallet: &SealedWallet, tx: TxEip1559) -> Result<(String, String)> {
    let signer = custody.signer(wallet)?;
    let signature = signer.sign(&tx.signature_hash());
    let envelope = TxEnvelope::from(tx.into_signed(signature));
    let raw = format!("0x{}", hex::encode(envelope.encoded_2718()));
    Ok((raw, hash_text(*envelope.tx_hash())))
}
