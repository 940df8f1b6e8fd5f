//! Movements of known tokens and items, as their logs tell them.

use super::super::chain::Log;
use super::super::contracts::{abi, address_text, is_native};
use super::tokens::{Place, TokenCache};
use super::{BlockData, Moved};
use crate::error::Result;
use alloy::primitives::{Address, U256};
use alloy::sol_types::SolEvent as _;
use sqlx::AnyConnection;

/// What a log says to have moved: which item of its contract, from whom, to whom, how much.
type Told = (Option<U256>, Address, Address, U256);

/// All movements in the blocks.
pub(super) async fn find_moved(
    tx: &mut AnyConnection,
    tokens: &mut TokenCache,
    blocks: &[BlockData],
) -> Result<Vec<Moved>> {
    let mut found = Vec::new();
    for (block, data) in blocks.iter().enumerate() {
        for receipt in &data.receipts {
            // Whatever strangers' contracts tell, it is nothing of ours: nothing is decoded or asked for it.
            for log in receipt.logs.iter().filter(|log| is_native(&log.address)) {
                let told = told(log).into_iter().enumerate();
                found.extend(told.map(|(place, told)| (block, receipt.transaction_hash, log, place, told)));
            }
        }
    }
    let place_of = |log: &Log, told: &Told| -> Place { (log.address, told.0) };
    tokens.learn(tx, found.iter().map(|(_, _, log, _, told)| place_of(log, told)).collect()).await?;
    Ok(found
        .into_iter()
        .filter_map(|(block, tx_hash, log, place, told)| {
            let token = tokens.get(&place_of(log, &told))?.clone();
            let (_, from, to, amount) = told;
            Some(Moved {
                block,
                log_index: log.log_index.to(),
                place,
                tx_hash,
                token,
                from: address_text(from),
                to: address_text(to),
                amount,
            })
        })
        .collect())
}

fn told(log: &Log) -> Vec<Told> {
    let Some((signature, indexed)) = log.topics.split_first() else { return Vec::new() };
    match (*signature, indexed, log.data.len()) {
        // One signature for two events: an ERC-20 amount is data, an ERC-721 item a topic.
        (abi::IToken::Transfer::SIGNATURE_HASH, [from, to], 32) => {
            let amount = U256::from_be_slice(&log.data);
            vec![(None, Address::from_word(*from), Address::from_word(*to), amount)]
        }
        (abi::ICollection721::Transfer::SIGNATURE_HASH, [from, to, item], 0) => {
            let item = Some(U256::from_be_bytes(item.0));
            vec![(item, Address::from_word(*from), Address::from_word(*to), U256::from(1))]
        }
        (abi::ICollection1155::TransferSingle::SIGNATURE_HASH, [_, from, to], 64) => {
            let (item, amount) = log.data.split_at(32);
            let item = Some(U256::from_be_slice(item));
            vec![(item, Address::from_word(*from), Address::from_word(*to), U256::from_be_slice(amount))]
        }
        (abi::ICollection1155::TransferBatch::SIGNATURE_HASH, [_, from, to], _) => {
            let Ok(batch) = abi::ICollection1155::TransferBatch::decode_raw_log(&log.topics, &log.data) else {
                return Vec::new();
            };
            let (from, to) = (Address::from_word(*from), Address::from_word(*to));
            batch.ids.into_iter().zip(batch.values).map(|(item, amount)| (Some(item), from, to, amount)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{B256, Bytes, U64};

    fn log(topics: Vec<B256>, data: Vec<u8>) -> Log {
        Log { address: Address::repeat_byte(9), topics, data: Bytes::from(data), log_index: U64::ZERO }
    }

    fn encoded(event: &impl alloy::sol_types::SolEvent) -> Log {
        let data = event.encode_log_data();
        log(data.topics().to_vec(), data.data.to_vec())
    }

    #[test]
    fn each_standard_tells_in_its_own_way() {
        let (operator, from, to) = (Address::repeat_byte(1), Address::repeat_byte(2), Address::repeat_byte(3));
        let number = U256::from;
        let moved = |item: Option<u64>, amount: u64| (item.map(number), from, to, number(amount));
        assert_eq!(told(&encoded(&abi::IToken::Transfer { from, to, value: number(5) })), [moved(None, 5)]);
        let unique = abi::ICollection721::Transfer { from, to, tokenId: number(7) };
        assert_eq!(told(&encoded(&unique)), [moved(Some(7), 1)]);
        let single = abi::ICollection1155::TransferSingle { operator, from, to, id: number(7), value: number(5) };
        assert_eq!(told(&encoded(&single)), [moved(Some(7), 5)]);
        let (ids, values) = (vec![number(7), number(8), number(7)], vec![number(5), number(6), number(1)]);
        let batch = abi::ICollection1155::TransferBatch { operator, from, to, ids, values };
        assert_eq!(told(&encoded(&batch)), [moved(Some(7), 5), moved(Some(8), 6), moved(Some(7), 1)]);
    }

    #[test]
    fn what_is_malformed_is_no_movement() {
        let batch = abi::ICollection1155::TransferBatch::SIGNATURE_HASH;
        let transfer = abi::IToken::Transfer::SIGNATURE_HASH;
        for (topics, data) in [
            (vec![], vec![]),
            (vec![transfer], vec![0; 32]),
            (vec![transfer, B256::ZERO, B256::ZERO], vec![0; 31]),
            (vec![transfer, B256::ZERO, B256::ZERO, B256::ZERO], vec![0; 32]),
            (vec![batch, B256::ZERO, B256::ZERO, B256::ZERO], vec![0xff; 128]),
            (vec![batch, B256::ZERO, B256::ZERO, B256::ZERO], vec![]),
        ] {
            assert_eq!(told(&log(topics, data)), []);
        }
    }
}
