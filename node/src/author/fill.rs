//! Which ready transactions go into a block.

use crate::pool;
use alloy_consensus::Transaction as _;
use codec::Encode;
use hanse_runtime::opaque::UncheckedExtrinsic;
use log::debug;
use sc_proposer_metrics::EndProposingReason as End;
use sc_transaction_pool_api::{InPoolTransaction, ReadyTransactions, TxInvalidityReportMap};
use sp_blockchain::{ApplyExtrinsicFailed::Validity, Error, Result};
use sp_core::H256;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
use std::{collections::HashSet, sync::Arc, time::Instant};

/// Gas limits of a batch together: 40 ms of a slot when all is used.
const BATCH_GAS: u64 = 4_000_000;
/// The reason why a transaction has to wait for an earlier one of its sender.
const FUTURE: TransactionValidityError = TransactionValidityError::Invalid(InvalidTransaction::Future);
/// A block is full when so many transactions, one after the other, have found no room in it.
const MAX_SKIPPED: usize = 8;

/// What is filled: a block in the making.
pub trait Fill {
    /// Its size so far, SCALE-encoded.
    fn bytes(&self) -> usize;
    /// Executes extrinsics one after the other, and says what came out of each. One that is refused has changed nothing.
    fn add_batch(&mut self, extrinsics: Vec<UncheckedExtrinsic>) -> Vec<Result<()>>;
}

/// How filling ended.
pub struct Filled {
    /// Why no more was added.
    pub end: End,
    /// What the pool holds in vain, and why.
    pub invalid: TxInvalidityReportMap<H256>,
}

/// A transaction as pools give it out.
pub trait Pooled: InPoolTransaction<Transaction = Arc<UncheckedExtrinsic>, Hash = H256> {}
impl<T: InPoolTransaction<Transaction = Arc<UncheckedExtrinsic>, Hash = H256>> Pooled for T {}

/// Adds what is ready, in its order, until nothing is, the block has `max_bytes` or no gas left, or the time is over.
pub fn fill<T: Pooled>(
    block: &mut impl Fill,
    ready: Box<dyn ReadyTransactions<Item = Arc<T>> + Send>,
    max_bytes: usize,
    deadline: Instant,
) -> Filled {
    fill_by(gas_of, block, ready, max_bytes, deadline)
}

fn fill_by<T: Pooled>(
    gas_of: fn(&UncheckedExtrinsic) -> u64,
    block: &mut impl Fill,
    ready: Box<dyn ReadyTransactions<Item = Arc<T>> + Send>,
    max_bytes: usize,
    deadline: Instant,
) -> Filled {
    let mut batches = Batches { gas_of, ready, next: None, absent: HashSet::new() };
    let mut filled = Filled { end: End::NoMoreTransactions, invalid: Default::default() };
    let mut skipped = 0;
    while skipped < MAX_SKIPPED {
        if Instant::now() >= deadline {
            filled.end = End::HitDeadline;
            break;
        }
        let batch = batches.take(max_bytes.saturating_sub(block.bytes()));
        if batch.is_empty() {
            // One for which there is no room stands before the others.
            let Some(too_long) = batches.next.take() else { break };
            batches.leave_out(&too_long);
            filled.end = End::HitBlockSizeLimit;
            skipped += 1;
            continue;
        }
        let extrinsics = batch.iter().map(|in_pool| UncheckedExtrinsic::clone(in_pool.data())).collect();
        for (in_pool, result) in batch.iter().zip(block.add_batch(extrinsics)) {
            let Err(error) = result else {
                skipped = 0;
                continue;
            };
            let tried_in_vain = batches.requires_absent(in_pool);
            batches.leave_out(in_pool);
            match error {
                _ if tried_in_vain => {}
                // What comes before it was taken out of the chain, and may come back.
                Error::ApplyExtrinsicFailed(Validity(FUTURE)) => {}
                Error::ApplyExtrinsicFailed(Validity(error)) if error.exhausted_resources() => {
                    filled.end = End::HitBlockWeightLimit;
                    skipped += 1;
                }
                error => {
                    debug!(target: "author", "{:?} is invalid: {error}", in_pool.hash());
                    let reason =
                        if let Error::ApplyExtrinsicFailed(Validity(error)) = error { Some(error) } else { None };
                    filled.invalid.insert(*in_pool.hash(), reason);
                }
            }
        }
    }
    filled
}

