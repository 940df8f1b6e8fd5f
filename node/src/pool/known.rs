//! What is known of the pool's transactions.
//!
//! It is as much as the pool holds: the extrinsics' bytes, the larger part of it, are shared with the pool.

use crate::index::types::BlockRecord;
use alloy_consensus::Transaction as _;
use alloy_primitives::B256;
use hanse_primitives::{Transaction, convert};
use hanse_runtime::opaque::UncheckedExtrinsic;
use sp_core::{H160, H256};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

/// Transactions remembered; more than the pool holds.
const REMEMBERED: usize = 65_536;
/// Their size; more than the pool's.
const REMEMBERED_BYTES: usize = 192 * 1024 * 1024;

/// Extrinsics that nobody has asked for during so many looks have left the pool.
const OTHERS_LOOKS: u64 = 120;

/// The transactions, by the hash of their extrinsic.
#[derive(Default)]
pub struct Known {
    noted: HashMap<H256, Noted>,
    hashes: HashMap<B256, H256>,
    /// The last noted transaction for each nonce.
    senders: HashMap<H160, BTreeMap<u64, H256>>,
    /// From the oldest to the newest.
    order: BTreeMap<u64, H256>,
    next_position: u64,
    /// Extrinsics that are no Ethereum transactions: their positions, and the look before which they were last asked for.
    others: HashMap<H256, (u64, u64)>,
    bytes: usize,
    /// Counts the looks at the whole pool.
    look: u64,
    survey: Survey,
}

/// One transaction.
pub struct Noted {
    hash: B256,
    extrinsic: UncheckedExtrinsic,
    sender: H160,
    nonce: u64,
    price: Price,
    since: Instant,
    announced: bool,
    indexed: bool,
    position: u64,
    /// The look that last found it in the pool.
    seen: u64,
}

/// What a transaction offers for a unit of gas, in wei (EIP-1559); before London both are the gas price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Most that it pays.
    pub fee_cap: u128,
    /// Most of that which goes to the block's author.
    pub tip_cap: u128,
}

impl Price {
    /// Of a transaction.
    pub fn of(transaction: &Transaction) -> Self {
        let envelope = transaction.envelope();
        let fee_cap = envelope.max_fee_per_gas();
        Self { fee_cap, tip_cap: envelope.max_priority_fee_per_gas().unwrap_or(fee_cap) }
    }
}

/// How many transactions of one sender wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Without a gap from the account's nonce on.
    pub executable: usize,
    /// Behind a gap.
    pub queued: usize,
}

/// What the last look at the whole pool has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// The least tip of an executable transaction, in wei for a unit of gas.
    pub least_tip: u64,
    /// Who has most transactions behind a gap, and how many.
    pub greediest: Option<(H160, usize)>,
}

impl Known {
    /// The transaction with this Ethereum hash, and its sender.
    pub fn get(&self, hash: &B256) -> Option<(UncheckedExtrinsic, H160)> {
        let noted = self.noted.get(self.hashes.get(hash)?)?;
        Some((noted.extrinsic.clone(), noted.sender))
    }

    /// The extrinsic noted for this nonce of the sender, and what it offers.
    pub fn at_nonce(&self, sender: &H160, nonce: u64) -> Option<(H256, Price)> {
        let extrinsic = self.senders.get(sender)?.get(&nonce)?;
        Some((*extrinsic, self.noted.get(extrinsic)?.price))
    }

    /// Whether the extrinsic is noted.
    pub fn contains(&self, extrinsic: &H256) -> bool {
        self.noted.contains_key(extrinsic)
    }

    /// How many transactions of the sender are noted.
    pub fn count(&self, sender: &H160) -> usize {
        self.senders.get(sender).map_or(0, BTreeMap::len)
    }

    /// The same without what has been executed, by the nonce that the account has now.
    pub fn counts(&self, sender: &H160, account_nonce: u64) -> Counts {
        let Some(nonces) = self.senders.get(sender) else { return Counts::default() };
        let waiting = nonces.range(account_nonce..).count();
        let in_turn = |(position, (nonce, _)): &(usize, (&u64, _))| **nonce - account_nonce == *position as u64;
        let executable = nonces.range(account_nonce..).enumerate().take_while(in_turn).count();
        Counts { executable, queued: waiting - executable }
    }

