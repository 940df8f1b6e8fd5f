//! What each filter has to tell at its next poll.

use super::super::{
    error::{RpcResult, limit_exceeded, server_error},
    input::BlockTag,
};
use crate::index::{HeadChange, logs::LogFilter, types::LocatedLog};
use alloy_primitives::B256;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// A filter that nobody has asked for so long is removed; geth's time.
pub const IDLE: Duration = Duration::from_secs(5 * 60);

/// What a filter watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Logs that match, in blocks within the range.
    Logs(LogFilter, Span),
    /// Blocks that become the head.
    Blocks,
    /// Transactions that get ready in the pool: hashes, or whole.
    Pending {
        /// Whole transactions.
        full: bool,
    },
}

/// The blocks whose logs a filter wants, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First block.
    pub from: BlockTag,
    /// Last block.
    pub to: BlockTag,
}

impl Span {
    /// Whether a block that has just come is among them. A name such as `latest` sets no bound: what is new lies after it.
    fn contains(&self, number: u64) -> bool {
        let above = !matches!(self.from, BlockTag::Number(from) if number < from);
        above && !matches!(self.to, BlockTag::Number(to) if number > to)
    }
}

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A log; `true` when a reorganisation took it back.
    Log(Box<LocatedLog>, bool),
    /// Of a block or a transaction.
    Hash(B256),
}

struct Filter {
    topic: Topic,
    events: Vec<Event>,
    /// Events had to be dropped since the last poll.
    overflowed: bool,
    polled: Instant,
}

/// All filters of the node.
pub struct Store {
    filters: HashMap<String, Filter>,
    /// Events that wait in all filters together.
    waiting: usize,
    most_filters: usize,
    most_waiting: usize,
}

impl Store {
    /// With room for so many filters, and so many events in all of them together.
    pub fn new(most_filters: usize, most_waiting: usize) -> Self {
        Self { filters: HashMap::new(), waiting: 0, most_filters, most_waiting }
    }

    /// Begins to collect under this id.
    ///
    /// # Errors
    /// When there are too many filters.
    pub fn add(&mut self, id: String, topic: Topic, now: Instant) -> RpcResult<()> {
        if self.filters.len() >= self.most_filters {
            return Err(limit_exceeded(format!("there are {} filters already, the most allowed", self.most_filters)));
        }
        self.filters.insert(id, Filter { topic, events: Vec::new(), overflowed: false, polled: now });
        Ok(())
    }

    /// Whether there was one with this id.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(filter) = self.filters.remove(id) else { return false };
        self.waiting -= filter.events.len();
        true
    }

    /// What the filter watches.
    ///
    /// # Errors
    /// When there is no such filter.
    pub fn topic(&mut self, id: &str, now: Instant) -> RpcResult<Topic> {
        let filter = self.filters.get_mut(id).ok_or_else(not_found)?;
        filter.polled = now;
        Ok(filter.topic.clone())
    }

    /// What the filter watches, and the news since the last poll.
    ///
    /// # Errors
    /// When there is no such filter; once when events had to be dropped, after which it goes on with what comes.
    pub fn poll(&mut self, id: &str, now: Instant) -> RpcResult<(Topic, Vec<Event>)> {
        let filter = self.filters.get_mut(id).ok_or_else(not_found)?;
        filter.polled = now;
        if std::mem::take(&mut filter.overflowed) {
            return Err(limit_exceeded(
                "the filter fell behind: more events came than the node keeps between two polls; query what was missed",
            ));
        }
        let events = std::mem::take(&mut filter.events);
        self.waiting -= events.len();
        Ok((filter.topic.clone(), events))
    }

    /// The head moved.
    pub fn head_moved(&mut self, change: &HeadChange) {
        let removed = change.retracted.iter().flat_map(|block| block.logs()).map(|log| (log, true));
        let added = change.enacted.iter().flat_map(|block| block.logs()).map(|log| (log, false));
        for (log, removed) in removed.chain(added) {
            self.tell(
                |topic| matches!(topic, Topic::Logs(filter, span) if span.contains(log.block_number) && filter.matches(&log.log)),
                || Event::Log(Box::new(log.clone()), removed),
            );
        }
        if let Some(block) = &change.enacted {
            self.tell(|topic| matches!(topic, Topic::Blocks), || Event::Hash(block.hash));
        }
    }

    /// A transaction got ready in the pool.
    pub fn arrived(&mut self, hash: B256) {
        self.tell(|topic| matches!(topic, Topic::Pending { .. }), || Event::Hash(hash));
    }

    /// Events were missed that these filters would have collected.
    pub fn missed(&mut self, concerned: impl Fn(&Topic) -> bool) {
        for filter in self.filters.values_mut().filter(|filter| concerned(&filter.topic)) {
            Self::overflow(filter, &mut self.waiting);
        }
    }

    /// Removes filters that nobody polls any more.
    pub fn sweep(&mut self, now: Instant) {
        let waiting = &mut self.waiting;
        self.filters.retain(|_, filter| {
            let used = now.duration_since(filter.polled) < IDLE;
            if !used {
                *waiting -= filter.events.len();
            }
            used
        });
    }

    fn tell(&mut self, wants: impl Fn(&Topic) -> bool, event: impl Fn() -> Event) {
        for filter in self.filters.values_mut().filter(|filter| !filter.overflowed && wants(&filter.topic)) {
            if self.waiting >= self.most_waiting {
                Self::overflow(filter, &mut self.waiting);
            } else {
                filter.events.push(event());
                self.waiting += 1;
            }
        }
    }

    fn overflow(filter: &mut Filter, waiting: &mut usize) {
        *waiting -= filter.events.len();
        filter.events = Vec::new();
        filter.overflowed = true;
    }
}