/// What is ready, some at a time.
struct Batches<T> {
    gas_of: fn(&UncheckedExtrinsic) -> u64,
    ready: Box<dyn ReadyTransactions<Item = Arc<T>> + Send>,
    /// The one that was too much for the last batch.
    next: Option<Arc<T>>,
    /// What transactions provide that aren't in the block.
    absent: HashSet<Vec<u8>>,
}

impl<T: Pooled> Batches<T> {
    /// The next that require nothing absent, of this many bytes at most.
    fn take(&mut self, mut bytes: usize) -> Vec<Arc<T>> {
        let mut batch = Vec::new();
        let mut gas = BATCH_GAS;
        while let Some(in_pool) = self.next.take().or_else(|| self.ready.next()) {
            if self.requires_absent(&in_pool) {
                self.leave_out(&in_pool);
                continue;
            }
            let (needs_gas, needs_bytes) = ((self.gas_of)(in_pool.data()), in_pool.data().encoded_size());
            if needs_bytes > bytes || (needs_gas > gas && !batch.is_empty()) {
                self.next = Some(in_pool);
                break;
            }
            gas = gas.saturating_sub(needs_gas);
            bytes -= needs_bytes;
            batch.push(in_pool);
        }
        batch
    }

    fn requires_absent(&self, in_pool: &T) -> bool {
        in_pool.requires().iter().any(|tag| self.absent.contains(tag))
    }

    fn leave_out(&mut self, in_pool: &T) {
        self.absent.extend(in_pool.provides().iter().cloned());
    }
}

