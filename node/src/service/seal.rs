//! Block production of a node that is its own network (`--dev`): no slots, no votes.
//!
//! ```text
//!  pool: a transaction came ─┐
//!  tick: each second ────────┼──► is a transaction ready? ──yes──► seal, look again
//!  engine_createBlock ───────┘                            └─no──► wait
//!
//!  development helpers ──► mine, amend, revert
//! ```
//!
//! Level-triggered: what counts is whether the pool has a ready transaction, not whether a notification came. A
//! notification that is lost, or that comes while a block is being made, therefore leaves no transaction behind.

use super::{FullBackend, FullClient, SelectChain};
use crate::{
    author::{Draft, Drafted, ProposerFactory},
    dev::{Command, Request, clock::Clock},
    index::Index,
    pool::Pool,
};
use codec::Encode;
use futures::{StreamExt, channel::mpsc};
use hanse_primitives::{Amendment, convert};
use hanse_runtime::opaque::{Block, UncheckedExtrinsic};
use log::{debug, error};
use parking_lot::Mutex;
use sc_client_api::{Backend, Finalizer, StorageProvider};
use sc_consensus::{
    BlockImport, BlockImportParams, BoxBlockImport, ForkChoiceStrategy, ImportResult, StateAction, StorageChanges,
};
use sc_consensus_manual_seal::{CreatedBlock, EngineCommand, Error};
use sc_transaction_pool_api::{ChainEvent, MaintainedTransactionPool, TransactionPool};
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockOrigin, Environment, ProposeArgs, Proposer, SelectChain as _};
use sp_consensus_aura::{Slot, SlotDuration, digests::CompatibleDigestItem, sr25519::AuthoritySignature};
use sp_core::{H256, storage::StorageKey};
use sp_inherents::{InherentData, InherentDataProvider as _};
use sp_runtime::{Digest, DigestItem, traits::Block as _};
use sp_timestamp::Timestamp;
use std::{str::FromStr, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// Look into the pool this often even when nothing was heard of it.
const TICK: Duration = Duration::from_secs(1);
/// Stop putting transactions into a block after this time.
const MAX_PROPOSAL: Duration = Duration::from_secs(1);

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// As soon as a transaction is ready.
    Instant,
    /// At an interval, with or without transactions.
    Interval(Duration),
    /// Only on `engine_createBlock` or `evm_mine`.
    Manual,
}

impl FromStr for Sealing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "instant" => Ok(Self::Instant),
            "manual" => Ok(Self::Manual),
            milliseconds => match milliseconds.parse() {
                Ok(0) | Err(_) => Err("give `instant`, `manual` or a number of milliseconds above 0".into()),
                Ok(milliseconds) => Ok(Self::Interval(Duration::from_millis(milliseconds))),
            },
        }
    }
}

/// Makes the blocks.
pub struct Sealer {
    /// The chain.
    pub client: Arc<FullClient>,
    /// Where the transactions are.
    pub pool: Arc<Pool>,
    /// Puts transactions into blocks.
    pub proposers: ProposerFactory,
    /// Where the blocks go.
    pub block_import: BoxBlockImport<Block>,
    /// Finds the block to build on.
    pub select_chain: SelectChain,
    /// Of the runtime; a block's slot must be that of its time.
    pub slot_duration: SlotDuration,
    /// From the development helpers.
    pub requests: tokio::sync::mpsc::Receiver<Request>,
    /// What time blocks have.
    pub clock: Arc<Mutex<Clock>>,
    /// For taking blocks away.
    pub backend: Arc<FullBackend>,
    /// Follows the chain.
    pub index: Index,
    /// Has the index look at the chain.
    pub wake: Arc<Notify>,
    /// From `engine_createBlock` and `engine_finalizeBlock`.
    pub commands: mpsc::Receiver<EngineCommand<H256>>,
    /// When to seal.
    pub sealing: Sealing,
}

impl Sealer {
    /// Seals for ever.
    pub async fn run(mut self) {
        let pool = self.pool.clone();
        let mut tick = self.ticks();
        loop {
            let sealing = self.sealing;
            tokio::select! {
                Some(command) = self.commands.next() => self.obey(command).await,
                Some(request) = self.requests.recv() => {
                    self.serve(request).await;
                    if self.sealing != sealing {
                        tick = self.ticks();
                    }
                }
                () = pool.arrived(), if sealing == Sealing::Instant => self.seal_ready().await,
                _ = tick.tick() => match self.sealing {
                    Sealing::Instant => self.seal_ready().await,
                    Sealing::Interval(_) => report(self.seal(None, true, true).await),
                    Sealing::Manual => {}
                },
            }
        }
    }

