//! The time that a developer's chain has.

/// What is set about the time of the coming blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Milliseconds that the chain is ahead of the system's clock, or behind.
    offset_ms: i64,
    /// Of the next block, in seconds since the Unix epoch.
    next_s: Option<u64>,
}

impl Clock {
    /// The time of the next block in milliseconds since the Unix epoch. It is above its parent's, also when the clock was
    /// set back or two blocks are made in one millisecond.
    pub fn time(&self, now_ms: u64, parent_ms: u64) -> u64 {
        let wanted = match self.next_s {
            Some(seconds) => seconds.saturating_mul(1_000),
            None => now_ms.saturating_add_signed(self.offset_ms),
        };
        wanted.max(parent_ms.saturating_add(1))
    }

    /// A block of this time was made. The chain's time goes on from what was set for it.
    pub fn sealed(&mut self, now_ms: u64, time_ms: u64) {
        if self.next_s.take().is_some() {
            self.set(now_ms, time_ms);
        }
    }

    /// The next block has exactly this time, in seconds.
    pub fn set_next(&mut self, seconds: u64) {
        self.next_s = Some(seconds);
    }

    /// Goes on so many seconds. Gives how far the chain is ahead of the system's clock, in seconds.
    pub fn increase(&mut self, seconds: u64) -> i64 {
        let ms = i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
        self.offset_ms = self.offset_ms.saturating_add(ms);
        self.offset_ms / 1_000
    }

    /// It is now this time. Gives how far the chain is ahead of the system's clock, in seconds.
    pub fn set(&mut self, now_ms: u64, time_ms: u64) -> i64 {
        let offset = i128::from(time_ms) - i128::from(now_ms);
        self.offset_ms = i64::try_from(offset).unwrap_or(i64::MAX);
        self.offset_ms / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_chain_goes_on_from_what_was_set() {
        let mut clock = Clock::default();
        assert_eq!(clock.time(5_000, 4_000), 5_000);
        clock.set_next(100);
        assert_eq!(clock.time(5_000, 4_000), 100_000);
        clock.sealed(5_000, 100_000);
        assert_eq!(clock.time(6_000, 100_000), 101_000);
        assert_eq!(clock.increase(3_600), 95 + 3_600);
        assert_eq!(clock.time(7_000, 101_000), 102_000 + 3_600_000);
        assert_eq!(clock.set(7_000, 6_000), -1);
        assert_eq!(clock.time(8_000, 1), 7_000);
    }

    proptest! {
        #[test]
        fn time_rises(now: u64, parent in 0..u64::MAX, increase: u64, set: u64, next: Option<u64>) {
            let mut clock = Clock::default();
            clock.set(now, set);
            clock.increase(increase);
            if let Some(next) = next {
                clock.set_next(next);
            }
            let time = clock.time(now, parent);
            prop_assert!(time > parent);
            clock.sealed(now, time);
        }
    }
}
