//! Which fork rules when.

use super::{asm::Asm, support::*};
use crate::{
    Fork,
    fork::MAX_FORKS,
    mock::*,
    revm::{bytecode::opcode as op, context::TxEnv},
};
use frame_support::{assert_noop, assert_ok};
use frame_system::RawOrigin;
use sp_core::H160;
use sp_runtime::DispatchError;

/// Whether the rules of a block have the instruction CLZ (EIP-7939), which came with Osaka.
fn has_clz(number: u64) -> bool {
    System::set_block_number(number);
    let contract = install(0x77, Asm::new().push(1).op(op::CLZ).return_top().build());
    execute(call(ALICE, contract)).expect("is executed").succeeded()
}

/// The most gas that the rules of a block let a transaction ask for (EIP-7825, Osaka).
fn takes(number: u64, gas_limit: u64) -> bool {
    System::set_block_number(number);
    execute(TxEnv { gas_limit, ..call(ALICE, BOB) }).is_ok()
}

#[test]
fn the_newest_rules_from_the_start() {
    run(|| {
        assert_eq!(Evm::fork_at(0), Fork::Osaka);
        assert!(has_clz(1));
    });
}

#[test]
fn root_changes_it_from_a_block_on() {
    run(|| {
        System::set_block_number(5);
        let account = RawOrigin::Signed(H160::repeat_byte(1).into());
        assert_noop!(Evm::set_fork(account.into(), 9, Fork::Prague), DispatchError::BadOrigin);
        for past in [0, 4, 5] {
            let refused = Evm::set_fork(RawOrigin::Root.into(), past, Fork::Prague);
            assert_noop!(refused, DispatchError::Other("the fork's first block must be ahead"));
        }
        assert_ok!(Evm::set_fork(RawOrigin::Root.into(), 10, Fork::Prague));
        assert_ok!(Evm::set_fork(RawOrigin::Root.into(), 20, Fork::Cancun));
        assert_ok!(Evm::set_fork(RawOrigin::Root.into(), 20, Fork::Osaka));
        assert_eq!([9, 10, 19, 20].map(has_clz), [true, false, false, true]);
        assert_eq!([9, 10, 19, 20].map(|number| takes(number, 20_000_000)), [false, true, true, false]);
        // What was planned for later gives way.
        System::set_block_number(12);
        assert_ok!(Evm::set_fork(RawOrigin::Root.into(), 15, Fork::Osaka));
        assert_eq!([14, 15, 20].map(has_clz), [false, true, true]);
        assert_eq!(Evm::fork_at(20), Fork::Osaka);
    });
}

#[test]
fn there_is_an_end_to_changes() {
    run(|| {
        System::set_block_number(1);
        for number in 2..=MAX_FORKS {
            assert_ok!(Evm::set_fork(RawOrigin::Root.into(), number, Fork::Prague));
        }
        let one_more = Evm::set_fork(RawOrigin::Root.into(), MAX_FORKS + 1, Fork::Osaka);
        assert_noop!(one_more, DispatchError::Exhausted);
    });
}
