//! Finality, and the way back.

use super::super::balances::{Key, Table, u256};
use super::super::effects::Effects;
use super::super::refusal::settle_refusal;
use super::super::state::{ChainState, big};
use super::super::types::Kind;
use super::tokens::{Supplies, change_supplies};
use super::{seconds, zero};
use crate::db::{Db, now_ms};
use crate::error::{Error, Result};
use alloy::primitives::U256;
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeSet, HashMap};

/// A stored transfer, for finality and reversal.
struct Past {
    block_number: u64,
    app_id: String,
    token: String,
    from: String,
    to: String,
    amount: U256,
}

/// The transfers of the blocks `above < number <= until`.
async fn past(tx: &mut AnyConnection, above: u64, until: u64) -> Result<Vec<Past>> {
    let rows = sqlx::query(
        "SELECT block_number, app_id, token_id, from_address, to_address, amount FROM transfers \
         WHERE block_number > $1 AND block_number <= $2",
    )
    .bind(big(above))
    .bind(big(until))
    .fetch_all(&mut *tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Past {
                block_number: u64::try_from(row.try_get::<i64, _>("block_number")?).map_err(Error::internal)?,
                app_id: row.try_get("app_id")?,
                token: row.try_get("token_id")?,
                from: row.try_get("from_address")?,
                to: row.try_get("to_address")?,
                amount: u256(row, "amount")?,
            })
        })
        .collect()
}

fn keys_of(past: &[Past]) -> (BTreeSet<Key>, HashMap<String, String>) {
    let zero = zero();
    let keys = past
        .iter()
        .flat_map(|one| [&one.from, &one.to].map(|address| (one.token.clone(), address.clone())))
        .filter(|(_, address)| *address != zero)
        .collect();
    (keys, past.iter().map(|one| (one.token.clone(), one.app_id.clone())).collect())
}

/// Moves finality up to `number`, a projected block. Returns the ids of the operations that have changed.
pub(crate) async fn finalize(
    db: &Db,
    tx: &mut AnyConnection,
    state: &mut ChainState,
    number: u64,
    hash: String,
) -> Result<Vec<String>> {
    if number <= state.finalized_number {
        return Ok(Vec::new());
    }
    if number > state.best_number {
        return Err(Error::internal("finality can't be ahead of the projected chain"));
    }
    let past = past(tx, state.finalized_number, number).await?;
    let (keys, app_ids) = keys_of(&past);
    let zero = zero();
    let mut table = Table::load(db, tx, keys, app_ids).await?;
    let mut supplies = Supplies::new();
    for Past { token, from, to, amount, .. } in &past {
        if *from != zero {
            table.change(token, from, |entry| entry.finalized = entry.finalized.wrapping_sub(*amount));
        } else {
            let supply = supplies.entry(token.clone()).or_default();
            supply.1 = supply.1.wrapping_add(*amount);
        }
        if *to != zero {
            table.change(token, to, |entry| entry.finalized = entry.finalized.wrapping_add(*amount));
        } else {
            let supply = supplies.entry(token.clone()).or_default();
            supply.1 = supply.1.wrapping_sub(*amount);
        }
    }
    table.store(tx).await?;
    change_supplies(db, tx, supplies).await?;
    let (now, mut changed) = (now_ms(), Vec::new());
    for sql in [
        "UPDATE operations SET status = 'finalized', finalized_at_ms = $1 \
         WHERE block_number > $2 AND block_number <= $3 AND status = 'included' \
         RETURNING id, created_at_ms, kind, wallet_id, nonce",
        "UPDATE operations SET finalized_at_ms = $1 \
         WHERE block_number > $2 AND block_number <= $3 AND status = 'failed' \
         RETURNING id, created_at_ms, kind, wallet_id, nonce",
    ] {
        let rows =
            sqlx::query(sql).bind(now).bind(big(state.finalized_number)).bind(big(number)).fetch_all(&mut *tx).await?;
        for row in rows {
            let created_at_ms: i64 = row.try_get(1)?;
            metrics::histogram!("hanse_gateway_operation_finalized_seconds").record(seconds(now - created_at_ms));
            changed.push(row.try_get(0)?);
            // With its nonce used up for good, the refused operation can't happen any more.
            if row.try_get::<String, _>(2)? == Kind::Cancel.as_str() {
                changed.extend(settle_refusal(tx, row.try_get(3)?, row.try_get(4)?, Some(now)).await?);
            }
        }
    }
    state.finalized_number = number;
    state.finalized_hash = hash;
    Ok(changed)
}

