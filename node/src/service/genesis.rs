//! The first block, made only where there is none yet: the SDK's own builder computes its state at each start.

use super::{Executor, FullBackend};
use hanse_runtime::opaque::Block;
use sc_client_api::Backend;
use sc_service::{BuildGenesisBlock, Configuration, GenesisBlockBuilder};
use std::sync::Arc;

/// What the first block is made from.
pub struct Genesis<'a> {
    /// Names the chain.
    pub config: &'a Configuration,
    /// Where the block goes.
    pub backend: Arc<FullBackend>,
    /// Tells the runtime's version.
    pub executor: Executor,
}

impl BuildGenesisBlock<Block> for Genesis<'_> {
    type BlockImportOperation = <FullBackend as Backend<Block>>::BlockImportOperation;

    fn build_genesis_block(self) -> sp_blockchain::Result<(Block, Self::BlockImportOperation)> {
        let Self { config, backend, executor } = self;
        let state = config.chain_spec.as_storage_builder();
        GenesisBlockBuilder::new(state, !config.no_genesis(), backend, executor)?.build_genesis_block()
    }
}
