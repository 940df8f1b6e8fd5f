//! Writes blocks into the cache, and takes them out again: pure database work, no chain access.
//!
//! ```text
//!  apply      best moves forwards:  operations included or failed, transfers, balances.included, pending taken back
//!  finalize   finality moves on:    operations finalized, balances.finalized
//!  revert_to  best moves backwards: the exact inverse of both, for the blocks above the common ancestor
//! ```
//!
//! Each runs inside one database transaction that begins by locking the row of `chain_state` and checking that it
//! still is where the caller thinks: two followers can't both move it. The number of statements does not depend on
//! the number of transactions in a block (but for chunks of 500).

use super::balances::{Key, Table, u256};
use super::chain::{Block, Receipt, by_hash};
use super::contracts::{abi, address_text, hash_text};
use super::effects::Effects;
use super::state::{ChainState, big};
use super::types::{Failure, Status};
use crate::db::{Db, QueryBuilder, now_ms};
use crate::error::{Error, Result};
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolEvent as _;
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const CHUNK: usize = 500;

/// A block with all that is projected of it.
#[derive(Clone, Debug)]
pub(crate) struct BlockData {
    pub block: Block,
    pub receipts: Vec<Receipt>,
    /// Why transactions failed, for those of ours that did.
    pub failures: HashMap<B256, (Failure, Option<Bytes>)>,
}

/// A known token: its id and its app.
type TokenOwner = (String, String);

/// Tokens by address. They never change, so what was found once is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenCache {
    known: HashMap<Address, TokenOwner>,
}

impl TokenCache {
    /// Looks up those of the addresses that are not known yet. Foreign tokens are asked for each time: a token of
    /// ours may come to be known at any moment.
    async fn learn(&mut self, connection: &mut AnyConnection, addresses: BTreeSet<Address>) -> Result<()> {
        let unknown: Vec<Address> =
            addresses.into_iter().filter(|address| !self.known.contains_key(address)).collect();
        for chunk in unknown.chunks(CHUNK) {
            let mut query = QueryBuilder::new("SELECT address, id, app_id FROM tokens WHERE address IN (");
            query.push_list(chunk.iter().map(|address| address_text(*address)));
            query.push(")");
            for row in query.build().fetch_all(&mut *connection).await? {
                let address: String = row.try_get(0)?;
                self.known.insert(address.parse().map_err(Error::internal)?, (row.try_get(1)?, row.try_get(2)?));
            }
        }
        Ok(())
    }
}

/// One movement of a known token in a block.
struct Moved {
    block: usize,
    log_index: u64,
    tx_hash: B256,
    token: TokenOwner,
    from: String,
    to: String,
    amount: U256,
}

/// An operation whose transaction is in one of the blocks.
struct Ours {
    id: String,
    app_id: String,
    sender: Address,
    effects: Effects,
    effects_pending: bool,
}

/// Changes of tokens' supplies: included and finalized, modulo 2^256.
type Supplies = BTreeMap<String, (U256, U256)>;

fn zero() -> String {
    address_text(Address::ZERO)
}

/// Puts blocks on top of the projected chain. Returns the ids of the operations that have changed.
///
/// # Errors
/// When the first block's parent is not the projected best block, or the database fails. Nothing is changed then.
pub(crate) async fn apply(
    db: &Db,
    tx: &mut AnyConnection,
    state: &mut ChainState,
    tokens: &mut TokenCache,
    blocks: &[BlockData],
) -> Result<Vec<String>> {
    let mut parent = state.best_hash.clone();
    for data in blocks {
        if hash_text(data.block.parent_hash) != parent {
            return Err(Error::internal("a block does not continue the projected chain"));
        }
        parent = hash_text(data.block.hash);
    }
    let ours = find_ours(db, tx, blocks).await?;
    let moved = find_moved(tx, tokens, blocks).await?;

    let mut keys: BTreeSet<Key> = BTreeSet::new();
    let mut app_ids: HashMap<String, String> = HashMap::new();
    for ours in ours.values().filter(|ours| ours.effects_pending) {
        app_ids.extend(ours.effects.token.iter().map(|token| (token.clone(), ours.app_id.clone())));
        keys.extend(ours.effects.pending(ours.sender).into_iter().map(|(token, address, _)| (token, address)));
    }
    for one in &moved {
        app_ids.insert(one.token.0.clone(), one.token.1.clone());
        keys.extend([&one.from, &one.to].map(|address| (one.token.0.clone(), address.clone())));
    }
    let zero = zero();
    keys.retain(|(_, address)| *address != zero);
    let mut table = Table::load(db, tx, keys, app_ids).await?;
    let mut supplies = Supplies::new();

    for ours in ours.values().filter(|ours| ours.effects_pending) {
        for (token, address, delta) in ours.effects.pending(ours.sender) {
            table.change(&token, &address, |entry| entry.take_back_pending(&delta));
        }
    }
    for Moved { token: (token, _), from, to, amount, .. } in &moved {
        if *from != zero {
            table.change(token, from, |entry| entry.included = entry.included.wrapping_sub(*amount));
        } else {
            let supply = supplies.entry(token.clone()).or_default();
            supply.0 = supply.0.wrapping_add(*amount);
        }
        if *to != zero {
            table.change(token, to, |entry| entry.included = entry.included.wrapping_add(*amount));
        } else {
            let supply = supplies.entry(token.clone()).or_default();
            supply.0 = supply.0.wrapping_sub(*amount);
        }
    }

    insert_blocks(tx, blocks).await?;
    let changed = include_operations(tx, blocks, &ours).await?;
    insert_transfers(tx, blocks, &moved, &ours).await?;
    table.store(tx).await?;
    change_supplies(db, tx, supplies).await?;
    if let Some(last) = blocks.last() {
        state.best_number = last.block.number();
        state.best_hash = hash_text(last.block.hash);
    }
    Ok(changed)
}

