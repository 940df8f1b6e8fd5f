//! The Ethereum block, checked against what alloy makes of the same transactions.

use super::support::*;
use crate::mock::*;
use alloy_consensus::{Eip658Value, Header, Receipt, ReceiptEnvelope, TxType, proofs};
use alloy_eips::Decodable2718;
use alloy_primitives::{B256, Bloom, BloomInput};
use alloy_rlp::Decodable;
use hanse_primitives::{ENGINE_ID, EthereumBlock, Log, LogSink, addresses, convert, transaction::Envelope};
use sp_core::{H160, H256};
use sp_runtime::DigestItem;

fn header(block: &EthereumBlock) -> Header {
    Header::decode(&mut &block.header[..]).expect("is a header")
}

/// The receipt of a transaction, made by alloy.
fn receipt(kind: TxType, receipt: Receipt) -> ReceiptEnvelope {
    let receipt = receipt.with_bloom();
    match kind {
        TxType::Legacy => ReceiptEnvelope::Legacy(receipt),
        TxType::Eip2930 => ReceiptEnvelope::Eip2930(receipt),
        TxType::Eip1559 => ReceiptEnvelope::Eip1559(receipt),
        TxType::Eip4844 => ReceiptEnvelope::Eip4844(receipt),
        TxType::Eip7702 => ReceiptEnvelope::Eip7702(receipt),
    }
}

/// Roots, bloom and gas by other means than the pallet's.
pub fn assert_roots(block: &EthereumBlock) {
    let mut gas = 0;
    let mut bloom = Bloom::ZERO;
    let (mut envelopes, mut receipts) = (Vec::new(), Vec::new());
    for tx in &block.transactions {
        let envelope = Envelope::decode_2718_exact(&tx.raw).expect("is a transaction");
        gas += tx.gas_used;
        let logs = tx.logs.iter().map(convert::alloy_log).collect::<Vec<_>>();
        for log in &logs {
            bloom.accrue(BloomInput::Raw(log.address.as_slice()));
            log.topics().iter().for_each(|topic| bloom.accrue(BloomInput::Raw(topic.as_slice())));
        }
        let status = Eip658Value::Eip658(tx.success);
        receipts.push(receipt(envelope.tx_type(), Receipt { status, cumulative_gas_used: gas, logs }));
        envelopes.push(envelope);
    }
    let header = header(block);
    assert_eq!(header.transactions_root, proofs::calculate_transaction_root(&envelopes));
    assert_eq!(header.receipts_root, proofs::calculate_receipt_root(&receipts));
    assert_eq!((header.logs_bloom, header.gas_used), (bloom, gas));
    assert_eq!(convert::h256(header.hash_slow()), block.hash);
}

/// Emits one log with the topics 1 and 2 and one word of data.
fn logger() -> H160 {
    // PUSH1 2, PUSH1 1, PUSH1 32, PUSH0, LOG2
    install(0x77, &[0x60, 2, 0x60, 1, 0x60, 32, 0x5f, 0xa2])
}

fn native_log(number: u8) -> Log {
    Log { address: H160::repeat_byte(number), topics: vec![H256::repeat_byte(number)], data: vec![number; 3] }
}

#[test]
fn roots_and_bloom_are_ethereums() {
    run(|| {
        let logger = logger();
        let block = block(&[
            transfer(0),
            type_1(1, 1),
            call(2, logger),
            type_2(1, 3, 0, 0),
            call(4, logger),
            type_4(1, 5, 3, 0, logger),
        ]);
        assert_eq!(block.transactions[2].logs.len(), 1);
        assert_eq!(block.transactions[2].logs[0].topics, [1, 2].map(H256::from_low_u64_be));
        assert_roots(&block);
    });
}

#[test]
fn so_are_those_of_an_empty_block_and_of_many_transactions() {
    run(|| {
        assert_roots(&crate::CurrentBlock::<Test>::get().expect("genesis is sealed"));
        assert_roots(&block(&[]));
        // Past 127 the order of RLP-encoded keys is no longer that of numbers.
        assert_roots(&block(&(0..140).map(transfer).collect::<Vec<_>>()));
    });
}

