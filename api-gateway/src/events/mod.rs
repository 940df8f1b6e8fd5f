//! What happened, told once and in order.
//!
//! ```text
//!  ledger::publish ─► events (rows, in the transaction of the change)
//!                        │
//!        log (pages) ◄───┼──► tail (new rows, to all who listen) ─► subscription (SSE, WebSocket)
//!                        │
//!                        └──► webhooks: deliveries ─► signed POST, again until it is taken
//! ```
//!
//! Invariants:
//! - An event and its change are one commit.
//! - Numbers appear in their order (`event_heads`), so that who resumes after number n misses nothing.
//! - An app's events are that app's alone; a user sees those that are about him.
//! - A webhook gets each event at least once, always with the same id, and the events of one account in their order.
//!
//! How it fails: a reader that is too slow for the tail reads from the table; one that is gone resumes by its cursor. A
//! receiver that is down finds its events waiting.

mod log;
mod record;
mod subscription;
mod tail;
pub mod webhooks;

pub use log::{find, list};
pub use record::{Draft, append, skip_numbers};
pub use subscription::Subscription;
pub use tail::Tail;

use crate::db::{DAY_MS, Db, UnixMs, now_ms};
use crate::error::Error;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is in a block, and succeeded.
    OperationIncluded,
    /// It failed: in a block that is not final, or refused by the node.
    OperationFailed,
    /// Its outcome is final, whichever it is.
    OperationFinalized,
    /// Its block was taken back; it is on its way again.
    OperationReverted,
    /// A movement of units is in a block.
    TransferIncluded,
    /// Its block is final.
    TransferFinalized,
    /// Its block was taken back.
    TransferReverted,
    /// A log of a contract that the app has named is in a block.
    ContractEventIncluded,
    /// Its block is final.
    ContractEventFinalized,
    /// Its block was taken back.
    ContractEventReverted,
    /// Every outcome of a job is final.
    JobFinished,
    /// An occurrence of a schedule was refused when it was due.
    ScheduleFailed,
    /// A webhook has failed for so long that nothing is sent to it any more.
    WebhookDisabled,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::OperationIncluded,
        Self::OperationFailed,
        Self::OperationFinalized,
        Self::OperationReverted,
        Self::TransferIncluded,
        Self::TransferFinalized,
        Self::TransferReverted,
        Self::ContractEventIncluded,
        Self::ContractEventFinalized,
        Self::ContractEventReverted,
        Self::JobFinished,
        Self::ScheduleFailed,
        Self::WebhookDisabled,
    ];

    /// As in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OperationIncluded => "operation.included",
            Self::OperationFailed => "operation.failed",
            Self::OperationFinalized => "operation.finalized",
            Self::OperationReverted => "operation.reverted",
            Self::TransferIncluded => "transfer.included",
            Self::TransferFinalized => "transfer.finalized",
            Self::TransferReverted => "transfer.reverted",
            Self::ContractEventIncluded => "contractEvent.included",
            Self::ContractEventFinalized => "contractEvent.finalized",
            Self::ContractEventReverted => "contractEvent.reverted",
            Self::JobFinished => "job.finished",
            Self::ScheduleFailed => "schedule.failed",
            Self::WebhookDisabled => "webhook.disabled",
        }
    }

    /// The kinds that a filter names: one kind, or all of a group as `transfer.*`. Empty when there is no such thing.
    pub fn named(text: &str) -> Vec<Self> {
        let group = text.strip_suffix('*').filter(|group| group.ends_with('.'));
        let fits = |kind: &Self| match group {
            Some(group) => kind.as_str().starts_with(group),
            None => kind.as_str() == text,
        };
        Self::ALL.into_iter().filter(fits).collect()
    }
}

/// An event as it is stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its place in the order of all events.
    pub sequence: i64,
    id: String,
    app_id: String,
    kind: String,
    user_id: Option<String>,
    other_user_id: Option<String>,
    data: String,
    created_at_ms: i64,
}

impl Stored {
    /// Its JSON: the same bytes whenever and wherever it is sent.
    pub fn json(&self) -> String {
        render(&self.id, &self.kind, UnixMs(self.created_at_ms), &self.data)
    }
}

/// An event's JSON. Neither ids nor kinds nor times have anything that would have to be escaped; `data` is JSON already.
pub(crate) fn render(id: &str, kind: &str, timestamp: UnixMs, data: &str) -> String {
    format!(r#"{{"id":"{id}","type":"{kind}","timestamp":"{}","data":{data}}}"#, timestamp.to_rfc3339())
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `evt_…`: the same wherever and however often the event is sent.
    #[schema(example = "evt_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e")]
    pub id: String,
    /// What it is about: `operation.finalized`, `transfer.included`, …
    #[serde(rename = "type")]
    #[schema(example = "transfer.finalized")]
    pub kind: String,
    /// When the gateway saw it.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: UnixMs,
    /// The thing as it was then: an operation for `operation.…`; a transaction, with `fromUser` and `toUser`, for
    /// `transfer.…`; a webhook for `webhook.…`.
    #[schema(value_type = Object)]
    pub data: Value,
}

impl TryFrom<&Stored> for Event {
    type Error = Error;

    fn try_from(stored: &Stored) -> Result<Self, Error> {
        Ok(Self {
            id: stored.id.clone(),
            kind: stored.kind.clone(),
            timestamp: UnixMs(stored.created_at_ms),
            data: serde_json::from_str(&stored.data).map_err(Error::internal)?,
        })
    }
}

/// Whose events, and which.
#[derive(Clone, Debug)]
pub struct Scope {
    /// `app_…`
    pub app_id: String,
    /// Only those about this user.
    pub user_id: Option<String>,
    /// Only of these kinds; all when empty.
    pub kinds: Vec<Kind>,
}

impl Scope {
    /// Whether an event is in it.
    pub fn holds(&self, event: &Stored) -> bool {
        let is_about = |user: &String| [&event.user_id, &event.other_user_id].contains(&&Some(user.clone()));
        self.app_id == event.app_id
            && self.user_id.as_ref().is_none_or(is_about)
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.as_str() == event.kind))
    }
}

