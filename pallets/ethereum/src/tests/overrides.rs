//! Simulations on changed state, and access lists.

use super::support::*;
use crate::mock::*;
use hanse_primitives::{
    AccountOverride, BlockOverrides, CallOutcome, CallRequest, CallStatus, Overrides, StorageOverride,
};
use hex_literal::hex;
use sp_core::{H160, H256, U256};

/// Returns what the opcode pushes: `OP PUSH0 MSTORE PUSH1 32 PUSH0 RETURN`.
fn answers(opcode: &[u8]) -> Vec<u8> {
    [opcode, &hex!("5f5260205ff3")].concat()
}

const CONTRACT: H160 = H160::repeat_byte(0x77);

fn call_with(overrides: Overrides) -> CallOutcome {
    let request = CallRequest { from: address(1), to: Some(CONTRACT), ..Default::default() };
    Ethereum::call(request, overrides).expect("is executed")
}

fn word_with(overrides: Overrides) -> U256 {
    let outcome = call_with(overrides);
    assert_eq!(outcome.status, CallStatus::Success);
    U256::from_big_endian(&outcome.output)
}

fn account(change: AccountOverride) -> Overrides {
    Overrides { accounts: vec![AccountOverride { address: CONTRACT, ..change }], ..Default::default() }
}

fn word(number: u64) -> H256 {
    H256::from_low_u64_be(number)
}

#[test]
fn code_balance_and_nonce_are_as_told_and_then_as_before() {
    run(|| {
        begin_block();
        let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
        // SELFBALANCE
        let change = AccountOverride { code: Some(answers(&[0x47])), balance: Some(12), ..Default::default() };
        assert_eq!(word_with(account(change)), 12.into());
        // CREATE of nothing gives the address that the nonce says.
        let create = answers(&hex!("5f5f5ff0"));
        let change = |nonce| AccountOverride { code: Some(create.clone()), nonce: Some(nonce), ..Default::default() };
        assert_ne!(word_with(account(change(5))), word_with(account(change(6))));
        // Code that is taken away.
        install(0x77, &answers(&[0x47]));
        let gone = AccountOverride { code: Some(vec![]), ..Default::default() };
        assert_eq!(call_with(account(gone)).output, Vec::<u8>::new());
        assert_eq!(word_with(Overrides::default()), 0.into());
        pallet_evm::CodeHashes::<Test>::remove(CONTRACT);
        frame_system::Account::<Test>::remove(hanse_primitives::AccountId20::from(CONTRACT));
        pallet_evm::Codes::<Test>::remove(H256(sp_io::hashing::keccak_256(&answers(&[0x47]))));
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);
    });
}

#[test]
fn storage_is_replaced_or_changed() {
    run(|| {
        begin_block();
        // SLOAD(1) + 4 * SLOAD(2)
        install(0x77, &answers(&hex!("60025460040260015401")));
        for (slot, value) in [(1, 1), (2, 1)] {
            pallet_evm::Storages::<Test>::insert(CONTRACT, word(slot), word(value));
        }
        let with = |storage| word_with(account(AccountOverride { storage, ..Default::default() }));
        assert_eq!(with(StorageOverride::Keep), 5.into());
        assert_eq!(with(StorageOverride::Change(vec![(word(1), word(9))])), 13.into());
        assert_eq!(with(StorageOverride::Change(vec![(word(2), word(0))])), 1.into());
        assert_eq!(with(StorageOverride::Replace(vec![(word(2), word(3))])), 12.into());
        assert_eq!(with(StorageOverride::Replace(vec![])), 0.into());
        assert_eq!(with(StorageOverride::Keep), 5.into());
    });
}

#[test]
fn the_block_is_as_told() {
    run(|| {
        begin_block();
        let block = BlockOverrides {
            number: Some(1_000_000),
            timestamp: Some(2_000_000_000),
            gas_limit: Some(77_000_000),
            beneficiary: Some(H160::repeat_byte(5)),
            prevrandao: Some(word(99)),
            base_fee: Some(123),
            blob_base_fee: Some(7),
        };
        for (opcode, value) in [
            (0x43, U256::from(1_000_000)),
            (0x42, 2_000_000_000.into()),
            (0x45, 77_000_000.into()),
            (0x41, U256::from_big_endian(&[5; 20])),
            (0x44, 99.into()),
            (0x48, 123.into()),
            (0x4a, 7.into()),
        ] {
            install(0x77, &answers(&[opcode]));
            let overrides = Overrides { block: block.clone(), ..Default::default() };
            assert_eq!(word_with(overrides), value, "opcode {opcode:#x}");
        }
    });
}

#[test]
fn an_estimate_sees_the_overrides() {
    run(|| {
        begin_block();
        let request = CallRequest { from: address(9), to: Some(address(2)), value: 5.into(), ..Default::default() };
        assert!(Ethereum::estimate_gas(request.clone(), Overrides::default()).is_err());
        let rich = AccountOverride { address: address(9), balance: Some(5), ..Default::default() };
        let overrides = Overrides { accounts: vec![rich], ..Default::default() };
        assert_eq!(Ethereum::estimate_gas(request, overrides).expect("is executed").gas_used, 21_000);
    });
}

#[test]
fn an_access_list_names_what_a_call_accesses() {
    run(|| {
        begin_block();
        // SLOAD(3), BALANCE(0x…bb), then SLOAD(4) in a call of another contract, which reverts.
        let other = install(0x78, &hex!("600454 5f5ffd"));
        let mut code = hex!("600354 60bb31").to_vec();
        // CALL(gas, 0x7878…, 0, 0, 0, 0, 0)
        code.extend(hex!("5f5f5f5f5f73"));
        code.extend(other.0);
        code.extend(hex!("5af1 00"));
        install(0x77, &code);
        let request = CallRequest { from: address(1), to: Some(CONTRACT), ..Default::default() };
        let accesses = Ethereum::create_access_list(request.clone(), Overrides::default()).expect("is executed");
        assert_eq!(accesses.outcome.status, CallStatus::Success);
        let expected = vec![(H160::from_low_u64_be(0xbb), vec![]), (CONTRACT, vec![word(3)]), (other, vec![word(4)])];
        assert_eq!(accesses.access_list, expected);
        // The gas is that of the call with the list.
        let listed = CallRequest { access_list: expected, ..request };
        let outcome = Ethereum::call(listed, Overrides::default()).expect("is executed");
        assert_eq!(outcome.gas_used, accesses.outcome.gas_used);
        // A transfer accesses nothing that isn't free.
        let transfer = CallRequest { from: address(1), to: Some(address(2)), ..Default::default() };
        let accesses = Ethereum::create_access_list(transfer, Overrides::default()).expect("is executed");
        assert_eq!((accesses.access_list, accesses.outcome.gas_used), (vec![], 21_000));
    });
}
