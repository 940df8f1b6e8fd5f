//! Keeps the index equal to the best chain.
//!
//! Level-triggered: a notification only says "look again". [`Follower::catch_up`] compares the index's head with the
//! chain's best block and takes one step at a time towards it, whatever happened in between. A lost notification, a
//! restart and a reorganisation are therefore one and the same case.

use super::{
    Index,
    chain::Chain,
    error::{IndexError, Result},
    journal::JOURNAL_BLOCKS,
    metrics::Metrics,
    read::{self, BlockKey},
    types::BlockRecord,
    write::{self, Change},
};
use alloy_primitives::B256;
use log::{error, info, warn};
use sqlx::SqliteConnection;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// After an error, and when no notification comes: look again.
const TICK: Duration = Duration::from_secs(1);
/// While catching up, say how far it is each so many blocks.
const REPORT_BLOCKS: u64 = 10_000;

/// Height and chain hash of a block of the index, and the block if it had to be read.
type Base = (u64, B256, Option<Arc<BlockRecord>>);

/// The only writer of an [`Index`].
pub struct Follower<C> {
    index: Index,
    chain: Arc<C>,
    connection: SqliteConnection,
    metrics: Option<Metrics>,
    /// Height and chain hash of the index's head.
    head: Option<(u64, B256)>,
    finalized: Option<u64>,
}

impl<C: Chain> Follower<C> {
    pub(super) fn new(
        index: Index,
        chain: Arc<C>,
        connection: SqliteConnection,
        metrics: Option<Metrics>,
        head: Option<(u64, B256)>,
    ) -> Self {
        Self { index, chain, connection, metrics, head, finalized: None }
    }

    /// Gives an empty index its first block.
    ///
    /// # Errors
    /// As [`Self::catch_up`].
    pub async fn begin(&mut self) -> Result<()> {
        if self.head.is_none() {
            self.step().await?;
        }
        Ok(())
    }

