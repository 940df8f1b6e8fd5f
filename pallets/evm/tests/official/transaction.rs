//! Transaction tests: what may be decoded, who signed it, and what it must cost at least.
//!
//! Each test tells a verdict for many forks. We decode by the newest rules only, so the newest verdict counts.

use super::{
    Outcome,
    chain::{self, Account, Chain},
    fixture,
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{B256, U256, hex};
use hanse_primitives::{Transaction, TransactionError, convert};
use pallet_evm::{Environment, revm::context::CfgEnv, runner};
use serde_json::Value;

/// Forks in the order of their age, newest first.
const FORKS: [&str; 5] = ["Osaka", "Prague", "Cancun", "Shanghai", "Paris"];

/// Runs a file.
pub fn run(text: &str, file: &str) -> Outcome {
    let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut outcomes = Vec::new();
    for test in json.as_object().ok_or("no object of tests")?.values() {
        let results = &test["result"];
        let fork = FORKS.into_iter().find(|fork| results.get(fork).is_some()).ok_or("no verdict of a known fork")?;
        let raw = hex::decode(test["txbytes"].as_str().ok_or("no txbytes")?).map_err(|error| error.to_string())?;
        let outcome = sp_io::TestExternalities::new_empty().execute_with(|| compare(raw, fork, &results[fork]));
        outcomes.push((format!("{file} {fork}"), outcome));
    }
    Ok(outcomes)
}

fn compare(raw: Vec<u8>, fork: &str, verdict: &Value) -> Result<(), String> {
    match (check(raw, fork), verdict.get("exception").and_then(Value::as_str)) {
        (Ok((hash, sender)), None) => {
            let expected = (verdict["hash"].as_str(), verdict["sender"].as_str());
            let found = (hash.to_string(), sender.to_string().to_lowercase());
            if expected != (Some(found.0.as_str()), Some(found.1.as_str())) {
                return Err(format!("{found:?}, expected {expected:?}"));
            }
            Ok(())
        }
        (Err(error), Some(name)) if means(name, error) => Ok(()),
        (Ok(_), Some(name)) => Err(format!("accepted; expected {name}")),
        (Err(error), expected) => Err(format!("refused: {error}; expected {expected:?}")),
    }
}

/// All that validation checks, for a sender who can pay.
fn check(raw: Vec<u8>, fork: &str) -> Result<(B256, alloy_primitives::Address), TransactionError> {
    let transaction = Transaction::decode_raw(raw)?;
    let envelope = transaction.envelope();
    let sender = convert::address(transaction.sender().ok_or(TransactionError::InvalidSignature)?);
    let balance = U256::from(u128::MAX);
    chain::write(&[(sender, Account { balance, nonce: 0, code: Vec::new(), storage: Vec::new() })]);
    let spec = fixture::spec(fork).map_err(|_| TransactionError::Internal)?;
    let mut cfg = CfgEnv::new_with_spec(spec);
    cfg.chain_id = 1;
    let mut environment = Environment { block: Default::default(), cfg }.for_pool();
    environment.block.gas_limit = u64::MAX;
    let tx = pallet_evm::revm::context::TxEnv {
        tx_type: alloy_consensus::Typed2718::ty(envelope),
        caller: sender,
        gas_limit: envelope.gas_limit(),
        gas_price: envelope.max_fee_per_gas(),
        kind: envelope.kind(),
        value: U256::ZERO,
        data: envelope.input().clone(),
        nonce: envelope.nonce(),
        chain_id: envelope.chain_id(),
        access_list: envelope.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: envelope.max_priority_fee_per_gas(),
        ..Default::default()
    };
    // The tests know no balances: what can't be paid for passes.
    match runner::validate::<Chain>(environment, tx) {
        Ok(()) | Err(TransactionError::InsufficientFunds) => Ok((convert::b256(transaction.hash()), sender)),
        Err(error) => Err(error),
    }
}

/// Whether a refusal is the one that the tests call so.
fn means(name: &str, error: TransactionError) -> bool {
    use TransactionError as E;
    let name = name.trim_start_matches("TransactionException.");
    match name {
        "INTRINSIC_GAS_TOO_LOW" => matches!(error, E::IntrinsicGas | E::FloorDataGas),
        "INITCODE_SIZE_EXCEEDED" => error == E::InitCodeTooLarge,
        // The chain's id is part of a legacy `v`.
        "INVALID_CHAINID" => matches!(error, E::InvalidChainId | E::InvalidSignature | E::Malformed),
        "INVALID_SIGNATURE_VRS" | "EC_RECOVERY_FAIL" => matches!(error, E::InvalidSignature | E::Malformed),
        "TYPE_NOT_SUPPORTED" => matches!(error, E::TypeNotSupported | E::Malformed),
        "GASLIMIT_PRICE_PRODUCT_OVERFLOW" => matches!(error, E::Overflow | E::Malformed),
        "GASLIMIT_OVERFLOW" | "GASPRICE_OVERFLOW" | "VALUE_OVERFLOW" => error == E::Malformed,
        "ADDRESS_TOO_SHORT" | "ADDRESS_TOO_LONG" => error == E::Malformed,
        // A first byte under 0x80 says a type.
        _ => name.starts_with("RLP_") && matches!(error, E::Malformed | E::TypeNotSupported),
    }
}
