//! A runtime of accounts, time and the EVM, with one stateful precompile.

use crate as pallet_evm;
use crate::{Handle, PrecompileError, PrecompileSet, precompile::revert_with};
use frame_support::{
    derive_impl, parameter_types, storage_alias,
    traits::{ConstU128, Contains},
    weights::Weight,
};
use hanse_primitives::{AccountId20, Log};
use sp_core::{H160, H256, U256};
use sp_runtime::{BuildStorage, traits::IdentityLookup};

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Timestamp: pallet_timestamp,
        Balances: pallet_balances,
        Evm: pallet_evm,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId20;
    type AccountData = pallet_balances::AccountData<u128>;
    type Block = Block;
    type Lookup = IdentityLookup<AccountId20>;
    type Nonce = u64;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = u128;
    type ExistentialDeposit = ConstU128<0>;
}

parameter_types! {
    pub static BaseFee: u128 = 0;
    pub const Coinbase: H160 = H160([0xcb; 20]);
    /// May not deploy contracts.
    pub static Undeploying: Option<H160> = None;
    pub const WeightPerGas: Weight = Weight::from_parts(10_000, 0);
}

/// Everyone but [`Undeploying`].
pub struct Deployers;

impl Contains<H160> for Deployers {
    fn contains(account: &H160) -> bool {
        Undeploying::get() != Some(*account)
    }
}

/// The hash of block `n` is `n`.
pub struct Hashes;

impl crate::BlockHash<u64> for Hashes {
    fn block_hash(number: u64) -> H256 {
        H256::from_low_u64_be(number)
    }
}

impl pallet_evm::Config for Test {
    type Currency = Balances;
    type Precompiles = CounterPrecompile;
    type Deployers = Deployers;
    type Time = Timestamp;
    type BaseFee = BaseFee;
    type Coinbase = Coinbase;
    type BlockHash = Hashes;
    type WeightPerGas = WeightPerGas;
    type WeightInfo = pallet_evm::weights::SubstrateWeight<Test>;
}

/// How often each account has called [`INCREMENT`].
#[storage_alias]
pub type Counters = StorageMap<Evm, frame_support::Twox64Concat, H160, u64, frame_support::pallet_prelude::ValueQuery>;

/// Where the precompile is.
pub const COUNTER: H160 = H160([0xc0; 20]);
/// Returns the caller's count.
pub const READ: u8 = 0;
/// Adds one to the caller's count, logs it and returns it.
pub const INCREMENT: u8 = 1;
/// Adds one and then reverts.
pub const INCREMENT_AND_REVERT: u8 = 2;
/// Adds one and then asks for more gas than there is.
pub const INCREMENT_AND_RUN_OUT: u8 = 3;
/// Adds one without asking whether it may, as a careless precompile would; the log is what refuses then.
pub const INCREMENT_CARELESSLY: u8 = 4;
/// Gas of each call.
pub const COUNTER_GAS: u64 = 1_000;

/// A precompile with storage of its own. Its input is one byte: what to do.
pub struct CounterPrecompile;

impl PrecompileSet for CounterPrecompile {
    fn contains(address: &H160) -> bool {
        *address == COUNTER
    }

    fn call(handle: &mut Handle) -> Result<Vec<u8>, PrecompileError> {
        handle.charge_weight(WeightPerGas::get().saturating_mul(COUNTER_GAS))?;
        let operation = *handle.input.first().ok_or_else(|| PrecompileError::Revert(revert_with("no input")))?;
        let caller = handle.caller;
        if operation == READ {
            return Ok(U256::from(Counters::get(caller)).to_big_endian().to_vec());
        }
        if operation != INCREMENT_CARELESSLY {
            handle.require_writable()?;
        }
        let count = Counters::mutate(caller, |count| {
            *count += 1;
            *count
        });
        match operation {
            INCREMENT_AND_REVERT => return Err(PrecompileError::Revert(revert_with("asked to"))),
            INCREMENT_AND_RUN_OUT => handle.charge_gas(u64::MAX)?,
            _ => {}
        }
        let count = U256::from(count).to_big_endian().to_vec();
        handle.emit(vec![Log { address: COUNTER, topics: vec![H256::from(caller)], data: count.clone() }])?;
        Ok(count)
    }
}

/// An account with 1,000 coins.
pub const ALICE: H160 = H160([0xa1; 20]);
/// Another.
pub const BOB: H160 = H160([0xb0; 20]);
/// One coin, in wei.
pub const COIN: u128 = 1_000_000_000_000_000_000;

/// Runs a test at block 1,000 of a chain where Alice and Bob have 1,000 coins each.
pub fn run<R>(test: impl FnOnce() -> R) -> R {
    new_test_ext().execute_with(|| {
        System::set_block_number(1_000);
        Timestamp::set_timestamp(1_700_000_000_500);
        test()
    })
}

/// The genesis state.
pub fn new_test_ext() -> sp_io::TestExternalities {
    RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: vec![(ALICE.into(), 1_000 * COIN), (BOB.into(), 1_000 * COIN)],
            ..Default::default()
        },
        evm: pallet_evm::GenesisConfig { chain_id: 4269, block_gas_limit: 30_000_000, ..Default::default() },
        ..Default::default()
    }
    .build_storage()
    .expect("the genesis is valid")
    .into()
}
