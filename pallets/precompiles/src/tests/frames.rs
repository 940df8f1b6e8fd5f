//! Token state follows the frame that changed it.

use super::support::*;
use crate::mock::*;
use alloy_sol_types::SolCall;
use hanse_primitives::convert::{address, ru256};
use pallet_evm::runner::Status;
use pallet_tokens::abi::IToken;
use sp_core::U256;

#[test]
fn a_call_that_returns_keeps_its_move() {
    with_probe(|probe| {
        let call = Probe::moveCall { token: address(token()), to: address(BOB), value: ru256(7.into()) };
        let execution = send(ALICE, probe, &call);
        assert_moved(probe, BOB, 7, &execution.logs);
    });
}

#[test]
fn a_call_that_reverts_leaves_nothing() {
    with_probe(|probe| {
        let call = Probe::moveThenRevertCall { token: address(token()), to: address(BOB), value: ru256(7.into()) };
        let Probe::Asked {} = reverts(ALICE, probe, &call);
        assert_moved(probe, BOB, 0, &[]);
    });
}

#[test]
fn a_call_that_runs_out_of_gas_leaves_nothing() {
    with_probe(|probe| {
        let call = Probe::moveThenRunOutCall { token: address(token()), to: address(BOB), value: ru256(7.into()) };
        let mut tx = transaction(ALICE, probe, call.abi_encode());
        tx.gas_limit = 400_000;
        let execution = execute(tx);
        assert_eq!(execution.status, Status::Halt("out of gas"));
        assert_eq!((execution.gas_used, execution.logs.len()), (400_000, 0));
        assert_moved(probe, BOB, 0, &[]);
    });
}

#[test]
fn an_inner_frame_that_reverts_takes_back_its_own_move_only() {
    with_probe(|probe| {
        let call = Probe::innerRevertsCall { token: address(token()), to: address(BOB) };
        let execution = send(ALICE, probe, &call);
        assert_moved(probe, BOB, 101, &execution.logs);
    });
}

#[test]
fn an_inner_frame_that_runs_out_takes_back_its_own_move_only() {
    with_probe(|probe| {
        let call = Probe::innerRunsOutCall { token: address(token()), to: address(BOB) };
        let execution = send(ALICE, probe, &call);
        assert_moved(probe, BOB, 101, &execution.logs);
    });
}

#[test]
fn a_refusal_of_the_token_can_be_caught() {
    with_probe(|probe| {
        let needed = ru256((HELD + 1).into());
        let call = Probe::catchesCall { token: address(token()), to: address(BOB), value: needed };
        let execution = send(ALICE, probe, &call);
        let outcome = returned::<Probe::catchesCall>(&execution);
        assert!(!outcome.ok);
        let balance = ru256((HELD - 1).into());
        let reason = IToken::ERC20InsufficientBalance { sender: address(probe), balance, needed };
        assert_eq!(outcome.reason, alloy_sol_types::SolError::abi_encode(&reason));
        assert_moved(probe, BOB, 101, &execution.logs);
    });
}

#[test]
fn a_starved_token_moves_nothing_and_its_caller_goes_on() {
    // From far too little to enough: at no limit is anything half done.
    for gas in (0..200_000u64).step_by(2_500) {
        with_probe(|probe| {
            let (token, to, value) = (address(token()), address(BOB), ru256(7.into()));
            let call = Probe::starvesCall { token, to, value, gasLimit: ru256(gas.into()) };
            let execution = send(ALICE, probe, &call);
            let moved = if returned::<Probe::starvesCall>(&execution) { 7 } else { 0 };
            assert!(gas > 0 || moved == 0);
            assert!(gas < 190_000 || moved == 7);
            assert_moved(probe, BOB, moved, &execution.logs);
        });
    }
}

#[test]
fn a_constructor_is_a_frame_like_any_other() {
    for (fail, total) in [(false, 111), (true, 101)] {
        with_probe(|probe| {
            let call = Probe::inConstructorCall { token: address(token()), to: address(BOB), fail };
            let execution = send(ALICE, probe, &call);
            assert_moved(probe, BOB, total, &execution.logs);
        });
    }
}

#[test]
fn a_creating_transaction_moves_or_leaves_nothing() {
    for fail in [false, true] {
        with_probe(|_| {
            let nonce = Evm::account(ALICE).nonce;
            let contract = hanse_primitives::convert::h160(address(ALICE).create(nonce));
            let max = U256::MAX;
            Tokens::do_approve(ALICE, token(), contract, max, &mut Vec::new()).expect("is allowed");
            let execution = execute(create(
                ALICE,
                constructed(Constructed::constructorCall {
                    token: address(token()),
                    from: address(ALICE),
                    to: address(BOB),
                    value: ru256(7.into()),
                    fail,
                }),
            ));
            assert_eq!(execution.succeeded(), !fail, "{:?}", execution.status);
            let moved = if fail { 0 } else { 7 };
            assert_eq!((balance(ALICE), balance(BOB)), (HELD - moved, moved));
            assert_eq!(execution.logs.len(), usize::from(!fail));
        });
    }
}

#[test]
fn frames_see_what_lasted_so_far() {
    with_probe(|probe| {
        let call = Probe::observeCall { token: address(token()), to: address(BOB) };
        let execution = send(ALICE, probe, &call);
        let seen = returned::<Probe::observeCall>(&execution).map(|balance| balance.to::<u64>());
        assert_eq!(seen, [0, 1, 1, 101]);
        assert_moved(probe, BOB, 101, &execution.logs);
    });
}

#[test]
fn a_simulation_changes_nothing() {
    with_probe(|probe| {
        let call = Probe::moveCall { token: address(token()), to: address(BOB), value: ru256(7.into()) };
        let environment = pallet_evm::Environment::current::<Test>().for_simulation(false);
        let tx = transaction(ALICE, probe, call.abi_encode());
        let execution = pallet_evm::runner::simulate::<Test>(environment, tx).expect("is valid");
        assert!(execution.succeeded());
        assert_eq!(execution.logs.len(), 2);
        assert_moved(probe, BOB, 0, &[]);
    });
}
