//! Which deliveries may be attempted now: those that are due and have nothing of the same account waiting before them.

use super::queue::Pending;
use std::collections::HashSet;

/// Chooses out of waiting deliveries, oldest first, at most `most`.
pub(super) fn choose(pending: &[Pending], now_ms: i64, most: usize) -> Vec<&Pending> {
    let mut taken: HashSet<&str> = HashSet::new();
    let mut chosen = Vec::new();
    for one in pending {
        let free = one.accounts().all(|account| !taken.contains(account));
        // What is chosen, what is not due, and what waits behind either: they all hold back what is younger.
        taken.extend(one.accounts());
        if free && one.next_attempt_ms <= now_ms && chosen.len() < most {
            chosen.push(one);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pending(sequence: i64, account: Option<&str>, other: Option<&str>, next_attempt_ms: i64) -> Pending {
        Pending {
            sequence,
            attempts: 0,
            next_attempt_ms,
            created_at_ms: 0,
            event_id: String::new(),
            account: account.map(Into::into),
            other_account: other.map(Into::into),
        }
    }

    #[test]
    fn an_account_waits_for_its_older_events() {
        let queue = [
            pending(1, Some("a"), Some("b"), 50),
            pending(2, Some("b"), Some("c"), 0),
            pending(3, Some("c"), None, 0),
            pending(4, Some("d"), None, 0),
            pending(5, None, None, 0),
        ];
        let sequences = |now| choose(&queue, now, 10).iter().map(|one| one.sequence).collect::<Vec<_>>();
        assert_eq!(sequences(0), [4, 5]);
        assert_eq!(sequences(50), [1, 4, 5]);
        assert_eq!(choose(&queue, 50, 1).len(), 1);
    }

    proptest! {
        /// Whatever fails and succeeds, no account sees an event before an older one of its own is done with.
        #[test]
        fn order_holds(accounts in prop::collection::vec((0u8..5, 0u8..5), 1..40), fate in prop::collection::vec(any::<bool>(), 200)) {
            let mut queue: Vec<Pending> = accounts
                .iter()
                .enumerate()
                .map(|(index, (a, b))| pending(index as i64, Some(&a.to_string()), Some(&b.to_string()), 0))
                .collect();
            let mut fate = fate.into_iter();
            for now in 0..1_000 {
                let chosen: Vec<i64> = choose(&queue, now, 3).iter().map(|one| one.sequence).collect();
                for sequence in chosen {
                    let index = queue.iter().position(|one| one.sequence == sequence).unwrap();
                    let (older, rest) = queue.split_at(index);
                    prop_assert!(older.iter().all(|one| one.accounts().all(|a| rest[0].accounts().all(|b| a != b))));
                    if fate.next().unwrap_or(true) {
                        queue.remove(index);
                    } else {
                        queue[index].next_attempt_ms = now + 7;
                    }
                }
            }
            prop_assert!(queue.is_empty());
        }
    }
}
