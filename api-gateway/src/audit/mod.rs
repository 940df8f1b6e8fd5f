//! Who did what, from where: a log that can only be added to, and shows when it was changed.
//!
//! ```text
//!  api::trail (middleware) ─► AuditLog::write ─► one commit for those that wait ─► audit_log
//!                                                 hash = SHA-256(hash before, entry)
//!  hanse-gateway verify-audit ─► every hash again, and a head that was remembered elsewhere
//! ```
//!
//! Recorded is every request with a method that changes something by a known caller, with the status of its answer: also
//! what was refused. And what the operator changes of an app by the command line. Not recorded are single transfers, which operations tell, and renewals of tokens.
//!
//! How it fails: when the entry can't be written, the answer stands (it is done) and the entry goes to the process's log
//! as an error.

mod verify;
mod writer;

pub use verify::{Verdict, verify};
pub(crate) use writer::append;
pub use writer::{AuditLog, run};

use sha2::{Digest as _, Sha256};

/// What is recorded of a request, or of what the operator did by the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The app that it was about.
    pub app_id: Option<String>,
    /// The owner, where one did it.
    pub owner_id: Option<String>,
    /// `owner`, `serverKey`, `user` or `operator`.
    pub actor_kind: &'static str,
    /// `own_…`, `key_…` or `usr_…`; of the operator the program, `hanse-gateway`.
    pub actor_id: String,
    /// Method and route, `POST /tokens/{token}/mint`; of the operator the command, `set-quota`.
    pub action: String,
    /// The path with its ids; of the operator the command's arguments.
    pub path: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// The request's id; the operator's have none.
    pub request_id: String,
    /// Network address of the caller.
    pub address: Option<String>,
}

/// The row's part of the chain, as text of JSON: what each field is can't be moved into its neighbour.
struct Link<'a> {
    sequence: i64,
    created_at_ms: i64,
    app_id: Option<&'a str>,
    owner_id: Option<&'a str>,
    actor_kind: &'a str,
    actor_id: &'a str,
    action: &'a str,
    path: &'a str,
    status: i64,
    request_id: &'a str,
    address_digest: &'a str,
}

impl Link<'_> {
    fn hash(&self, previous: &str) -> String {
        let fields = serde_json::json!([
            previous,
            self.sequence,
            self.created_at_ms,
            self.app_id,
            self.owner_id,
            self.actor_kind,
            self.actor_id,
            self.action,
            self.path,
            self.status,
            self.request_id,
            self.address_digest,
        ]);
        hex::encode(Sha256::digest(fields.to_string()))
    }
}

fn address_digest(salt: &str, address: Option<&str>) -> String {
    hex::encode(Sha256::digest(format!("{salt} {}", address.unwrap_or_default())))
}

#[cfg(test)]
mod tests;