/// Events deleted in one transaction: no write has to wait long for it.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// Deletes events that are older than `days`, and what is known of their deliveries.
///
/// # Errors
/// When the database is away.
pub async fn forget(db: &Db, days: u32) -> Result<u64, Error> {
    let before = now_ms() - i64::from(days) * DAY_MS;
    let mut gone = 0;
    loop {
        let mut tx = db.write_relaxed().await?;
        let mut deleted = 0;
        for sql in [
            "DELETE FROM webhook_deliveries WHERE sequence IN (SELECT sequence FROM events WHERE created_at_ms < $1 \
             ORDER BY created_at_ms LIMIT $2)",
            "DELETE FROM events WHERE sequence IN (SELECT sequence FROM events WHERE created_at_ms < $1 \
             ORDER BY created_at_ms LIMIT $2)",
        ] {
            deleted = sqlx::query(sql).bind(before).bind(FORGOTTEN_AT_ONCE).execute(&mut *tx).await?.rows_affected();
        }
        tx.commit().await?;
        gone += deleted;
        if deleted < FORGOTTEN_AT_ONCE.unsigned_abs() {
            return Ok(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(user: Option<&str>, other: Option<&str>) -> Stored {
        Stored {
            sequence: 7,
            id: "evt_1".into(),
            app_id: "app_1".into(),
            kind: "transfer.included".into(),
            user_id: user.map(Into::into),
            other_user_id: other.map(Into::into),
            data: r#"{"amount":"5"}"#.into(),
            created_at_ms: 1_795_344_840_123,
        }
    }

    #[tokio::test]
    async fn what_is_old_is_forgotten_with_its_deliveries() {
        for test in crate::db::testing::all().await {
            let mut tx = test.db.write().await.unwrap();
            for sql in [
                "INSERT INTO owners (id, email, password_hash, created_at_ms) VALUES ('o', 'o', 'p', 0)",
                "INSERT INTO apps (id, owner_id, name, chain_app_id, treasury_wallet_id, sealed_app_key, root_key_id, \
                 created_at_ms) VALUES ('a', 'o', 'n', 'c', 't', 's', 'r', 0)",
                "INSERT INTO webhooks (id, app_id, url, types, sealed_secret, status, cursor, created_at_ms) \
                 VALUES ('w', 'a', 'u', '[]', 's', 'enabled', 0, 0)",
            ] {
                sqlx::query(sql).execute(&mut *tx).await.unwrap();
            }
            let old = now_ms() - 31 * DAY_MS;
            for (sequence, at) in (1..=FORGOTTEN_AT_ONCE + 5).map(|number| (number, old)).chain([(5_000, now_ms())]) {
                for sql in [
                    "INSERT INTO events (sequence, id, app_id, type, data, created_at_ms) VALUES ($1, $2, 'a', 't', '{}', $3)",
                    // Given to the webhook long after it happened, as by a replay.
                    "INSERT INTO webhook_deliveries (sequence, event_id, created_at_ms, webhook_id, status, next_attempt_ms) \
                     VALUES ($1, $2, $3 + 86400000, 'w', 'pending', 0)",
                ] {
                    let query = sqlx::query(sql).bind(sequence).bind(format!("evt_{sequence}")).bind(at);
                    query.execute(&mut *tx).await.unwrap();
                }
            }
            tx.commit().await.unwrap();
            assert_eq!(forget(&test.db, 30).await.unwrap(), FORGOTTEN_AT_ONCE.unsigned_abs() + 5, "{}", test.name);
            for sql in ["SELECT sequence FROM events", "SELECT sequence FROM webhook_deliveries"] {
                let left: Vec<(i64,)> = sqlx::query_as(sql).fetch_all(test.db.reader()).await.unwrap();
                assert_eq!(left, [(5_000,)], "{}: {sql}", test.name);
            }
        }
    }

    #[test]
    fn filters_name_kinds_and_groups() {
        assert_eq!(Kind::named("transfer.*").len(), 3);
        assert_eq!(Kind::named("operation.failed"), [Kind::OperationFailed]);
        for nothing in ["", "*", ".*", "transfer", "transfer*", "Transfer.*"] {
            assert!(Kind::named(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn a_user_sees_what_is_about_him() {
        let scope =
            |user: Option<&str>| Scope { app_id: "app_1".into(), user_id: user.map(Into::into), kinds: Vec::new() };
        assert!(scope(None).holds(&event(None, None)));
        assert!(scope(Some("a")).holds(&event(Some("a"), None)));
        assert!(scope(Some("a")).holds(&event(Some("b"), Some("a"))));
        assert!(!scope(Some("a")).holds(&event(Some("b"), None)));
        assert!(!scope(Some("a")).holds(&event(None, None)));
        assert!(!Scope { app_id: "app_2".into(), ..scope(None) }.holds(&event(None, None)));
        assert!(!Scope { kinds: vec![Kind::TransferFinalized], ..scope(None) }.holds(&event(None, None)));
    }

    #[test]
    fn its_json_is_what_the_api_says() {
        let stored = event(None, None);
        let json: Value = serde_json::from_str(&stored.json()).unwrap();
        assert_eq!(json, serde_json::to_value(Event::try_from(&stored).unwrap()).unwrap());
        assert_eq!(json["timestamp"], "2026-11-22T10:54:00.123Z");
    }
}
