//! A tracer sees everything and changes nothing.

use super::{asm::Asm, support::*};
use crate::{
    Execution, TransactionError,
    db::FrameDb,
    mock::*,
    revm::{
        DatabaseRef, Inspector,
        bytecode::opcode as op,
        context::TxEnv,
        interpreter::{CallInputs, CallOutcome, Interpreter},
        primitives::{Address, Log},
    },
    runner::EvmContext,
    tracing::{Outcome, Tracer, installed, watch},
};
use hanse_primitives::convert;
use proptest::prelude::*;
use sp_core::H160;

/// Notes what it is told.
#[derive(Default)]
struct Notes {
    steps: usize,
    /// Gas that each frame began and ended with, in the order of their ends.
    calls: Vec<(Address, u64)>,
    logs: Vec<Log>,
    /// Gas, and the sender's nonce in storage when the transaction had ended.
    ended: Option<(u64, u64)>,
}

impl Inspector<EvmContext<Test>> for Notes {
    fn step(&mut self, _: &mut Interpreter, _: &mut EvmContext<Test>) {
        self.steps += 1;
    }

    fn log(&mut self, _: &mut EvmContext<Test>, log: Log) {
        self.logs.push(log);
    }

    fn call_end(&mut self, _: &mut EvmContext<Test>, inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.calls.push((inputs.target_address, outcome.result.gas.total_gas_spent()));
    }
}

impl Tracer<Test> for Notes {
    fn ended(&mut self, outcome: Outcome<'_>) {
        let Ok(sender) = FrameDb::<Test>::default().basic_ref(outcome.tx.caller);
        let nonce = sender.map_or(0, |account| account.nonce);
        self.ended = Some((outcome.result.result.tx_gas_used(), nonce));
    }
}

fn traced(tx: TxEnv) -> (Result<Execution, TransactionError>, Notes) {
    watch::<Test, _, _>(Notes::default(), || execute(tx))
}

#[test]
fn it_sees_each_step_and_the_exact_gas() {
    run(|| {
        let contract = install(0x77, Asm::new().sstore(0, 1).op(op::STOP).build());
        let (execution, notes) = traced(call(ALICE, contract));
        let execution = execution.expect("is executed");
        assert_eq!(notes.steps, 4);
        // PUSH1, PUSH0, and a cold slot that was zero (EIP-2929).
        assert_eq!(notes.calls, vec![(convert::address(contract), 3 + 2 + 22_100)]);
        assert_eq!(notes.ended, Some((execution.gas_used, 0)), "it is asked before anything is written");
        assert_eq!((execution.gas_used, nonce(ALICE), slot(contract, 0)), (21_000 + 22_105, 1, 1));
    });
}

#[test]
fn it_sees_calls_of_precompiles_and_their_logs() {
    run(|| {
        let contract = install(0x77, Asm::new().call(op::CALL, COUNTER, INCREMENT).op(op::STOP).build());
        let (execution, notes) = traced(call(ALICE, contract));
        let called: Vec<_> = notes.calls.iter().map(|(address, _)| convert::h160(*address)).collect();
        assert_eq!(called, vec![COUNTER, contract]);
        assert!(notes.calls[0].1 > COUNTER_GAS);
        let logs: Vec<_> = notes.logs.iter().map(convert::log).collect();
        assert_eq!(logs, execution.expect("is executed").logs);
    });
}

#[test]
fn a_refused_transaction_has_no_end() {
    run(|| {
        let (execution, notes) = traced(TxEnv { nonce: 7, ..call(ALICE, BOB) });
        assert_eq!(execution, Err(TransactionError::NonceTooHigh));
        assert!(notes.ended.is_none());
    });
}

#[test]
fn it_is_taken_off_again() {
    run(|| {
        let panicked = std::panic::catch_unwind(|| watch::<Test, _, _>(Notes::default(), || panic!("on purpose")));
        assert!(panicked.is_err());
        assert!(installed::<Test>().is_none());
        // One inside another: each watches its own.
        let (inner, outer) = watch::<Test, _, _>(Notes::default(), || traced(call(ALICE, BOB)).1);
        assert!(inner.ended.is_some() && outer.ended.is_none());
    });
}

/// What a transaction to a contract came to, and the state after it.
fn outcome(code: &[u8], watched: bool) -> (Result<Execution, TransactionError>, Vec<u8>) {
    run(|| {
        let contract = install(0x77, code.to_vec());
        let tx = TxEnv { data: vec![INCREMENT; 40].into(), ..call(ALICE, contract) };
        let execution = if watched { traced(tx).0 } else { execute(tx) };
        (execution, sp_io::storage::root(sp_runtime::StateVersion::V1))
    })
}

/// Bits of code that do something, in any order.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let slot = (0u64..4, 0u64..3).prop_map(|(slot, value)| Asm::new().sstore(slot, value).build());
    let target = prop_oneof![
        Just(COUNTER),
        Just(BOB),
        Just(H160::repeat_byte(0x77)),
        (1u64..10).prop_map(H160::from_low_u64_be)
    ];
    let scheme = prop::sample::select(vec![op::CALL, op::CALLCODE, op::DELEGATECALL, op::STATICCALL]);
    let call = (scheme, target, 0u8..5).prop_map(|(scheme, to, input)| Asm::new().call(scheme, to, input).build());
    let hash = (0u64..2_000).prop_map(|bytes| Asm::new().push(bytes).push(0).op(op::KECCAK256).build());
    let create = Just(Asm::new().create(Asm::new().sstore(0, 5).deploying(&[op::STOP])).build());
    let end = prop_oneof![Just(Asm::new().revert().build()), Just(vec![op::INVALID]), Just(vec![op::STOP])];
    prop_oneof![8 => slot, 8 => call, 4 => hash, 1 => create, 2 => any::<u8>().prop_map(|byte| vec![byte]), 1 => end]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_changes_nothing(fragments in prop::collection::vec(fragment(), 1..12)) {
        let code = fragments.concat();
        prop_assert_eq!(outcome(&code, true), outcome(&code, false));
    }
}
