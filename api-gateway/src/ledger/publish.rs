//! Events about what the ledger's tasks do. They are written in the transaction that does it: no change without its event,
//! no event without its change. What becomes of them stands in [`crate::events`].

use super::contract_logs;
use super::operations;
use super::state::big;
use super::transactions;
use super::types::{Operation, Status, Transaction};
use crate::db::{QueryBuilder, ROWS_MAX};
use crate::error::{Error, Result};
use crate::events::{Draft, Kind};
use serde::Serialize;
use sqlx::{AnyConnection, Row as _};

/// Which way the chain went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Best or finality moved on, or an operation was refused.
    Forwards,
    /// Blocks were taken back.
    Back,
}

/// A movement, and whose it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Movement {
    #[serde(flatten)]
    transaction: Transaction,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_user: Option<String>,
}

/// What has become of operations.
pub(crate) async fn operations(tx: &mut AnyConnection, ids: &[String], way: Way) -> Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    for chunk in ids.chunks(ROWS_MAX) {
        for (app_id, user_id, operation) in operations::by_ids(tx, chunk).await? {
            drafts.push(Draft {
                app_id,
                kind: kind_of(&operation, way),
                account: Some(operation.sender.clone()),
                other_account: None,
                user_id,
                other_user_id: None,
                operation_id: Some(operation.id.clone()),
                data: json(&operation)?,
            });
        }
    }
    Ok(drafts)
}

fn kind_of(operation: &Operation, way: Way) -> Kind {
    match (way, operation.status) {
        (Way::Back, _) => Kind::OperationReverted,
        (_, _) if operation.finalized_at.is_some() => Kind::OperationFinalized,
        (_, Status::Failed) => Kind::OperationFailed,
        _ => Kind::OperationIncluded,
    }
}

/// The movements in the blocks `above < number <= until`.
pub(crate) async fn transfers(tx: &mut AnyConnection, above: u64, until: u64, kind: Kind) -> Result<Vec<Draft>> {
    let mut query = QueryBuilder::new("SELECT x.app_id, wf.user_id AS from_user, wt.user_id AS to_user, ");
    query.push(transactions::COLUMNS).push(" FROM transfers x").push(transactions::JOINS).push(
        "LEFT JOIN wallets wf ON wf.address = x.from_address AND wf.app_id = x.app_id \
         LEFT JOIN wallets wt ON wt.address = x.to_address AND wt.app_id = x.app_id WHERE x.block_number > ",
    );
    query.push_bind(big(above)).push(" AND x.block_number <= ").push_bind(big(until));
    query.push(" ORDER BY x.block_number, x.log_index, x.place");
    let mut drafts = Vec::new();
    for row in query.fetch_all(&mut *tx).await? {
        let transaction = transactions::from_row(&row)?;
        let (from_user, to_user): (Option<String>, Option<String>) =
            (row.try_get("from_user")?, row.try_get("to_user")?);
        drafts.push(Draft {
            app_id: row.try_get("app_id")?,
            kind,
            account: Some(transaction.from.clone()),
            other_account: Some(transaction.to.clone()),
            user_id: from_user.clone(),
            operation_id: transaction.operation.clone(),
            other_user_id: to_user.clone().filter(|user| from_user.as_ref() != Some(user)),
            data: json(&Movement { transaction, from_user, to_user })?,
        });
    }
    Ok(drafts)
}

/// What named contracts have told in the blocks `above < number <= until`.
pub(crate) async fn contract_events(tx: &mut AnyConnection, above: u64, until: u64, kind: Kind) -> Result<Vec<Draft>> {
    let mut query = QueryBuilder::new(contract_logs::EVENTS);
    query.push(" WHERE l.block_number > ").push_bind(big(above));
    query.push(" AND l.block_number <= ").push_bind(big(until));
    query.push(" ORDER BY l.block_number, l.log_index, l.contract_id");
    let rows = query.fetch_all(&mut *tx).await?;
    let mut drafts = Vec::with_capacity(rows.len());
    for (row, event) in rows.iter().zip(contract_logs::read(tx, &rows).await?) {
        let app_id: String = row.try_get("app_id")?;
        drafts.push(Draft { account: Some(event.address.clone()), ..Draft::notice(&app_id, kind, &event)? });
    }
    Ok(drafts)
}

fn json(data: &impl Serialize) -> Result<String> {
    serde_json::to_string(data).map_err(Error::internal)
}
