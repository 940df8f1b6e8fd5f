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

mod back;
mod controls;
mod moves;
mod owners;
mod rows;
mod slots;
mod tokens;

pub(crate) use back::{finalize, revert_to};
pub(crate) use tokens::TokenCache;

use super::balances::{Key, Table};
use super::chain::{Block, Receipt, SignedTransaction};
use super::contracts::{address_text, hash_text};
use super::effects::Effects;
use super::state::ChainState;
use super::types::{Failure, Kind};
use crate::db::Db;
use crate::error::{Error, Result};
use alloy::primitives::{Address, B256, Bytes, U256};
use moves::find_moved;
use rows::{find_ours, include_operations, insert_blocks, insert_transfers};
use sqlx::AnyConnection;
use std::collections::{BTreeSet, HashMap};
use tokens::{Supplies, TokenOwner, change_supplies};

/// A block with all that is projected of it.
#[derive(Clone, Debug)]
pub(crate) struct BlockData {
    pub block: Block,
    pub transactions: Vec<SignedTransaction>,
    pub receipts: Vec<Receipt>,
    /// Why transactions failed, for those of ours that did.
    pub failures: HashMap<B256, (Failure, Option<Bytes>)>,
}

/// One movement of a known token or item in a block.
struct Moved {
    block: usize,
    log_index: u64,
    /// Among the movements of its log.
    place: usize,
    tx_hash: B256,
    token: TokenOwner,
    from: String,
    to: String,
    amount: U256,
}

/// An operation whose transaction is in one of the blocks.
struct Ours {
    id: String,
    kind: Kind,
    app_id: String,
    sender: Address,
    effects: Effects,
    effects_pending: bool,
    created_at_ms: i64,
}

/// Milliseconds for a metric in seconds.
fn seconds(ms: i64) -> f64 {
    ms.max(0) as f64 / 1_000.0
}

/// The address on the other side of minting and burning.
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
        app_ids.extend(ours.effects.tokens().map(|token| (token.clone(), ours.app_id.clone())));
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
    controls::insert(tx, tokens, blocks).await?;
    owners::insert(tx, tokens, blocks).await?;
    slots::insert(tx, tokens, blocks).await?;
    table.store(tx).await?;
    change_supplies(db, tx, supplies).await?;
    if let Some(last) = blocks.last() {
        state.best_number = last.block.number();
        state.best_hash = hash_text(last.block.hash);
    }
    Ok(changed)
}
