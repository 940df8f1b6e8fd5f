//! The pool's transactions by Ethereum hash and by sender.
//!
//! The pool itself knows a transaction by the hash of its extrinsic, and finds quickly only those that are ready. So
//! each transaction is noted here when it gets into the pool, and forgotten when it has left the pool and either the
//! index has it or no block does.
//!
//! ```text
//!  pool: one was admitted ──┐                   ┌──► by hash, also between pool and index
//!  pool: one became ready ──┼──► noted, with ───┼──► next nonce of a sender, and how many it has
//!  each second: all of them ┘    its bytes      └──► announced once when ready
//! ```
//!
//! The pool doesn't tell of a transaction that waits behind a gap, nor when the gap is filled, and it drops what its
//! listener is too slow for. Hence the look at all of it each second.

use super::{
    Pool,
    known::{Known, Noted},
};
use crate::{index::Index, service::FullClient};
use alloy_primitives::{Address, B256, Bytes};
use codec::{Decode, Encode};
use futures::StreamExt;
use hanse_primitives::{Transaction, convert};
use hanse_runtime::opaque;
use parking_lot::{Mutex, MutexGuard};
use sc_client_api::HeaderBackend;
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use sp_core::{H160, H256};
use std::{sync::Arc, time::Duration};
use tokio::{sync::broadcast, time::MissedTickBehavior};

/// Hashes that a slow subscriber may lag behind.
const BACKLOG: usize = 16_384;
/// Look at the whole pool this often.
const TICK: Duration = Duration::from_secs(1);

type InPool = <Pool as TransactionPool>::InPoolTransaction;

/// Follows the pool; cheap to clone.
#[derive(Clone)]
pub struct PendingTransactions {
    known: Arc<Mutex<Known>>,
    arrivals: broadcast::Sender<B256>,
}

/// A transaction that waits for its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// As it was sent (EIP-2718).
    pub raw: Bytes,
    /// Recovered from the signature.
    pub from: Address,
}

impl Default for PendingTransactions {
    fn default() -> Self {
        Self { known: Arc::default(), arrivals: broadcast::channel(BACKLOG).0 }
    }
}

