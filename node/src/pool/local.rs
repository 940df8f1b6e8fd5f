//! Transactions that came to this node over JSON-RPC, kept in a file so that a restart of the node doesn't lose them.
//!
//! ```text
//!  accepted ──► appended to the file, before the sender has its answer
//!  start ─────► read, and submitted again
//!  each 10 s ─► those that wait no more are left out when the file is written anew
//! ```
//!
//! The file is a row of RLP strings, each a transaction as it was sent (EIP-2718). It is not synced to the disk: it
//! survives the death of the process, not that of the machine. What is damaged at its end is cut off.

use super::{Pool, pending::PendingTransactions};
use crate::service::FullClient;
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{Decodable, Encodable};
use codec::Encode;
use hanse_runtime::opaque;
use log::{info, warn};
use parking_lot::Mutex;
use sc_client_api::HeaderBackend;
use sc_transaction_pool_api::{TransactionPool, TransactionSource};
use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// In the index's folder.
const NAME: &str = "local-transactions";
/// See what waits no more this often.
const TICK: Duration = Duration::from_secs(10);
/// Write the file anew when it holds so many that wait no more, and at least as many as still do.
const MOST_DEAD: usize = 1024;

/// The file.
pub struct LocalTransactions {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: File,
    /// In the file.
    written: usize,
    /// Of those, the ones that wait.
    waiting: HashSet<B256>,
}

impl LocalTransactions {
    /// Opens the file in `folder`, or makes it. Returns what it held.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn open(folder: &Path) -> io::Result<(Self, Vec<Bytes>)> {
        let path = folder.join(NAME);
        let stored = match fs::read(&path) {
            Ok(bytes) => read(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let file = write(&path, &stored)?;
        let waiting = stored.iter().map(keccak256).collect();
        Ok((Self { path, state: Mutex::new(State { file, written: stored.len(), waiting }) }, stored))
    }

    /// Keeps a transaction that the pool has accepted.
    pub fn add(&self, hash: B256, raw: &[u8]) {
        let mut state = self.state.lock();
        if !state.waiting.insert(hash) {
            return;
        }
        let mut record = Vec::with_capacity(raw.len() + 9);
        Encodable::encode(raw, &mut record);
        state.written += 1;
        if let Err(error) = state.file.write_all(&record) {
            warn!(target: "pool", "a transaction isn't kept for the next start: {error}");
        }
    }

    /// Submits what the last run of the node has left, then keeps the file short, for ever.
    pub async fn run(self: Arc<Self>, stored: Vec<Bytes>, pool: Arc<Pool>, client: Arc<FullClient>) {
        let (count, mut accepted) = (stored.len(), 0);
        for raw in stored {
            accepted += usize::from(submit(&pool, client.info().best_hash, raw).await);
        }
        if count > 0 {
            info!(target: "pool", "{accepted} of {count} transactions of the last run wait for a block again");
        }
        let mut tick = tokio::time::interval(TICK);
        loop {
            tick.tick().await;
            if let Err(error) = self.prune(pool.pending()) {
                warn!(target: "pool", "the file of local transactions can't be written: {error}");
            }
        }
    }

    /// Forgets what waits no more, and takes it out of the file when that is worth it.
    fn prune(&self, pending: &PendingTransactions) -> io::Result<()> {
        self.forget(pending, is_worth_writing)
    }

    /// The same at once: what was dropped shall not come back at the next start.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn forget_dropped(&self, pending: &PendingTransactions) -> io::Result<()> {
        self.forget(pending, |_, _| true)
    }

    fn forget(&self, pending: &PendingTransactions, is_worth_writing: impl Fn(usize, usize) -> bool) -> io::Result<()> {
        let mut state = self.state.lock();
        state.waiting.retain(|hash| pending.contains(hash));
        if !is_worth_writing(state.written, state.waiting.len()) {
            return Ok(());
        }
        let waiting: Vec<Bytes> = state.waiting.iter().filter_map(|hash| pending.get(*hash)).map(|it| it.raw).collect();
        state.file = write(&self.path, &waiting)?;
        state.written = waiting.len();
        Ok(())
    }
}

fn is_worth_writing(written: usize, waiting: usize) -> bool {
    let dead = written.saturating_sub(waiting);
    dead > MOST_DEAD && dead >= waiting || dead > 0 && waiting == 0
}

/// Whether the pool has accepted it.
async fn submit(pool: &Pool, at: sp_core::H256, raw: Bytes) -> bool {
    let Ok(extrinsic) = hanse_runtime::ethereum_extrinsic(raw.to_vec()) else { return false };
    let Ok(extrinsic) = opaque::UncheckedExtrinsic::try_from_encoded_extrinsic(&extrinsic.encode()) else {
        return false;
    };
    pool.submit_one(at, TransactionSource::Local, extrinsic).await.is_ok()
}

/// The whole records at the beginning.
fn read(mut bytes: &[u8]) -> Vec<Bytes> {
    std::iter::from_fn(|| Bytes::decode(&mut bytes).ok()).collect()
}

/// Puts a new file in the place of the old one, at once, and leaves it open at its end.
fn write(path: &Path, transactions: &[Bytes]) -> io::Result<File> {
    let mut records = Vec::new();
    for transaction in transactions {
        Encodable::encode(transaction, &mut records);
    }
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(&records)?;
    fs::rename(new, path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(byte: u8) -> Bytes {
        vec![byte; 100].into()
    }

    #[test]
    fn what_was_added_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let (local, stored) = LocalTransactions::open(folder.path()).expect("opens");
        assert!(stored.is_empty());
        for byte in [1, 2, 1] {
            local.add(keccak256(transaction(byte)), &transaction(byte));
        }
        drop(local);
        let (local, stored) = LocalTransactions::open(folder.path()).expect("opens");
        assert_eq!(stored, [transaction(1), transaction(2)]);
        local.add(keccak256(transaction(3)), &transaction(3));
        drop(local);
        assert_eq!(LocalTransactions::open(folder.path()).expect("opens").1.len(), 3);
    }

    #[test]
    fn a_torn_end_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(NAME);
        drop(write(&path, &[transaction(1), transaction(2)]).expect("writes"));
        let bytes = fs::read(&path).expect("reads");
        for length in bytes.len() / 2..bytes.len() {
            fs::write(&path, &bytes[..length]).expect("writes");
            let (local, stored) = LocalTransactions::open(folder.path()).expect("opens");
            assert_eq!(stored, [transaction(1)], "{length}");
            local.add(keccak256(transaction(3)), &transaction(3));
            drop(local);
            let (_, stored) = LocalTransactions::open(folder.path()).expect("opens");
            assert_eq!(stored, [transaction(1), transaction(3)], "{length}");
        }
    }

    #[test]
    fn what_waits_no_more_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let (local, _) = LocalTransactions::open(folder.path()).expect("opens");
        local.add(keccak256(transaction(1)), &transaction(1));
        local.prune(&PendingTransactions::default()).expect("writes");
        local.add(keccak256(transaction(2)), &transaction(2));
        drop(local);
        assert_eq!(LocalTransactions::open(folder.path()).expect("opens").1, [transaction(2)]);
    }

    #[test]
    fn the_file_is_written_anew_when_half_of_it_is_dead() {
        for (written, waiting, worth) in
            [(0, 0, false), (1, 0, true), (1024, 1, false), (2048, 1, true), (4096, 3000, false), (6000, 3000, true)]
        {
            assert_eq!(is_worth_writing(written, waiting), worth, "{written} {waiting}");
        }
    }
}
