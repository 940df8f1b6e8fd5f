//! What a node's refusal of a transaction means, and how a refused operation gives up its nonce.
//!
//! | the node says | meaning | what happens |
//! |---|---|---|
//! | already known | it has the bytes | `sent` |
//! | nonce too low | the nonce is used: by these bytes, or by a stranger | by these: `sent`, the follower finds it; by a stranger, in a finalized block: `failed` |
//! | pool full, fee too low, not permitted, … | not as things are | tried again for ever; the operation says why it waits |
//! | anything unknown | not now | tried again; after [`PATIENCE_MS`] of it as below |
//! | exceeds block gas limit, intrinsic gas too low, … | never | `failed`, and its nonce is cancelled |
//!
//! Patience is lost only over one refusal that has lasted without a break, while blocks were made, and that nothing of the
//! same wallet explains: the row's nonce has to be the wallet's next one.
//!
//! A wallet's operations are executed in the order of their nonces, so a nonce that is never used would hold up all
//! later ones for ever. Hence, in the transaction that makes the operation `failed`, a *cancellation* is stored: a
//! transfer of nothing from the wallet to itself with the same nonce, which the outbox sends like any other. Rules:
//! - Nonces are neither skipped nor given to another operation: the bytes signed first are the only ones that can
//!   do the operation, and they are never sent again once it is `failed`.
//! - Before cancelling, the node is asked whether the nonce is unused and the transaction unknown.
//! - Should the operation's own transaction turn up in a block all the same (another node had it), the chain is
//!   right: the follower makes it `included`, and the cancellation, whose nonce is taken, `failed`. Hence a refusal is
//!   final, with `finalized_at_ms`, only once its nonce is used in a finalized block.
//! - A cancellation is never given up while its nonce is unused. When the node refuses it, it is signed anew with the
//!   fees of the settings.

use super::accept::sign_one;
use super::balances::Table;
use super::effects::Effects;
use super::publish::{self, Way};
use super::state::big;
use super::types::{Kind, Status};
use super::{Inner, contracts::address_text};
use crate::custody::SealedWallet;
use crate::db::{Id, new_id, now_ms};
use crate::error::{Error, Result};
use crate::events;
use alloy::consensus::TxEip1559;
use alloy::primitives::{Address, TxKind, U256};
use sqlx::{Any, AnyConnection, Row as _, Transaction};
use std::collections::{BTreeSet, HashMap};

/// How long an unclear refusal is tried again before it counts as final.
pub(crate) const PATIENCE_MS: i64 = 10 * 60 * 1_000;

/// How long a cancellation is refused before it is signed anew.
pub(crate) const RENEW_AFTER_MS: i64 = 10 * 1_000;

