//! `eth_simulateV1`'s blocks.

use super::support::*;
use crate::mock::*;
use hanse_primitives::{
    AccountOverride, BlockOverrides, CallOutcome, CallRequest, CallStatus, Log, Overrides, SimulatedBlock,
    SimulatedOutcome, Simulation, SimulationError, TransactionError,
};
use hex_literal::hex;
use sp_core::{H160, U256};

fn block(number: u64, calls: Vec<CallRequest>) -> SimulatedBlock {
    let block = BlockOverrides { number: Some(number), timestamp: Some(2_000_000_000 + number), ..Default::default() };
    SimulatedBlock { overrides: Overrides { block, accounts: Vec::new() }, calls }
}

fn pay(from: u8, to: u8, value: u64) -> CallRequest {
    CallRequest { from: address(from), to: Some(address(to)), value: value.into(), ..Default::default() }
}

fn simulate(blocks: Vec<SimulatedBlock>, validation: bool) -> Result<Vec<SimulatedOutcome>, SimulationError> {
    let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
    let result = Ethereum::simulate(Simulation { blocks, validation, gas_limit: 50_000_000, trace_transfers: false });
    assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before, "nothing stays");
    result
}

fn with_transfers(blocks: Vec<SimulatedBlock>) -> Vec<SimulatedOutcome> {
    let simulation = Simulation { blocks, validation: false, gas_limit: 50_000_000, trace_transfers: true };
    Ethereum::simulate(simulation).expect("all are executed")
}

fn header(outcome: &SimulatedOutcome) -> alloy_consensus::Header {
    alloy_rlp::Decodable::decode(&mut &outcome.block.header[..]).expect("is a header")
}

#[test]
fn calls_build_on_each_other_over_blocks() {
    run(|| {
        begin_block();
        end_block();
        let mut first = block(2, vec![pay(1, 8, 100), pay(8, 9, 60)]);
        // Whoever has nothing can be given something.
        first.overrides.accounts.push(AccountOverride { address: address(7), balance: Some(9), ..Default::default() });
        let second = block(3, vec![pay(8, 9, 40), pay(7, 9, 9)]);
        let outcomes = simulate(vec![first, second], false).expect("all are executed");
        assert!(outcomes.iter().flat_map(|outcome| &outcome.calls).all(|call| call.status == CallStatus::Success));
        let headers: Vec<_> = outcomes.iter().map(header).collect();
        assert_eq!((headers[0].number, headers[0].gas_used, headers[1].number), (2, 42_000, 3));
        assert_eq!(headers[1].parent_hash.0, outcomes[0].block.hash.0);
        assert_eq!(outcomes[0].block.transactions.len(), 2);
        assert_eq!(outcomes[0].block.transactions[1].from, address(8));
    });
}

#[test]
fn later_blocks_know_the_hashes_of_earlier_ones() {
    run(|| {
        begin_block();
        end_block();
        // BLOCKHASH(NUMBER - 1)
        let contract = install(0x77, &hex!("60014303405f5260205ff3"));
        let ask = CallRequest { from: address(1), to: Some(contract), ..Default::default() };
        let outcomes = simulate(vec![block(2, vec![]), block(3, vec![ask])], false).expect("all are executed");
        assert_eq!(outcomes[1].calls[0].output, outcomes[0].block.hash.0);
    });
}

#[test]
fn validation_is_asked_for() {
    run_with(Some(1_000_000_000), || {
        begin_block();
        end_block();
        let wrong_nonce = CallRequest { nonce: Some(5), ..pay(1, 2, 1) };
        let refused = |error| Err(SimulationError::Refused { block: 0, call: 0, error });
        assert!(simulate(vec![block(2, vec![wrong_nonce.clone()])], false).is_ok());
        let priced = CallRequest { max_fee_per_gas: Some(2_000_000_000), ..wrong_nonce };
        let result = simulate(vec![block(2, vec![priced])], true);
        assert_eq!(result, refused(TransactionError::NonceTooHigh));
        assert_eq!(simulate(vec![block(2, vec![pay(1, 2, 1)])], true), refused(TransactionError::FeeCapTooLow));
        assert_eq!(simulate(vec![block(2, vec![pay(9, 2, 1)])], false), refused(TransactionError::InsufficientFunds));
    });
}

#[test]
fn a_block_takes_no_more_than_its_gas() {
    run(|| {
        begin_block();
        end_block();
        let mut small = block(2, vec![pay(1, 2, 1), CallRequest { gas_limit: Some(30_000), ..pay(1, 2, 1) }]);
        small.overrides.block.gas_limit = Some(50_000);
        // The first call, which names no limit, may use all of it; it doesn't.
        let result = simulate(vec![small.clone()], false);
        assert_eq!(result, Err(SimulationError::BlockGasLimit { wanted: 51_000, limit: 50_000 }));
        small.calls[1].gas_limit = Some(29_000);
        assert!(simulate(vec![small], false).is_ok());
    });
}

