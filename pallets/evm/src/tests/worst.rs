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

/// What a precompile of Ethereum makes the most of.
fn inputs() -> Vec<(&'static str, u64, Vec<u8>)> {
    use hex_literal::hex;
    use sp_core::{H256, Pair, ecdsa};
    let signature = ecdsa::Pair::from_seed(&[7; 32]).sign_prehashed(&[8; 32]).0;
    let ecrecover = [&[8; 32], &H256::from_low_u64_be(27 + u64::from(signature[64])).0, &signature[..64]].concat();
    let word = |n: u64| H256::from_low_u64_be(n).0.to_vec();
    let modexp = [word(256), word(256), word(256), vec![0xff; 768]].concat();
    // The generators of BN254 (EIP-197) and of BLS12-381 (EIP-2537).
    let bn254 = [
        word(1),
        word(2),
        hex!(
            "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
            "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
            "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
            "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
        )
        .to_vec(),
    ]
    .concat();
    let bls = |coordinates: &[[u8; 48]]| -> Vec<u8> {
        coordinates.iter().flat_map(|coordinate| [&[0; 16], &coordinate[..]].concat()).collect()
    };
    let g1 = bls(&[
        hex!("17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"),
        hex!("08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"),
    ]);
    let g2 = bls(&[
        hex!("024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"),
        hex!("13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"),
        hex!("0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"),
        hex!("0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"),
    ]);
    // The zero polynomial: its commitment and its proof are the point at infinity (EIP-4844).
    let mut infinity = vec![0; 48];
    infinity[0] = 0xc0;
    let mut versioned = sp_io::hashing::sha2_256(&infinity).to_vec();
    versioned[0] = 1;
    let kzg = [versioned, word(5), word(0), infinity.clone(), infinity].concat();
    // A signature that is good, from RIP-7212.
    let p256 = hex!(
        "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d"
        "a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac"
        "36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60"
        "4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3"
        "7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e"
    );
    let scalar = vec![0x55; 32];
    vec![
        ("ECRECOVER", 1, ecrecover),
        ("SHA-256 of 10 KiB", 2, vec![1; 10_240]),
        ("RIPEMD-160 of 10 KiB", 3, vec![1; 10_240]),
        ("MODEXP of 2,048 bits", 5, modexp),
        ("BN254 multiplication", 7, [&bn254[..64], &scalar].concat()),
        ("BN254 pairing of 1", 8, bn254.clone()),
        ("BN254 pairing of 8", 8, bn254.repeat(8)),
        ("BLAKE2F of 100,000 rounds", 9, [&hex!("000186a0")[..], &[1; 208], &[1]].concat()),
        ("KZG point evaluation", 10, kzg),
        ("BLS12-381 G1 MSM of 1", 12, [&g1[..], &scalar].concat()),
        ("BLS12-381 G2 MSM of 1", 14, [&g2[..], &scalar].concat()),
        ("BLS12-381 pairing of 1", 15, [&g1[..], &g2].concat()),
        ("BLS12-381 pairing of 8", 15, [&g1[..], &g2].concat().repeat(8)),
        ("P256VERIFY", 0x100, p256.to_vec()),
    ]
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
        run(|| measure(name, install(0x77, precompile(index)), input));
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
