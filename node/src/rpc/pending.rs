//! The pool's transactions by Ethereum hash and by sender.
//!
//! The pool itself knows a transaction by the hash of its extrinsic.

use super::error::RpcResult;
use crate::service::Pool;
use alloy_primitives::{Address, B256};
use codec::{Decode, Encode};
use futures::StreamExt;
use hanse_primitives::{Transaction, convert};
use hanse_runtime::{UncheckedExtrinsic, opaque};
use parking_lot::Mutex;
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use sp_core::H256;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};
use tokio::sync::broadcast;

/// Hashes remembered; more than the pool holds.
const REMEMBERED: usize = 65_536;
/// Hashes that a slow subscriber may lag behind.
const BACKLOG: usize = 16_384;

/// Follows the pool; cheap to clone.
#[derive(Clone)]
pub struct PendingTransactions {
    known: Arc<Mutex<Known>>,
    arrivals: broadcast::Sender<B256>,
}

#[derive(Default)]
struct Known {
    extrinsics: HashMap<B256, H256>,
    order: VecDeque<B256>,
}

impl Default for PendingTransactions {
    fn default() -> Self {
        Self { known: Arc::default(), arrivals: broadcast::channel(BACKLOG).0 }
    }
}

impl PendingTransactions {
    /// Notes every transaction that becomes ready, for ever.
    pub async fn follow(self, pool: Arc<Pool>) {
        let mut stream = pool.import_notification_stream();
        while let Some(hash) = stream.next().await {
            // It may be in a block already.
            let Some(in_pool) = pool.ready_transaction(&hash) else { continue };
            let Some(transaction) = decode(in_pool.data()) else { continue };
            let ethereum_hash = convert::b256(transaction.hash());
            self.note(ethereum_hash, hash);
            // No receiver is no error.
            let _ = self.arrivals.send(ethereum_hash);
        }
    }

    /// Remembers a transaction that was given to the pool.
    pub fn note(&self, hash: B256, extrinsic: H256) {
        let mut known = self.known.lock();
        if known.extrinsics.insert(hash, extrinsic).is_none() {
            known.order.push_back(hash);
        }
        while known.order.len() > REMEMBERED {
            if let Some(oldest) = known.order.pop_front() {
                known.extrinsics.remove(&oldest);
            }
        }
    }

    /// Ethereum hashes of transactions that become ready from now on.
    pub fn arrivals(&self) -> broadcast::Receiver<B256> {
        self.arrivals.subscribe()
    }

    /// The transaction with this Ethereum hash, if it waits in the pool, ready or behind a gap.
    pub fn get(&self, pool: &Pool, hash: B256) -> Option<Transaction> {
        let extrinsic = *self.known.lock().extrinsics.get(&hash)?;
        if let Some(in_pool) = pool.ready_transaction(&extrinsic) {
            return decode(in_pool.data());
        }
        pool.futures().iter().find(|in_pool| *in_pool.hash() == extrinsic).and_then(|in_pool| decode(in_pool.data()))
    }

    /// The nonce that the sender's next transaction should have, given those that are ready. `state_nonce` is asked
    /// after the pool was read: so a transaction that moves from the pool into a block meanwhile is counted in the one
    /// or the other.
    ///
    /// # Errors
    /// Those of `state_nonce`.
    pub fn next_nonce(pool: &Pool, sender: Address, state_nonce: impl FnOnce() -> RpcResult<u64>) -> RpcResult<u64> {
        let prefix = (b"eth", convert::h160(sender)).encode();
        let provided: HashSet<u64> = pool
            .ready()
            .flat_map(|in_pool| {
                let nonces = in_pool.provides().iter().filter_map(|tag| {
                    let mut nonce = tag.strip_prefix(prefix.as_slice())?;
                    u64::decode(&mut nonce).ok()
                });
                nonces.collect::<Vec<_>>()
            })
            .collect();
        let mut nonce = state_nonce()?;
        while provided.contains(&nonce) {
            nonce += 1;
        }
        Ok(nonce)
    }
}

/// The Ethereum transaction in an extrinsic of the pool, if it is one.
fn decode(extrinsic: &opaque::UncheckedExtrinsic) -> Option<Transaction> {
    let extrinsic = UncheckedExtrinsic::decode(&mut extrinsic.encode().as_slice()).ok()?;
    hanse_runtime::raw_transaction(&extrinsic).cloned()
}
