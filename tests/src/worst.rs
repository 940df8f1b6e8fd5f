//! Contracts that make the most of a unit of gas: each does one thing again and again until its gas is gone.

use alloy::primitives::{Bytes, hex};
use anyhow::{Context, Result};
use serde::Deserialize;

/// Inputs of Ethereum's precompiles that give them the most to do; `pallet-evm`'s tests see to it that none is refused.
const PRECOMPILES: &str = include_str!("../precompiles.json");

#[derive(Deserialize)]
struct Precompile {
    name: String,
    address: u16,
    input: Bytes,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct WorstContract {
    /// What it does.
    pub name: String,
    /// Creates it.
    pub init_code: Vec<u8>,
    /// To call it with.
    pub input: Bytes,
}

impl WorstContract {
    /// Does this again and again, with the number of times before on the stack.
    pub fn counting(name: &str, body: &[u8]) -> Self {
        // 0: PUSH0; 1: JUMPDEST; the body; PUSH1 1 ADD PUSH1 1 JUMP
        let code = [&hex!("5f5b")[..], body, &hex!("600101600156")].concat();
        Self { name: name.to_owned(), init_code: creation(&code), input: Bytes::new() }
    }
}

/// All that are known.
pub fn worst_contracts() -> Result<Vec<WorstContract>> {
    let loops: [(_, &[u8]); 10] = [
        ("an empty loop", &[]),
        ("EXP", &hex!("5f19810a50")),
        ("SLOAD of new slots", &hex!("805450")),
        ("SSTORE to new slots", &hex!("808055")),
        ("TSTORE to new slots", &hex!("80805d")),
        ("BALANCE of new accounts", &hex!("803150")),
        ("LOG4 of nothing", &hex!("5f5f5f5f5f5fa4")),
        ("CREATE of nothing", &hex!("5f5f5ff050")),
        ("KECCAK256 of 32 bytes", &hex!("60205f2050")),
        ("KECCAK256 of 10 KiB", &hex!("6128005f2050")),
    ];
    let loops = loops.map(|(name, body)| WorstContract::counting(name, body));
    let precompiles: Vec<Precompile> = serde_json::from_str(PRECOMPILES).context("tests/precompiles.json")?;
    let precompiles = precompiles.into_iter().map(|Precompile { name, address, input }| {
        // CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY
        // 4: JUMPDEST PUSH0 PUSH0 CALLDATASIZE PUSH0 PUSH2 address GAS STATICCALL POP PUSH1 4 JUMP
        let code = [&hex!("365f5f37 5b5f5f365f61")[..], &address.to_be_bytes(), &hex!("5afa50600456")].concat();
        WorstContract { name, init_code: creation(&code), input }
    });
    Ok(loops.into_iter().chain(precompiles).collect())
}

/// `PUSH2 length DUP1 PUSH1 10 PUSH0 CODECOPY PUSH0 RETURN`, and the code.
fn creation(code: &[u8]) -> Vec<u8> {
    let length = u16::try_from(code.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&hex!("61")[..], &length, &hex!("80600a5f395ff3"), code].concat()
}