/// Takes out every block above `number`. The operations of those blocks are `sent` again and due at once. Also goes
/// below the finalized block: a node that lost its data is followed wherever it is. Returns the ids of the operations
/// that have changed.
pub(crate) async fn revert_to(
    db: &Db,
    tx: &mut AnyConnection,
    state: &mut ChainState,
    number: u64,
    hash: String,
) -> Result<Vec<String>> {
    if number >= state.best_number {
        return Ok(Vec::new());
    }
    let past = past(tx, number, state.best_number).await?;
    let (mut keys, mut app_ids) = keys_of(&past);
    // Sorted here: ordered by id, SQLite would read all operations that there are.
    let rows = sqlx::query(
        "SELECT id, app_id, sender, effects, kind, wallet_id, nonce FROM operations WHERE block_number > $1",
    )
    .bind(big(number))
    .fetch_all(&mut *tx)
    .await?;
    let mut pending = Vec::new();
    let mut changed: Vec<String> = Vec::new();
    let mut reopened = Vec::new();
    for row in rows {
        let (sender, effects): (String, String) = (row.try_get("sender")?, row.try_get("effects")?);
        let effects: Effects = serde_json::from_str(&effects).map_err(Error::internal)?;
        let app_id: String = row.try_get("app_id")?;
        app_ids.extend(effects.tokens().map(|token| (token.clone(), app_id.clone())));
        let deltas = effects.pending(sender.parse().map_err(Error::internal)?);
        keys.extend(deltas.iter().map(|(token, address, _)| (token.clone(), address.clone())));
        pending.extend(deltas);
        changed.push(row.try_get("id")?);
        if row.try_get::<String, _>("kind")? == Kind::Cancel.as_str() {
            reopened.extend(settle_refusal(tx, row.try_get("wallet_id")?, row.try_get("nonce")?, None).await?);
        }
    }
    changed.extend(reopened);
    changed.sort();
    let zero = zero();
    let mut table = Table::load(db, tx, keys, app_ids).await?;
    let mut supplies = Supplies::new();
    for Past { block_number, token, from, to, amount, .. } in &past {
        let was_final = *block_number <= state.finalized_number;
        let finalized = if was_final { *amount } else { U256::ZERO };
        if *from != zero {
            table.change(token, from, |entry| {
                entry.included = entry.included.wrapping_add(*amount);
                entry.finalized = entry.finalized.wrapping_add(finalized);
            });
        } else {
            let supply = supplies.entry(token.clone()).or_default();
            *supply = (supply.0.wrapping_sub(*amount), supply.1.wrapping_sub(finalized));
        }
        if *to != zero {
            table.change(token, to, |entry| {
                entry.included = entry.included.wrapping_sub(*amount);
                entry.finalized = entry.finalized.wrapping_sub(finalized);
            });
        } else {
            let supply = supplies.entry(token.clone()).or_default();
            *supply = (supply.0.wrapping_add(*amount), supply.1.wrapping_add(finalized));
        }
    }
    for (token, address, delta) in &pending {
        table.change(token, address, |entry| entry.add_pending(delta));
    }
    table.store(tx).await?;
    change_supplies(db, tx, supplies).await?;
    sqlx::query(
        "UPDATE operations SET status = 'sent', effects_pending = CASE WHEN kind = 'cancel' THEN 0 ELSE 1 END, \
         block_number = NULL, block_hash = NULL, tx_index = NULL, gas_used = NULL, error_code = NULL, \
         error_detail = NULL, error_data = NULL, included_at_ms = NULL, finalized_at_ms = NULL, next_send_at_ms = 0 \
         WHERE block_number > $1 AND status IN ('included', 'finalized', 'failed')",
    )
    .bind(big(number))
    .execute(&mut *tx)
    .await?;
    for sql in [
        "DELETE FROM transfers WHERE block_number > $1",
        "DELETE FROM token_controls WHERE block_number > $1",
        "DELETE FROM collection_owners WHERE block_number > $1",
        "DELETE FROM slot_changes WHERE block_number > $1",
        "DELETE FROM blocks WHERE number > $1",
    ] {
        sqlx::query(sql).bind(big(number)).execute(&mut *tx).await?;
    }
    state.best_number = number;
    state.best_hash = hash.clone();
    if state.finalized_number > number {
        state.finalized_number = number;
        state.finalized_hash = hash;
        state.finality_losses += 1;
    }
    state.verified_number = state.verified_number.min(number);
    Ok(changed)
}
