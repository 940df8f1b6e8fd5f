//! The order in which a block takes what is ready.
//!
//! The SDK's pool orders by priority and then by when it put the transaction in. It takes each one out and puts it in again
//! when it looks whether it is still valid: under load the order of equals would be that of these looks. Here equals keep the
//! order in which they came. And what one requires is what it required when it was last looked at: what came before it may have
//! been in a block that is on the chain no longer.

use sc_transaction_pool_api::{InPoolTransaction, ReadyTransactions};
use sp_core::H256;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

/// Ready transactions by priority and arrival, none before what it requires.
pub struct InOrder<T> {
    all: Vec<Waiting<T>>,
    /// Those that require nothing more.
    next: BinaryHeap<(u64, Reverse<u64>, usize)>,
    /// What was given out last. What requires it follows only when it has not been reported as invalid.
    last: Option<usize>,
}

struct Waiting<T> {
    transaction: Arc<T>,
    arrival: u64,
    /// How many of the others it requires.
    requires: usize,
    required_by: Vec<usize>,
}

impl<T: InPoolTransaction<Hash = H256>> InOrder<T> {
    /// `ready`: each with the number of its arrival. `before` tells what has to come before what provides a tag, also where it
    /// isn't said to be required.
    pub fn new(ready: impl Iterator<Item = (Arc<T>, u64)>, before: fn(&[u8]) -> Option<Vec<u8>>) -> Self {
        let waiting = |(transaction, arrival)| Waiting { transaction, arrival, requires: 0, required_by: Vec::new() };
        let mut all: Vec<Waiting<T>> = ready.map(waiting).collect();
        let provides = |(index, one): (usize, &Waiting<T>)| {
            one.transaction.provides().iter().map(move |tag| (tag.clone(), index)).collect::<Vec<_>>()
        };
        let providers: HashMap<Vec<u8>, usize> = all.iter().enumerate().flat_map(provides).collect();
        for index in 0..all.len() {
            let transaction = &all[index].transaction;
            let mut required: Vec<usize> =
                transaction.requires().iter().filter_map(|tag| providers.get(tag).copied()).collect();
            required.extend(transaction.provides().iter().filter_map(|tag| providers.get(&before(tag)?).copied()));
            required.sort_unstable();
            required.dedup();
            all[index].requires = required.len();
            required.into_iter().for_each(|provider| all[provider].required_by.push(index));
        }
        let mut this = Self { all, next: BinaryHeap::new(), last: None };
        for index in 0..this.all.len() {
            this.push_if_free(index);
        }
        this
    }

    fn push_if_free(&mut self, index: usize) {
        let waiting = &self.all[index];
        if waiting.requires == 0 {
            self.next.push((*waiting.transaction.priority(), Reverse(waiting.arrival), index));
        }
    }
}

impl<T: InPoolTransaction<Hash = H256>> Iterator for InOrder<T> {
    type Item = Arc<T>;

    fn next(&mut self) -> Option<Arc<T>> {
        if let Some(last) = self.last.take() {
            for index in std::mem::take(&mut self.all[last].required_by) {
                self.all[index].requires -= 1;
                self.push_if_free(index);
            }
        }
        let (.., index) = self.next.pop()?;
        self.last = Some(index);
        Some(self.all[index].transaction.clone())
    }
}

impl<T: InPoolTransaction<Hash = H256>> ReadyTransactions for InOrder<T> {
    fn report_invalid(&mut self, transaction: &Arc<T>) {
        self.last = self.last.filter(|last| self.all[*last].transaction.hash() != transaction.hash());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ready {
        hash: H256,
        priority: u64,
        requires: Vec<Vec<u8>>,
        provides: Vec<Vec<u8>>,
    }

    impl InPoolTransaction for Ready {
        type Transaction = ();
        type Hash = H256;

        fn data(&self) -> &() {
            &()
        }

        fn hash(&self) -> &H256 {
            &self.hash
        }

        fn priority(&self) -> &u64 {
            &self.priority
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

    /// The `nonce`th of a sender; the first requires nothing.
    fn ready(sender: u8, nonce: u8, priority: u64) -> Arc<Ready> {
        let requires = if nonce > 0 { vec![vec![sender, nonce - 1]] } else { Vec::new() };
        let hash = H256::from_low_u64_be(u64::from(sender) << 8 | u64::from(nonce));
        Arc::new(Ready { hash, priority, requires, provides: vec![vec![sender, nonce]] })
    }

    fn names(order: impl Iterator<Item = Arc<Ready>>) -> Vec<(u8, u8)> {
        order.map(|ready| (ready.provides[0][0], ready.provides[0][1])).collect()
    }

    fn in_order(all: impl IntoIterator<Item = (Arc<Ready>, u64)>) -> InOrder<Ready> {
        InOrder::new(all.into_iter(), |tag| Some(vec![tag[0], tag[1].checked_sub(1)?]))
    }

    #[test]
    fn equals_go_as_they_came() {
        let all = [(ready(1, 0, 0), 6), (ready(2, 0, 0), 8), (ready(3, 0, 0), 5), (ready(3, 1, 0), 7)];
        assert_eq!(names(in_order(all)), [(3, 0), (1, 0), (3, 1), (2, 0)]);
    }

    #[test]
    fn who_pays_more_goes_first_but_not_before_its_own_earlier_ones() {
        let all = [(ready(1, 0, 0), 1), (ready(2, 0, 1), 3), (ready(2, 1, 9), 2)];
        assert_eq!(names(in_order(all)), [(2, 0), (2, 1), (1, 0)]);
    }

    #[test]
    fn what_requires_an_invalid_one_is_left_out() {
        let all = [(ready(1, 0, 5), 1), (ready(1, 1, 5), 2), (ready(1, 2, 5), 3), (ready(2, 0, 0), 4)];
        let mut order = in_order(all);
        assert_eq!(order.next().map(|ready| ready.hash), Some(ready(1, 0, 5).hash));
        let second = order.next().expect("is next");
        order.report_invalid(&second);
        assert_eq!(names(order), [(2, 0)]);
    }

    /// As after a reorganisation: the last two were looked at when their block had the first.
    #[test]
    fn what_came_back_goes_before_what_had_followed_it() {
        let mut second = ready(1, 1, 0);
        Arc::get_mut(&mut second).expect("is alone").requires.clear();
        let all = [(second, 1), (ready(1, 2, 0), 2), (ready(1, 0, 0), 3)];
        assert_eq!(names(in_order(all)), [(1, 0), (1, 1), (1, 2)]);
    }

    #[test]
    fn what_a_block_already_has_is_not_waited_for() {
        let all = [(ready(1, 7, 0), 2), (ready(1, 8, 0), 1)];
        assert_eq!(names(in_order(all)), [(1, 7), (1, 8)]);
    }
}
