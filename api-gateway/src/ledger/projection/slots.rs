//! Sale slots of known collections, as rows.

use super::super::chain::Log;
use super::super::contracts::{abi, address_text, hash_text, is_native};
use super::super::state::big;
use super::super::types::SlotShare;
use super::BlockData;
use super::tokens::TokenCache;
use crate::db::{Id, QueryBuilder, new_id, now_ms};
use crate::error::{Error, Result};
use alloy::primitives::{Address, B256, U256};
use alloy::sol_types::SolEvent as _;
use sqlx::AnyConnection;
use std::collections::BTreeMap;

/// What a log tells of a slot.
struct Change {
    name: B256,
    kind: &'static str,
    buyer: Option<Address>,
    amount: U256,
    payment: U256,
    left: U256,
    /// Of a slot that is opened.
    terms: Option<abi::ISaleSlots::Terms>,
}

fn told(log: &Log) -> Option<Change> {
    match *log.topics.first()? {
        abi::ISaleSlots::SlotOpened::SIGNATURE_HASH => {
            let told = abi::ISaleSlots::SlotOpened::decode_raw_log(&log.topics, &log.data).ok()?;
            let (amount, terms) = (told.amount, Some(told.terms));
            Some(Change {
                name: told.slot,
                kind: "opened",
                buyer: None,
                amount,
                payment: U256::ZERO,
                left: amount,
                terms,
            })
        }
        abi::ISaleSlots::SlotSold::SIGNATURE_HASH => {
            let told = abi::ISaleSlots::SlotSold::decode_raw_log(&log.topics, &log.data).ok()?;
            Some(Change {
                name: told.slot,
                kind: "sold",
                buyer: Some(told.buyer),
                amount: told.amount,
                payment: told.payment,
                left: told.left,
                terms: None,
            })
        }
        abi::ISaleSlots::SlotClosed::SIGNATURE_HASH => {
            let told = abi::ISaleSlots::SlotClosed::decode_raw_log(&log.topics, &log.data).ok()?;
            let (payment, left) = (U256::ZERO, U256::ZERO);
            Some(Change {
                name: told.slot,
                kind: "closed",
                buyer: None,
                amount: told.amount,
                payment,
                left,
                terms: None,
            })
        }
        _ => None,
    }
}

/// Writes what the blocks bring.
pub(super) async fn insert(tx: &mut AnyConnection, tokens: &mut TokenCache, blocks: &[BlockData]) -> Result<()> {
    let mut found = Vec::new();
    for data in blocks {
        for receipt in &data.receipts {
            for log in receipt.logs.iter().filter(|log| is_native(&log.address)) {
                found.extend(told(log).map(|change| (data, receipt.transaction_hash, log, change)));
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let collections = found.iter().map(|(_, _, log, _)| (log.address, None));
    let items = found.iter().filter_map(|(_, _, log, change)| Some((log.address, Some(change.terms.as_ref()?.id))));
    tokens.learn(tx, collections.chain(items).collect()).await?;
    found.retain(|(_, _, log, _)| tokens.get(&(log.address, None)).is_some());

    // Each once: who opens a slot, closes it and opens it again has it last.
    let mut opened = BTreeMap::new();
    for (_, _, log, change) in &found {
        let Some(terms) = &change.terms else { continue };
        let Some(item) = tokens.get(&(log.address, Some(terms.id))) else { continue };
        let share = |share: &abi::ISaleSlots::Share| SlotShare::new(share.beneficiary, share.basisPoints);
        let shares: Vec<_> = terms.shares.iter().map(share).collect();
        let shares = serde_json::to_string(&shares).map_err(Error::internal)?;
        opened.insert((log.address, change.name), (item, change, terms, shares));
    }
    let opened: Vec<_> = opened.into_iter().collect();
    // Those that were opened here are known; a slot that is opened once more on the same terms may have another amount.
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO slots (id, app_id, item_id, contract, name, seller, currency, price, shares, amount, \
             operation_id, created_at_ms) ",
        &opened,
        " ON CONFLICT (contract, name) DO UPDATE SET amount = excluded.amount",
        |mut row, ((contract, name), ((item, app), change, terms, shares))| {
            row.push_bind(new_id(Id::Slot))
                .push_bind(app)
                .push_bind(item)
                .push_bind(address_text(*contract))
                .push_bind(hash_text(*name))
                .push_bind(address_text(terms.seller))
                .push_bind(address_text(terms.currency))
                .push_bind(terms.price.to_string())
                .push_bind(shares)
                .push_bind(change.amount.to_string())
                .push_bind("")
                .push_bind(now_ms());
        },
    )
    .await?;
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO slot_changes (block_number, log_index, contract, name, kind, buyer, amount, payment, \
             left_amount, tx_hash, timestamp_ms) ",
        &found,
        "",
        |mut row, (data, transaction, log, change)| {
            row.push_bind(big(data.block.number()))
                .push_bind(big(log.log_index.to::<u64>()))
                .push_bind(address_text(log.address))
                .push_bind(hash_text(change.name))
                .push_bind(change.kind)
                .push_bind(change.buyer.map(address_text).unwrap_or_default())
                .push_bind(change.amount.to_string())
                .push_bind(change.payment.to_string())
                .push_bind(change.left.to_string())
                .push_bind(hash_text(*transaction))
                .push_bind(data.block.timestamp_ms());
        },
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{Bytes, U64};

    #[test]
    fn what_is_malformed_tells_nothing() {
        for signature in [
            abi::ISaleSlots::SlotOpened::SIGNATURE_HASH,
            abi::ISaleSlots::SlotSold::SIGNATURE_HASH,
            abi::ISaleSlots::SlotClosed::SIGNATURE_HASH,
        ] {
            for (topics, data) in [(1, 0), (4, 32), (3, 31), (2, 31), (4, 4096)] {
                let mut topics = vec![B256::ZERO; topics];
                topics[0] = signature;
                let data = Bytes::from(vec![0xff; data]);
                assert!(told(&Log { address: Address::ZERO, topics, data, log_index: U64::ZERO }).is_none());
            }
        }
    }
}
