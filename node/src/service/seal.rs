//! Block production of a node that is its own network (`--dev`): no slots, no votes.
//!
//! ```text
//!  pool: a transaction came ─┐
//!  tick: each second ────────┼──► is a transaction ready? ──yes──► seal, look again
//!  engine_createBlock ───────┘                            └─no──► wait
//! ```
//!
//! Level-triggered: what counts is whether the pool has a ready transaction, not whether a notification came. A
//! notification that is lost, or that comes while a block is being made, therefore leaves no transaction behind.

use super::{FullClient, SelectChain};
use crate::pool::Pool;
use futures::{FutureExt, StreamExt, channel::mpsc};
use hanse_runtime::{Header, opaque::Block};
use log::{debug, error};
use sc_basic_authorship::ProposerFactory;
use sc_client_api::{Finalizer, StorageProvider};
use sc_consensus::{
    BlockImport, BlockImportParams, BoxBlockImport, ForkChoiceStrategy, ImportResult, StateAction, StorageChanges,
};
use sc_consensus_manual_seal::{CreatedBlock, EngineCommand, Error};
use sc_transaction_pool_api::TransactionPool;
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockOrigin, Environment, ProposeArgs, Proposer, SelectChain as _};
use sp_consensus_aura::{Slot, SlotDuration, digests::CompatibleDigestItem, sr25519::AuthoritySignature};
use sp_core::{H256, storage::StorageKey};
use sp_inherents::InherentDataProvider as _;
use sp_runtime::{Digest, DigestItem, traits::Block as _};
use sp_timestamp::Timestamp;
use std::{str::FromStr, sync::Arc, time::Duration};

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
    /// Only on `engine_createBlock`.
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
    pub proposers: ProposerFactory<Pool, FullClient>,
    /// Where the blocks go.
    pub block_import: BoxBlockImport<Block>,
    /// Finds the block to build on.
    pub select_chain: SelectChain,
    /// Of the runtime; a block's slot must be that of its time.
    pub slot_duration: SlotDuration,
    /// From `engine_createBlock` and `engine_finalizeBlock`.
    pub commands: mpsc::Receiver<EngineCommand<H256>>,
    /// When to seal.
    pub sealing: Sealing,
}

impl Sealer {
    /// Seals for ever.
    pub async fn run(mut self) {
        let mut arrivals = self.pool.import_notification_stream();
        let mut tick = tokio::time::interval(match self.sealing {
            Sealing::Interval(interval) => interval,
            Sealing::Instant | Sealing::Manual => TICK,
        });
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let instant = self.sealing == Sealing::Instant;
        loop {
            tokio::select! {
                Some(command) = self.commands.next() => self.obey(command).await,
                Some(_) = arrivals.next(), if instant => {
                    // The others that came meanwhile are in the pool already.
                    while let Some(Some(_)) = arrivals.next().now_or_never() {}
                    self.seal_ready().await;
                }
                _ = tick.tick() => match self.sealing {
                    Sealing::Instant => self.seal_ready().await,
                    Sealing::Interval(_) => report(self.seal(None, true, true).await),
                    Sealing::Manual => {}
                },
            }
        }
    }

    /// Seals until no transaction is ready.
    async fn seal_ready(&mut self) {
        loop {
            let best = self.client.info().best_hash;
            if self.pool.ready_at_with_timeout(best, TICK).await.next().is_none() {
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
        let timestamp = self.next_timestamp(&parent)?;
        let inherent_data = sp_timestamp::InherentDataProvider::new(timestamp).create_inherent_data().await?;
        let slot = Slot::from_timestamp(timestamp, self.slot_duration);
        let pre_digest = <DigestItem as CompatibleDigestItem<AuthoritySignature>>::aura_pre_digest(slot);
        let proposer = self.proposers.init(&parent).await?;
        let args = ProposeArgs {
            inherent_data,
            inherent_digests: Digest { logs: vec![pre_digest] },
            max_duration: MAX_PROPOSAL,
            ..Default::default()
        };
        let proposal = proposer.propose(args).await?;
        let (header, body) = proposal.block.deconstruct();
        // One extrinsic sets the time.
        if body.len() <= 1 && !create_empty {
            return Err(Error::EmptyTransactionPool);
        }
        let hash = header.hash();
        let mut params = BlockImportParams::new(BlockOrigin::Own, header);
        params.body = Some(body);
        params.finalized = finalize;
        params.fork_choice = Some(ForkChoiceStrategy::LongestChain);
        params.state_action = StateAction::ApplyChanges(StorageChanges::Changes(proposal.storage_changes));
        match self.block_import.import_block(params).await? {
            ImportResult::Imported(aux) => Ok(CreatedBlock { hash, aux, proof_size: 0 }),
            other => Err(other.into()),
        }
    }

    /// Now, or a millisecond after the parent: time must go on from block to block, also when two blocks are made in
    /// one millisecond or the clock was set back.
    fn next_timestamp(&self, parent: &Header) -> Result<Timestamp, Error> {
        let now = Timestamp::current();
        Ok(Timestamp::new(now.as_millis().max(timestamp_of(&self.client, parent.hash())? + 1)))
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
