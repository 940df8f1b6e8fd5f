//! Each pallet's configuration.

use crate::{
    AccountId, Aura, Balance, Balances, Block, Ethereum, Nonce, PalletInfo, Runtime, RuntimeCall, RuntimeEvent,
    RuntimeFreezeReason, RuntimeHoldReason, RuntimeOrigin, RuntimeTask, Timestamp, Users, VERSION, development, timing,
};
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU32, ConstU64, ConstU128, Contains, FindAuthor, Get},
    weights::{Weight, constants::ParityDbWeight},
};
use frame_system::limits::{BlockLength, BlockWeights};
use hanse_primitives::BlockNumber;
use pallet_precompiles::HansePrecompiles;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::{ByteArray, H160};
use sp_runtime::Perbill;

/// What the work of a block may weigh. Room for its whole gas in the smallest of transactions: gas is what bounds a block.
/// Weights take each access to storage for one of the disk, and come to several times what a block takes; that it takes no
/// longer than its slot the author's clock sees to.
const BLOCK_REF_TIME_PS: u64 = 1_450 * frame_support::weights::constants::WEIGHT_REF_TIME_PER_MILLIS;

/// Share of a block for ordinary transactions; the rest is for operational calls.
const NORMAL_RATIO: Perbill = Perbill::from_percent(90);

/// Validators that a network may have.
const MAX_AUTHORITIES: u32 = 128;

parameter_types! {
    pub const Version: sp_version::RuntimeVersion = VERSION;
    pub const BlockHashCount: BlockNumber = 2400;
    pub RuntimeBlockWeights: BlockWeights =
        BlockWeights::with_sensible_defaults(Weight::from_parts(BLOCK_REF_TIME_PS, u64::MAX), NORMAL_RATIO);
    pub RuntimeBlockLength: BlockLength =
        BlockLength::builder().max_length(5 * 1024 * 1024).build();
    /// 100 Mgas a second, storage included.
    pub const WeightPerGas: Weight = Weight::from_parts(10_000, 0);
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type BaseCallFilter = Callable;
    type Block = Block;
    type BlockWeights = RuntimeBlockWeights;
    type BlockLength = RuntimeBlockLength;
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
    type Nonce = Nonce;
    type Hash = hanse_primitives::Hash;
    type BlockHashCount = BlockHashCount;
    type DbWeight = ParityDbWeight;
    type SystemWeightInfo = frame_system::weights::SubstrateWeight<Self>;
    type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Self>;
    type Version = Version;
    type AccountData = pallet_balances::AccountData<Balance>;
    type MaxConsumers = ConstU32<16>;
    type SingleBlockMigrations = crate::Migrations;
}

/// What a signed native extrinsic may call.
pub struct SignedCalls;

impl Contains<RuntimeCall> for SignedCalls {
    fn contains(call: &RuntimeCall) -> bool {
        matches!(call, RuntimeCall::Sudo(_) | RuntimeCall::Users(_) | RuntimeCall::Tokens(_))
    }
}

/// What may be called at all: beside the signed calls what carries its own authorization, which is the block's time,
/// Ethereum transactions, what a developer's chain allows, and the code of an upgrade that root has authorized by its
/// hash. Root may call everything.
pub struct Callable;

impl Contains<RuntimeCall> for Callable {
    fn contains(call: &RuntimeCall) -> bool {
        let authorized = matches!(
            call,
            RuntimeCall::Timestamp(_)
                | RuntimeCall::Ethereum(_)
                | RuntimeCall::Development(_)
                | RuntimeCall::System(frame_system::Call::apply_authorized_upgrade { .. })
        );
        authorized || SignedCalls::contains(call)
    }
}

impl timing::Config for Runtime {}

impl development::Config for Runtime {}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = Aura;
    type MinimumPeriod = timing::MinimumPeriod<Runtime>;
    type WeightInfo = ();
}

impl pallet_aura::Config for Runtime {
    type AuthorityId = AuraId;
    type DisabledValidators = ();
    type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
    type AllowMultipleBlocksPerSlot = timing::SharedSlots<Runtime>;
    type SlotDuration = timing::SlotDuration<Runtime>;
}

impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = ConstU64<0>;
    type KeyOwnerProof = sp_core::Void;
    type EquivocationReportSystem = ();
}

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
    type Balance = Balance;
    type DustRemoval = ();
    type ExistentialDeposit = ConstU128<0>;
    type AccountStore = crate::System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = ();
    type MaxLocks = ConstU32<16>;
    type MaxReserves = ConstU32<16>;
    type MaxFreezes = ConstU32<0>;
    type DoneSlashHandler = ();
}

impl pallet_sudo::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}

impl pallet_users::Config for Runtime {
    type LogSink = Ethereum;
    type Root = SudoKey;
    type ChargesForGas = ChargesForGas;
    type SignedCalls = SignedCalls;
    type WeightInfo = pallet_users::weights::SubstrateWeight<Runtime>;
}

/// The account that may use `Sudo`. The genesis gives it an account without a coin; one that becomes the key later has to
/// have coins, to be an operator or to have sent an Ethereum transaction before its first native call.
pub struct SudoKey;

impl Get<Option<AccountId>> for SudoKey {
    fn get() -> Option<AccountId> {
        pallet_sudo::Key::<Runtime>::get()
    }
}

/// Whether there is a base fee.
pub struct ChargesForGas;

impl Get<bool> for ChargesForGas {
    fn get() -> bool {
        pallet_ethereum::BaseFeePerGas::<Runtime>::exists()
    }
}

impl pallet_tokens::Config for Runtime {
    type WeightInfo = pallet_tokens::weights::SubstrateWeight<Runtime>;
}

impl pallet_precompiles::Config for Runtime {
    type WeightInfo = pallet_precompiles::weights::SubstrateWeight<Runtime>;
}

impl pallet_evm::Config for Runtime {
    type Currency = Balances;
    type Precompiles = HansePrecompiles<Runtime>;
    type Deployers = Registry;
    type Time = Timestamp;
    type BaseFee = Ethereum;
    type Coinbase = Author;
    type BlockHash = Ethereum;
    type WeightPerGas = WeightPerGas;
    type WeightInfo = pallet_evm::weights::SubstrateWeight<Runtime>;
}

impl pallet_ethereum::Config for Runtime {
    type Permission = Registry;
    type WeightInfo = pallet_ethereum::weights::SubstrateWeight<Runtime>;
}

/// Who may send transactions and deploy contracts: the user registry says.
pub struct Registry;

impl pallet_ethereum::Permission for Registry {
    fn can_transact(account: &H160) -> bool {
        Users::can_transact(*account)
    }
}

impl Contains<H160> for Registry {
    fn contains(account: &H160) -> bool {
        Users::can_deploy(*account)
    }
}

/// The address of the block's author: the last 20 bytes of keccak-256 of its Aura key, as for an Ethereum key. It
/// receives tips, where there are any.
pub struct Author;

impl Get<H160> for Author {
    fn get() -> H160 {
        let digest = frame_system::Pallet::<Runtime>::digest();
        let pre_runtime = digest.logs.iter().filter_map(sp_runtime::DigestItem::as_pre_runtime);
        let Some(index) = Aura::find_author(pre_runtime) else {
            return H160::zero();
        };
        let authorities = pallet_aura::Authorities::<Runtime>::get();
        usize::try_from(index).ok().and_then(|index| authorities.get(index)).map_or_else(H160::zero, |key| {
            let hash = sp_io::hashing::keccak_256(key.as_slice());
            H160::from_slice(&hash[12..])
        })
    }
}