    /// What the last look has found.
    pub fn survey(&self) -> Survey {
        self.survey
    }

    /// The transaction that has longest to wait, of the sender who has most behind a gap.
    pub fn take_from_greediest(&mut self) -> Option<H256> {
        let (sender, count) = self.survey.greediest.as_mut()?;
        let (_, extrinsic) = self.senders.get(sender)?.last_key_value()?;
        self.noted.get(extrinsic).filter(|noted| !noted.announced)?;
        *count = count.saturating_sub(1);
        Some(*extrinsic)
    }

    /// Of those that were never seen to be executable.
    fn greediest(&self) -> Option<(H160, usize)> {
        let mut queued = HashMap::new();
        for noted in self.noted.values().filter(|noted| !noted.announced) {
            *queued.entry(noted.sender).or_default() += 1;
        }
        queued.into_iter().max_by_key(|(_, count)| *count)
    }

    /// What has waited behind a gap for longer than this.
    pub fn older_than(&self, age: Duration) -> Vec<H256> {
        let old = |noted: &Noted| !noted.announced && noted.since.elapsed() > age;
        self.noted.iter().filter(|(_, noted)| old(noted)).map(|(extrinsic, _)| *extrinsic).collect()
    }

    /// When the extrinsic came, as a number that grows with each.
    pub fn arrival(&mut self, extrinsic: &H256) -> u64 {
        if let Some(noted) = self.noted.get(extrinsic) {
            return noted.position;
        }
        let other = self.others.entry(*extrinsic).or_insert_with(|| {
            self.next_position += 1;
            (self.next_position - 1, self.look)
        });
        other.1 = self.look;
        other.0
    }

    /// A look at the whole pool begins.
    pub fn begin_look(&mut self) {
        self.look += 1;
    }

    /// Whether the transaction is noted. Then it is known to be in the pool still.
    pub fn see(&mut self, extrinsic: H256) -> bool {
        let Some(noted) = self.noted.get_mut(&extrinsic) else { return false };
        noted.seen = self.look;
        // Of two with the same nonce it may not be the last noted, but it is the one that counts.
        self.senders.entry(noted.sender).or_default().insert(noted.nonce, extrinsic);
        true
    }

    /// Takes a transaction of the pool in. The oldest give way when there is no space.
    pub fn note(&mut self, extrinsic: H256, noted: Noted) {
        if self.see(extrinsic) {
            return;
        }
        let position = self.next_position;
        self.next_position += 1;
        self.bytes += noted.extrinsic.inner().len();
        self.order.insert(position, extrinsic);
        self.hashes.insert(noted.hash, extrinsic);
        self.senders.entry(noted.sender).or_default().insert(noted.nonce, extrinsic);
        self.noted.insert(extrinsic, Noted { position, seen: self.look, ..noted });
        while self.is_over() {
            let Some(oldest) = self.order.first_key_value().map(|(_, oldest)| *oldest) else { return };
            self.forget(&oldest);
        }
    }

    fn is_over(&self) -> bool {
        self.noted.len() > REMEMBERED || self.bytes > REMEMBERED_BYTES
    }

    /// Whether another one pushes the oldest out.
    pub fn is_full(&self) -> bool {
        self.noted.len() >= REMEMBERED || self.bytes >= REMEMBERED_BYTES
    }

    /// Takes a transaction out that has left the pool.
    pub fn forget(&mut self, extrinsic: &H256) {
        let Some(noted) = self.noted.remove(extrinsic) else { return };
        self.bytes -= noted.extrinsic.inner().len();
        self.order.remove(&noted.position);
        if self.hashes.get(&noted.hash) == Some(extrinsic) {
            self.hashes.remove(&noted.hash);
        }
        let Some(nonces) = self.senders.get_mut(&noted.sender) else { return };
        if nonces.get(&noted.nonce) == Some(extrinsic) {
            nonces.remove(&noted.nonce);
        }
        if nonces.is_empty() {
            self.senders.remove(&noted.sender);
        }
    }

    /// Forgets all that is noted.
    pub fn clear(&mut self) {
        let all: Vec<_> = self.noted.keys().copied().collect();
        all.iter().for_each(|extrinsic| self.forget(extrinsic));
    }

