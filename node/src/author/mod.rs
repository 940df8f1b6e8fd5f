//! Makes blocks of what is ready in the pool.
//!
//! ```text
//!  pool, in its order ──► batches ──► draft ──► block
//!                                       │
//!                        refused ◄──────┘  reported to the pool
//! ```
//!
//! The runtime executes a batch in one instance of its Wasm. A batch is bounded in gas, so that the author looks at the
//! clock about as often as it would between transactions.
//!
//! # Invariants
//! - A block ends before its deadline, but for the batch that is under way then.
//! - What requires a transaction that isn't in the block, isn't tried, and isn't held against it.
//! - A transaction for which this block has no room stays in the pool.
//! - No storage proof is recorded, and no extension registered: neither Aura nor the sealer asks for one.

mod draft;
mod fill;

pub use draft::{Draft, Drafted};
pub use fill::Filled;

use crate::{pool::Pool, service::FullClient};
use futures::{FutureExt, channel::oneshot, future};
use hanse_runtime::{Header, opaque::Block};
use log::info;
use sc_proposer_metrics::{EndProposingReason as End, MetricsLink};
use sc_service::SpawnTaskHandle;
use sc_transaction_pool_api::{ReadyTransactions, TransactionPool, TxInvalidityReportMap};
use sp_blockchain::{Error, Result};
use sp_consensus::{Proposal, ProposeArgs};
use sp_core::H256;
use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};
use substrate_prometheus_endpoint::Registry;

/// Most bytes of a block: half of what the network carries in one answer.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
type InPool = <Pool as TransactionPool>::InPoolTransaction;
type Ready = Box<dyn ReadyTransactions<Item = Arc<InPool>> + Send>;

/// Gives a proposer for each block.
#[derive(Clone)]
pub struct ProposerFactory {
    client: Arc<FullClient>,
    pool: Arc<Pool>,
    tasks: SpawnTaskHandle,
    metrics: MetricsLink,
}

impl ProposerFactory {
    /// `tasks` run where work may block.
    pub fn new(client: Arc<FullClient>, pool: Arc<Pool>, tasks: SpawnTaskHandle, registry: Option<&Registry>) -> Self {
        Self { client, pool, tasks, metrics: MetricsLink::new(registry) }
    }
}

impl sp_consensus::Environment<Block> for ProposerFactory {
    type CreateProposer = future::Ready<Result<Proposer>>;
    type Error = Error;
    type Proposer = Proposer;

    fn init(&mut self, parent: &Header) -> Self::CreateProposer {
        future::ready(Ok(Proposer { factory: self.clone(), parent: parent.clone() }))
    }
}

/// Makes one block.
pub struct Proposer {
    factory: ProposerFactory,
    parent: Header,
}

impl sp_consensus::Proposer<Block> for Proposer {
    type Error = Error;
    type Proposal = Pin<Box<dyn Future<Output = Result<Proposal<Block>>> + Send>>;

    fn propose(self, args: ProposeArgs<Block>) -> Self::Proposal {
        async move {
            // The last tenth is for ending the block.
            let deadline = Instant::now() + args.max_duration - args.max_duration / 10;
            let ProposerFactory { pool, tasks, .. } = self.factory.clone();
            let parent = self.parent.hash();
            let ready = pool.ready_at_with_timeout(parent, args.max_duration / 8).await;
            let (sender, receiver) = oneshot::channel();
            tasks.spawn_blocking("author", Some("block-authoring"), async move {
                // Who asked may have left.
                let _ = sender.send(self.make(ready, args, deadline));
            });
            let (proposal, invalid) = receiver.await.map_err(|error| Error::Application(Box::new(error)))??;
            pool.report_invalid(Some(parent), invalid).await;
            Ok(proposal)
        }
        .boxed()
    }
}

impl Proposer {
    /// A block, and what the pool holds in vain.
    fn make(
        &self,
        ready: Ready,
        args: ProposeArgs<Block>,
        deadline: Instant,
    ) -> Result<(Proposal<Block>, TxInvalidityReportMap<H256>)> {
        let began = Instant::now();
        let mut draft = Draft::begin(&self.factory.client, &self.parent, args.inherent_digests)?;
        draft.add_inherents(args.inherent_data)?;
        let Filled { end, invalid } = draft.fill(ready, args.block_size_limit.unwrap_or(MAX_BYTES), deadline);
        let Drafted { block, changes: storage_changes } = draft.finish()?;
        self.report(&block, began.elapsed(), end);
        Ok((Proposal { block, storage_changes }, invalid))
    }

    fn report(&self, block: &Block, took: Duration, end: End) {
        let (number, extrinsics) = (block.header.number, block.extrinsics.len());
        self.factory.metrics.report(|metrics| {
            metrics.number_of_transactions.set(extrinsics as u64);
            metrics.block_constructed.observe(took.as_secs_f64());
            metrics.create_block_proposal_time.observe(took.as_secs_f64());
            metrics.report_end_proposing_reason(end);
        });
        info!(
            target: "author",
            "made block {number} of {extrinsics} extrinsics in {} ms; end: {end:?}; parent: {:?}",
            took.as_millis(),
            block.header.parent_hash,
        );
    }
}