#[test]
fn a_failed_call_is_told_and_the_others_go_on() {
    run(|| {
        begin_block();
        end_block();
        // Reverts with 32 bytes; LOG0 of nothing in the other.
        let fails = install(0x77, &hex!("602a5f5260205ffd"));
        let logs = install(0x78, &hex!("5f5fa0"));
        let call = |to: H160| CallRequest { from: address(1), to: Some(to), ..Default::default() };
        let outcomes = simulate(vec![block(2, vec![call(fails), call(logs)])], false).expect("all are executed");
        let calls = &outcomes[0].calls;
        assert_eq!((&calls[0].status, U256::from_big_endian(&calls[0].output)), (&CallStatus::Revert, 42.into()));
        assert_eq!((&calls[1].status, calls[1].logs.len()), (&CallStatus::Success, 1));
        assert_eq!(outcomes[0].block.transactions[1].logs.len(), 1);
    });
}

/// The transfers that a call's logs tell of: from, to, wei.
fn transfers(outcome: &CallOutcome) -> Vec<(H160, H160, u64)> {
    let transfer = |log: &Log| {
        assert_eq!((log.address, log.topics.len()), (H160::repeat_byte(0xee), 3));
        let wei = U256::from_big_endian(&log.data).as_u64();
        (H160::from(log.topics[1]), H160::from(log.topics[2]), wei)
    };
    outcome.logs.iter().map(transfer).collect()
}

#[test]
fn transfers_are_logged_where_asked_for() {
    run(|| {
        begin_block();
        end_block();
        let receiver = address(9);
        // CALL(receiver, value 5), then what `rest` does.
        let paying = |index: u8, rest: &[u8]| {
            let call = [&hex!("5f5f5f5f6005 73")[..], &receiver.0, &hex!("5af150")].concat();
            install(index, &[&call[..], rest].concat())
        };
        let pays = paying(0x71, &[]);
        let reverts = paying(0x72, &hex!("5f5ffd"));
        // Calls `reverts` with value 7 and goes on.
        let tries = install(0x73, &[&hex!("5f5f5f5f6007 73")[..], &reverts.0, &hex!("5af150")].concat());
        // SELFDESTRUCT(receiver)
        let ends = install(0x74, &[&hex!("73")[..], &receiver.0, &hex!("ff")].concat());
        // CREATE with value 3 and no code.
        let creates = install(0x75, &hex!("5f5f6003f000"));
        let asked = |to: H160, wei: u64| CallRequest {
            from: address(1),
            to: Some(to),
            value: wei.into(),
            ..Default::default()
        };
        let calls = vec![
            pay(1, 2, 100),
            pay(1, 2, 0),
            asked(pays, 20),
            asked(reverts, 20),
            asked(tries, 20),
            asked(ends, 20),
            asked(creates, 20),
        ];
        let outcome = with_transfers(vec![block(2, calls.clone())]).remove(0);
        let told: Vec<_> = outcome.calls.iter().map(transfers).collect();
        let me = address(1);
        assert_eq!(told[0], [(me, address(2), 100)]);
        assert_eq!(told[1], []);
        assert_eq!(told[2], [(me, pays, 20), (pays, receiver, 5)]);
        assert_eq!(told[3], [], "reverted");
        assert_eq!(told[4], [(me, tries, 20)], "what was tried is reverted");
        assert_eq!(told[5], [(me, ends, 20), (ends, receiver, 20)]);
        assert_eq!((told[6][0], told[6].len()), ((me, creates, 20), 2));
        assert_eq!((told[6][1].0, told[6][1].2), (creates, 3));
        let silent = simulate(vec![block(2, calls)], false).expect("all are executed").remove(0);
        assert!(silent.calls.iter().all(|call| call.logs.is_empty()));
        let gas = |outcome: &SimulatedOutcome| outcome.calls.iter().map(|call| call.gas_used).collect::<Vec<_>>();
        assert_eq!(gas(&silent), gas(&outcome));
    });
}

#[test]
fn gas_ends_with_the_requests_own() {
    run(|| {
        begin_block();
        end_block();
        let simulation =
            Simulation { blocks: vec![block(2, vec![pay(1, 2, 1); 3])], gas_limit: 50_000, ..Default::default() };
        assert_eq!(Ethereum::simulate(simulation), Err(SimulationError::GasExhausted { limit: 50_000 }));
    });
}
