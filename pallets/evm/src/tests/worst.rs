//! What gas costs in time, for contracts that make the most of it.
//!
//! `cargo test --release -p pallet-evm worst_contracts -- --ignored --nocapture` prints picoseconds per unit of gas, natively and
//! with the state in memory. Wasm takes longer, twenty times so where it has no host function, and a database adds its own:
//! see decision 8.

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

/// Calls a precompile of Ethereum again and again with the transaction's data.
fn precompile(index: u64) -> Vec<u8> {
    let copy = Asm::new().op(op::CALLDATASIZE).push(0).push(0).op(op::CALLDATACOPY);
    let call = Asm::new().push(0).push(0).op(op::CALLDATASIZE).push(0).push(index).op(op::GAS).op(op::STATICCALL);
    forever(copy, call.op(op::POP))
}

/// What a precompile of Ethereum makes the most of: name, address, input.
fn inputs() -> Vec<(String, u64, Vec<u8>)> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/precompiles.json")).expect("JSON");
    let input = |entry: &serde_json::Value| {
        let input = entry["input"].as_str().expect("hexadecimal").trim_start_matches("0x");
        let name = entry["name"].as_str().expect("a name").to_owned();
        (name, entry["address"].as_u64().expect("a number"), alloy_primitives::hex::decode(input).expect("hexadecimal"))
    };
    file.as_array().expect("a list").iter().map(input).collect()
}

#[test]
#[ignore = "measures; says something only in the release profile"]
fn worst_contracts() {
    let memory = |bytes: u64| Asm::new().push(0).push(bytes).op(op::MSTORE);
    let loops = [
        ("an empty loop", Asm::new(), Asm::new()),
        ("MULMOD", Asm::new(), Asm::new().push(7).op(op::NOT).op(op::DUP2).op(op::DUP1).op(op::MULMOD).op(op::POP)),
        ("EXP", Asm::new(), Asm::new().push(0).op(op::NOT).op(op::DUP2).op(op::EXP).op(op::POP)),
        ("KECCAK256 of 32 bytes", memory(0), Asm::new().push(32).push(0).op(op::KECCAK256).op(op::POP)),
        ("KECCAK256 of 10 KiB", memory(10_240), Asm::new().push(10_240).push(0).op(op::KECCAK256).op(op::POP)),
        ("SLOAD of new slots", Asm::new(), Asm::new().op(op::DUP1).op(op::SLOAD).op(op::POP)),
        ("SSTORE to new slots", Asm::new(), Asm::new().op(op::DUP1).op(op::DUP1).op(op::SSTORE)),
        ("TSTORE to new slots", Asm::new(), Asm::new().op(op::DUP1).op(op::DUP1).op(op::TSTORE)),
        ("BALANCE of new accounts", Asm::new(), Asm::new().op(op::DUP1).op(op::BALANCE).op(op::POP)),
        ("EXTCODEHASH of new accounts", Asm::new(), Asm::new().op(op::DUP1).op(op::EXTCODEHASH).op(op::POP)),
        ("LOG4 of nothing", Asm::new(), {
            Asm::new().push(0).push(0).push(0).push(0).push(0).push(0).op(op::LOG0 + 4)
        }),
        ("CREATE of nothing", Asm::new(), Asm::new().push(0).push(0).push(0).op(op::CREATE).op(op::POP)),
        ("our precompile", Asm::new(), Asm::new().call(op::CALL, COUNTER, INCREMENT).op(op::POP)),
        ("our precompile, reverting", Asm::new(), {
            Asm::new().call(op::CALL, COUNTER, INCREMENT_AND_REVERT).op(op::POP)
        }),
        ("our precompile with 1 MiB and no gas", memory(1 << 20), {
            let call = Asm::new().push(0).push(0).push(1 << 20).push(0).push(0).address(COUNTER).push(0);
            call.op(op::CALL).op(op::POP)
        }),
    ];
    for (name, before, body) in loops {
        run(|| measure(name, install(0x77, forever(before, body)), vec![]));
    }
    run(|| measure("our precompile in each of 300 frames", towers(300), vec![]));
    run(|| {
        measure_with("CALL of 500 contracts of 24 KiB", install(0x77, calls_of_large_contracts(500)), vec![], 1_360_000)
    });
    for (name, index, input) in inputs() {
        run(|| measure(&name, install(0x77, precompile(index)), input));
    }
}

/// The precompiles that take longest do what they are measured for: a call that is refused takes no time.
#[test]
fn inputs_are_good() {
    for (name, index, input) in inputs() {
        run(|| {
            let mut tx = call(ALICE, H160::from_low_u64_be(index));
            tx.gas_limit = MOST;
            tx.data = input.into();
            assert!(!succeed(tx).is_empty(), "{name}");
        });
    }
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

/// Different contracts of the greatest size, each of which has to be read and analysed; and a contract that calls them.
fn calls_of_large_contracts(number: u64) -> Vec<u8> {
    const BASE: u64 = 0x20_000;
    for i in 0..=number {
        let mut code = vec![op::JUMPDEST; 24_576];
        code[0] = op::STOP;
        code[1..9].copy_from_slice(&i.to_be_bytes());
        crate::flush::put_code::<Test>(H160::from_low_u64_be(BASE + i), &code);
    }
    let address = Asm::new().push(0).push(0).push(0).push(0).push(0).op(op::DUP6).push(BASE).op(op::ADD);
    forever(Asm::new(), address.op(op::GAS).op(op::CALL).op(op::POP))
}

fn measure(name: &str, contract: H160, data: Vec<u8>) {
    measure_with(name, contract, data, MOST);
}

fn measure_with(name: &str, contract: H160, data: Vec<u8>, gas_limit: u64) {
    let mut tx: TxEnv = call(ALICE, contract);
    tx.gas_limit = gas_limit;
    tx.data = data.into();
    let started = Instant::now();
    let execution = execute(tx).expect("is executed");
    let picoseconds = started.elapsed().as_nanos() as u64 * 1_000;
    let gas = execution.gas_used;
    println!("{name:<40} {:>7} ps/gas {:>8.0} Mgas/s", picoseconds / gas, gas as f64 / (picoseconds as f64 / 1e6));
}
