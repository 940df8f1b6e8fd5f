//! The system contract of EIP-2935.

use super::support::*;
use crate::mock::*;
use alloy_eips::eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS};
use alloy_primitives::{TxKind, U256};
use hanse_primitives::{CallRequest, CallStatus, Overrides, SimulatedBlock, Simulation, convert};
use sp_core::H256;

/// What the contract answers in the block after the last one.
fn ask(number: u32) -> (CallStatus, Vec<u8>) {
    let call = CallRequest {
        from: address(1),
        to: Some(convert::h160(HISTORY_STORAGE_ADDRESS)),
        data: U256::from(number).to_be_bytes_vec(),
        ..Default::default()
    };
    let mut overrides = Overrides::default();
    overrides.block.number = Some(u64::from(System::block_number()) + 1);
    let blocks = vec![SimulatedBlock { overrides, calls: vec![call] }];
    let simulation = Simulation { blocks, validation: false, gas_limit: 1_000_000, trace_transfers: false };
    let outcome = Ethereum::simulate(simulation).expect("is executed").remove(0).calls.remove(0);
    (outcome.status, outcome.output)
}

#[test]
fn it_knows_the_hashes_of_8191_blocks() {
    run(|| {
        let genesis = crate::CurrentBlock::<Test>::get().expect("is sealed").hash;
        assert_eq!(ask(0), (CallStatus::Success, genesis.0.to_vec()));
        let mut hashes = vec![genesis];
        for _ in 0..300 {
            hashes.push(block(&[]).hash);
        }
        for number in [0, 1, 44, 299, 300] {
            assert_eq!(ask(number), (CallStatus::Success, hashes[number as usize].0.to_vec()), "{number}");
        }
        assert_eq!(ask(301).0, CallStatus::Revert, "the block itself");
        // The ring is full and begins anew.
        System::set_block_number(HISTORY_SERVE_WINDOW as u32 + 4);
        assert_eq!(ask(4).0, CallStatus::Revert, "too old");
    });
}

#[test]
fn nobody_but_the_start_of_a_block_writes_into_it() {
    run(|| {
        let contract = convert::h160(HISTORY_STORAGE_ADDRESS);
        let first = block(&[]);
        let before = Evm::storage(contract, H256::zero());
        let mut tx = legacy(0);
        (tx.to, tx.value, tx.gas_limit) = (TxKind::Call(HISTORY_STORAGE_ADDRESS), U256::ZERO, 100_000);
        tx.input = [7; 32].into();
        let executed = block(&[signed(1, tx)]);
        assert!(!executed.transactions[0].success, "a number that is no block's");
        assert_eq!(Evm::storage(contract, H256::zero()), before);
        assert_eq!(Evm::storage(contract, H256::from_low_u64_be(1)), first.hash);
    });
}
