//! Transfers at a time to come, once or again and again.
//!
//! ```text
//!  services::schedules ─► schedules (rows) ─► worker, when one is due ─► ledger.submit
//!                                                │        the row goes on in the commit that accepts it
//!                                                └─► refused: the row says why and goes on; schedule.failed
//! ```
//!
//! Invariants:
//! - Each occurrence is settled once: accepted or refused. Its idempotency key is the schedule and its number, and the row
//!   moves on in the same commit.
//! - When an occurrence is due follows from the first one's time and its number, so that months don't drift.
//! - What was missed while no gateway ran is made up for, one occurrence after the other.
//!
//! How it fails: what passes by itself (the database away, the queue full) is tried again; whatever else refuses an
//! occurrence is told and holds up no later one. The worker runs on the gateway that holds the lease.

mod recurrence;
mod worker;

pub use recurrence::{Recurrence, Unit};
pub(crate) use worker::recurrence;
pub use worker::run;
