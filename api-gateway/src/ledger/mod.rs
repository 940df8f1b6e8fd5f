//! The ledger's database side: from an accepted request to a finalized transaction, exactly once.
//!
//! ```text
//!  submit ─► accept    one commit for many requests: idempotency key, nonce, signed bytes, pending balances
//!               │ wakes
//!               ▼
//!            outbox ──── eth_sendRawTransaction, in batches, again and again until the chain has decided
//!                                     │
//!               ┌──── chain ◄─────────┘
//!               ▼
//!            follower ── best and finalized blocks, reorganisations ─► projection (operations, transfers, balances)
//!               │            └─ history: every block and transaction as rows for the explorer
//!               ▼
//!            verifier ── compares cache and chain at finalized blocks, repairs, says so
//! ```
//!
//! The status of an operation:
//!
//! ```text
//!  accepted ──► sent ──► included ──► finalized
//!      │          │ ▲        │
//!      │          │ └────────┤ reorganisation: back to sent, the same bytes go out again
//!      └──────────┴──────────┴──► failed (reverted in a block, or refused by the node)
//! ```
//!
//! Invariants:
//! - The nonce of a custodial wallet is assigned in one place, `accept`, from `wallets.next_nonce`, in the same
//!   commit that stores the signed bytes. Nobody else signs for these wallets.
//! - The signed bytes never change. Sending them twice is harmless: the chain takes a nonce once.
//! - Past `sent` only blocks move an operation, forwards and, when they vanish, back. Every transition is an UPDATE
//!   guarded by the states it may start from.
//! - `balances.included` is the sum of the transfers of the projected chain; `balances.pending_*` is the sum of the
//!   effects of the operations with `effects_pending = 1`. Both change in the transaction that changes their cause.
//! - The accept path never waits for the chain.
//!
//! How it fails: with the node away, operations wait as `accepted` and go out when it is back. Nothing is sent to a node
//! before it has been identified and the projection has a beginning. A node that lost blocks (or all its data) is
//! followed backwards to the common ancestor and everything later is sent again; one that is merely behind is waited
//! for. A node that refuses a transaction for good makes that operation `failed`; a no-op transaction then takes its
//! nonce so that the wallet's later operations are not held up (see `refusal`), and once that is finalized the failure
//! is. A node with another chain id or genesis is neither followed nor sent to, and readiness says so.

mod accept;
mod asset;
pub mod balances;
mod chain;
mod contents;
pub(crate) mod contract_logs;
pub mod contracts;
mod effects;
mod fault;
mod follower;
mod history;
pub(crate) mod inspect;
mod intent;
mod lease;
pub mod operations;
mod outbox;
mod period;
mod projection;
mod publish;
mod refusal;
mod revert;
mod start;
mod state;
#[cfg(test)]
mod tests;
pub(crate) mod transactions;
mod types;
mod verifier;
mod waiters;

pub use contract_logs::ContractEvent;
pub(crate) use intent::GAS_LIMIT_MAX;
pub use intent::{Control, Intent, SlotOffer, Submission, TokenRef};
pub use period::Period;
pub use start::Tasks;
pub use types::{
    Accepted, Balance, BlockRef, Confirmed, Failure, Kind, Network, NodeStatus, Operation, PoolStatus, RequestKey,
    SlotShare, Status, Transaction, Validator,
};
pub use waiters::Waiters;

use crate::config;
use crate::custody::Custody;
use crate::db::Db;
use crate::error::{Code, Error, Result};
use crate::events::Tail;
use accept::Job;
use chain::Chain;
use state::NodeView;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::{Notify, mpsc, oneshot};

/// The handle to the ledger. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    inner: Arc<Inner>,
    jobs: mpsc::Sender<Job>,
}

/// What the tasks share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub db: Db,
    pub custody: Custody,
    pub chain: Chain,
    pub chain_settings: config::Chain,
    pub settings: config::Ledger,
    pub waiters: Waiters,
    /// Tells of new events.
    pub tail: Tail,
    /// Something new is in the outbox.
    pub to_send: Notify,
    /// Something was sent: look at the chain soon.
    pub to_follow: Notify,
    /// A block was finalized.
    pub to_verify: Notify,
    pub node: NodeView,
    pub lease: lease::Lease,
    pub quotas: accept::Quotas,
    /// Operations stored and not yet in a block, as counted every few seconds.
    pub open_operations: AtomicU64,
}

impl Ledger {
    /// The database.
    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    /// The keeper of keys.
    pub fn custody(&self) -> &Custody {
        &self.inner.custody
    }

    /// New events.
    pub fn tail(&self) -> &Tail {
        &self.inner.tail
    }

    /// Whether this gateway is the one that runs the background tasks.
    pub fn is_leader(&self) -> bool {
        self.inner.lease.is_held()
    }

    /// For waiting on operations.
    pub fn waiters(&self) -> &Waiters {
        &self.inner.waiters
    }

    /// Accepts a write: after this returned, it will happen (or fail on chain) even if everything crashes now.
    /// Never waits for the chain.
    ///
    /// # Errors
    /// - `idempotency_key_reused`: the key belongs to another request.
    /// - `insufficient_balance`: the sender's available balance is too small.
    /// - `already_exists`: one of [`Submission::rows`] breaks a unique rule.
    /// - `unavailable`: too much is queued, or the database is away. Nothing was done.
    pub async fn submit(&self, submission: Submission) -> Result<Accepted> {
        let (reply, answer) = oneshot::channel();
        self.jobs
            .try_send(Job { submission, reply })
            .map_err(|_| Error::new(Code::Unavailable, "too many writes at once; nothing was done"))?;
        answer.await.map_err(|_| {
            // The writer is gone in the middle of a commit: the caller repeats with the same key and learns.
            Error::new(Code::Unavailable, "the gateway is shutting down; repeat with the same Idempotency-Key")
        })?
    }

    /// What the gateway knows about the chain. Reads the database only.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn network(&self) -> Result<Network> {
        state::network(&self.inner).await
    }

    /// How many operations an app may have accepted in a day (`None`: as many as it likes), and how many were today (UTC).
    ///
    /// # Errors
    /// When the database is away.
    pub async fn operations_today(&self, app: &str) -> Result<(Option<u64>, u64)> {
        self.inner.quotas.used(&self.inner.db, app).await
    }

    /// As [`Ledger::network`] with the open operations as counted last, every two seconds: one row is read, so that
    /// anybody may ask.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn glance(&self) -> Result<Network> {
        state::glance(&self.inner).await
    }
}
