//! Makes the Ethereum block.

use crate::{
    BLOCK_HASH_WINDOW, BaseFeePerGas, BlockHashes, Config, CurrentBlock, Executed, GasUsed, NativeLogs, Pallet,
    ParentStateRoot,
};
use alloc::vec::Vec;
use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Eip658Value, Header, Receipt, SignableTransaction, TxLegacy,
};
use alloy_eips::{Encodable2718, eip1559::BaseFeeParams, eip7685::EMPTY_REQUESTS_HASH};
use alloy_primitives::{B64, B256, Bloom, Bytes, Signature, TxKind, U256};
use alloy_rlp::Encodable;
use codec::Encode;
use hanse_primitives::{EthereumBlock, ExecutedTransaction, Log, addresses, convert, transaction::Envelope};
use pallet_evm::Environment;
use sp_core::H256;
use sp_runtime::traits::UniqueSaturatedInto;

impl<T: Config> Pallet<T> {
    /// Closes the block that is being built, makes it the current one, and gives its hash.
    pub(crate) fn seal() -> H256 {
        let environment = Environment::current::<T>();
        let number: u32 = frame_system::Pallet::<T>::block_number().unique_saturated_into();
        let mut transactions = Executed::<T>::take();
        let native_logs = NativeLogs::<T>::take();
        if !native_logs.is_empty() {
            transactions.push(carrier(native_logs, number, &environment));
        }
        let gas_used = GasUsed::<T>::take();

        let block = Self::assemble(&environment, transactions, gas_used);
        let hash = block.hash;
        CurrentBlock::<T>::put(block);
        BlockHashes::<T>::insert(number, hash);
        if let Some(old) = number.checked_sub(BLOCK_HASH_WINDOW) {
            BlockHashes::<T>::remove(old);
        }
        adjust_base_fee::<T>(gas_used, environment.block.gas_limit);
        hash
    }

    /// The block of these transactions, on the one before it.
    pub(crate) fn assemble(
        environment: &Environment,
        transactions: Vec<ExecutedTransaction>,
        gas_used: u64,
    ) -> EthereumBlock {
        let number = u64::try_from(environment.block.number).unwrap_or(u64::MAX);
        let mut bloom = Bloom::ZERO;
        let receipts = receipts(&transactions, &mut bloom);
        let header = Header {
            parent_hash: match number.checked_sub(1).and_then(|parent| u32::try_from(parent).ok()) {
                Some(parent) => convert::b256(BlockHashes::<T>::get(parent)),
                None => B256::ZERO,
            },
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: environment.block.beneficiary,
            state_root: convert::b256(ParentStateRoot::<T>::get()),
            transactions_root: root(&transactions, |tx| &tx.raw),
            receipts_root: root(&receipts, |receipt| receipt),
            logs_bloom: bloom,
            difficulty: U256::ZERO,
            number,
            gas_limit: environment.block.gas_limit,
            gas_used,
            timestamp: u64::try_from(environment.block.timestamp).unwrap_or(u64::MAX),
            extra_data: Bytes::new(),
            mix_hash: environment.block.prevrandao.unwrap_or_default(),
            nonce: B64::ZERO,
            base_fee_per_gas: Some(environment.block.basefee),
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            block_access_list_hash: None,
            slot_number: None,
        };
        let mut rlp = Vec::with_capacity(640);
        header.encode(&mut rlp);
        let hash = H256(sp_io::hashing::keccak_256(&rlp));
        EthereumBlock { hash, header: rlp, transactions }
    }
}

/// EIP-1559: the next block's base fee. A gasless chain has none to adjust.
fn adjust_base_fee<T: Config>(gas_used: u64, gas_limit: u64) {
    if let Some(base_fee) = BaseFeePerGas::<T>::get() {
        let next = alloy_eips::calc_next_block_base_fee(gas_used, gas_limit, base_fee, BaseFeeParams::ethereum());
        BaseFeePerGas::<T>::put(next);
    }
}

/// The transaction that carries the logs of a block's native calls, since Ethereum knows logs only as part of a
/// transaction. It is from and to [`addresses::NATIVE_CALLS`], moves nothing, and its signature (r = s = 1) is no one's.
///
/// Its input, the parent's hash and the hash of the logs, tells it from the carriers of rival blocks, on the same
/// parent too.
fn carrier(logs: Vec<Log>, number: u32, environment: &Environment) -> ExecutedTransaction {
    let parent = environment.block.prevrandao.unwrap_or_default();
    let logs_hash = sp_io::hashing::keccak_256(&logs.encode());
    let tx = TxLegacy {
        chain_id: Some(environment.cfg.chain_id),
        nonce: u64::from(number),
        gas_price: 0,
        gas_limit: 0,
        to: TxKind::Call(convert::address(addresses::NATIVE_CALLS)),
        value: U256::ZERO,
        input: [parent.0, logs_hash].concat().into(),
    };
    let raw = Envelope::Legacy(tx.into_signed(Signature::new(U256::ONE, U256::ONE, false))).encoded_2718();
    ExecutedTransaction {
        hash: H256(sp_io::hashing::keccak_256(&raw)),
        raw,
        from: addresses::NATIVE_CALLS,
        to: Some(addresses::NATIVE_CALLS),
        contract_address: None,
        gas_used: 0,
        effective_gas_price: 0,
        success: true,
        logs,
    }
}

/// The receipts' encodings (EIP-2718), and the bloom of all of them.
fn receipts(transactions: &[ExecutedTransaction], bloom: &mut Bloom) -> Vec<Vec<u8>> {
    let mut cumulative_gas_used = 0u64;
    let mut encoded = Vec::with_capacity(transactions.len());
    for tx in transactions {
        cumulative_gas_used = cumulative_gas_used.saturating_add(tx.gas_used);
        let receipt = Receipt {
            status: Eip658Value::Eip658(tx.success),
            cumulative_gas_used,
            logs: tx.logs.iter().map(convert::alloy_log).collect::<Vec<_>>(),
        }
        .with_bloom();
        bloom.accrue_bloom(&receipt.logs_bloom);
        let mut out = Vec::new();
        // A typed receipt starts with its transaction's type; a legacy one is a plain list.
        if let Some(kind) = tx.raw.first().filter(|byte| **byte < 0x80) {
            out.push(*kind);
        }
        receipt.encode(&mut out);
        encoded.push(out);
    }
    encoded
}

fn root<I>(items: &[I], encoding: impl Fn(&I) -> &Vec<u8>) -> B256 {
    alloy_trie::root::ordered_trie_root_with_encoder(items, |item, out| out.extend_from_slice(encoding(item)))
}