/// The gas limit of an Ethereum transaction. Nothing is known of another extrinsic: it is a batch of its own.
fn gas_of(extrinsic: &UncheckedExtrinsic) -> u64 {
    pool::pending::decode(extrinsic).map_or(BATCH_GAS, |transaction| transaction.envelope().gas_limit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_blockchain::ApplyExtrinsicFailed;
    use std::time::Duration;

    /// Of a sender, with its place in the sender's order: it requires the one before.
    struct Ready {
        hash: H256,
        data: Arc<UncheckedExtrinsic>,
        requires: Vec<Vec<u8>>,
        provides: Vec<Vec<u8>>,
    }

    impl InPoolTransaction for Ready {
        type Transaction = Arc<UncheckedExtrinsic>;
        type Hash = H256;

        fn data(&self) -> &Self::Transaction {
            &self.data
        }

        fn hash(&self) -> &H256 {
            &self.hash
        }

        fn priority(&self) -> &u64 {
            &0
        }

        fn longevity(&self) -> &u64 {
            &u64::MAX
        }

        fn requires(&self) -> &[Vec<u8>] {
            &self.requires
        }

        fn provides(&self) -> &[Vec<u8>] {
            &self.provides
        }

        fn is_propagable(&self) -> bool {
            true
        }
    }

    /// Names are two bytes, sender and nonce; what follows them is length.
    fn ready(sender: u8, nonce: u8, bytes: usize) -> Arc<Ready> {
        let mut data = vec![sender, nonce];
        data.resize(bytes, 0);
        Arc::new(Ready {
            hash: H256::from_low_u64_be(u64::from(sender) << 8 | u64::from(nonce)),
            data: Arc::new(UncheckedExtrinsic::from_blob(data)),
            requires: nonce.checked_sub(1).map(|before| vec![sender, before]).into_iter().collect(),
            provides: vec![vec![sender, nonce]],
        })
    }

    struct Given(std::vec::IntoIter<Arc<Ready>>);

    impl Iterator for Given {
        type Item = Arc<Ready>;

        fn next(&mut self) -> Option<Arc<Ready>> {
            self.0.next()
        }
    }

    impl ReadyTransactions for Given {
        fn report_invalid(&mut self, _: &Arc<Ready>) {}
    }

    /// Refuses some by name.
    #[derive(Default)]
    struct Block {
        refused: Vec<([u8; 2], InvalidTransaction)>,
        tried: Vec<[u8; 2]>,
        has: Vec<[u8; 2]>,
        bytes: usize,
        batches: Vec<usize>,
    }

    impl Fill for Block {
        fn bytes(&self) -> usize {
            self.bytes
        }

        fn add_batch(&mut self, extrinsics: Vec<UncheckedExtrinsic>) -> Vec<Result<()>> {
            self.batches.push(extrinsics.len());
            let add = |extrinsic: UncheckedExtrinsic| {
                let name = [extrinsic.inner()[0], extrinsic.inner()[1]];
                self.tried.push(name);
                let refused = self.refused.iter().find(|(refused, _)| *refused == name).map(|(_, reason)| *reason);
                let in_turn = name[1] == 0 || self.has.contains(&[name[0], name[1] - 1]);
                match refused.or((!in_turn).then_some(InvalidTransaction::Future)) {
                    Some(reason) => Err(ApplyExtrinsicFailed::Validity(reason.into()).into()),
                    None => {
                        self.has.push(name);
                        self.bytes += extrinsic.encoded_size();
                        Ok(())
                    }
                }
            };
            extrinsics.into_iter().map(add).collect()
        }
    }

    fn run(block: &mut Block, all: Vec<Arc<Ready>>, max_bytes: usize) -> Filled {
        fill(block, Box::new(Given(all.into_iter())), max_bytes, Instant::now() + Duration::from_secs(60))
    }

    /// The same, where the third byte says how many million gas a transaction may use.
    fn run_in_batches(block: &mut Block, all: Vec<Arc<Ready>>, max_bytes: usize) -> Filled {
        let gas_of = |extrinsic: &UncheckedExtrinsic| u64::from(extrinsic.inner()[2]) * 1_000_000;
        let deadline = Instant::now() + Duration::from_secs(60);
        fill_by(gas_of, block, Box::new(Given(all.into_iter())), max_bytes, deadline)
    }

    fn using(gas: u8, ready: Arc<Ready>) -> Arc<Ready> {
        let mut data = ready.data.inner().to_vec();
        data[2] = gas;
        let (hash, requires, provides) = (ready.hash, ready.requires.clone(), ready.provides.clone());
        Arc::new(Ready { hash, requires, provides, data: Arc::new(UncheckedExtrinsic::from_blob(data)) })
    }

    #[test]
    fn a_batch_has_as_much_as_its_gas_and_the_block_let() {
        let mut block = Block::default();
        let gas = [1, 3, 1, 9, 1, 2, 2, 2];
        let all = gas.iter().zip(1..).map(|(gas, sender)| using(*gas, ready(sender, 0, 9))).collect();
        run_in_batches(&mut block, all, 1_000);
        // What alone is more than a batch's gas is one by itself.
        assert_eq!(block.batches, [2, 1, 1, 2, 2]);
        assert_eq!(block.has.len(), gas.len());

        let mut block = Block::default();
        let size = ready(1, 0, 9).data.encoded_size();
        let filled = run_in_batches(&mut block, (1..=5).map(|sender| ready(sender, 0, 9)).collect(), 2 * size);
        assert_eq!((block.batches, block.has.len(), filled.end), (vec![2], 2, End::HitBlockSizeLimit));
    }

    #[test]
    fn in_a_batch_too_who_follows_a_refused_one_is_not_held_to_be_invalid() {
        let mut block = Block { refused: vec![([1, 1], InvalidTransaction::Payment)], ..Block::default() };
        let mut all: Vec<_> = (0..4).map(|nonce| ready(1, nonce, 9)).collect();
        all.extend([ready(2, 0, 9), ready(1, 4, 9)]);
        let invalid = all[1].hash;
        let filled = run_in_batches(&mut block, all, 1_000);
        assert_eq!(block.batches, [6], "all at once");
        assert_eq!(block.has, [[1, 0], [2, 0]]);
        let reasons: Vec<_> = filled.invalid.into_keys().collect();
        assert_eq!(reasons, [invalid]);
    }

    #[test]
    fn what_is_ready_goes_in_as_it_comes() {
        let mut block = Block::default();
        let filled = run(&mut block, vec![ready(1, 0, 9), ready(2, 0, 9), ready(1, 1, 9)], 1_000);
        assert_eq!(block.has, [[1, 0], [2, 0], [1, 1]]);
        assert_eq!(filled.end, End::NoMoreTransactions);
        assert!(filled.invalid.is_empty());
    }

    #[test]
    fn who_follows_an_invalid_one_is_not_held_to_be_invalid() {
        let mut block = Block { refused: vec![([1, 1], InvalidTransaction::Payment)], ..Block::default() };
        let all = vec![ready(1, 0, 9), ready(1, 1, 9), ready(1, 2, 9), ready(2, 0, 9), ready(1, 3, 9)];
        let invalid = all[1].hash;
        let filled = run(&mut block, all, 1_000);
        assert_eq!(block.has, [[1, 0], [2, 0]]);
        assert!(!block.tried.contains(&[1, 2]) && !block.tried.contains(&[1, 3]));
        let reasons: Vec<_> = filled.invalid.into_iter().collect();
        assert_eq!(reasons, [(invalid, Some(TransactionValidityError::Invalid(InvalidTransaction::Payment)))]);
    }

    #[test]
    fn who_has_to_wait_for_an_earlier_one_is_not_invalid() {
        let mut block = Block::default();
        let filled = run(&mut block, vec![ready(1, 1, 9), ready(1, 2, 9), ready(2, 0, 9)], 1_000);
        assert_eq!((block.has, block.tried), (vec![[2, 0]], vec![[1, 1], [2, 0]]));
        assert!(filled.invalid.is_empty());
    }

    #[test]
    fn what_finds_no_room_stays_and_ends_the_block_when_it_is_many() {
        let exhausted = |sender| ([sender, 0], InvalidTransaction::ExhaustsResources);
        let some: Vec<_> = (1..MAX_SKIPPED as u8).map(exhausted).collect();
        let mut block = Block { refused: some, ..Block::default() };
        let filled = run(&mut block, (1..=20).map(|sender| ready(sender, 0, 9)).collect(), 1_000);
        assert_eq!(block.has.len(), 21 - MAX_SKIPPED);
        assert!(filled.invalid.is_empty());

        let all: Vec<_> = (1..=20).map(exhausted).collect();
        let mut block = Block { refused: all, ..Block::default() };
        let filled = run(&mut block, (1..=20).map(|sender| ready(sender, 0, 9)).collect(), 1_000);
        assert_eq!(block.tried.len(), MAX_SKIPPED);
        assert_eq!(filled.end, End::HitBlockWeightLimit);
    }

    #[test]
    fn what_is_too_long_is_passed_over_with_what_requires_it() {
        let mut block = Block::default();
        let filled = run(&mut block, vec![ready(1, 0, 99), ready(1, 1, 9), ready(2, 0, 9)], 50);
        assert_eq!(block.has, [[2, 0]]);
        assert_eq!(filled.end, End::HitBlockSizeLimit);
        assert!(filled.invalid.is_empty());
    }

    #[test]
    fn nothing_is_begun_after_the_deadline() {
        let mut block = Block::default();
        let filled = fill(&mut block, Box::new(Given(vec![ready(1, 0, 9)].into_iter())), 1_000, Instant::now());
        assert!(block.tried.is_empty());
        assert_eq!(filled.end, End::HitDeadline);
    }
}