    fn ticks(&self) -> tokio::time::Interval {
        let period = match self.sealing {
            Sealing::Interval(interval) => interval,
            Sealing::Instant | Sealing::Manual => TICK,
        };
        // A pool that nobody looked at may hold something; a block at an interval has time.
        let first = if matches!(self.sealing, Sealing::Interval(_)) { period } else { Duration::ZERO };
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + first, period);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks
    }

    /// Seals until no transaction is ready.
    async fn seal_ready(&mut self) {
        loop {
            let best = self.client.info().best_hash;
            if !self.pool.is_any_ready(best, TICK).await {
                return;
            }
            match self.seal(None, false, true).await {
                Ok(_) => {}
                // Ready, yet not to be had in a block: the proposer has told the pool why. The tick looks again.
                Err(Error::EmptyTransactionPool) => return,
                Err(error) => {
                    error!(target: "seal", "no block was made: {error}");
                    return;
                }
            }
        }
    }

    async fn obey(&mut self, command: EngineCommand<H256>) {
        match command {
            EngineCommand::SealNewBlock { create_empty, finalize, parent_hash, mut sender } => {
                let result = self.seal(parent_hash, create_empty, finalize).await;
                sc_consensus_manual_seal::rpc::send_result(&mut sender, result);
            }
            EngineCommand::FinalizeBlock { hash, mut sender, .. } => {
                let result = self.client.finalize_block(hash, None, true).map_err(Error::from);
                sc_consensus_manual_seal::rpc::send_result(&mut sender, result);
            }
        }
    }

    /// Does what a development helper asks for. Answers when the index has followed.
    async fn serve(&mut self, Request { command, reply }: Request) {
        let done = match command {
            Command::Mine(blocks, interval_s) => self.mine(blocks, interval_s).await,
            Command::Amend(amendments) => self.amend(amendments).await,
            Command::Revert(number) => self.revert(number).await,
            Command::Seal(sealing) => {
                self.sealing = sealing;
                Ok(())
            }
        };
        let best = self.client.info().best_hash;
        self.indexed(best).await;
        // Who asked may have left.
        let _ = reply.send(done.map(|()| best).map_err(|error| error.to_string()));
    }

    /// Waits until the index has the chain's best block for its head.
    async fn indexed(&self, best: H256) {
        let mut changes = self.index.changes();
        self.wake.notify_one();
        while self.index.head().is_none_or(|head| convert::h256(head.substrate_hash) != best) {
            // One that is missed is one more look, no more.
            let _ = tokio::time::timeout(TICK, changes.recv()).await;
        }
    }

    async fn mine(&mut self, blocks: u64, interval_s: Option<u64>) -> Result<(), Error> {
        for block in 0..blocks {
            if let Some(interval_s) = interval_s.filter(|_| block > 0) {
                let parent_s = timestamp_of(&self.client, self.client.info().best_hash)? / 1_000;
                self.clock.lock().set_next(parent_s.saturating_add(interval_s));
            }
            self.seal(None, true, true).await?;
        }
        Ok(())
    }

    /// Makes a block of these changes alone: what waits in the pool waits on.
    async fn amend(&mut self, amendments: Vec<Amendment>) -> Result<(), Error> {
        let best = self.client.info().best_hash;
        let parent = self.client.header(best)?.ok_or_else(|| Error::BlockNotFound(best.to_string()))?;
        // Its time is next to nothing, so that it takes none of what was set for the next block. Genesis has no time.
        let time_ms = match timestamp_of(&self.client, best)? {
            0 => self.clock.lock().time(Timestamp::current().as_millis(), 0).saturating_sub(1).max(1),
            parent_ms => parent_ms.saturating_add(1),
        };
        let time = Timestamp::new(time_ms);
        let (inherent_data, inherent_digests) = self.inherents(time).await?;
        let amendment = hanse_runtime::amendment_extrinsic(amendments).encode();
        let amendment = UncheckedExtrinsic::try_from_encoded_extrinsic(&amendment)
            .map_err(|error| Error::StringError(error.to_string()))?;
        let mut draft = Draft::begin(&self.client, &parent, inherent_digests)?;
        draft.add_inherents(inherent_data)?;
        draft.add(amendment)?;
        let Drafted { block, changes } = draft.finish()?;
        self.import(block, changes, true).await.map(drop)
    }

    /// Takes away all blocks above this height, with what waits in the pool: it may build on them.
    async fn revert(&mut self, number: u32) -> Result<(), Error> {
        let info = self.client.info();
        // A pool that heard of the head only when it is gone would take that for its chain, and at the next block put the
        // transactions of the reverted ones back.
        self.pool.ready_at(info.best_hash).await;
        if number < info.best_number {
            self.backend.revert(info.best_number - number, true)?;
        }
        let hash = self.client.info().best_hash;
        self.pool.maintain(ChainEvent::NewBestBlock { hash, tree_route: None }).await;
        self.pool.clear().await;
        match self.client.info().best_number {
            reached if reached > number => {
                Err(Error::StringError(format!("the state of block {number} isn't there any more")))
            }
            _ => Ok(()),
        }
    }

    /// Makes one block on `parent` or else on the best one.
    async fn seal(
        &mut self,
        parent: Option<H256>,
        create_empty: bool,
        finalize: bool,
    ) -> Result<CreatedBlock<H256>, Error> {
        let parent = match parent {
            Some(hash) => self.client.header(hash)?.ok_or_else(|| Error::BlockNotFound(hash.to_string()))?,
            None => self.select_chain.best_chain().await?,
        };
        let now_ms = Timestamp::current().as_millis();
        let time_ms = self.clock.lock().time(now_ms, timestamp_of(&self.client, parent.hash())?);
        let (inherent_data, inherent_digests) = self.inherents(Timestamp::new(time_ms)).await?;
        let proposer = self.proposers.init(&parent).await?;
        let args = ProposeArgs { inherent_data, inherent_digests, max_duration: MAX_PROPOSAL, ..Default::default() };
        let proposal = proposer.propose(args).await?;
        // One extrinsic sets the time.
        if proposal.block.extrinsics().len() <= 1 && !create_empty {
            return Err(Error::EmptyTransactionPool);
        }
        let created = self.import(proposal.block, proposal.storage_changes, finalize).await?;
        self.clock.lock().sealed(now_ms, time_ms);
        Ok(created)
    }

    /// What a block of this time has of its author.
    async fn inherents(&self, time: Timestamp) -> Result<(InherentData, Digest), Error> {
        let data = sp_timestamp::InherentDataProvider::new(time).create_inherent_data().await?;
        let slot = Slot::from_timestamp(time, self.slot_duration);
        let pre_digest = <DigestItem as CompatibleDigestItem<AuthoritySignature>>::aura_pre_digest(slot);
        Ok((data, Digest { logs: vec![pre_digest] }))
    }

    async fn import(
        &mut self,
        block: Block,
        changes: sp_api::StorageChanges<Block>,
        finalize: bool,
    ) -> Result<CreatedBlock<H256>, Error> {
        let (header, body) = block.deconstruct();
        let hash = header.hash();
        let mut params = BlockImportParams::new(BlockOrigin::Own, header);
        params.body = Some(body);
        params.finalized = finalize;
        params.fork_choice = Some(ForkChoiceStrategy::LongestChain);
        params.state_action = StateAction::ApplyChanges(StorageChanges::Changes(changes));
        match self.block_import.import_block(params).await? {
            ImportResult::Imported(aux) => Ok(CreatedBlock { hash, aux, proof_size: 0 }),
            other => Err(other.into()),
        }
    }
}

/// The time of a block, in milliseconds since 1970.
///
/// # Errors
/// When its state isn't there.
pub fn timestamp_of(client: &FullClient, block: H256) -> sp_blockchain::Result<u64> {
    let mut key = sp_io::hashing::twox_128(b"Timestamp").to_vec();
    key.extend(sp_io::hashing::twox_128(b"Now"));
    let bytes = client.storage(block, &StorageKey(key))?;
    Ok(bytes.and_then(|bytes| codec::Decode::decode(&mut bytes.0.as_slice()).ok()).unwrap_or_default())
}

fn report(result: Result<CreatedBlock<H256>, Error>) {
    match result {
        Ok(block) => debug!(target: "seal", "sealed {:?}", block.hash),
        Err(error) => error!(target: "seal", "no block was made: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealing_is_parsed_strictly() {
        assert_eq!("instant".parse(), Ok(Sealing::Instant));
        assert_eq!("manual".parse(), Ok(Sealing::Manual));
        assert_eq!("250".parse(), Ok(Sealing::Interval(Duration::from_millis(250))));
        for text in ["", "0", "-1", "1.5", "Instant", "soon"] {
            assert!(text.parse::<Sealing>().is_err(), "{text}");
        }
    }
}
