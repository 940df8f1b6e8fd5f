//! What a precompile wrote has the fate of the frame that called it.

use super::{asm::Asm, support::*};
use crate::{mock::*, revm::bytecode::opcode as op, runner::Status};
use sp_core::H160;

const INCREMENTER: u8 = 0x51;
const OUTER: u8 = 0x52;

fn increment() -> Asm {
    Asm::new().call(op::CALL, COUNTER, INCREMENT)
}

/// A contract that increments and returns.
fn incrementer() -> H160 {
    install(INCREMENTER, increment().op(op::STOP).build())
}

/// A contract that increments and reverts.
fn reverting_incrementer() -> H160 {
    install(INCREMENTER, increment().revert().build())
}

#[test]
fn what_succeeds_stays() {
    run(|| {
        let contract = incrementer();
        let execution = execute(call(ALICE, contract)).expect("is executed");
        assert!(execution.succeeded());
        assert_eq!(Counters::get(contract), 1);
        assert_eq!(execution.logs.len(), 1);
        assert_eq!(execution.logs[0].address, COUNTER);
        assert_eq!(execution.logs[0].topics, vec![contract.into()]);
    });
}

#[test]
fn an_account_may_call_a_precompile_itself() {
    run(|| {
        let mut tx = call(ALICE, COUNTER);
        tx.data = vec![INCREMENT].into();
        assert_eq!(word(&succeed(tx)), 1.into());
        assert_eq!(Counters::get(ALICE), 1);
    });
}

#[test]
fn a_revert_of_the_whole_call_takes_it_back() {
    run(|| {
        let contract = reverting_incrementer();
        let execution = execute(call(ALICE, contract)).expect("is executed");
        assert!(matches!(execution.status, Status::Revert(_)));
        assert!(!Counters::contains_key(contract));
        assert!(execution.logs.is_empty());
    });
}

#[test]
fn a_revert_of_an_inner_frame_takes_back_only_its_own() {
    run(|| {
        let inner = reverting_incrementer();
        let outer = install(
            OUTER,
            increment().op(op::POP).call(op::CALL, inner, 0).store_top(0).call(op::CALL, COUNTER, INCREMENT).build(),
        );
        let execution = execute(call(ALICE, outer)).expect("is executed");
        assert!(execution.succeeded());
        assert_eq!(slot(outer, 0), 0, "the inner call says that it failed");
        assert_eq!((Counters::get(outer), Counters::contains_key(inner)), (2, false));
        assert_eq!(execution.logs.len(), 2);
    });
}

#[test]
fn a_revert_of_the_outer_frame_takes_back_what_an_inner_one_committed() {
    run(|| {
        let inner = incrementer();
        let outer = install(OUTER, Asm::new().call(op::CALL, inner, 0).revert().build());
        assert!(!execute(call(ALICE, outer)).expect("is executed").succeeded());
        assert!(!Counters::contains_key(inner));
    });
}

/// The first frame to reach a precompile opens the layers of all frames around it; they still end one by one.
#[test]
fn frames_between_a_revert_and_the_precompile() {
    run(|| {
        let inner = incrementer();
        let middle = install(0x61, Asm::new().call(op::CALL, inner, 0).revert().build());
        let outer = install(OUTER, Asm::new().call(op::CALL, middle, 0).op(op::POP).call(op::CALL, inner, 0).build());
        succeed(call(ALICE, outer));
        assert_eq!(Counters::get(inner), 1);
    });
}

#[test]
fn in_a_constructor_that_reverts() {
    run(|| {
        let execution = execute(create(ALICE, increment().revert().build())).expect("is executed");
        assert!(!execution.succeeded());
        assert_eq!(Counters::iter().count(), 0);
    });
}

#[test]
fn in_a_constructor_that_succeeds() {
    run(|| {
        let contract = deploy(increment().deploying(&[op::STOP]));
        assert_eq!(Counters::get(contract), 1);
    });
}

/// The code that a constructor returns may not begin with 0xEF (EIP-3541): the creation fails after its code has run.
#[test]
fn in_a_constructor_whose_code_is_refused() {
    run(|| {
        let init = increment().push(0xef).push(0).op(op::MSTORE8).push(1).push(0).op(op::RETURN).build();
        let execution = execute(create(ALICE, init)).expect("is executed");
        assert_eq!(execution.status, Status::Halt("invalid code: must not begin with 0xef"));
        assert_eq!(Counters::iter().count(), 0);
    });
}

#[test]
fn in_an_inner_constructor_that_reverts() {
    run(|| {
        let init = increment().revert().build();
        let outer = install(OUTER, increment().op(op::POP).create(init).store_top(0).build());
        succeed(call(ALICE, outer));
        assert_eq!((slot(outer, 0), Counters::get(outer), Counters::iter().count()), (0, 1, 1));
    });
}

