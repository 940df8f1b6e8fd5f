//! A runtime of the tokens and the registry of users.

use crate as pallet_tokens;
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstBool, Everything},
};
use hanse_primitives::{AccountId20, Log, LogSink};
use sp_core::H160;
use sp_runtime::{BuildStorage, traits::IdentityLookup};

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Users: pallet_users,
        Tokens: pallet_tokens,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId20;
    type Lookup = IdentityLookup<AccountId20>;
    type Block = Block;
}

parameter_types! {
    pub storage Emitted: Vec<Log> = Vec::new();
}

/// Keeps the logs of native calls for tests to read.
pub struct Sink;
impl LogSink for Sink {
    fn emit(logs: Vec<Log>) {
        let mut all = Emitted::get();
        all.extend(logs);
        Emitted::set(&all);
    }
}

impl pallet_users::Config for Test {
    type LogSink = Sink;
    type Root = ();
    type ChargesForGas = ConstBool<false>;
    type SignedCalls = Everything;
    type WeightInfo = pallet_users::weights::SubstrateWeight<Test>;
}

impl pallet_tokens::Config for Test {
    type WeightInfo = pallet_tokens::weights::SubstrateWeight<Test>;
}

/// An account by number; never zero.
pub fn account(number: u8) -> H160 {
    H160::from_low_u64_be(0x1000 + u64::from(number))
}

/// An empty chain.
pub fn new_test_ext() -> sp_io::TestExternalities {
    RuntimeGenesisConfig::default().build_storage().expect("the genesis is valid").into()
}
