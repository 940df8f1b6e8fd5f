//! Executes the transactions of a block once more, natively, to watch them.
//!
//! The block is built again on its parent's state as its author built it: initialised, then one extrinsic after the
//! other. Nothing is written.

use super::{
    native::{self, Overlay, Panicked},
    tracer::{Limited, Limits, Stopped},
};
use crate::{
    index::types::{BlockRecord, TransactionRecord},
    service::FullClient,
};
use alloy_primitives::B256;
use codec::Encode;
use hanse_primitives::{ExecutedTransaction, convert};
use hanse_runtime::{Runtime, VERSION, opaque};
use pallet_evm::{
    revm::Inspector,
    runner::EvmContext,
    tracing::{Outcome, watch},
};
use sc_client_api::BlockBackend;
use sp_api::{ApiError, CallApiAt};
use sp_core::{H256, traits::CallContext};
use sp_externalities::Extensions;
use sp_version::RuntimeVersion;
use std::{ops::RangeInclusive, time::Instant};

/// Why a block can't be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The state that it starts from, or its extrinsics, are gone.
    #[error("the state before block {0} is not available: this node has pruned it")]
    Pruned(u64),
    /// Another runtime made it.
    #[error("{0}")]
    OtherRuntime(String),
    /// A limit was hit.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The replay came to something else than the block says.
    #[error("the replay of transaction {0} differs from its receipt")]
    Differs(B256),
    /// The runtime panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// The chain's database failed.
    #[error("{0}")]
    Chain(String),
}

impl From<sp_blockchain::Error> for ReplayError {
    fn from(error: sp_blockchain::Error) -> Self {
        Self::Chain(error.to_string())
    }
}

/// A block on the state before it.
pub struct Replay<'a> {
    client: &'a FullClient,
    record: &'a BlockRecord,
}

/// Refuses a state that another runtime is in charge of.
///
/// # Errors
/// Names both versions.
pub fn require_same_runtime(client: &FullClient, state: H256, block: u64) -> Result<(), ReplayError> {
    let version =
        CallApiAt::<opaque::Block>::runtime_version_at(client, state, CallContext::Offchain).map_err(|error| {
            match error {
                ApiError::UnknownBlock(_) => ReplayError::Pruned(block),
                error => ReplayError::Chain(error.to_string()),
            }
        })?;
    if native::is_same(&version) {
        return Ok(());
    }
    let name = |version: &RuntimeVersion| format!("{}-{}", version.spec_name, version.spec_version);
    Err(ReplayError::OtherRuntime(format!(
        "block {block} was executed by runtime {}, this node can trace only {}",
        name(&version),
        name(&VERSION)
    )))
}

impl<'a> Replay<'a> {
    /// Of a block that isn't the first one.
    pub fn new(client: &'a FullClient, record: &'a BlockRecord) -> Self {
        Self { client, record }
    }

    /// Watches the Ethereum transactions at these positions, each with a tracer of its own, and gives what they describe.
    ///
    /// `size` says how many bytes an output takes of the limit, which all share.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub fn trace<I, F, O>(
        &self,
        positions: RangeInclusive<usize>,
        limits: Limits,
        tracer: impl Fn(usize, Limits) -> Limited<I, F, O>,
        size: impl Fn(&O) -> usize,
    ) -> Result<Vec<O>, ReplayError>
    where
        I: Inspector<EvmContext<Runtime>> + 'static,
        F: FnOnce(&mut I, Outcome<'_>) -> Result<O, Stopped> + 'static,
        O: 'static,
    {
        let at = convert::h256(self.record.substrate_hash);
        let number = self.record.number();
        let header = self.client.header(at)?.ok_or(ReplayError::Pruned(number))?;
        require_same_runtime(self.client, header.parent_hash, number)?;
        let body = self.client.block_body(at)?.ok_or(ReplayError::Pruned(number))?;
        let state = CallApiAt::<opaque::Block>::state_at(self.client, header.parent_hash)
            .map_err(|_| ReplayError::Pruned(number))?;
        native::run(&state, &mut Overlay::default(), &mut Extensions::default(), || -> Result<Vec<O>, ReplayError> {
            native::call("Core_initialize_block", &header);
            let mut next = 0;
            let mut left = limits;
            let mut outputs = Vec::new();
            for extrinsic in body {
                if next > *positions.end() {
                    break;
                }
                if Instant::now() > limits.deadline {
                    return Err(Stopped::Timeout.into());
                }
                let apply = || native::call("BlockBuilder_apply_extrinsic", &extrinsic);
                // What came to nothing is an extrinsic of the block, but no transaction of it.
                let is_next = self.record.transactions.get(next).is_some_and(|record| holds(&extrinsic, record.hash));
                if !is_next || !positions.contains(&next) {
                    apply();
                } else {
                    let (_, tracer) = watch::<Runtime, _, _>(tracer(next, left), apply);
                    let output = tracer.into_output()?;
                    left.max_bytes = left.max_bytes.saturating_sub(size(&output));
                    outputs.push(output);
                }
                next += usize::from(is_next);
            }
            self.verify(next)?;
            Ok(outputs)
        })?
    }

    /// Whether the first `count` transactions came to what the block says. Runs inside the runtime.
    fn verify(&self, count: usize) -> Result<(), ReplayError> {
        let replayed = pallet_ethereum::Executed::<Runtime>::get();
        let mut replayed = replayed.iter();
        let differing = self
            .record
            .transactions
            .iter()
            .take(count)
            .find(|record| !replayed.next().is_some_and(|r| agrees(r, record)));
        differing.map_or(Ok(()), |record| Err(ReplayError::Differs(record.hash)))
    }
}

/// Whether the extrinsic carries this Ethereum transaction.
fn holds(extrinsic: &opaque::UncheckedExtrinsic, hash: B256) -> bool {
    let decoded = hanse_runtime::decode_extrinsic(&extrinsic.encode());
    decoded.is_ok_and(|decoded| {
        hanse_runtime::raw_transaction(&decoded).is_some_and(|transaction| convert::b256(transaction.hash()) == hash)
    })
}

fn agrees(replayed: &ExecutedTransaction, record: &TransactionRecord) -> bool {
    convert::b256(replayed.hash) == record.hash
        && replayed.gas_used == record.gas_used
        && replayed.success == record.success
        && replayed.logs.iter().map(convert::alloy_log).eq(record.logs.iter().cloned())
}
