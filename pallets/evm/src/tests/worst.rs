//! What gas costs in time, for contracts that make the most of it.
//!
//! `cargo test --release -p pallet-evm worst_contracts -- --ignored --nocapture` prints picoseconds per unit of gas, natively and
//! with the state in memory. Wasm takes about three times as long, and a database adds its own; `WeightPerGas` has to be above
//! all of it.

use super::{asm::Asm, support::*};
use crate::{mock::*, revm::bytecode::opcode as op, revm::context::TxEnv};
use sp_core::H160;
use std::time::Instant;

/// EIP-7825: the most that one transaction can use.
const MOST: u64 = 1 << 24;

/// Runs `body` again and again until the gas is gone. A counter is on the stack below it.
fn forever(before: Asm, body: Asm) -> Vec<u8> {
    let start = before.push(1).build();
    let label = start.len() as u64;
    let mut code = start;
    code.push(op::JUMPDEST);
    code.extend(body.push(1).op(op::ADD).push(label).op(op::JUMP).build());
    code
}

/// Calls a precompile of Ethereum with this much zeroed memory as its input.
fn precompile(index: u64, input: u64) -> Asm {
    Asm::new()
        .push(0)
        .push(0)
        .push(input)
        .push(0)
        .push(index)
        .op(op::GAS)
        .op(op::STATICCALL)
        .op(op::POP)
}

#[test]
#[ignore = "measures; says something only in the release profile"]
fn worst_contracts() {
    let memory = |bytes: u64| Asm::new().push(0).push(bytes).op(op::MSTORE);
    let contracts = [
        ("an empty loop", forever(Asm::new(), Asm::new())),
        ("MULMOD", forever(Asm::new(), Asm::new().push(7).op(op::NOT).op(op::DUP2).op(op::DUP1).op(op::MULMOD).op(op::POP))),
        ("EXP", forever(Asm::new(), Asm::new().push(0).op(op::NOT).op(op::DUP2).op(op::EXP).op(op::POP))),
        ("KECCAK256 of 32 bytes", forever(memory(0), Asm::new().push(32).push(0).op(op::KECCAK256).op(op::POP))),
        ("KECCAK256 of 10 KiB", forever(memory(10_240), Asm::new().push(10_240).push(0).op(op::KECCAK256).op(op::POP))),
        ("SLOAD of new slots", forever(Asm::new(), Asm::new().op(op::DUP1).op(op::SLOAD).op(op::POP))),
        ("SSTORE to new slots", forever(Asm::new(), Asm::new().op(op::DUP1).op(op::DUP1).op(op::SSTORE))),
        ("TSTORE to new slots", forever(Asm::new(), Asm::new().op(op::DUP1).op(op::DUP1).op(op::TSTORE))),
        ("BALANCE of new accounts", forever(Asm::new(), Asm::new().op(op::DUP1).op(op::BALANCE).op(op::POP))),
        ("EXTCODEHASH of new accounts", forever(Asm::new(), Asm::new().op(op::DUP1).op(op::EXTCODEHASH).op(op::POP))),
        ("LOG4 of nothing", {
            let topics = Asm::new().push(0).push(0).push(0).push(0);
            forever(Asm::new(), topics.push(0).push(0).op(op::LOG0 + 4))
        }),
        ("CREATE of nothing", forever(Asm::new(), Asm::new().push(0).push(0).push(0).op(op::CREATE).op(op::POP))),
        ("ECRECOVER of no signature", forever(Asm::new(), precompile(1, 128))),
        ("SHA-256 of 10 KiB", forever(memory(10_240), precompile(2, 10_240))),
        ("MODEXP of nothing", forever(Asm::new(), precompile(5, 0))),
        ("a BN254 pairing of zeros", forever(memory(384), precompile(8, 384))),
        ("our precompile", forever(Asm::new(), Asm::new().call(op::CALL, COUNTER, INCREMENT).op(op::POP))),
        ("a precompile that reverts", {
            forever(Asm::new(), Asm::new().call(op::CALL, COUNTER, INCREMENT_AND_REVERT).op(op::POP))
        }),
    ];
    for (name, code) in contracts {
        run(|| measure(name, install(0x77, code)));
    }
    run(|| measure("layers: 300 frames, each with our precompile", towers(300)));
}

/// Contracts that increment and call the next; what the innermost ones wrote is merged in every frame around them.
fn towers(depth: u64) -> H160 {
    let at = |i: u64| H160::from_low_u64_be(0x10_000 + i);
    for i in 0..depth {
        let code = Asm::new().call(op::CALL, COUNTER, INCREMENT).op(op::POP).call(op::CALL, at(i + 1), 0).op(op::POP);
        crate::flush::put_code::<Test>(at(i), &code.build());
    }
    at(0)
}

fn measure(name: &str, contract: H160) {
    let mut tx: TxEnv = call(ALICE, contract);
    tx.gas_limit = MOST;
    let started = Instant::now();
    let execution = execute(tx).expect("is executed");
    let picoseconds = started.elapsed().as_nanos() as u64 * 1_000;
    let gas = execution.gas_used;
    println!("{name:<48} {:>6} ps/gas  {:>8.1} Mgas/s", picoseconds / gas, gas as f64 / (picoseconds as f64 / 1e6));
}
