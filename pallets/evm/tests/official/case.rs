//! Runs one case and compares.

use super::{
    chain::{self, Chain},
    fixture::Case,
};
use alloy_primitives::keccak256;
use hanse_primitives::{Transaction, TransactionError, convert};
use pallet_evm::{revm::context::TxEnv, runner};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why it failed, in a line.
pub fn run(case: &Case) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| sp_io::TestExternalities::new_empty().execute_with(|| run_here(case))))
        .unwrap_or_else(|_| Err("panicked".into()))
}

fn run_here(case: &Case) -> Result<(), String> {
    let aside = chain::write(&case.pre);
    let result = execute(case);
    let logs = match (&result, &case.exception) {
        (Ok(execution), None) => execution.logs.iter().map(convert::alloy_log).collect(),
        (Err(error), Some(names)) if names.split('|').any(|name| means(name, *error)) => Vec::new(),
        (Ok(_), Some(names)) => return Err(format!("executed instead of {names}")),
        (Err(error), expected) => return Err(format!("refused: {error}; expected {expected:?}")),
    };
    let root = chain::state_root(&aside);
    if root != case.state_root {
        return Err(format!("state root {root}, expected {}; {result:?}", case.state_root));
    }
    if keccak256(alloy_rlp::encode(&logs)) != case.logs_hash {
        return Err(format!("logs {logs:?}"));
    }
    if !chain::is_conserved() {
        return Err("the total issuance isn't the sum of all balances".into());
    }
    Ok(())
}

fn execute(case: &Case) -> Result<runner::Execution, TransactionError> {
    let decoded = Transaction::decode_raw(case.raw.clone())?;
    let tx = case.tx.clone().ok_or(TransactionError::Malformed)?;
    assert!(agree(&decoded, &tx), "the encoded transaction says something else");
    runner::execute::<Chain>(case.environment.clone(), tx)
}

/// Whether our decoder reads in the signed bytes what the test says in words, down to the sender.
fn agree(decoded: &Transaction, tx: &TxEnv) -> bool {
    use alloy_consensus::{Transaction as _, Typed2718};
    let envelope = decoded.envelope();
    decoded.sender().map(convert::address) == Some(tx.caller)
        && envelope.ty() == tx.tx_type
        && envelope.nonce() == tx.nonce
        && envelope.gas_limit() == tx.gas_limit
        && envelope.max_fee_per_gas() == tx.gas_price
        && envelope.kind() == tx.kind
        && envelope.value() == tx.value
        && envelope.input() == &tx.data
}

/// Whether a refusal is the one that the tests call so.
fn means(name: &str, error: TransactionError) -> bool {
    use TransactionError as E;
    match name.trim_start_matches("TransactionException.") {
        "INSUFFICIENT_ACCOUNT_FUNDS" => matches!(error, E::InsufficientFunds | E::Overflow),
        "GASLIMIT_PRICE_PRODUCT_OVERFLOW" => matches!(error, E::InsufficientFunds | E::Overflow | E::Malformed),
        "INTRINSIC_GAS_TOO_LOW" => matches!(error, E::IntrinsicGas | E::FloorDataGas),
        "SENDER_NOT_EOA" => error == E::SenderNotEoa,
        "NONCE_IS_MAX" => error == E::NonceMax,
        "INITCODE_SIZE_EXCEEDED" => error == E::InitCodeTooLarge,
        "INSUFFICIENT_MAX_FEE_PER_GAS" => error == E::FeeCapTooLow,
        "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS" => error == E::TipAboveFeeCap,
        "GAS_ALLOWANCE_EXCEEDED" => error == E::GasLimitReached,
        "RLP_INVALID_VALUE" => error == E::Malformed,
        // Our chain takes no blobs; whatever is wrong with them is their type.
        "INSUFFICIENT_MAX_FEE_PER_BLOB_GAS"
        | "TYPE_3_TX_PRE_FORK"
        | "TYPE_3_TX_ZERO_BLOBS"
        | "TYPE_3_TX_BLOB_COUNT_EXCEEDED"
        | "TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH" => error == E::TypeNotSupported,
        "TYPE_3_TX_CONTRACT_CREATION" => matches!(error, E::TypeNotSupported | E::Malformed),
        _ => false,
    }
}
