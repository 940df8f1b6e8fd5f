//! A runtime of the EVM with Hanse's precompiles.

use crate::HansePrecompiles;
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstBool, ConstU128, Everything, Time},
    weights::Weight,
};
use hanse_primitives::AccountId20;
use pallet_users::Policy;
use sp_core::{H160, H256};
use sp_runtime::{BuildStorage, traits::IdentityLookup};

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Users: pallet_users,
        Tokens: pallet_tokens,
        Evm: pallet_evm,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId20;
    type AccountData = pallet_balances::AccountData<u128>;
    type Block = Block;
    type DbWeight = frame_support::weights::constants::ParityDbWeight;
    type Lookup = IdentityLookup<AccountId20>;
    type Nonce = u64;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = u128;
    type ExistentialDeposit = ConstU128<0>;
}

impl pallet_users::Config for Test {
    type LogSink = ();
    type Root = ();
    type ChargesForGas = ConstBool<false>;
    type SignedCalls = Everything;
    type WeightInfo = pallet_users::weights::SubstrateWeight<Test>;
}

impl pallet_tokens::Config for Test {
    type WeightInfo = pallet_tokens::weights::SubstrateWeight<Test>;
}

impl crate::Config for Test {
    type WeightInfo = crate::weights::SubstrateWeight<Test>;
}

parameter_types! {
    pub const Coinbase: H160 = H160([0xcb; 20]);
    pub const WeightPerGas: Weight = Weight::from_parts(10_000, 0);
}

/// Time stands still.
pub struct Clock;

impl Time for Clock {
    type Moment = u64;

    fn now() -> u64 {
        1_700_000_000_000
    }
}

/// No earlier block is known.
pub struct Hashes;

impl pallet_evm::BlockHash<u64> for Hashes {
    fn block_hash(_: u64) -> H256 {
        H256::zero()
    }
}

impl pallet_evm::Config for Test {
    type Currency = Balances;
    type Precompiles = HansePrecompiles<Test>;
    type Deployers = Everything;
    type Time = Clock;
    type BaseFee = ConstU128<0>;
    type Coinbase = Coinbase;
    type BlockHash = Hashes;
    type WeightPerGas = WeightPerGas;
    type WeightInfo = pallet_evm::weights::SubstrateWeight<Test>;
}

/// Owns the app and has coins.
pub const OWNER: H160 = H160([0x11; 20]);
/// Has coins and, at first, all tokens that the contract under test doesn't have.
pub const ALICE: H160 = H160([0xa1; 20]);
/// Has nothing.
pub const BOB: H160 = H160([0xb0; 20]);

/// The genesis state.
pub fn new_test_ext() -> sp_io::TestExternalities {
    let coin = 1_000_000_000_000_000_000;
    RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: vec![(OWNER.into(), coin), (ALICE.into(), coin)],
            ..Default::default()
        },
        users: pallet_users::GenesisConfig { policy: Policy::Open, operators: vec![], ..Default::default() },
        evm: pallet_evm::GenesisConfig { chain_id: 4269, block_gas_limit: 30_000_000, ..Default::default() },
        ..Default::default()
    }
    .build_storage()
    .expect("the genesis is valid")
    .into()
}