/// geth's words.
pub fn not_found() -> jsonrpsee::types::ErrorObjectOwned {
    server_error("filter not found")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::error::LIMIT_EXCEEDED;

    const PENDING: Topic = Topic::Pending { full: false };

    fn hash(byte: u8) -> B256 {
        B256::repeat_byte(byte)
    }

    fn store(topics: &[(&str, Topic)]) -> Store {
        let mut store = Store::new(3, 4);
        for (id, topic) in topics {
            store.add((*id).into(), topic.clone(), Instant::now()).expect("there is room");
        }
        store
    }

    fn events(store: &mut Store, id: &str) -> Vec<Event> {
        store.poll(id, Instant::now()).expect("is there").1
    }

    #[test]
    fn each_poll_gives_what_is_new() {
        let mut store = store(&[("a", PENDING), ("b", PENDING)]);
        store.arrived(hash(1));
        assert_eq!(events(&mut store, "a"), [Event::Hash(hash(1))]);
        store.arrived(hash(2));
        assert_eq!(events(&mut store, "a"), [Event::Hash(hash(2))]);
        assert_eq!(events(&mut store, "a"), []);
        assert_eq!(events(&mut store, "b"), [Event::Hash(hash(1)), Event::Hash(hash(2))]);
        assert_eq!(store.waiting, 0);
    }

    #[test]
    fn who_falls_behind_is_told_once_and_goes_on() {
        let mut store = store(&[("a", PENDING), ("b", PENDING)]);
        (1..=3).for_each(|byte| store.arrived(hash(byte)));
        // The first to find no room lost its events, which made room for the other.
        let polled = ["a", "b"].map(|id| store.poll(id, Instant::now()));
        let kept: Vec<_> = polled.iter().flatten().map(|(_, events)| events.len()).collect();
        let lost: Vec<_> = polled.iter().filter_map(|result| result.as_ref().err()).map(|error| error.code()).collect();
        assert_eq!((kept, lost), (vec![3], vec![LIMIT_EXCEEDED]));
        store.arrived(hash(9));
        assert_eq!(events(&mut store, "a"), [Event::Hash(hash(9))]);
        assert_eq!(events(&mut store, "b"), [Event::Hash(hash(9))]);
        store.missed(|topic| *topic == PENDING);
        assert_eq!(store.poll("a", Instant::now()).unwrap_err().code(), LIMIT_EXCEEDED);
        assert_eq!(events(&mut store, "a"), []);
    }

    #[test]
    fn filters_end_when_removed_or_idle_and_are_limited() {
        let mut store = store(&[("a", PENDING), ("b", Topic::Blocks), ("c", PENDING)]);
        let full = store.add("d".into(), PENDING, Instant::now()).unwrap_err();
        assert_eq!(full.code(), LIMIT_EXCEEDED);
        store.arrived(hash(1));
        assert!(store.remove("c"));
        assert!(!store.remove("c"));
        assert_eq!(store.poll("c", Instant::now()).unwrap_err().message(), "filter not found");
        let later = Instant::now() + IDLE;
        store.topic("b", later).expect("is there");
        store.sweep(later);
        assert_eq!(store.poll("a", later).unwrap_err().message(), "filter not found");
        assert!(store.poll("b", later).is_ok());
        assert_eq!(store.waiting, 0);
    }

    #[test]
    fn a_span_bounds_by_numbers_alone() {
        let span = Span { from: BlockTag::Number(3), to: BlockTag::Latest };
        assert!(!span.contains(2) && span.contains(3) && span.contains(u64::MAX));
        let span = Span { from: BlockTag::Earliest, to: BlockTag::Number(3) };
        assert!(span.contains(0) && span.contains(3) && !span.contains(4));
    }
}