async fn find_ours(db: &Db, tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<HashMap<B256, Ours>> {
    let hashes: Vec<B256> = blocks.iter().flat_map(|data| data.block.transactions.iter().copied()).collect();
    let mut ours = HashMap::new();
    for chunk in hashes.chunks(CHUNK) {
        let mut query = QueryBuilder::new(
            "SELECT tx_hash, id, app_id, sender, effects, effects_pending FROM operations WHERE tx_hash IN (",
        );
        query.push_list(chunk.iter().map(|hash| hash_text(*hash)));
        query.push(") ORDER BY id");
        query.push(db.for_update());
        for row in query.build().fetch_all(&mut *tx).await? {
            let (hash, sender, effects): (String, String, String) =
                (row.try_get("tx_hash")?, row.try_get("sender")?, row.try_get("effects")?);
            let one = Ours {
                id: row.try_get("id")?,
                app_id: row.try_get("app_id")?,
                sender: sender.parse().map_err(Error::internal)?,
                effects: serde_json::from_str(&effects).map_err(Error::internal)?,
                effects_pending: row.try_get::<i64, _>("effects_pending")? == 1,
            };
            ours.insert(hash.parse().map_err(Error::internal)?, one);
        }
    }
    Ok(ours)
}

async fn find_moved(tx: &mut AnyConnection, tokens: &mut TokenCache, blocks: &[BlockData]) -> Result<Vec<Moved>> {
    let logs = || {
        blocks.iter().enumerate().flat_map(|(block, data)| {
            data.receipts
                .iter()
                .flat_map(move |receipt| receipt.logs.iter().map(move |log| (block, receipt.transaction_hash, log)))
                // An ERC-20 Transfer has two indexed addresses and one word; ERC-721's has a third topic.
                .filter(|(_, _, log)| {
                    log.topics.len() == 3
                        && log.topics[0] == abi::IToken::Transfer::SIGNATURE_HASH
                        && log.data.len() == 32
                })
        })
    };
    tokens.learn(tx, logs().map(|(_, _, log)| log.address).collect()).await?;
    Ok(logs()
        .filter_map(|(block, tx_hash, log)| {
            let token = tokens.known.get(&log.address)?.clone();
            Some(Moved {
                block,
                log_index: log.log_index.to(),
                tx_hash,
                token,
                from: address_text(Address::from_word(log.topics[1])),
                to: address_text(Address::from_word(log.topics[2])),
                amount: U256::from_be_slice(&log.data),
            })
        })
        .collect())
}

async fn insert_blocks(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    for chunk in blocks.chunks(CHUNK) {
        let mut query = QueryBuilder::new("INSERT INTO blocks (number, hash, parent_hash, timestamp_ms) ");
        query.push_values(chunk, |mut row, data| {
            row.push_bind(big(data.block.number()))
                .push_bind(hash_text(data.block.hash))
                .push_bind(hash_text(data.block.parent_hash))
                .push_bind(data.block.timestamp_ms());
        });
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

async fn include_operations(
    tx: &mut AnyConnection,
    blocks: &[BlockData],
    ours: &HashMap<B256, Ours>,
) -> Result<Vec<String>> {
    let mut included = Vec::new();
    if ours.is_empty() {
        return Ok(included);
    }
    let mut updates = Vec::new();
    for data in blocks {
        for (hash, receipt) in by_hash(&data.receipts) {
            if let Some(one) = ours.get(&hash) {
                updates.push((data, receipt, one));
            }
        }
    }
    let now = now_ms();
    for chunk in updates.chunks(CHUNK) {
        let mut query = QueryBuilder::new(
            "UPDATE operations SET status = v.column2, block_number = v.column3, block_hash = v.column4, \
             tx_index = v.column5, gas_used = v.column6, error_code = v.column7, error_detail = v.column8, \
             error_data = v.column9, refused = 0, effects_pending = 0, included_at_ms = ",
        );
        query.push_bind(now).push(", sent_at_ms = COALESCE(sent_at_ms, ").push_bind(now).push(") FROM (");
        query.push_values(chunk, |mut row, (data, receipt, one)| {
            let failure = (!receipt.succeeded()).then(|| {
                data.failures.get(&receipt.transaction_hash).cloned().unwrap_or_else(|| {
                    (Failure { code: "reverted".into(), detail: "the transaction reverted".into() }, None)
                })
            });
            let status = if failure.is_some() { Status::Failed } else { Status::Included };
            let (code, detail, bytes) = match failure {
                Some((failure, bytes)) => (Some(failure.code), Some(failure.detail), bytes),
                None => (None, None, None),
            };
            row.push_bind(one.id.clone())
                .push_bind(status.as_str())
                .push_bind(big(data.block.number()))
                .push_bind(hash_text(data.block.hash))
                .push_bind(big(receipt.transaction_index.to()))
                .push_bind(big(receipt.gas_used.to()))
                .push_bind(code)
                .push_bind(detail)
                .push_bind(bytes.map(|bytes| bytes.to_string()));
        });
        query.push(
            ") AS v WHERE operations.id = v.column1 AND operations.block_hash IS NULL \
             AND operations.status IN ('accepted', 'sent', 'failed')",
        );
        let done = query.build().execute(&mut *tx).await?;
        if done.rows_affected() != chunk.len() as u64 {
            return Err(Error::internal("an operation's transaction is in two blocks of one chain"));
        }
        included.extend(chunk.iter().map(|(_, _, one)| one.id.clone()));
    }
    Ok(included)
}

async fn insert_transfers(
    tx: &mut AnyConnection,
    blocks: &[BlockData],
    moved: &[Moved],
    ours: &HashMap<B256, Ours>,
) -> Result<()> {
    for chunk in moved.chunks(CHUNK) {
        let mut query = QueryBuilder::new(
            "INSERT INTO transfers (block_number, log_index, block_hash, tx_hash, app_id, token_id, from_address, \
             to_address, amount, operation_id, timestamp_ms) ",
        );
        query.push_values(chunk, |mut row, one| {
            let block = &blocks[one.block].block;
            row.push_bind(big(block.number()))
                .push_bind(big(one.log_index))
                .push_bind(hash_text(block.hash))
                .push_bind(hash_text(one.tx_hash))
                .push_bind(one.token.1.clone())
                .push_bind(one.token.0.clone())
                .push_bind(one.from.clone())
                .push_bind(one.to.clone())
                .push_bind(one.amount.to_string())
                .push_bind(ours.get(&one.tx_hash).map(|ours| ours.id.clone()))
                .push_bind(block.timestamp_ms());
        });
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

/// Adds to the tokens' supplies.
async fn change_supplies(db: &Db, tx: &mut AnyConnection, supplies: Supplies) -> Result<()> {
    for (token, (included, finalized)) in supplies {
        let sql = match db.engine() {
            crate::db::Engine::Sqlite => "SELECT included_supply, finalized_supply FROM tokens WHERE id = $1",
            crate::db::Engine::Postgres => {
                "SELECT included_supply, finalized_supply FROM tokens WHERE id = $1 FOR UPDATE"
            }
        };
        let row = sqlx::query(sql).bind(&token).fetch_one(&mut *tx).await?;
        sqlx::query("UPDATE tokens SET included_supply = $1, finalized_supply = $2 WHERE id = $3")
            .bind(u256(&row, "included_supply")?.wrapping_add(included).to_string())
            .bind(u256(&row, "finalized_supply")?.wrapping_add(finalized).to_string())
            .bind(&token)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

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
    let mut changed = Vec::new();
    for sql in [
        "UPDATE operations SET status = 'finalized', finalized_at_ms = $1 \
         WHERE block_number > $2 AND block_number <= $3 AND status = 'included' RETURNING id",
        "UPDATE operations SET finalized_at_ms = $1 \
         WHERE block_number > $2 AND block_number <= $3 AND status = 'failed' RETURNING id",
    ] {
        let rows = sqlx::query(sql)
            .bind(now_ms())
            .bind(big(state.finalized_number))
            .bind(big(number))
            .fetch_all(&mut *tx)
            .await?;
        for row in rows {
            changed.push(row.try_get(0)?);
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
    let rows = sqlx::query("SELECT id, app_id, sender, effects FROM operations WHERE block_number > $1 ORDER BY id")
        .bind(big(number))
        .fetch_all(&mut *tx)
        .await?;
    let mut pending = Vec::new();
    let mut changed = Vec::new();
    for row in rows {
        let (sender, effects): (String, String) = (row.try_get("sender")?, row.try_get("effects")?);
        let effects: Effects = serde_json::from_str(&effects).map_err(Error::internal)?;
        let app_id: String = row.try_get("app_id")?;
        app_ids.extend(effects.token.iter().map(|token| (token.clone(), app_id.clone())));
        let deltas = effects.pending(sender.parse().map_err(Error::internal)?);
        keys.extend(deltas.iter().map(|(token, address, _)| (token.clone(), address.clone())));
        pending.extend(deltas);
        changed.push(row.try_get("id")?);
    }
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
    for sql in ["DELETE FROM transfers WHERE block_number > $1", "DELETE FROM blocks WHERE number > $1"] {
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
