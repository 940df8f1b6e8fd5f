//! What the chain itself stores, in its own encoding: `debug_getRaw…`, `eth_getRawTransaction…`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, server_error},
    input::BlockRef,
    method,
    params::HexOrDecimal,
};
use crate::index::types::{BlockRecord, TransactionRecord};
use alloy_consensus::{Receipt, ReceiptEnvelope, ReceiptWithBloom, TxType};
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Encodable;
use jsonrpsee::core::RegisterMethodError;
use std::sync::Arc;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "debug_getRawHeader", 1, |context, mut args| async move {
        let record = there(&context, args.required()?).await?;
        Ok(Bytes::from(record.header_rlp.clone()))
    })?;
    method(module, "debug_getRawBlock", 1, |context, mut args| async move {
        let record = there(&context, args.required()?).await?;
        Ok(block(&record))
    })?;
    method(module, "debug_getRawReceipts", 1, |context, mut args| async move {
        let record = there(&context, args.required()?).await?;
        Ok(record.transactions.iter().map(receipt).collect::<Vec<_>>())
    })?;
    method(module, "debug_getRawTransaction", 1, |context, mut args| async move {
        // Empty, not null, for what isn't there: so says geth.
        transaction(&context, args.required()?).await.map(Option::unwrap_or_default)
    })?;
    // A block that doesn't import is refused and forgotten.
    method(module, "debug_getBadBlocks", 0, |_, _| async move { Ok(Vec::<()>::new()) })?;
    method(module, "eth_getRawTransactionByHash", 1, |context, mut args| async move {
        transaction(&context, args.required()?).await
    })?;
    method(module, "eth_getRawTransactionByBlockHashAndIndex", 2, |context, mut args| async move {
        let block = super::block::by_hash(args.required()?);
        in_block(&context, block, args.required()?).await
    })?;
    method(module, "eth_getRawTransactionByBlockNumberAndIndex", 2, |context, mut args| async move {
        let block = BlockRef::Tag(args.required()?);
        in_block(&context, block, args.required()?).await
    })
}

async fn there(context: &Context, block: BlockRef) -> RpcResult<Arc<BlockRecord>> {
    context.find(block).await?.ok_or_else(|| server_error("block not found"))
}

/// Also one that waits in the pool.
async fn transaction(context: &Context, hash: B256) -> RpcResult<Option<Bytes>> {
    if let Some(located) = context.index.transaction(hash).await.map_err(internal)? {
        return Ok(Some(located.transaction.raw));
    }
    if let Some(waiting) = context.pending.get(hash) {
        return Ok(Some(waiting.raw));
    }
    // Its block may have been indexed since the index was asked.
    let located = context.index.transaction(hash).await.map_err(internal)?;
    Ok(located.map(|located| located.transaction.raw))
}

async fn in_block(context: &Context, block: BlockRef, position: HexOrDecimal) -> RpcResult<Option<Bytes>> {
    let Some(record) = context.find(block).await? else { return Ok(None) };
    let transaction = usize::try_from(position.0).ok().and_then(|position| record.transactions.get(position));
    Ok(transaction.map(|transaction| transaction.raw.clone()))
}

/// RLP of header, transactions, (no) ommers and (no) withdrawals.
fn block(record: &BlockRecord) -> Bytes {
    // A typed transaction is a string in the list, a legacy one is a list by itself.
    let mut transactions = Vec::new();
    for transaction in &record.transactions {
        if is_typed(transaction) {
            transaction.raw[..].encode(&mut transactions);
        } else {
            transactions.extend_from_slice(&transaction.raw);
        }
    }
    let mut body = record.header_rlp.clone();
    list(&transactions, &mut body);
    list(&[], &mut body);
    if record.header.withdrawals_root.is_some() {
        list(&[], &mut body);
    }
    let mut encoded = Vec::new();
    list(&body, &mut encoded);
    encoded.into()
}

