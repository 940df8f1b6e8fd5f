//! The runtime APIs that the node calls.

use crate::{
    AccountId, Block, Ethereum, Executive, Grandpa, InherentDataExt, Nonce, Runtime, RuntimeGenesisConfig, System,
    VERSION, genesis, keys::SessionKeys, timing,
};
use alloc::vec::Vec;
use frame_support::{
    genesis_builder_helper::{build_state, get_preset},
    storage::with_transaction_unchecked,
    traits::Get,
};
use hanse_primitives::{
    Accesses, Account, CallOutcome, CallRequest, EthereumBlock, Overrides, SimulatedOutcome, Simulation,
    SimulationError, TransactionError,
};
use sp_api::impl_runtime_apis;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::{H160, H256, OpaqueMetadata, crypto::KeyTypeId};
use sp_runtime::{
    ApplyExtrinsicResult, ExtrinsicInclusionMode, TransactionOutcome,
    traits::{Block as BlockT, NumberFor},
    transaction_validity::{TransactionSource, TransactionValidity},
};
use sp_session::OpaqueGeneratedSessionKeys;
use sp_version::RuntimeVersion;

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Ethereum::note_parent_state_root();
            Executive::execute_block(block);
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            Ethereum::note_parent_state_root();
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }

        fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            data.create_extrinsics()
        }

        fn check_inherents(
            block: <Block as BlockT>::LazyBlock,
            data: sp_inherents::InherentData,
        ) -> sp_inherents::CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header)
        }
    }

    impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
        fn slot_duration() -> sp_consensus_aura::SlotDuration {
            sp_consensus_aura::SlotDuration::from_millis(timing::SlotDuration::<Runtime>::get())
        }

        fn authorities() -> Vec<AuraId> {
            pallet_aura::Authorities::<Runtime>::get().into_inner()
        }
    }

    impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
            Grandpa::grandpa_authorities()
        }

        fn current_set_id() -> sp_consensus_grandpa::SetId {
            pallet_grandpa::CurrentSetId::<Runtime>::get()
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            _: sp_consensus_grandpa::EquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
            _: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            None
        }

        fn generate_key_ownership_proof(
            _: sp_consensus_grandpa::SetId,
            _: sp_consensus_grandpa::AuthorityId,
        ) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
            None
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys {
            SessionKeys::generate(&owner, seed).into()
        }

        fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
            SessionKeys::decode_into_raw_public_keys(&encoded)
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl hanse_primitives::runtime_api::EthereumApi<Block> for Runtime {
        fn chain_id() -> u64 {
            pallet_evm::ChainId::<Runtime>::get()
        }

        fn block() -> Option<EthereumBlock> {
            pallet_ethereum::CurrentBlock::<Runtime>::get()
        }

        fn gas_limit() -> u64 {
            pallet_evm::BlockGasLimit::<Runtime>::get()
        }

        fn base_fee() -> u128 {
            Ethereum::base_fee()
        }

        fn account(address: H160) -> Account {
            pallet_evm::Pallet::<Runtime>::account(address)
        }

        fn code(address: H160) -> Vec<u8> {
            pallet_evm::Pallet::<Runtime>::code(address)
        }

        fn storage(address: H160, slot: H256) -> H256 {
            pallet_evm::Pallet::<Runtime>::storage(address, slot)
        }

        fn call(request: CallRequest, overrides: Overrides) -> Result<CallOutcome, TransactionError> {
            Ethereum::call(request, overrides)
        }

        fn estimate_gas(request: CallRequest, overrides: Overrides) -> Result<CallOutcome, TransactionError> {
            Ethereum::estimate_gas(request, overrides)
        }

        fn create_access_list(request: CallRequest, overrides: Overrides) -> Result<Accesses, TransactionError> {
            Ethereum::create_access_list(request, overrides)
        }

        fn simulate(simulation: Simulation) -> Result<Vec<SimulatedOutcome>, SimulationError> {
            Ethereum::simulate(simulation)
        }
    }

    impl hanse_primitives::runtime_api::AuthorApi<Block> for Runtime {
        fn apply_extrinsics(extrinsics: Vec<<Block as BlockT>::Extrinsic>) -> Vec<ApplyExtrinsicResult> {
            extrinsics.into_iter().map(apply_or_undo).collect()
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<RuntimeGenesisConfig>(config)
        }

        fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
            get_preset::<RuntimeGenesisConfig>(id, genesis::preset)
        }

        fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
            genesis::preset_names()
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    impl frame_benchmarking::Benchmark<Block> for Runtime {
        fn benchmark_metadata(
            extra: bool,
        ) -> (Vec<frame_benchmarking::BenchmarkList>, Vec<frame_support::traits::StorageInfo>) {
            crate::benchmarks::metadata(extra)
        }

        fn dispatch_benchmark(
            config: frame_benchmarking::BenchmarkConfig,
        ) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
            crate::benchmarks::dispatch(config)
        }
    }
}

/// Applies an extrinsic; what it has changed is undone when it is refused.
fn apply_or_undo(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
    with_transaction_unchecked(|| match Executive::apply_extrinsic(extrinsic) {
        Ok(outcome) => TransactionOutcome::Commit(Ok(outcome)),
        Err(refused) => TransactionOutcome::Rollback(Err(refused)),
    })
}