/// Creating where a contract is already fails before the frame begins: revm reverts its checkpoint itself.
#[test]
fn a_collision_of_addresses_between_two_increments() {
    run(|| {
        let outer = H160::repeat_byte(OUTER);
        let init = Asm::new().deploying(&[op::STOP]);
        let create2 = |asm: Asm| {
            let mut asm = asm;
            for (i, byte) in init.iter().enumerate() {
                asm = asm.push(*byte).push(i as u64).op(op::MSTORE8);
            }
            asm.push(0).push(init.len() as u64).push(0).push(0).op(op::CREATE2)
        };
        let code = create2(increment().op(op::POP)).store_top(0);
        let code = create2(code.call(op::CALL, COUNTER, INCREMENT).op(op::POP)).push(1).op(op::ADD).store_top(1);
        install(OUTER, code.call(op::CALL, COUNTER, INCREMENT).build());
        let mut tx = call(ALICE, outer);
        // A collision takes all gas but 1/64.
        tx.gas_limit = 16_000_000;
        succeed(tx);
        assert_eq!((slot(outer, 1), Counters::get(outer)), (1, 3));
    });
}

/// What Solidity's `try … catch` is made of.
#[test]
fn a_caught_revert_of_the_precompile_itself() {
    run(|| {
        let code = increment().op(op::POP).call(op::CALL, COUNTER, INCREMENT_AND_REVERT).store_top(0);
        let outer = install(OUTER, code.sstore(1, 7).build());
        succeed(call(ALICE, outer));
        assert_eq!((slot(outer, 0), slot(outer, 1), Counters::get(outer)), (0, 7, 1));
    });
}

#[test]
fn a_precompile_that_runs_out_of_gas_takes_back_its_write() {
    run(|| {
        let code = increment().op(op::POP).call_with_gas(op::CALL, COUNTER, INCREMENT_AND_RUN_OUT, 50_000).store_top(0);
        let outer = install(OUTER, code.sstore(1, 7).build());
        let execution = execute(call(ALICE, outer)).expect("is executed");
        assert!(execution.succeeded());
        assert!(execution.gas_used > 50_000, "its gas is spent");
        assert_eq!((slot(outer, 1), Counters::get(outer)), (7, 1));
    });
}

#[test]
fn a_frame_that_runs_out_of_gas_after_the_precompile() {
    run(|| {
        // Jump over an endless loop at 3, increment, jump into the loop.
        let head = Asm::new().push(7).op(op::JUMP).op(op::JUMPDEST).push(3).op(op::JUMP);
        let mut code = head.build();
        assert_eq!(code[3], op::JUMPDEST);
        assert_eq!(code.len(), 7);
        code.push(op::JUMPDEST);
        code.extend(increment().push(3).op(op::JUMP).build());
        let inner = install(INCREMENTER, code);
        let outer = install(OUTER, Asm::new().call_with_gas(op::CALL, inner, 0, 100_000).store_top(0).build());
        succeed(call(ALICE, outer));
        assert!(!Counters::contains_key(inner));
    });
}

/// A chain of contracts, each of which increments and calls the next; the one at 60 reverts.
#[test]
fn a_hundred_frames_deep() {
    run(|| {
        let depth = 100u8;
        let at = |i: u8| H160::from_low_u64_be(0x10_000 + u64::from(i));
        for i in 0..depth {
            let code = increment().op(op::POP).call(op::CALL, at(i + 1), 0).op(op::POP);
            crate::flush::put_code::<Test>(at(i), &code.build());
        }
        // What is called from here on is gone with it, what called it stays.
        let code = increment().op(op::POP).call(op::CALL, at(61), 0).revert();
        crate::flush::put_code::<Test>(at(60), &code.build());
        let mut tx = call(ALICE, at(0));
        tx.gas_limit = 16_000_000;
        let execution = execute(tx).expect("is executed");
        assert!(execution.succeeded(), "{:?}", execution.status);
        for i in 0..depth {
            assert_eq!(Counters::get(at(i)), u64::from(i < 60), "frame {i}");
        }
        assert_eq!(execution.logs.len(), 60);
    });
}

/// No storage transaction is left open, or the block could not be finished.
#[test]
fn every_layer_is_closed() {
    let mut ext = new_test_ext();
    ext.execute_with(|| {
        System::set_block_number(1_000);
        let contract = reverting_incrementer();
        let _ = execute(call(ALICE, contract));
        incrementer();
        succeed(call(ALICE, contract));
        let mut refused = call(ALICE, contract);
        refused.nonce = 77;
        assert!(execute(refused).is_err());
    });
    // Fails when a transaction is open.
    ext.commit_all().expect("every transaction is closed");
}