fn list(payload: &[u8], out: &mut Vec<u8>) {
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(out);
    out.extend_from_slice(payload);
}

/// As the receipts root commits to it (EIP-2718).
pub(super) fn receipt(transaction: &TransactionRecord) -> Bytes {
    let kind = match transaction.raw.first() {
        Some(kind) if is_typed(transaction) => TxType::try_from(*kind).unwrap_or(TxType::Legacy),
        _ => TxType::Legacy,
    };
    let receipt = Receipt {
        status: transaction.success.into(),
        cumulative_gas_used: transaction.cumulative_gas_used,
        logs: transaction.logs.clone(),
    };
    let logs_bloom = transaction.logs.iter().collect();
    ReceiptEnvelope::from_typed(kind, ReceiptWithBloom { receipt, logs_bloom }).encoded_2718().into()
}

fn is_typed(transaction: &TransactionRecord) -> bool {
    transaction.raw.first().is_some_and(|first| *first < 0xc0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{
        Block, Header, SignableTransaction, TxEip1559, TxEnvelope, TxLegacy,
        proofs::{calculate_receipt_root, calculate_transaction_root},
    };
    use alloy_primitives::{Address, Log, Signature, U256, keccak256};
    use alloy_rlp::Decodable;
    use hanse_primitives::{EthereumBlock, ExecutedTransaction, convert};

    fn executed(transaction: &TxEnvelope, success: bool) -> ExecutedTransaction {
        let log = Log::new_unchecked(Address::repeat_byte(3), vec![B256::repeat_byte(4)], vec![5; 40].into());
        ExecutedTransaction {
            hash: convert::h256(*transaction.tx_hash()),
            raw: transaction.encoded_2718(),
            from: Default::default(),
            to: None,
            contract_address: None,
            gas_used: 21_000,
            effective_gas_price: 0,
            success,
            logs: if success { vec![convert::log(&log)] } else { Vec::new() },
        }
    }

    #[test]
    fn what_is_given_out_hashes_to_what_the_header_says() {
        let signature = Signature::new(U256::from(1), U256::from(2), false);
        let legacy: TxEnvelope = TxLegacy::default().into_signed(signature).into();
        let dynamic: TxEnvelope = TxEip1559 { chain_id: 4269, ..Default::default() }.into_signed(signature).into();
        let transactions = [legacy, dynamic];
        let header = Header {
            number: 7,
            transactions_root: calculate_transaction_root(&transactions),
            base_fee_per_gas: Some(0),
            withdrawals_root: Some(alloy_consensus::EMPTY_ROOT_HASH),
            ..Default::default()
        };
        let ethereum = EthereumBlock {
            hash: convert::h256(header.hash_slow()),
            header: alloy_rlp::encode(&header),
            transactions: vec![executed(&transactions[0], true), executed(&transactions[1], false)],
        };
        let record = BlockRecord::from_runtime(B256::ZERO, ethereum).expect("decodes");

        let raw = block(&record);
        assert_eq!(raw.len() as u64, record.size_bytes);
        let decoded = Block::<TxEnvelope>::decode(&mut &raw[..]).expect("decodes");
        assert_eq!(keccak256(&record.header_rlp), decoded.header.hash_slow());
        assert_eq!(calculate_transaction_root(&decoded.body.transactions), header.transactions_root);

        let receipts: Vec<Bytes> = record.transactions.iter().map(receipt).collect();
        assert_eq!((receipts[0][0] >= 0xc0, receipts[1][0]), (true, 2));
        let decoded: Vec<ReceiptEnvelope> = receipts
            .iter()
            .map(|raw| alloy_eips::Decodable2718::decode_2718(&mut &raw[..]).expect("decodes"))
            .collect();
        let root =
            alloy_consensus::proofs::ordered_trie_root_with_encoder(&receipts, |raw, out| out.extend_from_slice(raw));
        assert_eq!(calculate_receipt_root(&decoded), root);
    }
}
