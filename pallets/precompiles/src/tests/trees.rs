//! Random trees of frames: calls, constructors, reverts, invalid opcodes, starved precompiles, re-entering the same
//! contract at every depth. However they end, the token's state, the contract's storage and the logs tell the same.

use super::support::*;
use crate::mock::*;
use hanse_primitives::convert::{self, address};
use pallet_tokens::abi::IToken;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Move(u8),
    Inner(Vec<Op>),
    Revert,
    Invalid,
    Construct(Vec<Op>),
    Starve(u8, u8),
}

fn op() -> impl Strategy<Value = Op> {
    let leaf = prop_oneof![
        6 => any::<u8>().prop_map(Op::Move),
        2 => Just(Op::Revert),
        1 => Just(Op::Invalid),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(gas, value)| Op::Starve(gas, value)),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let list = proptest::collection::vec(inner, 1..5);
        prop_oneof![3 => list.clone().prop_map(Op::Inner), 1 => list.prop_map(Op::Construct)]
    })
}

fn assemble(ops: &[Op]) -> Vec<u8> {
    let mut program = Vec::new();
    for op in ops {
        let mut nested = |code: u8, inner: &[Op]| {
            let mut inner = assemble(inner);
            inner.truncate(255);
            program.extend([code, inner.len() as u8]);
            program.extend(inner);
        };
        match op {
            Op::Inner(list) => nested(1, list),
            Op::Construct(list) => nested(4, list),
            Op::Move(value) => program.extend([0, *value]),
            Op::Revert => program.extend([2, 0]),
            Op::Invalid => program.extend([3, 0]),
            Op::Starve(gas, value) => program.extend([5, *gas, *value]),
        }
    }
    program
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn token_storage_and_logs_agree(ops in proptest::collection::vec(op(), 1..6)) {
        with_probe(|probe| {
            let program = assemble(&ops);
            let call = Probe::runCall { token: address(token()), to: address(BOB), program: program.into() };
            let execution = send(ALICE, probe, &call);
            let moved = balance(BOB);
            assert_moved(probe, BOB, moved, &execution.logs);
            if !execution.succeeded() {
                assert_eq!(moved, 0);
            }
            // Each transfer is followed by the contract's own word on it: the logs are in the order of execution.
            for pair in execution.logs.chunks(2) {
                let transfer: IToken::Transfer = event(&pair[0]);
                assert_eq!(transfer.from, address(probe));
                assert_eq!(transfer.value, event::<Probe::Moved>(&pair[1]).value);
                assert_eq!(convert::h160(transfer.to), BOB);
            }
        });
    }
}
