//! A block in the making.

use super::fill::{Fill, Filled, Pooled, fill};
use crate::service::FullClient;
use codec::Encode;
use hanse_primitives::runtime_api::AuthorApi;
use hanse_runtime::{
    Header,
    opaque::{Block, UncheckedExtrinsic},
};
use log::warn;
use sc_proposer_metrics::EndProposingReason;
use sc_transaction_pool_api::ReadyTransactions;
use sp_api::{ApiExt, ApiRef, Core, ProvideRuntimeApi, StorageChanges, TransactionOutcome};
use sp_block_builder::BlockBuilder;
use sp_blockchain::{ApplyExtrinsicFailed, Error, Result};
use sp_core::{H256, traits::CallContext};
use sp_inherents::InherentData;
use sp_runtime::{
    ApplyExtrinsicResult, Digest, ExtrinsicInclusionMode,
    traits::{Block as _, Header as _},
};
use std::{sync::Arc, time::Instant};

type Api = <FullClient as ProvideRuntimeApi<Block>>::Api;

/// A block, and what it changes of its parent's state.
pub struct Drafted {
    /// The block, without its author's seal.
    pub block: Block,
    /// What executing it has come to.
    pub changes: StorageChanges<Block>,
}

/// A block that extrinsics can be added to.
pub struct Draft<'a> {
    client: &'a FullClient,
    api: ApiRef<'a, Api>,
    parent: H256,
    extrinsics: Vec<UncheckedExtrinsic>,
    bytes: usize,
    /// Not while the runtime migrates its state.
    takes_transactions: bool,
    /// Whether the runtime executes several extrinsics in one call.
    in_batches: bool,
}

impl<'a> Draft<'a> {
    /// Begins a block on this parent.
    ///
    /// # Errors
    /// When the parent's state isn't there.
    pub fn begin(client: &'a FullClient, parent: &Header, digest: Digest) -> Result<Self> {
        let number = parent.number + 1;
        let parent = parent.hash();
        let header = Header::new(number, H256::zero(), H256::zero(), parent, digest);
        let mut api = client.runtime_api();
        api.set_call_context(CallContext::Onchain { import: false });
        let mode = api.initialize_block(parent, &header)?;
        let in_batches = api.has_api::<dyn AuthorApi<Block>>(parent)?;
        Ok(Self {
            client,
            api,
            parent,
            extrinsics: Vec::new(),
            bytes: header.encoded_size(),
            takes_transactions: matches!(mode, ExtrinsicInclusionMode::AllExtrinsics),
            in_batches,
        })
    }

    /// Adds what the author says of the block: its time.
    ///
    /// # Errors
    /// When the runtime refuses any of it: such a block is none.
    pub fn add_inherents(&mut self, data: InherentData) -> Result<()> {
        // Asking changes nothing.
        let ask = |api: &Api| TransactionOutcome::Rollback(api.inherent_extrinsics(self.parent, data));
        let inherents = self.api.execute_in_transaction(ask)?;
        inherents.into_iter().try_for_each(|inherent| self.add(inherent))
    }

    /// Executes an extrinsic. One that is refused is not in the block, and has changed nothing.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn add(&mut self, extrinsic: UncheckedExtrinsic) -> Result<()> {
        let result =
            self.api.execute_in_transaction(|api| match api.apply_extrinsic(self.parent, extrinsic.clone()) {
                Ok(Ok(outcome)) => TransactionOutcome::Commit(Ok(Ok(outcome))),
                refused => TransactionOutcome::Rollback(refused),
            })?;
        self.note(extrinsic, result)
    }

    /// Adds what is ready, as [`fill()`] does.
    pub fn fill<T: Pooled>(
        &mut self,
        ready: Box<dyn ReadyTransactions<Item = Arc<T>> + Send>,
        max_bytes: usize,
        deadline: Instant,
    ) -> Filled {
        if !self.takes_transactions {
            return Filled { end: EndProposingReason::TransactionForbidden, invalid: Default::default() };
        }
        fill(self, ready, max_bytes, deadline)
    }

    fn note(&mut self, extrinsic: UncheckedExtrinsic, result: ApplyExtrinsicResult) -> Result<()> {
        // One that has failed is in the block, too.
        let _executed = result.map_err(|error| Error::from(ApplyExtrinsicFailed::Validity(error)))?;
        self.bytes += extrinsic.encoded_size();
        self.extrinsics.push(extrinsic);
        Ok(())
    }

    /// Ends the block.
    ///
    /// # Errors
    /// When the runtime or the state fails.
    pub fn finish(self) -> Result<Drafted> {
        let header = self.api.finalize_block(self.parent)?;
        let state = self.client.state_at(self.parent)?;
        let changes = self.api.into_storage_changes(&state, self.parent).map_err(Error::StorageChanges)?;
        Ok(Drafted { block: Block::new(header, self.extrinsics), changes })
    }
}

impl Fill for Draft<'_> {
    fn bytes(&self) -> usize {
        self.bytes
    }

    /// In one instance of the Wasm, where the runtime can.
    fn add_batch(&mut self, extrinsics: Vec<UncheckedExtrinsic>) -> Vec<Result<()>> {
        if self.in_batches && extrinsics.len() > 1 {
            let results =
                self.api.execute_in_transaction(|api| match api.apply_extrinsics(self.parent, extrinsics.clone()) {
                    Ok(results) if results.len() == extrinsics.len() => TransactionOutcome::Commit(Ok(results)),
                    Ok(_) => TransactionOutcome::Rollback(Err("not each has a result".into())),
                    Err(error) => TransactionOutcome::Rollback(Err(error.to_string())),
                });
            match results {
                Ok(results) => {
                    let each = extrinsics.into_iter().zip(results);
                    return each.map(|(extrinsic, result)| self.note(extrinsic, result)).collect();
                }
                // One of them is too much for the runtime. Alone, it takes no others with it.
                Err(error) => warn!(target: "author", "{} extrinsics at once failed: {error}", extrinsics.len()),
            }
        }
        extrinsics.into_iter().map(|extrinsic| self.add(extrinsic)).collect()
    }
}
