//! Transfers, one or many at once.

use super::tokens::{require_positive, submission, token_ref};
use super::{Actor, Moved, parties};
use crate::db::Amount;
use crate::error::{Error, FieldError, Result};
use crate::ledger::contracts::MAX_BATCH;
use crate::ledger::{Intent, Ledger, RequestKey};
use serde::Deserialize;
use utoipa::ToSchema;

/// Longest memo in bytes.
pub const MEMO_MAX_BYTES: usize = 256;

/// Body of `POST /tokens/{token}/transfers`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transfer {
    /// Who pays: a user (`usr_…`) or wallet (`wal_…`, 0x…) of the app. When absent: the treasury with a server key,
    /// the user himself with a user's token.
    #[serde(default)]
    pub from: Option<String>,
    /// Who receives: `usr_…`, `wal_…` or any 0x address.
    pub to: String,
    /// More than 0.
    pub amount: Amount,
    /// A note of at most 256 bytes; kept off chain.
    #[serde(default)]
    pub memo: Option<String>,
}

/// Body of `POST /tokens/{token}/transfers/bulk`: all or nothing.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkTransfer {
    /// As in a single transfer.
    #[serde(default)]
    pub from: Option<String>,
    /// 1 to 1,000 entries.
    #[schema(min_items = 1, max_items = 1000)]
    #[serde(deserialize_with = "crate::strict::objects")]
    pub transfers: Vec<BulkEntry>,
    /// As in a single transfer.
    #[serde(default)]
    pub memo: Option<String>,
}

/// One receiver of a bulk transfer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkEntry {
    /// Who receives: `usr_…`, `wal_…` or any 0x address.
    pub to: String,
    /// More than 0.
    pub amount: Amount,
}

/// Accepts a transfer.
///
/// # Errors
/// 404, field errors, 403 when a user names another payer, 422 `insufficient_balance`, what [`Ledger::submit`]
/// answers.
pub async fn submit(
    ledger: &Ledger,
    app_id: &str,
    actor: &Actor,
    token_id: &str,
    body: Transfer,
    request: RequestKey,
) -> Result<Moved> {
    require_positive("amount", body.amount)?;
    memo_or_error(body.memo.as_deref())?;
    let token = token_ref(ledger.db(), app_id, token_id).await?;
    let payer = parties::payer(ledger.db(), app_id, actor, body.from.as_deref()).await?;
    let to = parties::receiver(ledger.db(), app_id, "to", &body.to).await?;
    let intent = Intent::Transfer { token, to, amount: body.amount.0 };
    Ok(ledger.submit(submission(app_id, payer.id, intent, request, actor, body.memo)).await?.into())
}

/// Accepts a transfer to many receivers in one operation.
///
/// # Errors
/// As [`submit`]; fields are named `transfers[3].to`.
pub async fn submit_bulk(
    ledger: &Ledger,
    app_id: &str,
    actor: &Actor,
    token_id: &str,
    body: BulkTransfer,
    request: RequestKey,
) -> Result<Moved> {
    if !(1..=MAX_BATCH).contains(&body.transfers.len()) {
        return Err(Error::field("transfers", "length", "must have 1 to 1,000 entries"));
    }
    memo_or_error(body.memo.as_deref())?;
    for (index, entry) in body.transfers.iter().enumerate() {
        require_positive(&format!("transfers[{index}].amount"), entry.amount)?;
    }
    let token = token_ref(ledger.db(), app_id, token_id).await?;
    let payer = parties::payer(ledger.db(), app_id, actor, body.from.as_deref()).await?;
    let receivers =
        parties::receivers(ledger.db(), app_id, "transfers", body.transfers.iter().map(|entry| entry.to.as_str()))
            .await?;
    let transfers = receivers.into_iter().zip(body.transfers.iter().map(|entry| entry.amount.0)).collect();
    let intent = Intent::TransferBatch { token, transfers };
    if intent.debit().is_none() {
        return Err(Error::field("transfers", "range", "the amounts together exceed 2^256 - 1"));
    }
    Ok(ledger.submit(submission(app_id, payer.id, intent, request, actor, body.memo)).await?.into())
}

pub(super) fn memo_or_error(memo: Option<&str>) -> Result<()> {
    check_memo("memo", memo).map_err(|broken| Error::fields(vec![broken]))
}

/// Whether a note may be kept.
///
/// # Errors
/// The broken rule, at `field`.
pub fn check_memo(field: &str, memo: Option<&str>) -> Result<(), FieldError> {
    match memo {
        Some(memo) if memo.len() > MEMO_MAX_BYTES => Err(FieldError::new(field, "length", "must be at most 256 bytes")),
        // PostgreSQL's TEXT takes no NUL.
        Some(memo) if memo.contains('\0') => Err(FieldError::new(field, "format", "must not contain NUL")),
        _ => Ok(()),
    }
}
