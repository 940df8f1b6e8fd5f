//! Much work behind one request: thousands of transfers or users, each line with its own outcome.
//!
//! ```text
//!  services::jobs ─► jobs, job_lines (rows) ─► worker ─► ledger.submit, line by line
//!                                                 │         the line's row changes in the commit that accepts it
//!                                                 └─► finished, when every outcome is final: job.finished
//! ```
//!
//! Invariants:
//! - A line is accepted once: its row says so in the same commit as its operation. A second worker on the same line finds
//!   a transfer's idempotency key (the job and the line) or a user's id, chosen with the line, taken.
//! - A line that is refused (no such receiver, not enough units, a name that is taken) does not hold up the others.
//! - What was asked is forgotten once it is accepted: from then on the operation and the user tell it.
//!
//! How it fails: with the database away or the queue full the job waits and goes on. A crash at any moment leaves lines
//! either waiting or accepted. The worker runs on the gateway that holds the lease, so that jobs of many apps take turns.

mod lines;
mod queue;
mod worker;

pub use lines::{TransferLine, UserLine};
pub use queue::{Counts, counts, forget};
pub use worker::{Shared, run};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum JobKind {
    /// Moves units to many receivers.
    Transfers,
    /// Makes many users.
    Users,
}

crate::named::named!(JobKind: Transfers = "transfers", Users = "users");

/// Whether there is anything left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum JobStatus {
    /// Some line's outcome is not final yet.
    Running,
    /// Every line's outcome is final.
    Finished,
}

impl JobStatus {
    /// As in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
        }
    }
}
