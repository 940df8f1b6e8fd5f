//! What a `--dev` node does on command, beside making blocks.
//!
//! ```text
//!  rpc/dev: evm_, hardhat_, anvil_ ──► Dev ── Request ──► sealer: one after the other
//!                                       │                   │ mine, amend, revert, when to seal
//!                                       └── clock ──────────┘
//! ```
//!
//! # Invariants
//! - What changes the state is in a block: the chain executes it again to the same end.
//! - Only the sealer makes and takes away blocks, one command at a time.
//! - An answer comes when the index has followed, so that the caller sees what it asked for.

pub mod clock;
pub mod keys;

use crate::service::seal::Sealing;
use alloy_primitives::{Address, B256, keccak256};
use clock::Clock;
use hanse_primitives::Amendment;
use parking_lot::Mutex;
use sp_core::H256;
use std::{
    collections::HashSet,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::{mpsc, oneshot};

/// Requests that may wait for the sealer.
const REQUESTS: usize = 64;
/// Snapshots that are kept; the oldest give way.
const SNAPSHOTS: usize = 10_000;
/// Accounts that may be impersonated at a time.
const IMPERSONATED: usize = 10_000;

/// What the sealer is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make so many blocks, the first with what is in the pool; from the second on each so many seconds after the one
    /// before, or else when it is made.
    Mine(u64, Option<u64>),
    /// Make a block of these changes and nothing else. It is a millisecond younger than its parent.
    Amend(Vec<Amendment>),
    /// Take away all blocks above this height, final or not, and all that is in the pool.
    Revert(u32),
    /// Make blocks at other times from now on.
    Seal(Sealing),
}

/// A command, and where to say what became of it.
#[derive(Debug)]
pub struct Request {
    /// What to do.
    pub command: Command,
    /// The chain's best block afterwards, or why not.
    pub reply: oneshot::Sender<Result<H256, String>>,
}

/// A state to come back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Snapshot {
    id: u64,
    number: u32,
    hash: H256,
    clock: Clock,
}

struct State {
    instance: B256,
    everybody: bool,
    impersonated: HashSet<Address>,
    snapshots: Vec<Snapshot>,
    last_snapshot: u64,
    last_sent: Option<B256>,
}

impl Default for State {
    fn default() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let started = [since_epoch.as_nanos().to_be_bytes(), u128::from(std::process::id()).to_be_bytes()];
        let (impersonated, snapshots) = (HashSet::new(), Vec::new());
        let instance = keccak256(started.concat());
        Self { instance, everybody: false, impersonated, snapshots, last_snapshot: 0, last_sent: None }
    }
}

/// What the RPC methods hold; cheap to clone.
#[derive(Clone)]
pub struct Dev {
    requests: mpsc::Sender<Request>,
    /// Says what time blocks have.
    pub clock: Arc<Mutex<Clock>>,
    sealing: Arc<Mutex<Sealing>>,
    state: Arc<Mutex<State>>,
}

impl Dev {
    /// With the sealer's end.
    pub fn new(sealing: Sealing) -> (Self, mpsc::Receiver<Request>) {
        let (requests, receiver) = mpsc::channel(REQUESTS);
        let sealing = Arc::new(Mutex::new(sealing));
        (Self { requests, clock: Arc::default(), sealing, state: Arc::default() }, receiver)
    }

    /// Tells this run of the chain from all others: developers' chains begin alike, and OpenZeppelin's plugin for upgrades
    /// keeps a list of what is deployed for each.
    pub fn instance(&self) -> B256 {
        self.state.lock().instance
    }

    /// Has the sealer do it. Gives the chain's best block afterwards.
    ///
    /// # Errors
    /// What went wrong, in the node's own words.
    pub async fn run(&self, command: Command) -> Result<H256, String> {
        let (reply, answer) = oneshot::channel();
        let request = Request { command, reply };
        self.requests.send(request).await.map_err(|_| "the sealer has ended")?;
        answer.await.map_err(|_| "the sealer has ended")?
    }

    /// When blocks are made.
    pub fn sealing(&self) -> Sealing {
        *self.sealing.lock()
    }

