//! What all methods share.

use super::{
    error::{RpcResult, internal, server_error, unknown_block},
    filters::Filters,
    input::{BlockRef, BlockTag},
    slots::{Slots, Work},
};
use crate::{
    dev::Dev,
    execution::Native,
    index::{Index, types::BlockRecord},
    pool::{
        LocalTransactions, Pool,
        block::{Build, PendingBlocks},
        pending::PendingTransactions,
    },
    service::FullClient,
};
use hanse_primitives::convert;
use hanse_runtime::opaque::Block;
use sc_network_sync::SyncingService;
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi};
use sp_core::H256;
use std::sync::Arc;

/// What one request may cost.
#[derive(Clone, Debug, clap::Args)]
pub struct RpcLimits {
    /// Most gas that one eth_call or eth_estimateGas may use, also where a block takes more.
    #[arg(long, value_name = "GAS", default_value_t = 50_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub eth_call_max_gas: u64,

    /// Most blocks that one eth_getLogs may search.
    #[arg(long, value_name = "BLOCKS", default_value_t = 100_000)]
    pub eth_logs_max_blocks: u64,

    /// Most logs that one eth_getLogs may return.
    #[arg(long, value_name = "LOGS", default_value_t = 20_000)]
    pub eth_logs_max_results: u64,

    /// Most filters (eth_newFilter and its like) that clients may keep.
    #[arg(long, value_name = "FILTERS", default_value_t = 10_000)]
    pub eth_max_filters: usize,

    /// Most blocks that one eth_feeHistory covers.
    #[arg(long, value_name = "BLOCKS", default_value_t = 1024)]
    pub eth_fee_history_max_blocks: u64,

    /// Longest that one debug_trace… or trace_… may execute, whatever its `timeout` says.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub eth_trace_max_seconds: u64,

    /// Most bytes of JSON that one debug_trace… or trace_… may return; --rpc-max-response-size bounds them too.
    #[arg(long, value_name = "BYTES", default_value_t = 14 << 20)]
    pub eth_trace_max_bytes: usize,

    /// Most blocks that one trace_filter may execute again.
    #[arg(long, value_name = "BLOCKS", default_value_t = 1000)]
    pub eth_trace_filter_max_blocks: u64,
}

/// What the methods need of the node.
#[derive(Clone)]
pub struct Deps {
    /// The chain.
    pub client: Arc<FullClient>,
    /// The transaction pool.
    pub pool: Arc<Pool>,
    /// The block that is to come.
    pub pending_blocks: Arc<PendingBlocks>,
    /// Where what came over JSON-RPC is kept for the next start.
    pub local: Arc<LocalTransactions>,
    /// The Ethereum index.
    pub index: Index,
    /// EIP-155; the chain keeps it for ever.
    pub chain_id: u64,
    /// The pool by Ethereum hash.
    pub pending: PendingTransactions,
    /// What clients wait for by polling.
    pub filters: Filters,
    /// What only a `--dev` node has.
    pub dev: Option<Dev>,
    /// The state of synchronisation.
    pub sync: Arc<SyncingService<Block>>,
    /// How many calls of the runtime are made at a time.
    pub slots: Slots,
    /// Limits from the command line.
    pub limits: RpcLimits,
    /// Name and version of the node.
    pub version: String,
}

/// What a method works on.
pub struct Context {
    deps: Deps,
    /// The runtime, by native code where that is the same.
    pub native: Native<Arc<FullClient>>,
}

impl std::ops::Deref for Context {
    type Target = Deps;

    fn deref(&self) -> &Deps {
        &self.deps
    }
}

impl Context {
    pub(super) fn new(deps: Deps) -> Self {
        let native = Native::new(deps.client.clone());
        Self { deps, native }
    }

    /// The newest indexed block.
    pub fn head(&self) -> RpcResult<Arc<BlockRecord>> {
        self.index.head().ok_or_else(unknown_block)
    }

    /// The height that a tag means now.
    pub async fn height(&self, tag: BlockTag) -> RpcResult<u64> {
        Ok(match tag {
            BlockTag::Earliest => 0,
            BlockTag::Finalized | BlockTag::Safe => self.index.finalized(),
            BlockTag::Latest => self.latest().await?.number(),
            BlockTag::Pending => self.head()?.number(),
            BlockTag::Number(number) => number,
        })
    }