#[test]
fn blocks_are_a_chain() {
    run(|| {
        let genesis = crate::CurrentBlock::<Test>::get().expect("is sealed");
        assert_eq!((header(&genesis).number, header(&genesis).parent_hash), (0, B256::ZERO));
        let mut parent = genesis.hash;
        for number in 1..5u32 {
            begin_block();
            let (substrate, block) = end_block();
            let ethereum = header(&block);
            assert_eq!(ethereum.number, u64::from(number));
            assert_eq!(convert::h256(ethereum.parent_hash), parent);
            assert_eq!(ethereum.timestamp, 1_700_000_000 + u64::from(number) / 2);
            assert_eq!((ethereum.gas_limit, convert::h160(ethereum.beneficiary)), (30_000_000, coinbase()));
            // The Substrate header vouches for it.
            let item = DigestItem::Consensus(ENGINE_ID, block.hash.0.to_vec());
            assert_eq!(substrate.digest.logs, vec![item]);
            parent = block.hash;
        }
    });
}

/// The Ethereum header names the Substrate state that its block starts from.
#[test]
fn the_state_root_is_the_parents() {
    run(|| {
        begin_block();
        let (first, _) = end_block();
        let (second, block) = {
            // Between blocks nothing is written; the root of what is there is the one in the first header.
            let root = H256::from_slice(&sp_io::storage::root(sp_runtime::StateVersion::V1));
            begin_block();
            let (second, block) = end_block();
            assert_eq!(convert::h256(header(&block).state_root), root);
            (second, block)
        };
        assert_ne!(first.state_root, second.state_root);
        assert_ne!(header(&block).state_root, B256::ZERO);
    });
}

#[test]
fn blockhash_knows_256_blocks() {
    run(|| {
        let mut hashes = vec![crate::CurrentBlock::<Test>::get().expect("is sealed").hash];
        for _ in 0..300 {
            hashes.push(block(&[]).hash);
        }
        assert_eq!(crate::BlockHashes::<Test>::iter().count(), 256);
        // Stores BLOCKHASH(NUMBER - 1), BLOCKHASH(NUMBER - 256), BLOCKHASH(NUMBER - 257) and BLOCKHASH(NUMBER).
        let contract =
            install(0x77, &hex_literal::hex!("6001430340 5f55 610100430340 600155 610101430340 600255 4340 600355"));
        assert!(block(&[call(0, contract)]).transactions[0].success);
        let slot = |slot| Evm::storage(contract, H256::from_low_u64_be(slot));
        assert_eq!((slot(0), slot(1)), (hashes[300], hashes[45]));
        assert_eq!((slot(2), slot(3)), (H256::zero(), H256::zero()));
    });
}

#[test]
fn native_logs_have_a_transaction_of_their_own() {
    run(|| {
        begin_block();
        Ethereum::emit(vec![native_log(1), native_log(2)]);
        apply(&transfer(0)).expect("is valid").expect("is executed");
        Ethereum::emit(vec![native_log(3)]);
        let block = end_block().1;
        assert_roots(&block);
        assert_eq!(block.transactions.len(), 2);
        let carrier = &block.transactions[1];
        assert_eq!(carrier.logs, [1, 2, 3].map(native_log));
        assert_eq!((carrier.from, carrier.to), (addresses::NATIVE_CALLS, Some(addresses::NATIVE_CALLS)));
        assert_eq!((carrier.gas_used, carrier.success), (0, true));
        assert!(header(&block).logs_bloom.contains_input(BloomInput::Raw(&[3; 20])));

        let next = crate::mock::block(&[]);
        assert!(next.transactions.is_empty(), "no logs, no carrier");
    });
}

/// Carriers of different blocks are different transactions, and none can be sent by anyone.
#[test]
fn a_carrier_is_no_ones_transaction() {
    run(|| {
        let carrier = || {
            begin_block();
            Ethereum::emit(vec![native_log(1)]);
            end_block().1.transactions.remove(0)
        };
        let (one, two) = (carrier(), carrier());
        assert_ne!(one.hash, two.hash);
        assert!(validate(&one.raw).is_err());
    });
}

/// Two blocks on the same parent: the carriers differ by what they carry.
#[test]
fn rival_blocks_have_carriers_of_their_own() {
    run(|| {
        let sibling = |log: Log| {
            sp_io::storage::start_transaction();
            begin_block();
            Ethereum::emit(vec![log]);
            let block = end_block().1;
            sp_io::storage::rollback_transaction();
            (header(&block).parent_hash, block.transactions[0].hash)
        };
        let (one, other, again) = (sibling(native_log(1)), sibling(native_log(2)), sibling(native_log(1)));
        assert_eq!(one.0, other.0);
        assert_ne!(one.1, other.1);
        assert_eq!(one, again);
    });
}

/// More topics than the EVM has are cut, so that the receipt stays one of Ethereum's.
#[test]
fn a_native_log_of_five_topics() {
    run(|| {
        begin_block();
        Ethereum::emit(vec![Log { topics: vec![H256::zero(); 5], ..native_log(1) }]);
        assert_roots(&end_block().1);
    });
}