    /// Follows the chain for ever, looking again whenever `wake` is notified.
    pub async fn run(mut self, wake: Arc<Notify>) {
        loop {
            if let Err(error) = self.catch_up().await {
                error!(target: "index", "can't index, will try again: {error}");
                tokio::time::sleep(TICK).await;
                continue;
            }
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// Brings the index to the best chain and notes what is final.
    ///
    /// # Errors
    /// The index is then a true but older view, and the next call goes on from there.
    pub async fn catch_up(&mut self) -> Result<()> {
        while self.step().await? {}
        self.finalize().await
    }

    /// Goes one block towards the best chain; `false` when there.
    pub(super) async fn step(&mut self) -> Result<bool> {
        let started = Instant::now();
        let (retracted, base) = self.retracted().await?;
        let (best, _) = self.chain.best();
        let above_base = base.as_ref().map_or(0, |(number, ..)| number + 1);
        let mut next = above_base;
        let block = loop {
            let Some(hash) = (if next <= best { self.chain.hash_at(next)? } else { None }) else { break None };
            // The chain may have moved since `retracted` looked.
            if let Some((_, parent, _)) = &base
                && next == above_base
                && self.chain.parent(hash)? != Some(*parent)
            {
                return Ok(true);
            }
            match self.load(hash) {
                Ok(block) => break Some(block),
                Err(IndexError::StateGone(_)) if next < self.chain.finalized().0 => {
                    let first = self.first_with_state(next)?;
                    warn!(target: "index", "blocks {next} to {} can't be indexed: their state was pruned", first - 1);
                    next = first;
                }
                Err(error) => return Err(error),
            }
        };
        if retracted.is_empty() && block.is_none() {
            return Ok(false);
        }
        let hashes: Vec<_> = retracted.iter().map(|block| block.substrate_hash).collect();
        let number = block.as_ref().map(BlockRecord::number);
        let forget = best.saturating_sub(JOURNAL_BLOCKS);
        let encoded = match &block {
            Some(block) if block.number() > forget => Some(self.chain.encoded_block(block.substrate_hash)?),
            _ => None,
        };
        let first = number.filter(|number| *number > above_base || *number < self.index.first_height());
        let base_block = base.as_ref().and_then(|(_, _, block)| block.clone());
        let head = block
            .as_ref()
            .map(|block| (block.number(), block.substrate_hash))
            .or(base.map(|(number, hash, _)| (number, hash)));
        let finalized = self.final_block(head)?;
        // A reorganisation never makes the chain shorter: somebody has reverted it.
        let reverted_to = head.map(|(number, _)| number).filter(|_| block.is_none());
        let change =
            Change { retracted: &hashes, enacted: block.as_ref(), encoded, forget, reverted_to, first, finalized };
        let finalized = write::apply(&mut self.connection, change).await?;
        self.head = head;
        self.index.moved(retracted, base_block, block.map(Arc::new), first, finalized);
        if let Some(metrics) = &self.metrics {
            metrics.indexed(number, started.elapsed());
            if let Some(finalized) = finalized {
                metrics.finalized(finalized);
            }
        }
        if let Some(number) = number
            && number > 0
            && number % REPORT_BLOCKS == 0
        {
            info!(target: "index", "indexed block {number} of {best}");
        }
        Ok(true)
    }

    /// The lowest height above `gone` whose state is still there. State is pruned from below, and the last final block
    /// always has its own.
    fn first_with_state(&self, mut gone: u64) -> Result<u64> {
        let (mut there, _) = self.chain.finalized();
        while there - gone > 1 {
            let middle = gone + (there - gone) / 2;
            match self.chain.hash_at(middle)? {
                Some(hash) if self.chain.has_state(hash)? => there = middle,
                _ => gone = middle,
            }
        }
        Ok(there)
    }

    /// The blocks of the index that left the best chain, newest first, and what remains: the new head's height, its
    /// chain hash, and the block itself if any was taken off.
    async fn retracted(&mut self) -> Result<(Vec<Arc<BlockRecord>>, Option<Base>)> {
        let mut retracted = Vec::new();
        let mut base = self.head.map(|(number, hash)| (number, hash, None));
        while let Some((number, hash, block)) = base {
            if self.chain.hash_at(number)? == Some(hash) {
                return Ok((retracted, Some((number, hash, block))));
            }
            let block = match block {
                Some(block) => block,
                None => read::block_in(&mut self.connection, BlockKey::Substrate(hash))
                    .await?
                    .map(Arc::new)
                    .ok_or(IndexError::Damaged("the head isn't there"))?,
            };
            retracted.push(block);
            base = read::below(&mut self.connection, number)
                .await?
                .map(|block| (block.number(), block.substrate_hash, Some(Arc::new(block))));
        }
        Ok((retracted, None))
    }

    fn load(&self, hash: B256) -> Result<BlockRecord> {
        let block = self.chain.ethereum_block(hash)?;
        BlockRecord::from_runtime(hash, block).map_err(|error| IndexError::Malformed(hash, error))
    }

    /// Height and chain hash of what is final for an index with this head: the chain's final block, or the head while
    /// that is below it. Whether the index has that block is seen when it is written.
    fn final_block(&self, head: Option<(u64, B256)>) -> Result<Option<(u64, B256)>> {
        let Some((head, _)) = head else { return Ok(None) };
        let (number, hash) = self.chain.finalized();
        if number <= head {
            return Ok(Some((number, hash)));
        }
        Ok(self.chain.hash_at(head)?.map(|hash| (head, hash)))
    }

    /// Notes what is final.
    pub(super) async fn finalize(&mut self) -> Result<()> {
        let Some((number, hash)) = self.final_block(self.head)? else { return Ok(()) };
        if self.finalized == Some(number) || !write::finalize(&mut self.connection, number, hash).await? {
            return Ok(());
        }
        self.finalized = Some(number);
        self.index.finalized_moved(number);
        if let Some(metrics) = &self.metrics {
            metrics.finalized(number);
        }
        Ok(())
    }
}