    /// The block, if there is one.
    pub async fn find(&self, block: BlockRef) -> RpcResult<Option<Arc<BlockRecord>>> {
        match block {
            BlockRef::Tag(BlockTag::Latest) => self.latest().await.map(Some),
            BlockRef::Tag(BlockTag::Pending) => self.pending_block().await.map(Some),
            BlockRef::Tag(tag) => self.index.block_by_number(self.height(tag).await?).await.map_err(internal),
            BlockRef::Hash { hash, require_canonical } => {
                let found = self.index.block_by_hash(hash).await.map_err(internal)?;
                if require_canonical && let Some(block) = &found {
                    let canonical = self.index.block_by_number(block.number()).await.map_err(internal)?;
                    if canonical.is_none_or(|canonical| canonical.hash != hash) {
                        return Err(server_error("hash is not currently canonical"));
                    }
                }
                Ok(found)
            }
        }
    }

    /// The block that is to come: what is in the pool, on top of the best block.
    pub async fn pending_block(&self) -> RpcResult<Arc<BlockRecord>> {
        let run = |build: Build| async { self.blocking(Work::Heavy, build).await?.map_err(internal) };
        self.pending_blocks.get(run).await
    }

    /// The block; an error if there is none.
    pub async fn resolve(&self, block: Option<BlockRef>) -> RpcResult<Arc<BlockRecord>> {
        let block = block.unwrap_or_default();
        self.find(block).await?.ok_or_else(|| match block {
            BlockRef::Hash { .. } => server_error("header for hash not found"),
            BlockRef::Tag(_) => unknown_block(),
        })
    }

    /// Asks the runtime about the state of a block.
    pub async fn runtime<T: Send + 'static>(
        &self,
        block: &BlockRecord,
        call: impl FnOnce(&RuntimeApiOf, H256) -> Result<T, ApiError> + Send + 'static,
    ) -> RpcResult<T> {
        self.execute(Work::Light, block, call).await
    }

    /// Has the runtime execute a contract on the state of a block.
    pub async fn simulate<T: Send + 'static>(
        &self,
        block: &BlockRecord,
        call: impl FnOnce(&RuntimeApiOf, H256) -> Result<T, ApiError> + Send + 'static,
    ) -> RpcResult<T> {
        self.execute(Work::Heavy, block, call).await
    }

    /// Does work that calls the runtime, on a blocking thread and when there is a slot for it.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: Work,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> RpcResult<T> {
        let slot = self.slots.take(work).await?;
        let task = tokio::task::spawn_blocking(move || {
            // Nothing stops the work, also when the client has left: the slot is in use until it ends.
            let _slot = slot;
            run()
        });
        task.await.map_err(internal)
    }

    /// Work that calls the runtime on the state of a block, to be done on another thread. The work gets the runtime and
    /// the block to name to it.
    pub fn on_state<T>(
        &self,
        block: &BlockRecord,
        call: impl FnOnce(&RuntimeApiOf, H256) -> T + Send + 'static,
    ) -> impl FnOnce() -> T + Send + 'static {
        let native = self.native.clone();
        let pending = self.pending_blocks.state_of(block);
        let at = pending.as_ref().map_or_else(|| convert::h256(block.substrate_hash), |pending| pending.parent);
        move || {
            let mut api = native.runtime_api();
            if let Some(pending) = pending {
                api.set_overlayed_changes(pending.overlay());
            }
            call(&api, at)
        }
    }

    async fn execute<T: Send + 'static>(
        &self,
        work: Work,
        block: &BlockRecord,
        call: impl FnOnce(&RuntimeApiOf, H256) -> Result<T, ApiError> + Send + 'static,
    ) -> RpcResult<T> {
        let number = block.number();
        let run = self.on_state(block, call);
        let result = self.blocking(work, run).await?;
        result.map_err(|error| match error {
            ApiError::UnknownBlock(_) => {
                server_error(format!("the state of block {number} is not available: this node has pruned it"))
            }
            error => internal(error),
        })
    }
}

/// The runtime API that the methods call.
pub type RuntimeApiOf = <Native<Arc<FullClient>> as ProvideRuntimeApi<Block>>::Api;
