//! Presets of the genesis state.

use crate::{AccountId, Balance, DEFAULT_SLOT_MS};
use alloc::{vec, vec::Vec};
use serde_json::{Value, json};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_core::{crypto::UncheckedFrom, ed25519, sr25519};
use sp_genesis_builder::PresetId;

/// One validator that seals on demand, with endowed accounts. Its keys are public: for development only.
pub const DEVELOPMENT: &str = sp_genesis_builder::DEV_RUNTIME_PRESET;
/// Three validators on one machine, with the same keys and accounts.
pub const LOCAL: &str = sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET;

/// Chain id of the development presets.
pub const DEVELOPMENT_CHAIN_ID: u64 = 4269;
/// Gas that one block may use, unless the network says otherwise.
pub const DEFAULT_BLOCK_GAS_LIMIT: u64 = 30_000_000;
/// What each development account starts with: 10,000 coins.
pub const ENDOWMENT: Balance = 10_000 * 1_000_000_000_000_000_000;

/// The first ten accounts of the mnemonic "test test test test test test test test test test test junk", which anvil and
/// Hardhat use too.
pub const DEVELOPMENT_ACCOUNTS: [AccountId; 10] = [
    account(*b"f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    account(*b"70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    account(*b"3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    account(*b"90F79bf6EB2c4f870365E785982E1f101E93b906"),
    account(*b"15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    account(*b"9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
    account(*b"976EA74026E726554dB657fA54763abd0C3a0aa9"),
    account(*b"14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
    account(*b"23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
    account(*b"a0Ee7A142d267C1f36714E4a8F75612F20a79720"),
];

/// Session keys of the SDK's well-known development seeds `//Alice`, `//Bob` and `//Charlie`: Aura, GRANDPA.
const VALIDATORS: [([u8; 32], [u8; 32]); 3] = [
    (
        hex("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"),
        hex("88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee"),
    ),
    (
        hex("8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48"),
        hex("d17c2d7823ebf260fd138f2d7e27d114c0145d968b5ff5006125f2414fadae69"),
    ),
    (
        hex("90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22"),
        hex("439660b36c6c03afafca027b910b4fecf99801834c62a5e6006f27d978de234f"),
    ),
];

/// The preset's genesis as JSON.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    let value = match id.as_ref() {
        DEVELOPMENT => genesis(&VALIDATORS[..1], true),
        LOCAL => genesis(&VALIDATORS, false),
        _ => return None,
    };
    Some(serde_json::to_vec(&value).unwrap_or_default())
}

/// The names of all presets.
pub fn preset_names() -> Vec<PresetId> {
    vec![PresetId::from(DEVELOPMENT), PresetId::from(LOCAL)]
}

fn genesis(validators: &[([u8; 32], [u8; 32])], on_demand: bool) -> Value {
    let aura: Vec<AuraId> = validators.iter().map(|(aura, _)| sr25519::Public::unchecked_from(*aura).into()).collect();
    let grandpa: Vec<(GrandpaId, u64)> =
        validators.iter().map(|(_, grandpa)| (ed25519::Public::unchecked_from(*grandpa).into(), 1)).collect();
    let balances: Vec<(AccountId, Balance)> =
        DEVELOPMENT_ACCOUNTS.iter().map(|account| (*account, ENDOWMENT)).collect();
    json!({
        "timing": { "slotMs": DEFAULT_SLOT_MS, "onDemand": on_demand },
        "aura": { "authorities": aura },
        "grandpa": { "authorities": grandpa },
        "balances": { "balances": balances },
        "sudo": { "key": DEVELOPMENT_ACCOUNTS[0] },
        "users": { "policy": "Open", "operators": [DEVELOPMENT_ACCOUNTS[0]] },
        "evm": { "chainId": DEVELOPMENT_CHAIN_ID, "blockGasLimit": DEFAULT_BLOCK_GAS_LIMIT, "contracts": [] },
        "ethereum": { "baseFeePerGas": null },
    })
}

const fn account(digits: [u8; 40]) -> AccountId {
    let mut bytes = [0u8; 20];
    let mut i = 0;
    while i < 20 {
        bytes[i] = digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]);
        i += 1;
    }
    hanse_primitives::AccountId20(bytes)
}

const fn hex(digits: &str) -> [u8; 32] {
    let digits = digits.as_bytes();
    let mut bytes = [0u8; 32];
    let mut i = 0;
    while i < 32 {
        bytes[i] = digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]);
        i += 1;
    }
    bytes
}

const fn digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'a'..=b'f' => character - b'a' + 10,
        b'A'..=b'F' => character - b'A' + 10,
        _ => panic!("a hexadecimal digit; evaluated while compiling"),
    }
}
