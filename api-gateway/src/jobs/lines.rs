//! Doing one line, or a few of them together.

use super::queue::{Running, Waiting, accepted};
use super::worker::Shared;
use crate::db::Amount;
use crate::error::{Error, Result};
use crate::ledger::{Intent, RequestKey};
use crate::services::users::{self, NewUser};
use crate::services::{Actor, parties, tokens};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One transfer of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferLine {
    /// Who receives: `usr_…`, `wal_…` or any 0x address.
    pub to: String,
    /// More than 0.
    pub amount: Amount,
    /// A note of at most 256 bytes; kept off chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
}

/// One user of a job. Passwords are set later, by the user or by `PUT /users/{user}/password`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserLine {
    /// Your own name for the user; unique in the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub external_id: Option<String>,
    /// For the user's own login; unique in the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Email, max_length = 254)]
    pub email: Option<String>,
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub display_name: Option<String>,
}

fn read<T: DeserializeOwned>(line: &Waiting) -> Result<T> {
    serde_json::from_str(&line.payload).map_err(Error::internal)
}

/// The same line of the same job is the same request, whoever sends it.
fn request_key(job: &Running, lines: &[Waiting]) -> RequestKey {
    let place = |line: Option<&Waiting>| line.map(|line| line.line).unwrap_or_default();
    RequestKey::new(&job.id, format!("{}-{}", place(lines.first()), place(lines.last())), "", &[])
}

/// Accepts a transfer.
pub(super) async fn transfer(shared: &Shared, job: &Running, line: &Waiting) -> Result<()> {
    let TransferLine { to, amount, memo } = read(line)?;
    let missing = || Error::internal("a job's row lacks what it moves");
    let token_id = job.token_id.as_deref().ok_or_else(missing)?;
    let wallet_id = job.wallet_id.clone().ok_or_else(missing)?;
    let token = tokens::token_ref(&shared.db, &job.app_id, token_id).await?;
    let to = parties::receiver(&shared.db, &job.app_id, "to", &to).await?;
    let intent = Intent::Transfer { token, to, amount: amount.0 };
    let request = request_key(job, std::slice::from_ref(line));
    let mut submission = tokens::submission(&job.app_id, wallet_id, intent, request, &Actor::App, memo);
    submission.rows.push(accepted(&job.id, line.line, &submission.operation_id));
    shared.ledger.submit(submission).await?;
    Ok(())
}

/// Accepts users, all or none, in one operation.
pub(super) async fn users(shared: &Shared, job: &Running, lines: &[Waiting]) -> Result<()> {
    let mut wanted = Vec::with_capacity(lines.len());
    for line in lines {
        let UserLine { external_id, email, display_name } = read(line)?;
        let id = line.resource_id.clone().ok_or_else(|| Error::internal("a job's line lacks the user's id"))?;
        wanted.push((id, NewUser { external_id, email, display_name, ..NewUser::default() }));
    }
    let rows = |operation: &str| lines.iter().map(|line| accepted(&job.id, line.line, operation)).collect();
    let request = request_key(job, lines);
    users::create_many(&shared.db, &shared.ledger, &shared.custody, &job.app_id, wanted, request, rows).await?;
    Ok(())
}
