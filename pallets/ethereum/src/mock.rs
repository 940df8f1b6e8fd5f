//! A chain of Ethereum transactions alone, with the extensions and the executive that a real runtime has.

use crate as pallet_ethereum;
use alloc::boxed::Box;
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU128, Contains, Get},
    weights::Weight,
};
use hanse_primitives::{AccountId20, EthereumBlock, EthereumSignature, Transaction};
use sp_core::{H160, H256};
use sp_runtime::{
    ApplyExtrinsicResult, BuildStorage, generic,
    generic::Era,
    traits::{BlakeTwo256, Header as _, IdentityLookup},
    transaction_validity::{TransactionSource, TransactionValidity},
};

/// As in the runtime, without what has nothing to do with Ethereum's transactions.
pub type TxExtension = (
    frame_system::AuthorizeCall<Test>,
    frame_system::CheckNonZeroSender<Test>,
    frame_system::CheckEra<Test>,
    frame_system::CheckNonce<Test>,
    frame_system::CheckWeight<Test>,
    frame_system::WeightReclaim<Test>,
);
pub type Header = generic::Header<u32, BlakeTwo256>;
pub type UncheckedExtrinsic = generic::UncheckedExtrinsic<AccountId20, RuntimeCall, EthereumSignature, TxExtension>;
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
pub type Executive =
    frame_executive::Executive<Test, Block, frame_system::ChainContext<Test>, Test, AllPalletsWithSystem>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Timestamp: pallet_timestamp,
        Balances: pallet_balances,
        Evm: pallet_evm,
        Ethereum: pallet_ethereum,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId20;
    type AccountData = pallet_balances::AccountData<u128>;
    type Block = Block;
    type Hash = H256;
    type Hashing = BlakeTwo256;
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
    pub const Coinbase: H160 = H160([0xcb; 20]);
    pub const WeightPerGas: Weight = Weight::from_parts(10_000, 0);
    /// Who may not transact.
    pub static Banned: Option<H160> = None;
    /// Who may not deploy contracts.
    pub static Undeploying: Option<H160> = None;
}

/// Everyone but [`Undeploying`].
pub struct Deployers;

impl Contains<H160> for Deployers {
    fn contains(account: &H160) -> bool {
        Undeploying::get() != Some(*account)
    }
}

impl pallet_evm::Config for Test {
    type Currency = Balances;
    type Precompiles = ();
    type Deployers = Deployers;
    type Time = Timestamp;
    type BaseFee = Ethereum;
    type Coinbase = Coinbase;
    type BlockHash = Ethereum;
    type WeightPerGas = WeightPerGas;
    type WeightInfo = pallet_evm::weights::SubstrateWeight<Test>;
}

/// Everyone but [`Banned`].
pub struct Ban;

impl pallet_ethereum::Permission for Ban {
    fn can_transact(account: &H160) -> bool {
        Banned::get() != Some(*account)
    }
}

impl pallet_ethereum::Config for Test {
    type Permission = Ban;
    type WeightInfo = pallet_ethereum::weights::SubstrateWeight<Test>;
}

/// One coin, in wei.
pub const COIN: u128 = 1_000_000_000_000_000_000;
/// What each of the test's accounts has at genesis.
pub const ENDOWMENT: u128 = 1_000 * COIN;
/// EIP-155 chain id.
pub const CHAIN_ID: u64 = 4269;
/// Time between blocks.
const SLOT_MS: u64 = 500;

/// The genesis state; a gasless chain has no base fee.
pub fn new_test_ext(base_fee_per_gas: Option<u64>, endowed: &[H160]) -> sp_io::TestExternalities {
    RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: endowed.iter().map(|account| ((*account).into(), ENDOWMENT)).collect(),
            ..Default::default()
        },
        evm: pallet_evm::GenesisConfig { chain_id: CHAIN_ID, block_gas_limit: 30_000_000, ..Default::default() },
        ethereum: pallet_ethereum::GenesisConfig { base_fee_per_gas, ..Default::default() },
        ..Default::default()
    }
    .build_storage()
    .expect("the genesis is valid")
    .into()
}

/// An Ethereum transaction as the runtime wraps it.
pub fn extrinsic(raw: &[u8]) -> UncheckedExtrinsic {
    let transaction = Box::new(Transaction::decode_raw(raw.to_vec()).expect("is a transaction"));
    UncheckedExtrinsic::new_transaction(
        RuntimeCall::Ethereum(pallet_ethereum::Call::transact { transaction }),
        (
            frame_system::AuthorizeCall::new(),
            frame_system::CheckNonZeroSender::new(),
            frame_system::CheckEra::from(Era::Immortal),
            frame_system::CheckNonce::from(0),
            frame_system::CheckWeight::new(),
            frame_system::WeightReclaim::new(),
        ),
    )
}

/// Starts the block after the last one, as the node does.
pub fn begin_block() {
    Ethereum::note_parent_state_root();
    let number = System::block_number() + 1;
    let parent = System::block_hash(number - 1);
    let header = Header::new(number, H256::zero(), H256::zero(), parent, Default::default());
    Executive::initialize_block(&header);
    let now = 1_700_000_000_000 + u64::from(number) * SLOT_MS;
    let inherent = UncheckedExtrinsic::new_bare(RuntimeCall::Timestamp(pallet_timestamp::Call::set { now }));
    let applied = Executive::apply_extrinsic(inherent).expect("the inherent is valid");
    applied.expect("the inherent is applied");
}

/// Adds a transaction to the block that is being built.
pub fn apply(raw: &[u8]) -> ApplyExtrinsicResult {
    Executive::apply_extrinsic(extrinsic(raw))
}

/// Ends the block, and gives both its sides.
pub fn end_block() -> (Header, EthereumBlock) {
    let header = Executive::finalize_block();
    // The node does this; the runtime learns a block's hash only from its child.
    frame_system::BlockHash::<Test>::insert(header.number(), header.hash());
    (header, crate::CurrentBlock::<Test>::get().expect("a block was sealed"))
}

/// A whole block of transactions that must all be executed.
pub fn block(transactions: &[Vec<u8>]) -> EthereumBlock {
    begin_block();
    for raw in transactions {
        apply(raw).expect("is valid").expect("is executed");
    }
    end_block().1
}

/// What the pool is told of a transaction. Leaves no trace.
pub fn validate(raw: &[u8]) -> TransactionValidity {
    sp_io::storage::start_transaction();
    let best = System::block_hash(System::block_number());
    let validity = Executive::validate_transaction(TransactionSource::External, extrinsic(raw), best);
    sp_io::storage::rollback_transaction();
    validity
}

/// The chain's coinbase.
pub fn coinbase() -> H160 {
    <Coinbase as Get<H160>>::get()
}
