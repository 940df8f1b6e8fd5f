//! `eth_call` and `eth_estimateGas`.

use super::support::*;
use crate::mock::*;
use alloy_consensus::TxLegacy;
use alloy_primitives::TxKind;
use hanse_primitives::{
    Authorization, CallOutcome, CallRequest, CallStatus, Overrides, Transaction, TransactionError, convert,
};
use sp_core::{H160, H256, U256};

fn request(to: H160) -> CallRequest {
    CallRequest { from: address(1), to: Some(to), ..CallRequest::default() }
}

fn simulate_call(request: CallRequest) -> Result<CallOutcome, TransactionError> {
    Ethereum::call(request, Overrides::default())
}

fn estimate(request: CallRequest) -> Result<CallOutcome, TransactionError> {
    Ethereum::estimate_gas(request, Overrides::default())
}

/// The estimate suffices, and a tenth less does not.
fn assert_tight(request: CallRequest) -> u64 {
    let estimated = estimate(request.clone()).expect("is executed");
    assert_eq!(estimated.status, CallStatus::Success);
    let gas = estimated.gas_used;
    let with = |gas| simulate_call(CallRequest { gas_limit: Some(gas), ..request.clone() });
    assert_eq!(with(gas).expect("is executed").status, CallStatus::Success);
    assert!(!with(gas * 9 / 10).is_ok_and(|outcome| outcome.status == CallStatus::Success));
    gas
}

#[test]
fn a_call_answers() {
    run(|| {
        begin_block();
        // PUSH1 42, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
        let contract = install(0x77, &hex_literal::hex!("602a5f5260205ff3"));
        let outcome = simulate_call(request(contract)).expect("is executed");
        assert_eq!((outcome.status, U256::from_big_endian(&outcome.output)), (CallStatus::Success, 42.into()));
        assert_eq!(nonce(address(1)), 0);
    });
}

#[test]
fn a_revert_gives_its_reason_and_a_halt_geths_words() {
    run(|| {
        begin_block();
        let contract = install(0x77, &hex_literal::hex!("602a5f5260205ffd"));
        let outcome = simulate_call(request(contract)).expect("is executed");
        assert_eq!((outcome.status, U256::from_big_endian(&outcome.output)), (CallStatus::Revert, 42.into()));
        assert_eq!(estimate(request(contract)).expect("is executed").status, CallStatus::Revert);
        let contract = install(0x78, &[0xfe]);
        let halt = CallStatus::Halt(b"invalid opcode: INVALID".to_vec());
        assert_eq!(simulate_call(request(contract)).expect("is executed").status, halt);
    });
}

#[test]
fn a_transfer_is_estimated_exactly() {
    run(|| {
        begin_block();
        assert_eq!(assert_tight(request(address(2))), 21_000);
    });
}

#[test]
fn estimates_suffice() {
    run(|| {
        begin_block();
        // Writes a slot and clears it: the refund is worth nothing while running.
        let refunding = install(0x77, &hex_literal::hex!("60015f55 5f5f55"));
        assert_tight(request(refunding));
        // Calls it with all gas but 1/64 (EIP-150), and reverts when that fails.
        let mut outer = hex_literal::hex!("5f5f5f5f5f73").to_vec();
        outer.extend_from_slice(&refunding.0);
        outer.extend_from_slice(&hex_literal::hex!("5af1601f575f5ffd5b"));
        let end = outer.len() - 1;
        outer[6 + 20 + 3] = end as u8;
        let outer = install(0x78, &outer);
        assert_tight(request(outer));
        // A creation.
        assert_tight(CallRequest {
            to: None,
            data: hex_literal::hex!("5f5f53600a5ff3").to_vec(),
            ..request(H160::zero())
        });
    });
}

