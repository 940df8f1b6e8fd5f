//! Tests of the tokens: every rule, every error, and conservation over random histories.

use crate::{
    Allowances, Error, Holdings, MAX_RECEIVERS, TokenError, TokenParams, Tokens,
    abi::{IToken, ITokens},
    mock::{Emitted, RuntimeOrigin, Test, account, new_test_ext},
};
use alloy_sol_types::SolEvent;
use frame_support::{assert_noop, assert_ok};
use hanse_primitives::{
    Log,
    addresses::{self, AppId},
    convert::{self, address, ru256},
};
use pallet_users::{Standing, Status, UsersError, abi::IUsers};
use sp_core::{H160, H256, U256};

type Pallet = crate::Pallet<Test>;
type Registry = pallet_users::Pallet<Test>;

mod calls;
mod conservation;
mod issuance;
mod policy;
mod transfers;

/// Owner of the app in every test.
const OWNER: H160 = H160([0x11; 20]);
/// First holder.
const ALICE: H160 = H160([0xa1; 20]);
/// Another one.
const BOB: H160 = H160([0xb0; 20]);
const ZERO: H160 = H160::zero();

fn app() -> AppId {
    addresses::app_id(&OWNER, &[0; 32])
}

fn token() -> H160 {
    addresses::token_address(&app(), &[0; 32])
}

/// An open token without a cap, all 1,000 held by Alice.
fn params() -> TokenParams {
    TokenParams {
        name: "Crowns".into(),
        symbol: "CRW".into(),
        decimals: 2,
        cap: U256::zero(),
        initial_supply: U256::from(1_000),
        holder: ALICE,
        closed: false,
    }
}

/// Runs a test on a chain with the app, before it has a token.
fn with_app(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        Registry::do_create_app(OWNER, H256::zero(), &mut Vec::new()).expect("is new");
        test();
    });
}

/// Runs a test on a chain with this token.
fn with_token(params: TokenParams, test: impl FnOnce()) {
    with_app(|| {
        Pallet::do_create_token(OWNER, app(), H256::zero(), params, &mut Vec::new()).expect("is allowed");
        test();
    });
}

fn balance(who: H160) -> u64 {
    Pallet::balance_of(token(), who).expect("exists").as_u64()
}

fn supply() -> u64 {
    Pallet::token(token()).expect("exists").supply.as_u64()
}

/// Runs a business function that has to fail and to leave neither a log nor a changed entry.
fn error_of<R: std::fmt::Debug>(run: impl FnOnce(&mut Vec<Log>) -> Result<R, TokenError>) -> TokenError {
    let mut logs = Vec::new();
    let before = sp_io::storage::root(sp_core::storage::StateVersion::V1);
    let error = run(&mut logs).expect_err("is refused");
    assert_eq!(before, sp_io::storage::root(sp_core::storage::StateVersion::V1));
    assert_eq!(logs, []);
    error
}

/// Runs a business function and hands out its logs as `Transfer`s (from, to, value).
fn transfers_of(run: impl FnOnce(&mut Vec<Log>) -> Result<(), TokenError>) -> Vec<(H160, H160, u64)> {
    let mut logs = Vec::new();
    run(&mut logs).expect("is allowed");
    logs.iter().map(transfer_of).collect()
}

fn transfer_of(log: &Log) -> (H160, H160, u64) {
    let event: IToken::Transfer = event_of(log);
    assert_eq!(log.topics.len(), 3, "EIP-20 indexes both parties");
    (convert::h160(event.from), convert::h160(event.to), event.value.to())
}

fn event_of<E: SolEvent>(log: &Log) -> E {
    E::decode_log_data(&convert::alloy_log(log).data).expect("is this event")
}

fn transfer(from: H160, to: H160, value: u64, logs: &mut Vec<Log>) -> Result<(), TokenError> {
    Pallet::do_transfer(from, token(), to, value.into(), logs)
}

fn mint(to: H160, value: u64, logs: &mut Vec<Log>) -> Result<(), TokenError> {
    Pallet::do_mint(OWNER, token(), to, value.into(), logs)
}
