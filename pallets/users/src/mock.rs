//! A runtime of the registry alone.

use crate as pallet_users;
use crate::Policy;
use frame_support::{derive_impl, parameter_types, traits::Contains};
use hanse_primitives::{AccountId20, Log, LogSink};
use sp_core::H160;
use sp_runtime::{BuildStorage, traits::IdentityLookup};

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Users: pallet_users,
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

parameter_types! {
    pub const RootKey: Option<AccountId20> = Some(AccountId20(ROOT.0));
    /// Whether transactions pay for gas.
    pub storage Charges: bool = false;
}

/// All but those of `frame_system`.
pub struct NoSystemCalls;
impl Contains<RuntimeCall> for NoSystemCalls {
    fn contains(call: &RuntimeCall) -> bool {
        !matches!(call, RuntimeCall::System(_))
    }
}

impl pallet_users::Config for Test {
    type LogSink = Sink;
    type Root = RootKey;
    type ChargesForGas = Charges;
    type SignedCalls = NoSystemCalls;
    type WeightInfo = pallet_users::weights::SubstrateWeight<Test>;
}

/// The only operator.
pub const OPERATOR: H160 = H160([0xaa; 20]);
/// Acts as root.
pub const ROOT: H160 = H160([0xbb; 20]);

/// An account by number; never zero, neither root nor the operator.
pub fn account(number: u8) -> H160 {
    H160::from_low_u64_be(0x1000 + u64::from(number))
}

/// Runs a test on a fresh chain at block 1.
pub fn run(policy: Policy, test: impl FnOnce()) {
    new_test_ext(policy).execute_with(|| {
        System::set_block_number(1);
        test();
    });
}

fn new_test_ext(policy: Policy) -> sp_io::TestExternalities {
    RuntimeGenesisConfig {
        users: pallet_users::GenesisConfig { policy, operators: vec![OPERATOR.into()], ..Default::default() },
        ..Default::default()
    }
    .build_storage()
    .expect("the genesis is valid")
    .into()
}

/// For the suite that runs each benchmark once.
#[cfg(feature = "runtime-benchmarks")]
pub fn new_bench_ext() -> sp_io::TestExternalities {
    new_test_ext(Policy::Open)
}