impl PendingTransactions {
    /// Keeps to what is in the pool, for ever.
    pub async fn follow(self, pool: Arc<Pool>, client: Arc<FullClient>, index: Index) {
        let mut arrivals = pool.import_notification_stream();
        let mut changes = index.changes();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some(extrinsic) = arrivals.next() => {
                    // It may be in a block already.
                    if let Some(in_pool) = pool.ready_transaction(&extrinsic) {
                        self.found(&pool, &in_pool, true);
                    }
                }
                // A change that is missed leaves transactions here for a while, no more.
                Ok(change) = changes.recv() => {
                    if let Some(block) = &change.enacted {
                        self.known.lock().indexed(block);
                    }
                }
                _ = tick.tick() => {
                    let best = client.info().best_hash;
                    let caught_up = index.head().is_some_and(|head| convert::h256(head.substrate_hash) == best);
                    self.look(&pool, caught_up);
                    let old = self.known().older_than(Duration::from_secs(pool.params().pool_queue_seconds));
                    pool.remove(old).await;
                }
            }
        }
    }

    /// Notes a transaction that the pool has just accepted, and announces it if it is ready.
    pub(super) fn accepted(&self, pool: &Pool, extrinsic: H256, noted: Noted) {
        self.known().note(extrinsic, noted);
        if is_ready(pool)(&extrinsic) {
            self.announce(pool, extrinsic);
        }
    }

    /// What is known.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock()
    }

    /// Ethereum hashes of transactions from now on, each when it is first seen to be ready. One that has gone into a
    /// block before anybody looked is left out.
    pub fn arrivals(&self) -> broadcast::Receiver<B256> {
        self.arrivals.subscribe()
    }

    /// Whether the transaction is one that [`Self::get`] finds.
    pub fn contains(&self, hash: &B256) -> bool {
        self.known.lock().get(hash).is_some()
    }

    /// The transaction with this Ethereum hash, if it waits in the pool, ready or behind a gap, or has gone from there
    /// into a block that is not yet indexed. One that was dropped is found for another second or two.
    pub fn get(&self, hash: B256) -> Option<Waiting> {
        let (extrinsic, sender) = self.known.lock().get(&hash)?;
        let raw = decode(&extrinsic)?.raw().to_vec().into();
        Some(Waiting { raw, from: convert::address(sender) })
    }

    /// Whether the transaction that [`Self::get`] finds is in the pool with no gap before it, or has gone from there into a
    /// block that is not yet indexed.
    pub fn is_executable(&self, pool: &Pool, hash: &B256) -> bool {
        let Some((extrinsic, _)) = self.known.lock().get(hash) else { return false };
        let in_pool = pool.hash_of(&extrinsic);
        pool.ready_transaction(&in_pool).is_some() || !pool.futures().iter().any(|future| future.hash == in_pool)
    }

    /// The extrinsic of the transaction with this Ethereum hash, if [`Self::get`] finds it.
    pub fn extrinsic(&self, hash: B256) -> Option<opaque::UncheckedExtrinsic> {
        self.known.lock().get(&hash).map(|(extrinsic, _)| extrinsic)
    }

    /// The nonce that the sender's next transaction should have, given those that are ready. `state_nonce` is asked
    /// after the pool was read: so a transaction that moves from the pool into a block meanwhile is counted in the one
    /// or the other.
    ///
    /// # Errors
    /// Those of `state_nonce`.
    pub fn next_nonce<E>(
        &self,
        pool: &Pool,
        sender: Address,
        state_nonce: impl FnOnce() -> Result<u64, E>,
    ) -> Result<u64, E> {
        let ready = self.known.lock().nonces(convert::h160(sender), is_ready(pool));
        let mut nonce = state_nonce()?;
        while ready.contains(&nonce) {
            nonce += 1;
        }
        Ok(nonce)
    }

    fn found(&self, pool: &Pool, in_pool: &InPool, ready: bool) {
        let hash = *in_pool.hash();
        if !self.known.lock().see(hash) {
            let Some(noted) = noted(in_pool) else { return };
            self.known.lock().note(hash, noted);
        }
        if ready {
            self.announce(pool, hash);
        }
    }

    fn announce(&self, pool: &Pool, extrinsic: H256) {
        let announced = self.known.lock().announce(extrinsic, is_ready(pool));
        for hash in announced {
            // No receiver is no error.
            let _ = self.arrivals.send(hash);
        }
    }

    /// Looks at the whole pool. `caught_up` says that what the chain has is indexed.
    fn look(&self, pool: &Pool, caught_up: bool) {
        let full = {
            let mut known = self.known.lock();
            known.begin_look();
            known.is_full()
        };
        let behind_gaps = pool.futures().into_iter().map(|in_pool| (Arc::new(in_pool), false));
        let mut least_tip = None;
        for (in_pool, ready) in behind_gaps.chain(pool.inner.ready().map(|in_pool| (in_pool, true))) {
            if ready {
                least_tip = least_tip.into_iter().chain([*in_pool.priority()]).min();
            }
            // What was forgotten for want of space stays so.
            if !full || self.known.lock().see(*in_pool.hash()) {
                self.found(pool, &in_pool, ready);
            }
        }
        self.known.lock().end_look(least_tip.unwrap_or_default(), caught_up);
    }
}

fn is_ready(pool: &Pool) -> impl Fn(&H256) -> bool + '_ {
    move |extrinsic| pool.ready_transaction(extrinsic).is_some()
}

/// `None` when it is no Ethereum transaction.
fn noted(in_pool: &InPool) -> Option<Noted> {
    let transaction = decode(in_pool.data())?;
    // To look at the tag is cheaper than to recover the sender from the signature.
    let tagged = in_pool.provides().iter().find_map(|tag| sender_of(tag));
    let sender = tagged.or_else(|| transaction.sender())?;
    Some(Noted::new(opaque::UncheckedExtrinsic::clone(in_pool.data()), &transaction, sender))
}

/// The sender, from what the runtime says that the transaction provides.
pub fn sender_of(tag: &[u8]) -> Option<H160> {
    place(tag).map(|(sender, _)| sender)
}

/// What the sender's transaction before provides.
pub fn tag_before(tag: &[u8]) -> Option<Vec<u8>> {
    let (sender, nonce) = place(tag)?;
    Some((b"eth", sender, nonce.checked_sub(1)?).encode())
}

/// Sender and nonce.
fn place(tag: &[u8]) -> Option<(H160, u64)> {
    Decode::decode(&mut tag.strip_prefix(b"eth")?).ok()
}

/// The Ethereum transaction in an extrinsic of the pool, if it is one.
pub fn decode(extrinsic: &opaque::UncheckedExtrinsic) -> Option<Transaction> {
    let extrinsic = hanse_runtime::decode_extrinsic(&extrinsic.encode()).ok()?;
    hanse_runtime::raw_transaction(&extrinsic).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_read_from_tags() {
        let sender = H160::repeat_byte(7);
        let tag = (b"eth", sender, 9u64).encode();
        assert_eq!(sender_of(&tag), Some(sender));
        assert_eq!(sender_of(&tag[1..]), None);
        assert_eq!(sender_of(b"eth"), None);
        assert_eq!(tag_before(&tag), Some((b"eth", sender, 8u64).encode()));
        assert_eq!(tag_before(&(b"eth", sender, 0u64).encode()), None);
    }
}
