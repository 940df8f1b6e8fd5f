//! Memory ends before the Wasm's allocator does.

use super::{asm::Asm, support::*};
use crate::{
    Environment, Execution,
    environment::MEMORY_LIMIT,
    mock::*,
    revm::{bytecode::opcode as op, context::TxEnv},
    runner::{self, Status},
};
use sp_core::H160;

const MIB: u64 = 1024 * 1024;

/// Runs a contract with more gas than a block has: 15 MiB in one frame cost 474,000,000.
fn run_with_plenty(contract: H160) -> Execution {
    let mut environment = Environment::current::<Test>();
    environment.cfg.tx_gas_limit_cap = Some(u64::MAX);
    environment.block.gas_limit = u64::MAX;
    let tx = TxEnv { gas_limit: 2_000_000_000, ..call(ALICE, contract) };
    runner::execute::<Test>(environment, tx).expect("is executed")
}

/// Makes memory this large.
fn grow(code: Asm, bytes: u64) -> Asm {
    code.push(0).push(bytes - 32).op(op::MSTORE)
}

#[test]
fn one_frame_has_15_mib() {
    run(|| {
        let whole = install(0x51, grow(Asm::new(), MEMORY_LIMIT).build());
        assert!(run_with_plenty(whole).succeeded());
        let more = install(0x52, grow(Asm::new(), MEMORY_LIMIT + 32).build());
        let execution = run_with_plenty(more);
        assert_eq!(execution.status, Status::Halt("out of gas"));
        assert_eq!(execution.gas_used, 2_000_000_000);
    });
}

/// Our own instruction grows memory by itself.
#[test]
fn so_it_is_for_a_hash() {
    run(|| {
        let hash = |bytes: u64| Asm::new().push(bytes).push(0).op(op::KECCAK256).build();
        assert!(run_with_plenty(install(0x51, hash(MEMORY_LIMIT))).succeeded());
        assert_eq!(run_with_plenty(install(0x52, hash(MEMORY_LIMIT + 1))).status, Status::Halt("out of gas"));
    });
}

#[test]
fn all_frames_share_them() {
    run(|| {
        let inner = install(0x51, grow(Asm::new(), 6 * MIB).build());
        let calls = |bytes| grow(Asm::new(), bytes).call(op::CALL, inner, 0).store_top(0).build();
        let fits = install(0x52, calls(9 * MIB));
        assert!(run_with_plenty(fits).succeeded());
        assert_eq!(slot(fits, 0), 1);
        // The inner frame runs out, and its caller goes on.
        let too_much = install(0x53, calls(10 * MIB));
        assert!(run_with_plenty(too_much).succeeded());
        assert_eq!(slot(too_much, 0), 0);
        // What a frame held is free again after it.
        let once = install(0x54, calls(8 * MIB));
        let call_once = || Asm::new().call(op::CALL, once, 0).op(op::POP).build();
        let twice = install(0x55, [call_once(), call_once()].concat());
        assert!(run_with_plenty(twice).succeeded());
        assert_eq!(slot(once, 0), 1);
    });
}

/// An offset that no memory has.
#[test]
fn an_offset_beyond_64_bits() {
    run(|| {
        let contract = install(0x51, Asm::new().push(0).push(sp_core::U256::MAX).op(op::MSTORE).build());
        assert_eq!(run_with_plenty(contract).status, Status::Halt("out of gas"));
    });
}