    /// The index has these. They are kept until the pool has noticed too, so that none is taken for a new one.
    pub fn indexed(&mut self, block: &BlockRecord) {
        for transaction in &block.transactions {
            let Some(extrinsic) = self.hashes.get(&transaction.hash) else { continue };
            if let Some(noted) = self.noted.get_mut(extrinsic) {
                noted.indexed = true;
            }
        }
    }

    /// A look at the whole pool has ended.
    pub fn end_look(&mut self, least_tip: u64, caught_up: bool) {
        self.forget_gone(caught_up);
        self.others.retain(|_, (_, look)| *look + OTHERS_LOOKS > self.look);
        self.survey = Survey { least_tip, greediest: self.greediest() };
    }

    /// Forgets what neither this look at the pool nor the one before has found, unless it may be in a block that is not
    /// yet indexed. One look is not enough: what was noted while it went on may have come too late for it.
    fn forget_gone(&mut self, caught_up: bool) {
        let gone = |noted: &Noted| noted.seen + 1 < self.look && (caught_up || noted.indexed);
        let gone: Vec<_> = self.noted.iter().filter(|(_, noted)| gone(noted)).map(|(hash, _)| *hash).collect();
        for extrinsic in &gone {
            self.forget(extrinsic);
        }
    }

    /// What is to be announced when this transaction is ready: itself, and those of its sender that waited for it.
    pub fn announce(&mut self, extrinsic: H256, is_ready: impl Fn(&H256) -> bool) -> Vec<B256> {
        let mut announced = Vec::new();
        let mut next = Some(extrinsic);
        while let Some(extrinsic) = next {
            let Some(noted) = self.noted.get_mut(&extrinsic) else { break };
            if noted.announced || !(announced.is_empty() || is_ready(&extrinsic)) {
                break;
            }
            noted.announced = true;
            announced.push(noted.hash);
            let (sender, nonce) = (noted.sender, noted.nonce);
            next = nonce.checked_add(1).and_then(|nonce| self.senders.get(&sender)?.get(&nonce).copied());
        }
        announced
    }

    /// The nonces of the sender's transactions that are ready.
    pub fn nonces(&self, sender: H160, is_ready: impl Fn(&H256) -> bool) -> HashSet<u64> {
        let Some(nonces) = self.senders.get(&sender) else { return HashSet::new() };
        nonces.iter().filter(|(_, extrinsic)| is_ready(extrinsic)).map(|(nonce, _)| *nonce).collect()
    }
}

