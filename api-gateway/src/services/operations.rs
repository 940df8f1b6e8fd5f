//! Operations: read, list, wait.

use crate::db::{Db, Id, Order, OrderedPageQuery, Page, UnixMs};
use crate::error::{Code, Error, FieldError, Result};
use crate::ledger::{Kind, Ledger, Operation, Status, operations as store};
use crate::services::Actor;
use hanse_proof::Proof;
use serde::Deserialize;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How far to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitFor {
    /// Until it is in a block, or has failed.
    Included,
    /// Until its block is finalized, or it has failed for good.
    Finalized,
}

/// Longest wait of one request.
pub const WAIT_MAX: Duration = Duration::from_secs(25);

/// Query of `GET /operations/{operation}`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WaitQuery {
    /// Answer only when the operation has got this far, or the time is over.
    pub wait: Option<WaitFor>,
    /// How long to wait at most: 1 to 25,000; 10,000 when absent.
    #[param(minimum = 1, maximum = 25000)]
    pub timeout_ms: Option<u64>,
}

/// Filter of `GET /operations`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only operations with this status.
    pub status: Option<Status>,
    /// Only operations of this kind.
    pub kind: Option<Kind>,
    /// Only operations of this token (`tok_…`), collection (`col_…`) or item (`itm_…`).
    pub token: Option<String>,
    /// Only operations that this user (`usr_…`) asked for.
    pub user: Option<String>,
    /// Only operations that were stored at this moment or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<UnixMs>,
    /// Only operations that were stored at this moment or earlier.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<UnixMs>,
    /// `newest` first when absent.
    #[param(inline)]
    pub order: Option<Order>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// One operation. A user sees his own alone.
///
/// # Errors
/// 404.
pub async fn get(db: &Db, app_id: &str, actor: &Actor, id: &str) -> Result<Operation> {
    store::find(db, app_id, actor.user_id(), id).await?.ok_or_else(|| Error::not_found("operation"))
}

/// One operation, as soon as it has got far enough; as it stands when the time is over.
///
/// # Errors
/// 404; a field error for a timeout out of range.
pub async fn wait(ledger: &Ledger, app_id: &str, actor: &Actor, id: &str, query: &WaitQuery) -> Result<Operation> {
    let timeout = match query.timeout_ms.unwrap_or(10_000) {
        ms @ 1..=25_000 => Duration::from_millis(ms),
        _ => return Err(Error::field("query.timeoutMs", "range", "must be 1 to 25000")),
    };
    let Some(target) = query.wait else {
        return get(ledger.db(), app_id, actor, id).await;
    };
    let reached = |operation: &Operation| match target {
        WaitFor::Included => matches!(operation.status, Status::Included | Status::Finalized | Status::Failed),
        WaitFor::Finalized => match operation.status {
            Status::Finalized => true,
            // Reverted in a block that may still vanish, or refused by one node while another may have the bytes: final
            // once the nonce is used in a finalized block.
            Status::Failed => operation.finalized_at.is_some(),
            _ => false,
        },
    };
    let deadline = tokio::time::Instant::now() + timeout;
    let waiter = ledger.waiters().register(id);
    loop {
        // Registered before the read, so that no change slips in between.
        let changed = waiter.changed();
        let operation = get(ledger.db(), app_id, actor, id).await?;
        if reached(&operation) || tokio::time::Instant::now() >= deadline {
            return Ok(operation);
        }
        // The ceiling is for a change made by another gateway on the same database.
        let ceiling = tokio::time::Instant::now() + Duration::from_millis(500);
        let _ = tokio::time::timeout_at(deadline.min(ceiling), changed).await;
    }
}

/// What shows to anybody that the operation is final, whoever runs the gateway and the node.
///
/// # Errors
/// 404; `conflict` before it is final, and where the node has no proof; `unavailable`.
pub async fn proof(ledger: &Ledger, app_id: &str, actor: &Actor, id: &str) -> Result<Proof> {
    let operation = get(ledger.db(), app_id, actor, id).await?;
    let early = || Error::new(Code::Conflict, "the operation is in no finalized block yet");
    if operation.finalized_at.is_none() {
        return Err(early());
    }
    let hash = operation.transaction_hash.parse().map_err(Error::internal)?;
    // A failed one may have been replaced by another with its nonce: then it is in no block, and nothing shows it.
    ledger.proof(hash).await?.ok_or_else(early)
}

/// The app's operations, newest first; a user's own for a user.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app_id: &str, actor: &Actor, query: &ListQuery) -> Result<Page<Operation>> {
    let page = OrderedPageQuery { order: query.order, limit: query.limit, cursor: query.cursor.clone() };
    let mut faults = Vec::new();
    let kinds = [Id::Token, Id::Collection, Id::Item];
    if query.token.as_deref().is_some_and(|token| !kinds.iter().any(|kind| kind.matches(token))) {
        faults.push(FieldError::new("query.token", "format", "must be tok_, col_ or itm_ and 32 lowercase hex digits"));
    }
    if query.user.as_deref().is_some_and(|user| !Id::User.matches(user)) {
        faults.push(FieldError::new("query.user", "format", "must be usr_ and 32 lowercase hex digits"));
    }
    if !faults.is_empty() {
        return Err(Error::fields(faults));
    }
    if let Some(user) = &query.user {
        actor.require_self(user)?;
    }
    let filter = store::Filter {
        user_id: actor.user_id().map(str::to_owned).or_else(|| query.user.clone()),
        status: query.status,
        kind: query.kind,
        token_id: query.token.clone(),
        since: query.since,
        until: query.until,
    };
    store::list(db, app_id, &filter, &page).await
}