    /// Makes blocks at other times from now on.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn seal(&self, sealing: Sealing) -> Result<(), String> {
        self.run(Command::Seal(sealing)).await?;
        *self.sealing.lock() = sealing;
        Ok(())
    }

    /// Notes the state of a block. Gives the snapshot's id.
    pub fn snapshot(&self, number: u32, hash: H256) -> u64 {
        let clock = *self.clock.lock();
        let mut state = self.state.lock();
        if state.snapshots.len() == SNAPSHOTS {
            state.snapshots.remove(0);
        }
        state.last_snapshot += 1;
        let id = state.last_snapshot;
        state.snapshots.push(Snapshot { id, number, hash, clock });
        id
    }

    /// Takes a snapshot and all later ones away. Gives its block and the clock of then.
    pub fn take_snapshot(&self, id: u64) -> Option<(u32, H256, Clock)> {
        let mut state = self.state.lock();
        let position = state.snapshots.iter().position(|snapshot| snapshot.id == id)?;
        let Snapshot { number, hash, clock, .. } = state.snapshots[position];
        state.snapshots.truncate(position);
        Some((number, hash, clock))
    }

    /// Notes a transaction that the pool has taken.
    pub fn sent(&self, hash: B256) {
        self.state.lock().last_sent = Some(hash);
    }

    /// The last one that was noted, until somebody has seen it.
    pub fn last_sent(&self) -> Option<B256> {
        self.state.lock().last_sent
    }

    /// Forgets it, unless another one was sent since.
    pub fn seen(&self, hash: B256) {
        let last_sent = &mut self.state.lock().last_sent;
        *last_sent = last_sent.filter(|last| *last != hash);
    }

    /// Forgets snapshots, impersonation and the clock's settings.
    pub fn reset(&self) {
        *self.state.lock() = State::default();
        *self.clock.lock() = Clock::default();
    }

    /// Lets transactions in the account's name pass without a signature, or no longer. `false` when there are too many.
    pub fn impersonate(&self, account: Address, on: bool) -> bool {
        let accounts = &mut self.state.lock().impersonated;
        if !on {
            accounts.remove(&account);
            return true;
        }
        let space = accounts.len() < IMPERSONATED || accounts.contains(&account);
        if space {
            accounts.insert(account);
        }
        space
    }

    /// Lets transactions in every account's name pass, or only in those of [`Self::impersonate`].
    pub fn impersonate_everybody(&self, on: bool) {
        self.state.lock().everybody = on;
    }

    /// Whether a transaction in the account's name needs no signature.
    pub fn impersonates(&self, account: &Address) -> bool {
        let state = self.state.lock();
        state.everybody || state.impersonated.contains(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_taken_with_all_later_ones() {
        let (dev, _requests) = Dev::new(Sealing::Instant);
        let hash = H256::repeat_byte;
        let ids = [dev.snapshot(1, hash(1)), dev.snapshot(2, hash(2)), dev.snapshot(2, hash(2))];
        assert_eq!(ids, [1, 2, 3]);
        assert_eq!(dev.take_snapshot(2), Some((2, hash(2), Clock::default())));
        assert_eq!(dev.take_snapshot(2), None);
        assert_eq!(dev.take_snapshot(3), None);
        assert_eq!(dev.snapshot(5, hash(5)), 4);
        assert!(dev.take_snapshot(1).is_some());
        assert_eq!(dev.take_snapshot(4), None);
    }

    #[test]
    fn what_was_sent_last_is_known_until_it_is_seen() {
        let (dev, _requests) = Dev::new(Sealing::Instant);
        let (one, other) = (B256::repeat_byte(1), B256::repeat_byte(2));
        assert_eq!(dev.last_sent(), None);
        dev.sent(one);
        dev.sent(other);
        dev.seen(one);
        assert_eq!(dev.last_sent(), Some(other));
        dev.seen(other);
        assert_eq!(dev.last_sent(), None);
    }

    #[test]
    fn impersonation_is_for_one_or_for_all() {
        let (dev, _requests) = Dev::new(Sealing::Instant);
        let (one, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        assert!(dev.impersonate(one, true));
        assert!(dev.impersonates(&one) && !dev.impersonates(&other));
        dev.impersonate_everybody(true);
        assert!(dev.impersonates(&other));
        dev.impersonate_everybody(false);
        assert!(dev.impersonate(one, false));
        assert!(!dev.impersonates(&one));
    }
}
