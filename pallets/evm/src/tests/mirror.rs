//! Random trees of calls: what the precompile's storage comes to is what the EVM's own storage comes to.
//!
//! Every step adds one to the caller's counter in the precompile, which the mirror keeps, and one to slot 0, which revm's
//! journal keeps. Whatever reverts, halts, runs out of gas or is static: at the end the two are equal for each contract.

use super::{asm::Asm, support::*};
use crate::{mock::*, revm::bytecode::opcode as op};
use proptest::prelude::*;
use sp_core::H160;

#[derive(Clone, Debug)]
enum Step {
    Bump,
    Call { scheme: u8, gas: Option<u64>, frame: Frame },
    Create(Frame),
}

#[derive(Clone, Debug)]
struct Frame {
    steps: Vec<Step>,
    end: u8,
}

fn frame() -> impl Strategy<Value = Frame> {
    let end = || prop::sample::select(vec![op::STOP, op::STOP, op::REVERT, op::INVALID]);
    let leaf = (prop::collection::vec(Just(Step::Bump), 0..3), end()).prop_map(|(steps, end)| Frame { steps, end });
    leaf.prop_recursive(5, 48, 4, move |inner| {
        let scheme = prop::sample::select(vec![op::CALL, op::CALL, op::DELEGATECALL, op::CALLCODE, op::STATICCALL]);
        let gas = prop::option::weighted(0.3, 0u64..150_000);
        let step = prop_oneof![
            3 => Just(Step::Bump),
            3 => (scheme, gas, inner).prop_map(|(scheme, gas, frame)| Step::Call { scheme, gas, frame }),
            1 => (prop::collection::vec(Just(Step::Bump), 0..3), end())
                .prop_map(|(steps, end)| Step::Create(Frame { steps, end })),
        ];
        (prop::collection::vec(step, 1..5), end()).prop_map(|(steps, end)| Frame { steps, end })
    })
}

/// Assembles a frame; each frame that it calls becomes a contract.
fn assemble(frame: &Frame, contracts: &mut Vec<H160>) -> Vec<u8> {
    let mut code = Asm::new();
    for step in &frame.steps {
        code = match step {
            // slot 0 += whether the precompile succeeded
            Step::Bump => code.call(op::CALL, COUNTER, INCREMENT).push(0).op(op::SLOAD).op(op::ADD).store_top(0),
            Step::Call { scheme, gas, frame } => {
                let callee = contract(frame, contracts);
                match gas {
                    Some(gas) => code.call_with_gas(*scheme, callee, 0, *gas),
                    None => code.call(*scheme, callee, 0),
                }
                .op(op::POP)
            }
            Step::Create(frame) => code.create(assemble(frame, contracts)).op(op::POP),
        };
    }
    code.push(0).push(0).op(frame.end).build()
}

fn contract(frame: &Frame, contracts: &mut Vec<H160>) -> H160 {
    let code = assemble(frame, contracts);
    let address = H160::from_low_u64_be(0x10_000 + contracts.len() as u64);
    contracts.push(address);
    crate::flush::put_code::<Test>(address, &code);
    address
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn precompile_and_journal_agree(frames in prop::collection::vec(frame(), 1..4), gas in 60_000u64..4_000_000) {
        run(|| {
            let mut contracts = Vec::new();
            for frame in &frames {
                let outermost = contract(frame, &mut contracts);
                let mut tx = call(ALICE, outermost);
                tx.gas_limit = gas;
                let execution = execute(tx).expect("is executed");
                assert!(execution.succeeded() || execution.logs.is_empty());
            }
            let counted = Counters::iter().filter(|(_, count)| *count > 0).collect::<std::collections::BTreeMap<_, _>>();
            let stored = crate::Storages::<Test>::iter()
                .map(|(address, _, value)| (address, word(&value.0).as_u64()))
                .collect::<std::collections::BTreeMap<_, _>>();
            assert_eq!(counted, stored);
            assert_sound();
        });
    }
}
