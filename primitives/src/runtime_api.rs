//! The runtime APIs of this chain: for Ethereum JSON-RPC, and for the authors of blocks.

use crate::{
    error::TransactionError,
    types::{
        Accesses, Account, CallOutcome, CallRequest, EthereumBlock, Overrides, SimulatedOutcome, Simulation,
        SimulationError,
    },
};
use alloc::vec::Vec;
use sp_core::{H160, H256};
use sp_runtime::{ApplyExtrinsicResult, traits::Block as BlockT};

sp_api::decl_runtime_apis! {
    /// Ethereum's view of a block's state.
    #[api_version(1)]
    pub trait EthereumApi {
        /// EIP-155.
        fn chain_id() -> u64;
        /// The Ethereum block made by the block whose state this is; `None` only before the first block.
        fn block() -> Option<EthereumBlock>;
        /// Gas that one block may use.
        fn gas_limit() -> u64;
        /// The next block's base fee per gas, in wei (EIP-1559).
        fn base_fee() -> u128;
        /// Nonce and balance; zeros for an unknown account.
        fn account(address: H160) -> Account;
        /// An account's code.
        fn code(address: H160) -> Vec<u8>;
        /// One slot of a contract's storage.
        fn storage(address: H160, slot: H256) -> H256;
        /// Executes a call on this state, changed by the overrides, and throws its changes away.
        fn call(request: CallRequest, overrides: Overrides) -> Result<CallOutcome, TransactionError>;
        /// The least gas limit with which a call succeeds, as `gas_used` of the outcome; the outcome of the failure when
        /// no limit is enough.
        fn estimate_gas(request: CallRequest, overrides: Overrides) -> Result<CallOutcome, TransactionError>;
        /// The access list with which a call accesses nothing else (EIP-2930).
        fn create_access_list(request: CallRequest, overrides: Overrides) -> Result<Accesses, TransactionError>;
        /// Simulates blocks on this state, one after the other, and throws them away.
        fn simulate(simulation: Simulation) -> Result<Vec<SimulatedOutcome>, SimulationError>;
    }

    /// What the author of a block asks beside the SDK's `BlockBuilder`.
    #[api_version(1)]
    pub trait AuthorApi {
        /// Applies extrinsics one after the other, as `BlockBuilder::apply_extrinsic` does, and says what came out of each.
        /// One that is refused changes nothing.
        fn apply_extrinsics(extrinsics: Vec<<Block as BlockT>::Extrinsic>) -> Vec<ApplyExtrinsicResult>;
    }
}
