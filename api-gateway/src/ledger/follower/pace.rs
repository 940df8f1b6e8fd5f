//! How often the chain is looked at.

use std::time::{Duration, Instant};

/// The waiting times between looks.
#[derive(Debug)]
pub(super) struct Pace {
    pub idle: Duration,
    pub busy_until: Instant,
}

impl Pace {
    /// Between two looks while there is work: only the best block's number is asked for.
    const BUSY: Duration = Duration::from_millis(20);
    /// How long after the last sign of work the pace stays fast.
    const BUSY_FOR: Duration = Duration::from_secs(3);
    /// At an unchanged number the blocks themselves are asked for this often: finality moves without a new best block,
    /// and a branch may end at the same height.
    pub const SAME_NUMBER: Duration = Duration::from_millis(60);

    pub fn stay_busy(&mut self) {
        self.busy_until = Instant::now() + Self::BUSY_FOR;
    }

    pub fn is_busy(&self) -> bool {
        Instant::now() < self.busy_until
    }

    /// A slow node is asked less often, so that polling never takes much of its time.
    pub fn wait(&self, round_trip: Duration) -> Duration {
        if self.is_busy() { Self::BUSY.max(round_trip * 4).min(self.idle) } else { self.idle }
    }
}
