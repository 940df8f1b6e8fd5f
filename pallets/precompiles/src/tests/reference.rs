//! The same random history on what Hanse has natively and on OpenZeppelin's contracts: each call has to end alike, with the
//! same output, the same error with the same data, and the same logs.

mod edition;
mod items;
mod token;
mod unique;

use super::support::*;
use hanse_primitives::Log;
use pallet_evm::runner::Status;
use sp_core::{H160, H256};

/// A log without its address: topics and data.
type Told = (Vec<H256>, Vec<u8>);

/// How a call ended, without the gas and without the address of the token.
fn outcome(execution: pallet_evm::Execution) -> (Status, Vec<Told>) {
    let logs = execution.logs.into_iter().map(|Log { topics, data, .. }| (topics, data)).collect();
    (execution.status, logs)
}

/// Reverts whose reason depends on which of two faults is found first: while paused, any reason is right.
fn same(paused: bool, ours: &Status, theirs: &Status) -> bool {
    match (ours, theirs) {
        (Status::Revert(_), Status::Revert(_)) if paused => true,
        _ => ours == theirs,
    }
}

/// Sends the same call to both.
fn agree(from: H160, both: [H160; 2], data: Vec<u8>, paused: bool, what: &str) {
    compare(both.map(|target| outcome(execute(transaction(from, target, data.clone())))), paused, what);
}

/// Ours and theirs.
fn compare([(status, logs), (expected, expected_logs)]: [(Status, Vec<Told>); 2], paused: bool, what: &str) {
    assert!(same(paused, &status, &expected), "{what}: {status:02x?}, not {expected:02x?}");
    assert_eq!(logs, expected_logs, "{what}");
}
