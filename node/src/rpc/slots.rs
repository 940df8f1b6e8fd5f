//! How many calls of the runtime JSON-RPC makes at a time.
//!
//! All calls of the runtime, the block author's too, share the executor's 64 instances, and who finds none free blocks
//! its thread. JSON-RPC takes only a part of them: what executes contracts waits for one of a few heavy slots, all else
//! for a light one. Who waits too long is told to come back later.
//!
//! A call that runs can't be interrupted. What ends it is its gas; see [`super::RpcLimits`].

use super::error::{RpcResult, busy, internal};
use std::{num::NonZero, sync::Arc, thread::available_parallelism, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Threads for methods that block. The SDK's own, `state_call` for one, know no slots: this is what keeps them from
/// taking all instances.
pub const BLOCKING_THREADS: u32 = 32;

/// Slots for reading state: short work, which more threads don't make faster.
const LIGHT: usize = 12;
/// There is a slot for executing contracts for each processor, but not more than this.
const MOST_HEAVY: usize = 12;
/// Wait this long for a slot.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a call of the runtime costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It reads some state.
    Light,
    /// It executes a contract.
    Heavy,
}

/// The slots; cheap to clone.
#[derive(Clone, Debug)]
pub struct Slots {
    light: Arc<Semaphore>,
    heavy: Arc<Semaphore>,
    patience: Duration,
}

impl Default for Slots {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self::new(LIGHT, processors.min(MOST_HEAVY), PATIENCE)
    }
}

impl Slots {
    fn new(light: usize, heavy: usize, patience: Duration) -> Self {
        Self { light: Arc::new(Semaphore::new(light)), heavy: Arc::new(Semaphore::new(heavy)), patience }
    }

    /// A slot, to be dropped when the work is done.
    ///
    /// # Errors
    /// When none has become free for some seconds.
    pub async fn take(&self, work: Work) -> RpcResult<OwnedSemaphorePermit> {
        let slots = match work {
            Work::Light => &self.light,
            Work::Heavy => &self.heavy,
        };
        match timeout(self.patience, slots.clone().acquire_owned()).await {
            Ok(slot) => slot.map_err(internal),
            Err(_) => Err(busy()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::error::LIMIT_EXCEEDED;

    #[tokio::test]
    async fn heavy_work_leaves_light_work_alone_and_does_not_wait_for_ever() {
        let slots = Slots::new(1, 1, Duration::from_millis(20));
        let heavy = slots.take(Work::Heavy).await.expect("is free");
        let light = slots.take(Work::Light).await.expect("is free");
        let refused = slots.take(Work::Heavy).await.expect_err("none is free");
        assert_eq!((refused.code(), refused.message()), (LIMIT_EXCEEDED, "the node is busy, try again"));
        drop((heavy, light));
        assert!(slots.take(Work::Heavy).await.is_ok());
        assert!(slots.take(Work::Light).await.is_ok());
    }

    #[test]
    fn ethereums_methods_find_a_thread_with_every_slot() {
        assert!(LIGHT + MOST_HEAVY < BLOCKING_THREADS as usize);
    }
}
