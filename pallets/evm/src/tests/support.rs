//! What the tests share.

use crate::{
    Environment, Execution, TransactionError,
    flush::put_code,
    mock::*,
    revm::{context::TxEnv, primitives::TxKind},
    runner::{self, Status},
};
use hanse_primitives::{AccountId20, convert};
use sp_core::{H160, H256, U256};

/// Gas for anything that a test does.
pub const GAS: u64 = 1_000_000;

/// A call at gas price 0 with the sender's next nonce.
pub fn call(from: H160, to: H160) -> TxEnv {
    TxEnv {
        caller: convert::address(from),
        kind: TxKind::Call(convert::address(to)),
        gas_limit: GAS,
        gas_price: 0,
        nonce: nonce(from),
        chain_id: Some(4269),
        ..TxEnv::default()
    }
}

/// A creation at gas price 0.
pub fn create(from: H160, init_code: Vec<u8>) -> TxEnv {
    TxEnv { kind: TxKind::Create, data: init_code.into(), ..call(from, H160::zero()) }
}

/// Adds value.
pub fn with_value(tx: TxEnv, wei: u128) -> TxEnv {
    TxEnv { value: convert::ru256(U256::from(wei)), ..tx }
}

/// Adds a price (type 2).
pub fn with_fees(tx: TxEnv, max_fee: u128, tip: u128) -> TxEnv {
    TxEnv { tx_type: 2, gas_price: max_fee, gas_priority_fee: Some(tip), ..tx }
}

/// Executes in the current block.
pub fn execute(tx: TxEnv) -> Result<Execution, TransactionError> {
    runner::execute::<Test>(Environment::current::<Test>(), tx)
}

/// Executes what must succeed, and gives its output.
pub fn succeed(tx: TxEnv) -> Vec<u8> {
    let execution = execute(tx).expect("is executed");
    match execution.status {
        Status::Success(output) => output,
        other => panic!("did not succeed: {other:?}"),
    }
}

/// Deploys a contract from Alice.
pub fn deploy(init_code: Vec<u8>) -> H160 {
    let execution = execute(create(ALICE, init_code)).expect("is executed");
    assert!(execution.succeeded(), "{:?}", execution.status);
    execution.contract_address.expect("a contract was created")
}

/// Puts code at an address without a transaction.
pub fn install(index: u8, code: Vec<u8>) -> H160 {
    let address = H160::repeat_byte(index);
    put_code::<Test>(address, &code);
    address
}

/// The nonce.
pub fn nonce(address: H160) -> u64 {
    Evm::account(address).nonce
}

/// The balance in wei.
pub fn balance(address: H160) -> u128 {
    Evm::account(address).balance.as_u128()
}

/// A slot as a number.
pub fn slot(address: H160, slot: u64) -> u64 {
    U256::from_big_endian(&Evm::storage(address, H256::from_low_u64_be(slot)).0).as_u64()
}

/// A returned word as a number.
pub fn word(output: &[u8]) -> U256 {
    U256::from_big_endian(output)
}

/// The sum of all balances is the total issuance, and no account that has a nonce can be reaped.
pub fn assert_sound() {
    let mut sum = 0u128;
    for (id, account) in frame_system::Account::<Test>::iter() {
        sum += account.data.free;
        assert!(account.nonce == 0 || account.sufficients > 0, "{id} could lose its nonce");
    }
    assert_eq!(sum, Balances::total_issuance());
}

/// Gives an account coins natively.
pub fn endow(address: H160, wei: u128) {
    use frame_support::traits::fungible::Mutate;
    Balances::mint_into(&AccountId20::from(address), wei).expect("fits");
}
