//! What the tests share: keys and signed transactions.

use crate::mock::*;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::{
    Encodable2718,
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{B256, Signature, TxKind, U256};
use hanse_primitives::{AccountId20, convert, transaction::Envelope};
use sp_core::{H160, Pair, ecdsa};

/// A key by number, and its address.
pub fn key(number: u8) -> ecdsa::Pair {
    ecdsa::Pair::from_seed(&[number; 32])
}

/// The address that a key owns.
pub fn address(number: u8) -> H160 {
    let hash = [7u8; 32];
    let signature = key(number).sign_prehashed(&hash).0;
    let public = sp_io::crypto::secp256k1_ecdsa_recover(&signature, &hash);
    AccountId20::from_public_key(&public.unwrap_or([0; 64])).into()
}

/// Signs with a key.
pub fn sign(number: u8, hash: B256) -> Signature {
    let signature = key(number).sign_prehashed(&hash.0).0;
    Signature::from_bytes_and_parity(&signature[..64], signature[64] == 1)
}

/// Runs a test on a gasless chain where accounts 1 to 3 are endowed.
pub fn run(test: impl FnOnce()) {
    run_with(None, test);
}

/// The same with a base fee.
pub fn run_with(base_fee: Option<u64>, test: impl FnOnce()) {
    new_test_ext(base_fee, &[address(1), address(2), address(3)]).execute_with(test);
}

/// A legacy transfer of one wei from 1 to 2, to be changed at will.
pub fn legacy(nonce: u64) -> TxLegacy {
    TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce,
        gas_price: 0,
        gas_limit: 21_000,
        to: TxKind::Call(convert::address(address(2))),
        value: U256::from(1),
        input: Default::default(),
    }
}

/// Signs a legacy transaction by a key.
pub fn signed(number: u8, tx: TxLegacy) -> Vec<u8> {
    let signature = sign(number, tx.signature_hash());
    Envelope::Legacy(tx.into_signed(signature)).encoded_2718()
}

/// A signed legacy transfer of one wei from 1 to 2.
pub fn transfer(nonce: u64) -> Vec<u8> {
    signed(1, legacy(nonce))
}

/// EIP-2930, with an access list.
pub fn type_1(number: u8, nonce: u64) -> Vec<u8> {
    let tx = TxEip2930 {
        chain_id: CHAIN_ID,
        nonce,
        gas_price: 0,
        gas_limit: 100_000,
        to: TxKind::Call(convert::address(address(2))),
        value: U256::from(1),
        access_list: AccessList(vec![AccessListItem {
            address: convert::address(address(2)),
            storage_keys: vec![B256::ZERO],
        }]),
        input: Default::default(),
    };
    let signature = sign(number, tx.signature_hash());
    Envelope::Eip2930(tx.into_signed(signature)).encoded_2718()
}

/// EIP-1559.
pub fn type_2(number: u8, nonce: u64, max_fee: u128, tip: u128) -> Vec<u8> {
    let tx = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 100_000,
        max_fee_per_gas: max_fee,
        max_priority_fee_per_gas: tip,
        to: TxKind::Call(convert::address(address(2))),
        value: U256::from(1),
        access_list: Default::default(),
        input: Default::default(),
    };
    let signature = sign(number, tx.signature_hash());
    Envelope::Eip1559(tx.into_signed(signature)).encoded_2718()
}

/// EIP-7702: sent by one key, with another's authorization to run `delegate`'s code.
pub fn type_4(number: u8, nonce: u64, authority: u8, authority_nonce: u64, delegate: H160) -> Vec<u8> {
    let authorization =
        Authorization { chain_id: U256::from(CHAIN_ID), address: convert::address(delegate), nonce: authority_nonce };
    let signature = sign(authority, authorization.signature_hash());
    let tx = TxEip7702 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: 0,
        max_priority_fee_per_gas: 0,
        to: convert::address(address(authority)),
        value: U256::ZERO,
        access_list: Default::default(),
        authorization_list: vec![SignedAuthorization::new_unchecked(
            authorization,
            u8::from(signature.v()),
            signature.r(),
            signature.s(),
        )],
        input: Default::default(),
    };
    let signature = sign(number, tx.signature_hash());
    Envelope::Eip7702(tx.into_signed(signature)).encoded_2718()
}

/// A contract's creation from 1.
pub fn creation(nonce: u64, init_code: Vec<u8>) -> Vec<u8> {
    signed(
        1,
        TxLegacy {
            to: TxKind::Create,
            value: U256::ZERO,
            gas_limit: 1_000_000,
            input: init_code.into(),
            ..legacy(nonce)
        },
    )
}

/// A call of a contract from 1.
pub fn call(nonce: u64, to: H160) -> Vec<u8> {
    signed(
        1,
        TxLegacy { to: TxKind::Call(convert::address(to)), value: U256::ZERO, gas_limit: 1_000_000, ..legacy(nonce) },
    )
}

/// Puts code at an address.
pub fn install(number: u8, code: &[u8]) -> H160 {
    let address = H160::repeat_byte(number);
    pallet_evm::flush::put_code::<Test>(address, code);
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
