//! From the index's records to the JSON of Ethereum.

use super::error::{RpcResult, internal};
use crate::index::types::{BlockRecord, LocatedLog, LocatedTransaction};
use alloy_consensus::{
    Receipt, ReceiptEnvelope, ReceiptWithBloom, Transaction as _, TxEnvelope, transaction::Recovered,
};
use alloy_eips::{Decodable2718, eip4895::Withdrawals};
use alloy_primitives::{Address, U256};
use alloy_rpc_types_eth::{Block, BlockTransactions, Header, Log, Transaction, TransactionReceipt};
use serde::Serialize;
use serde_json::Value;

/// The block, with whole transactions or only their hashes.
///
/// # Errors
/// When a transaction of the chain can't be decoded.
pub fn block(record: &BlockRecord, full: bool) -> RpcResult<Block> {
    let transactions = if full {
        let positions = 0..record.transactions.len() as u64;
        let all = positions.filter_map(|position| record.located(position)).map(|located| transaction(&located));
        BlockTransactions::Full(all.collect::<RpcResult<_>>()?)
    } else {
        BlockTransactions::Hashes(record.transactions.iter().map(|transaction| transaction.hash).collect())
    };
    Ok(Block {
        header: header(record),
        uncles: Vec::new(),
        transactions,
        withdrawals: record.header.withdrawals_root.map(|_| Withdrawals::default()),
    })
}

/// The block that is to come. As in geth, what only its author can say is null: hash, nonce and miner. Its transactions
/// are shown as they are anywhere while they wait.
///
/// # Errors
/// When a transaction can't be decoded.
pub fn pending_block(record: &BlockRecord, full: bool) -> RpcResult<Value> {
    let mut block = without_author(&block(record, false)?)?;
    if full {
        let transactions =
            record.transactions.iter().map(|transaction| pending_transaction(&transaction.raw, transaction.from));
        let transactions = transactions.collect::<RpcResult<Vec<_>>>()?;
        block["transactions"] = serde_json::to_value(transactions).map_err(internal)?;
    }
    Ok(block)
}

/// The header of the block that is to come.
///
/// # Errors
/// When it is no JSON.
pub fn pending_header(record: &BlockRecord) -> RpcResult<Value> {
    without_author(&header(record))
}

fn without_author(block: &impl Serialize) -> RpcResult<Value> {
    let mut block = serde_json::to_value(block).map_err(internal)?;
    for field in ["hash", "nonce", "miner"] {
        block[field] = Value::Null;
    }
    Ok(block)
}

/// The header, as `newHeads` sends it.
pub fn header(record: &BlockRecord) -> Header {
    Header {
        hash: record.hash,
        inner: record.header.clone(),
        total_difficulty: None,
        size: Some(U256::from(record.size_bytes)),
    }
}

/// The transaction in its block.
///
/// # Errors
/// When it can't be decoded.
pub fn transaction(located: &LocatedTransaction) -> RpcResult<Transaction> {
    let record = &located.transaction;
    let inner = Recovered::new_unchecked(decode(&record.raw)?, record.from);
    Ok(Transaction {
        inner,
        block_hash: Some(located.block_hash),
        block_number: Some(located.header.number),
        transaction_index: Some(located.position),
        effective_gas_price: Some(record.effective_gas_price),
        block_timestamp: Some(located.header.timestamp),
    })
}

/// A transaction that waits in the pool.
///
/// # Errors
/// When it can't be decoded.
pub fn pending_transaction(raw: &[u8], from: Address) -> RpcResult<Transaction> {
    let inner = Recovered::new_unchecked(decode(raw)?, from);
    // What it will pay is for its block to say; until then `gasPrice` is the most that it would.
    let most = inner.max_fee_per_gas();
    Ok(Transaction {
        inner,
        block_hash: None,
        block_number: None,
        transaction_index: None,
        effective_gas_price: Some(most),
        block_timestamp: None,
    })
}

/// The receipt of the transaction.
///
/// # Errors
/// When the transaction can't be decoded.
pub fn receipt(located: &LocatedTransaction) -> RpcResult<TransactionReceipt> {
    let record = &located.transaction;
    let kind = decode(&record.raw)?.tx_type();
    let logs: Vec<_> = record
        .logs
        .iter()
        .enumerate()
        .map(|(i, log)| LocatedLog {
            block_number: located.header.number,
            block_hash: located.block_hash,
            block_timestamp: located.header.timestamp,
            transaction_hash: record.hash,
            transaction_position: located.position,
            position: record.first_log + i as u64,
            log: log.clone(),
        })
        .map(|located| log(located, false))
        .collect();
    let receipt = Receipt { status: record.success.into(), cumulative_gas_used: record.cumulative_gas_used, logs };
    let logs_bloom = record.logs.iter().collect();
    Ok(TransactionReceipt {
        inner: ReceiptEnvelope::from_typed(kind, ReceiptWithBloom { receipt, logs_bloom }),
        transaction_hash: record.hash,
        transaction_index: Some(located.position),
        block_hash: Some(located.block_hash),
        block_number: Some(located.header.number),
        gas_used: record.gas_used,
        effective_gas_price: record.effective_gas_price,
        blob_gas_used: None,
        blob_gas_price: None,
        from: record.from,
        to: record.to,
        contract_address: record.contract_address,
    })
}

/// The log; `removed` when a reorganisation took its block off the chain.
pub fn log(located: LocatedLog, removed: bool) -> Log {
    Log {
        inner: located.log,
        block_hash: Some(located.block_hash),
        block_number: Some(located.block_number),
        block_timestamp: Some(located.block_timestamp),
        transaction_hash: Some(located.transaction_hash),
        transaction_index: Some(located.transaction_position),
        log_index: Some(located.position),
        removed,
    }
}

fn decode(raw: &[u8]) -> RpcResult<TxEnvelope> {
    TxEnvelope::decode_2718(&mut &raw[..]).map_err(|error| internal(format!("a transaction of the chain: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy};
    use alloy_eips::Encodable2718;
    use alloy_primitives::Signature;

    #[test]
    fn a_pending_transactions_price_is_its_fee_cap() {
        let signature = Signature::new(U256::from(1), U256::from(2), false);
        let dynamic = TxEip1559 { max_fee_per_gas: 9, max_priority_fee_per_gas: 2, ..Default::default() };
        let legacy = TxLegacy { gas_price: 9, ..Default::default() };
        for envelope in [TxEnvelope::from(dynamic.into_signed(signature)), legacy.into_signed(signature).into()] {
            let transaction = pending_transaction(&envelope.encoded_2718(), Address::ZERO).expect("decodes");
            let json = serde_json::to_value(transaction).expect("serializes");
            assert_eq!(json["gasPrice"], "0x9", "{json}");
            assert!(json["blockHash"].is_null(), "{json}");
        }
    }
}
