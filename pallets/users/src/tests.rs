//! Tests of the registry: every rule, every error, and the voucher invariant over random histories.

use crate::{
    Admins, AppId, Apps, DeployPolicy, Deployers, Deployment, Error, MAX_ACCOUNTS, MAX_VOUCHERS, Operators, Policy,
    Standing, Status, TransactPolicy, Users, UsersError, Vouchers,
    abi::IUsers,
    mock::{Emitted, OPERATOR, RuntimeOrigin, System, Test, account, run},
};
use alloy_sol_types::SolEvent;
use frame_support::{assert_noop, assert_ok};
use hanse_primitives::{Log, addresses, convert};
use sp_core::{H160, H256};

type Registry = crate::Pallet<Test>;

mod apps;
mod calls;
mod deployment;
mod extension;
mod full_lists;
mod members;
mod permission;
mod vouchers;

/// Creates an app of `owner`.
fn create(owner: H160) -> AppId {
    Registry::do_create_app(owner, H256::repeat_byte(1), &mut Vec::new()).expect("the salt is new")
}

/// Runs a business function and hands out its logs, decoded as `E`.
fn logs_of<E: SolEvent>(run: impl FnOnce(&mut Vec<Log>) -> Result<(), UsersError>) -> Vec<E> {
    let mut logs = Vec::new();
    run(&mut logs).expect("is allowed");
    logs.iter()
        .map(|log| {
            assert_eq!(log.address, addresses::USERS);
            E::decode_log_data(&convert::alloy_log(log).data).expect("is this event")
        })
        .collect()
}

/// Runs a business function that has to fail without a log.
fn error_of<R: std::fmt::Debug>(run: impl FnOnce(&mut Vec<Log>) -> Result<R, UsersError>) -> UsersError {
    let mut logs = Vec::new();
    let error = run(&mut logs).expect_err("is refused");
    assert_eq!(logs, []);
    error
}
