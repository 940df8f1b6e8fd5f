//! A runtime of accounts and the EVM alone; what its blocks are comes from each test.

use alloy_primitives::{Address, B256, U256, keccak256, map::HashMap};
use alloy_trie::TrieAccount;
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU128, Everything},
    weights::Weight,
};
use hanse_primitives::{AccountId20, convert};
use pallet_evm::{Code, CodeHashes, Codes, Storages};
use sp_core::{H160, H256};
use sp_runtime::traits::IdentityLookup;

type Block = frame_system::mocking::MockBlock<Chain>;

frame_support::construct_runtime!(
    pub enum Chain {
        System: frame_system,
        Timestamp: pallet_timestamp,
        Balances: pallet_balances,
        Evm: pallet_evm,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Chain {
    type AccountId = AccountId20;
    type AccountData = pallet_balances::AccountData<u128>;
    type Block = Block;
    type Lookup = IdentityLookup<AccountId20>;
    type Nonce = u64;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Chain {}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Chain {
    type AccountStore = System;
    type Balance = u128;
    type ExistentialDeposit = ConstU128<0>;
}

parameter_types! {
    pub const BaseFee: u128 = 0;
    pub const Coinbase: H160 = H160::zero();
    pub const WeightPerGas: Weight = Weight::from_parts(10_000, 0);
}

/// The tests' convention: a block's hash is that of its number in decimal.
pub struct Hashes;

impl pallet_evm::BlockHash<u64> for Hashes {
    fn block_hash(number: u64) -> H256 {
        convert::h256(keccak256(number.to_string()))
    }
}

impl pallet_evm::Config for Chain {
    type Currency = Balances;
    type Precompiles = ();
    type Deployers = Everything;
    type Time = Timestamp;
    type BaseFee = BaseFee;
    type Coinbase = Coinbase;
    type BlockHash = Hashes;
    type WeightPerGas = WeightPerGas;
    type WeightInfo = pallet_evm::weights::SubstrateWeight<Chain>;
}

/// An account as a test describes it.
pub struct Account {
    pub balance: U256,
    pub nonce: u64,
    pub code: Vec<u8>,
    pub storage: Vec<(U256, U256)>,
}

/// A balance that a test may hold on our chain. Of more, as the tests like to give, the rest is put aside and added again
/// when the state is read: an account that never spends it can't tell, and one that does fails the test.
const MOST: u128 = 1 << 120;

/// Wei that were put aside.
pub type Aside = HashMap<Address, U256>;

/// Writes a test's accounts into storage.
pub fn write(accounts: &[(Address, Account)]) -> Aside {
    let mut aside = Aside::default();
    let mut issuance = 0u128;
    for (address, account) in accounts {
        let who = convert::h160(*address);
        let kept = u128::try_from(account.balance).unwrap_or(MOST).min(MOST);
        issuance += kept;
        aside.insert(*address, account.balance - U256::from(kept));
        let data = pallet_balances::AccountData { free: kept, ..Default::default() };
        let info = frame_system::AccountInfo { nonce: account.nonce, sufficients: 1, data, ..Default::default() };
        frame_system::Account::<Chain>::insert(AccountId20::from(who), info);
        if !account.code.is_empty() {
            let hash = convert::h256(keccak256(&account.code));
            Codes::<Chain>::insert(hash, Code::new(account.code.to_vec()));
            CodeHashes::<Chain>::insert(who, hash);
        }
        for (slot, value) in account.storage.iter().filter(|(_, value)| !value.is_zero()) {
            Storages::<Chain>::insert(who, H256(slot.to_be_bytes()), H256(value.to_be_bytes()));
        }
    }
    pallet_balances::TotalIssuance::<Chain>::put(issuance);
    aside
}

/// Ethereum's state root of what is in storage.
pub fn state_root(aside: &Aside) -> B256 {
    let accounts = frame_system::Account::<Chain>::iter().map(|(id, info)| {
        let who = H160::from(id);
        let address = convert::address(who);
        let storage = Storages::<Chain>::iter_prefix(who).map(|(slot, value)| (convert::b256(slot), word(value)));
        let mut account = TrieAccount {
            nonce: info.nonce,
            balance: U256::from(info.data.free) + aside.get(&address).copied().unwrap_or_default(),
            storage_root: alloy_trie::root::storage_root_unhashed(storage),
            ..TrieAccount::default()
        };
        if let Some(hash) = CodeHashes::<Chain>::get(who) {
            account.code_hash = convert::b256(hash);
        }
        (address, account)
    });
    alloy_trie::root::state_root_unhashed(accounts)
}

fn word(value: H256) -> U256 {
    U256::from_be_bytes(value.0)
}

/// Whether the total issuance is the sum of all balances.
pub fn is_conserved() -> bool {
    let sum: u128 = frame_system::Account::<Chain>::iter_values().map(|info| info.data.free).sum();
    sum == Balances::total_issuance()
}