/// What to do about an error answer to eth_sendRawTransaction. The texts are stable codes for [`super::Failure::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The node has the transaction already.
    Known,
    /// The nonce is used.
    NonceUsed,
    /// Once the node or the network has changed; it is waited for as long as that takes.
    NotNow(&'static str),
    /// Later perhaps.
    Unclear,
    /// Never.
    Never(&'static str),
}

/// Reads geth's texts.
pub(crate) fn verdict(message: &str) -> Verdict {
    const NOT_NOW: [(&str, &str); 9] = [
        ("txpool is full", "pool_full"),
        ("account limit exceeded", "pool_full"),
        ("internal error", "node_failed"),
        ("node is busy", "node_busy"),
        ("less than block base fee", "fee_too_low"),
        ("insufficient funds", "insufficient_funds"),
        ("nonce too high", "earlier_nonce_missing"),
        ("not permitted", "not_permitted"),
        ("not allowed to transact", "not_permitted"),
    ];
    const NEVER: [(&str, &str); 9] = [
        ("exceeds block gas limit", "gas_limit_too_high"),
        ("intrinsic gas too low", "gas_limit_too_low"),
        ("floor data gas", "gas_limit_too_low"),
        ("invalid chain id", "wrong_chain"),
        ("invalid sender", "invalid_signature"),
        ("invalid signature", "invalid_signature"),
        ("transaction type not supported", "unsupported_transaction"),
        ("oversized data", "too_large"),
        ("max initcode size exceeded", "too_large"),
    ];
    let message = message.to_ascii_lowercase();
    if message.contains("already known") || message.contains("already imported") {
        return Verdict::Known;
    }
    if message.contains("nonce too low") {
        return Verdict::NonceUsed;
    }
    let code =
        |table: &[(&str, &'static str)]| table.iter().find(|(text, _)| message.contains(text)).map(|(_, code)| *code);
    if let Some(code) = code(&NEVER) {
        return Verdict::Never(code);
    }
    code(&NOT_NOW).map_or(Verdict::Unclear, Verdict::NotNow)
}

/// Makes an operation `failed` that has not been in a block, takes back its pending balances and, when `cancel` is
/// set, stores a cancellation for its nonce; otherwise its nonce is used in a finalized block already, and the failure
/// is final. Does nothing when the operation has moved on meanwhile.
pub(crate) async fn refuse(inner: &Inner, id: &str, code: &str, detail: &str, cancel: bool) -> Result<bool> {
    let mut tx = inner.db.write().await?;
    let row = sqlx::query(
        "UPDATE operations SET status = 'failed', refused = 1, effects_pending = 0, error_code = $1, error_detail = $2, \
         finalized_at_ms = $3 WHERE id = $4 AND status IN ('accepted', 'sent') AND block_hash IS NULL AND effects_pending = 1 \
         AND kind <> 'cancel' RETURNING app_id, wallet_id, sender, nonce, effects",
    )
    .bind(code)
    .bind(detail)
    .bind((!cancel).then(now_ms))
    .bind(id)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let (app_id, wallet_id, sender, nonce, effects): (String, String, String, i64, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    let sender: Address = sender.parse().map_err(Error::internal)?;
    let effects: Effects = serde_json::from_str(&effects).map_err(Error::internal)?;
    take_back(inner, &mut tx, &app_id, sender, &effects).await?;
    if cancel {
        store_cancellation(inner, &mut tx, &app_id, &wallet_id, sender, nonce).await?;
    }
    tell(inner, tx, &[id.to_owned()]).await?;
    metrics::counter!("hanse_gateway_operations_refused_total", "code" => code.to_owned()).increment(1);
    tracing::warn!(operation = id, code, detail, cancel, "the node refuses an operation");
    Ok(true)
}

async fn take_back(
    inner: &Inner,
    tx: &mut AnyConnection,
    app_id: &str,
    sender: Address,
    effects: &Effects,
) -> Result<()> {
    let deltas = effects.pending(sender);
    let keys: BTreeSet<_> = deltas.iter().map(|(token, address, _)| (token.clone(), address.clone())).collect();
    let app_ids: HashMap<_, _> = effects.tokens().map(|token| (token.clone(), app_id.to_owned())).collect();
    let mut table = Table::load(&inner.db, tx, keys, app_ids).await?;
    for (token, address, delta) in &deltas {
        table.change(token, address, |entry| entry.take_back_pending(delta));
    }
    table.store(tx).await
}

/// Stores the cancellation of a nonce. One that was given up, because the operation had turned up in a block that is
/// gone again, comes back to life.
async fn store_cancellation(
    inner: &Inner,
    tx: &mut AnyConnection,
    app_id: &str,
    wallet_id: &str,
    sender: Address,
    nonce: i64,
) -> Result<()> {
    let (raw, hash) = sign_cancellation(inner, tx, app_id, wallet_id, sender, nonce).await?;
    let revived = sqlx::query(
        "UPDATE operations SET status = 'accepted', raw_tx = $1, tx_hash = $2, next_send_at_ms = 0, \
         first_refused_at_ms = NULL, first_refused_number = NULL, error_code = NULL, error_detail = NULL \
         WHERE kind = 'cancel' AND wallet_id = $3 AND nonce = $4 AND block_hash IS NULL",
    )
    .bind(&raw)
    .bind(&hash)
    .bind(wallet_id)
    .bind(nonce)
    .execute(&mut *tx)
    .await?;
    if revived.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO operations (id, app_id, kind, status, wallet_id, sender, nonce, tx_hash, raw_tx, target, \
         effects, effects_pending, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12)",
    )
    .bind(new_id(Id::Operation))
    .bind(app_id)
    .bind(Kind::Cancel.as_str())
    .bind(Status::Accepted.as_str())
    .bind(wallet_id)
    .bind(address_text(sender))
    .bind(nonce)
    .bind(hash)
    .bind(raw)
    .bind(address_text(sender))
    .bind(serde_json::to_string(&Effects::default()).map_err(Error::internal)?)
    .bind(now_ms())
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Raw bytes and hash of the transaction that does nothing, with the fees of the settings.
async fn sign_cancellation(
    inner: &Inner,
    tx: &mut AnyConnection,
    app_id: &str,
    wallet_id: &str,
    sender: Address,
    nonce: i64,
) -> Result<(String, String)> {
    let row = sqlx::query(
        "SELECT w.sealed_data_key, w.sealed_key, a.sealed_app_key, a.root_key_id FROM wallets w \
         JOIN apps a ON a.id = w.app_id WHERE w.id = $1 AND w.app_id = $2",
    )
    .bind(wallet_id)
    .bind(app_id)
    .fetch_one(&mut *tx)
    .await?;
    let wallet = SealedWallet {
        id: wallet_id.to_owned(),
        app_id: app_id.to_owned(),
        address: sender,
        sealed_data_key: row.try_get(0)?,
        sealed_key: row.try_get(1)?,
        sealed_app_key: row.try_get(2)?,
        root_key_id: row.try_get(3)?,
    };
    let no_op = TxEip1559 {
        chain_id: inner.chain_settings.chain_id,
        nonce: u64::try_from(nonce).map_err(Error::internal)?,
        gas_limit: 21_000,
        max_fee_per_gas: inner.chain_settings.max_fee_per_gas_wei.into(),
        max_priority_fee_per_gas: inner.chain_settings.max_priority_fee_per_gas_wei.into(),
        to: TxKind::Call(sender),
        value: U256::ZERO,
        access_list: Default::default(),
        input: Default::default(),
    };
    sign_one(&inner.custody, &wallet, no_op)
}

/// Signs a refused cancellation anew. With the same fees these are the same bytes, and nothing changes.
pub(crate) async fn renew_cancellation(inner: &Inner, id: &str) -> Result<()> {
    let mut tx = inner.db.write().await?;
    let row = sqlx::query(
        "SELECT app_id, wallet_id, sender, nonce, tx_hash FROM operations \
         WHERE id = $1 AND kind = 'cancel' AND status IN ('accepted', 'sent')",
    )
    .bind(id)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let (app_id, wallet_id, sender, nonce, before): (String, String, String, i64, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    let sender: Address = sender.parse().map_err(Error::internal)?;
    let (raw, hash) = sign_cancellation(inner, &mut tx, &app_id, &wallet_id, sender, nonce).await?;
    if hash == before {
        return Ok(());
    }
    sqlx::query(
        "UPDATE operations SET raw_tx = $1, tx_hash = $2, next_send_at_ms = 0, first_refused_at_ms = NULL, \
         first_refused_number = NULL WHERE id = $3 AND status IN ('accepted', 'sent') AND block_hash IS NULL",
    )
    .bind(raw)
    .bind(hash)
    .bind(id)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    tracing::info!(operation = id, "a cancellation is signed anew with the present fees");
    Ok(())
}

/// The cancellation is not needed any more: its nonce is used in a finalized block, and so is its operation's. When that
/// was by a stranger, the operation's failure is final.
pub(crate) async fn abandon_cancellation(inner: &Inner, id: &str) -> Result<()> {
    let mut tx = inner.db.write().await?;
    let row = sqlx::query(
        "UPDATE operations SET status = 'failed', error_code = 'nonce_taken', error_detail = 'its nonce is used' \
         WHERE id = $1 AND kind = 'cancel' AND status IN ('accepted', 'sent') AND block_hash IS NULL \
         RETURNING wallet_id, nonce",
    )
    .bind(id)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let changed = settle_refusal(&mut tx, row.try_get(0)?, row.try_get(1)?, Some(now_ms())).await?;
    tell(inner, tx, &changed).await
}

/// Commits what has become of the operations, with its events, and wakes who waits for them.
async fn tell(inner: &Inner, mut tx: Transaction<'static, Any>, changed: &[String]) -> Result<()> {
    let drafts = publish::operations(&mut tx, changed, Way::Forwards).await?;
    events::append(&mut tx, drafts).await?;
    tx.commit().await?;
    inner.waiters.wake(changed);
    inner.tail.wake();
    Ok(())
}

/// Sets when the refusal of the operation with this nonce became final; `None` when it is open again. Returns the ids
/// of the operations that have changed.
pub(crate) async fn settle_refusal(
    tx: &mut AnyConnection,
    wallet_id: String,
    nonce: i64,
    finalized_at_ms: Option<i64>,
) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "UPDATE operations SET finalized_at_ms = $1 WHERE wallet_id = $2 AND nonce = $3 AND kind <> 'cancel' \
         AND refused = 1 AND status = 'failed' RETURNING id",
    )
    .bind(finalized_at_ms)
    .bind(wallet_id)
    .bind(nonce)
    .fetch_all(&mut *tx)
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// After a stranger used a wallet's nonces: the next accepted operation begins where the chain is.
pub(crate) async fn skip_used_nonces(inner: &Inner, wallet_id: &str, chain_nonce: u64) -> Result<()> {
    sqlx::query("UPDATE wallets SET next_nonce = $1 WHERE id = $2 AND next_nonce < $3")
        .bind(big(chain_nonce))
        .bind(wallet_id)
        .bind(big(chain_nonce))
        .execute(inner.db.writer())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geths_texts_are_read() {
        assert_eq!(verdict("already known"), Verdict::Known);
        assert_eq!(verdict("nonce too low: next nonce 5, tx nonce 3"), Verdict::NonceUsed);
        assert_eq!(verdict("exceeds block gas limit"), Verdict::Never("gas_limit_too_high"));
        assert_eq!(verdict("invalid chain id for signer: have 1 want 2"), Verdict::Never("wrong_chain"));
        assert_eq!(verdict("txpool is full"), Verdict::NotNow("pool_full"));
        assert_eq!(verdict("account limit exceeded"), Verdict::NotNow("pool_full"));
        assert_eq!(verdict("replacement transaction underpriced"), Verdict::Unclear);
        assert_eq!(verdict("max fee per gas less than block base fee"), Verdict::NotNow("fee_too_low"));
        assert_eq!(verdict("insufficient funds for gas * price + value"), Verdict::NotNow("insufficient_funds"));
        assert_eq!(verdict("insufficient gas for floor data gas cost"), Verdict::Never("gas_limit_too_low"));
        assert_eq!(verdict("sender is not permitted to transact on this network"), Verdict::NotNow("not_permitted"));
        assert_eq!(verdict("internal error"), Verdict::NotNow("node_failed"));
        assert_eq!(verdict("something new"), Verdict::Unclear);
    }
}