impl Noted {
    /// Of this transaction, the extrinsic that carries it, and who signed it.
    pub fn new(extrinsic: UncheckedExtrinsic, transaction: &Transaction, sender: H160) -> Self {
        let nonce = transaction.envelope().nonce();
        let hash = convert::b256(transaction.hash());
        let price = Price::of(transaction);
        let since = Instant::now();
        Self { hash, extrinsic, sender, nonce, price, since, announced: false, indexed: false, position: 0, seen: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: H160 = H160::repeat_byte(7);

    fn noted(hash: B256, nonce: u64) -> Noted {
        Noted {
            hash,
            extrinsic: UncheckedExtrinsic::from_blob(vec![0; 100]),
            sender: SENDER,
            nonce,
            price: Price { fee_cap: 0, tip_cap: 0 },
            since: Instant::now(),
            announced: false,
            indexed: false,
            position: 0,
            seen: 0,
        }
    }

    fn note(known: &mut Known, id: u8, nonce: u64) -> H256 {
        let extrinsic = H256::repeat_byte(id);
        known.note(extrinsic, noted(B256::repeat_byte(id), nonce));
        extrinsic
    }

    fn all(_: &H256) -> bool {
        true
    }

    fn hashes(ids: &[u8]) -> Vec<B256> {
        ids.iter().copied().map(B256::repeat_byte).collect()
    }

    #[test]
    fn who_fills_a_gap_announces_those_behind_it_once() {
        let mut known = Known::default();
        let behind = note(&mut known, 2, 6);
        let far = note(&mut known, 3, 7);
        note(&mut known, 4, 9);
        let first = note(&mut known, 1, 5);
        assert_eq!(known.announce(first, |extrinsic| *extrinsic == behind), hashes(&[1, 2]));
        assert!(known.announce(first, all).is_empty());
        assert!(known.announce(behind, all).is_empty());
        assert_eq!(known.announce(far, all), hashes(&[3]));
    }

    #[test]
    fn nonces_are_those_of_the_ready_ones() {
        let mut known = Known::default();
        note(&mut known, 1, 5);
        let dropped = note(&mut known, 2, 6);
        note(&mut known, 3, 7);
        assert_eq!(known.nonces(SENDER, |extrinsic| *extrinsic != dropped), HashSet::from([5, 7]));
        assert!(known.nonces(H160::zero(), all).is_empty());
    }

    #[test]
    fn a_replacement_takes_the_nonce_and_keeps_it() {
        let mut known = Known::default();
        let old = note(&mut known, 1, 5);
        let new = note(&mut known, 2, 5);
        assert_eq!(known.nonces(SENDER, |extrinsic| *extrinsic == new), HashSet::from([5]));
        known.forget(&old);
        assert_eq!(known.nonces(SENDER, all), HashSet::from([5]));
        known.forget(&new);
        assert!(
            known.senders.is_empty() && known.noted.is_empty() && known.hashes.is_empty() && known.order.is_empty()
        );
        assert_eq!(known.bytes, 0);
    }

    #[test]
    fn a_senders_transactions_are_counted_from_its_nonce() {
        let mut known = Known::default();
        for (id, nonce) in [(1, 4), (2, 5), (3, 6), (4, 8), (5, u64::MAX)] {
            note(&mut known, id, nonce);
        }
        assert_eq!(known.count(&SENDER), 5);
        for (nonce, executable, queued) in [(4, 3, 2), (6, 1, 2), (7, 0, 2), (8, 1, 1), (u64::MAX, 1, 0)] {
            assert_eq!(known.counts(&SENDER, nonce), Counts { executable, queued }, "{nonce}");
        }
        assert_eq!(known.counts(&H160::zero(), 0), Counts::default());
    }

    #[test]
    fn the_greediest_sender_gives_its_last() {
        let mut known = Known::default();
        let ready = note(&mut known, 1, 1);
        known.announce(ready, |_| false);
        known.end_look(7, true);
        assert_eq!(known.survey(), Survey { least_tip: 7, greediest: None });
        assert_eq!(known.take_from_greediest(), None);
        note(&mut known, 2, 7);
        let last = note(&mut known, 3, 9);
        assert_eq!(known.older_than(Duration::ZERO).len(), 2);
        assert!(known.older_than(Duration::from_secs(3600)).is_empty());
        known.end_look(7, true);
        assert_eq!(known.survey().greediest, Some((SENDER, 2)));
        assert_eq!(known.take_from_greediest(), Some(last));
        assert_eq!(known.survey().greediest, Some((SENDER, 1)));
    }

    #[test]
    fn what_two_looks_miss_is_forgotten() {
        let mut known = Known::default();
        let stays = note(&mut known, 1, 5);
        note(&mut known, 2, 6);
        for left in [2, 1] {
            known.begin_look();
            assert!(known.see(stays));
            known.forget_gone(true);
            assert_eq!(known.noted.len(), left);
        }
        assert!(known.noted.contains_key(&stays));
    }

    #[test]
    fn what_has_left_the_pool_is_kept_until_it_is_indexed() {
        let mut known = Known::default();
        let waits = note(&mut known, 1, 5);
        let indexed = note(&mut known, 2, 6);
        known.noted.get_mut(&indexed).expect("is noted").indexed = true;
        known.begin_look();
        known.begin_look();
        known.forget_gone(false);
        assert!(known.noted.contains_key(&waits) && !known.noted.contains_key(&indexed));
        known.forget_gone(true);
        assert!(known.noted.is_empty());
    }

    #[test]
    fn the_oldest_give_way() {
        let mut known = Known::default();
        let extrinsic = H256::from_low_u64_be;
        for nonce in 0..=REMEMBERED as u64 {
            known.note(extrinsic(nonce), noted(convert::b256(extrinsic(nonce)), nonce));
        }
        assert_eq!(known.noted.len(), REMEMBERED);
        assert!(known.is_full() && !known.see(extrinsic(0)) && known.see(extrinsic(1)));
    }
}