/// What an estimate says is enough for the real transaction.
#[test]
fn an_estimate_executes() {
    run(|| {
        let contract = install(0x77, &hex_literal::hex!("60015f55 6001600155 5f5f55"));
        begin_block();
        let gas_limit = estimate(request(contract)).expect("is executed").gas_used;
        let tx = TxLegacy { gas_limit, to: TxKind::Call(convert::address(contract)), ..legacy(0) };
        apply(&signed(1, tx)).expect("is valid").expect("is executed");
        assert!(end_block().1.transactions[0].success);
        assert_eq!(Evm::storage(contract, H256::from_low_u64_be(1)), H256::from_low_u64_be(1));
    });
}

#[test]
fn an_estimate_is_bounded_by_what_the_sender_can_pay() {
    run_with(Some(1_000), || {
        begin_block();
        let pay = |price| CallRequest { max_fee_per_gas: Some(price), ..request(address(2)) };
        assert!(estimate(pay(1_000)).is_ok());
        assert_eq!(estimate(pay(1)), Err(TransactionError::FeeCapTooLow));
        let poor = CallRequest { value: U256::from(ENDOWMENT) + 1, ..pay(1_000) };
        assert_eq!(estimate(poor), Err(TransactionError::InsufficientFunds));
        let broke = estimate(pay(ENDOWMENT));
        assert!(matches!(broke, Err(TransactionError::IntrinsicGas)), "{broke:?}");
    });
}

/// EIP-7825: what would need more than a transaction may have fails in the estimate already, and not when it is sent.
#[test]
fn an_estimate_is_bounded_by_what_a_transaction_may_have() {
    run(|| {
        begin_block();
        // Loops until less than 4,000,000 gas are left, then stops: JUMPDEST, PUSH3 4,000,000, GAS, GT, PUSH0, JUMPI.
        let contract = install(0x77, &hex_literal::hex!("5b 623d0900 5a 11 5f 57"));
        let outcome = estimate(request(contract)).expect("is executed");
        assert_eq!(outcome.status, CallStatus::Success);
        assert!(outcome.gas_used <= 1 << 24);
        // Spends 20,000,000 gas and then stops: MSTORE far out.
        let contract = install(0x78, &hex_literal::hex!("5f 6230d400 52"));
        let most = estimate(request(contract)).expect("is executed");
        assert!(matches!(most.status, CallStatus::Halt(_)));
        assert_eq!(simulate_call(request(contract)).expect("is executed").status, CallStatus::Success);
    });
}

#[test]
fn an_unknown_sender_may_ask() {
    run_with(Some(1_000), || {
        begin_block();
        let asked = CallRequest { from: H160::repeat_byte(0x99), ..request(address(2)) };
        assert_eq!(simulate_call(asked).expect("is executed").status, CallStatus::Success);
    });
}

/// EIP-7702: what a call with authorizations does and costs is what the transaction will.
#[test]
fn an_estimate_knows_the_delegations() {
    run(|| {
        // Stores one in its first slot.
        let delegate = install(0x77, &hex_literal::hex!("60015f55"));
        let authority = address(2);
        let raw = type_4(1, 0, 2, 0, delegate);
        let transaction = Transaction::decode_raw(raw).expect("is a transaction");
        let signed = &crate::validation::authorizations(&transaction)[0];
        let authorization = Authorization {
            chain_id: convert::u256(signed.chain_id),
            address: convert::h160(signed.address),
            nonce: signed.nonce,
            y_parity: signed.y_parity(),
            r: convert::u256(signed.r()),
            s: convert::u256(signed.s()),
        };
        begin_block();
        let plain = estimate(request(authority)).expect("is executed").gas_used;
        assert_eq!(plain, 21_000, "nothing runs");
        let call = CallRequest { authorizations: vec![authorization], ..request(authority) };
        let gas = assert_tight(call.clone());
        // 25,000 for the authorization and 22,100 for the slot, and more.
        assert!(gas > 21_000 + 25_000 + 22_100, "{gas}");
        let wrong = Authorization { nonce: 9, ..call.authorizations[0].clone() };
        let outcome = estimate(CallRequest { authorizations: vec![wrong], ..call }).expect("is executed");
        assert!(outcome.gas_used < gas, "it is passed over, but paid for");
        assert!(Evm::code(authority).is_empty(), "nothing stays");
    });
}
