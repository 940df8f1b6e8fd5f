//! The rows of accepted operations, many in one statement.

use super::super::contracts::address_text;
use super::super::intent::Submission;
use super::super::types::{Accepted, Kind};
use super::Prepared;
use super::wallets::Wallet;
use crate::db::{QueryBuilder, ROWS_MAX};
use crate::error::{Error, Result};
use sqlx::AnyConnection;
use std::collections::HashMap;

/// An operation with its raw bytes and its answer.
pub(super) type Stored = (Prepared, String, Accepted);

pub(super) async fn insert_operations(
    tx: &mut AnyConnection,
    submissions: &[Submission],
    stored: &[Stored],
) -> Result<()> {
    let mut rows = Vec::with_capacity(stored.len());
    for one in stored {
        rows.push((one, serde_json::to_string(&one.0.call.effects).map_err(Error::internal)?));
    }
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO operations (id, app_id, kind, status, wallet_id, sender, nonce, tx_hash, raw_tx, target, \
             token_id, from_address, to_address, amount, memo, resource_id, user_id, effects, effects_pending, \
             created_at_ms) ",
        &rows,
        "",
        |mut row, ((prepared, raw, accepted), effects)| {
            let (submission, operation) = (&submissions[prepared.index], &accepted.operation);
            row.push_bind(operation.id.clone())
                .push_bind(submission.app_id.clone())
                .push_bind(operation.kind.as_str())
                .push_bind(operation.status.as_str())
                .push_bind(prepared.wallet_id.clone())
                .push_bind(operation.sender.clone())
                .push_bind(i64::try_from(prepared.nonce).unwrap_or(i64::MAX))
                .push_bind(operation.transaction_hash.clone())
                .push_bind(raw.clone())
                .push_bind(address_text(prepared.call.target))
                .push_bind(operation.token.clone())
                .push_bind(operation.from.clone())
                .push_bind(operation.to.clone())
                .push_bind(operation.amount.map(|amount| amount.to_string()))
                .push_bind(operation.memo.clone())
                .push_bind(operation.resource.clone())
                .push_bind(submission.user_id.clone())
                .push_bind(effects)
                .push_bind(1_i64)
                .push_bind(operation.created_at.0);
        },
    )
    .await?;
    Ok(())
}

/// Says where the contracts will be that are deployed: it follows from the nonce.
pub(super) async fn place_contracts(tx: &mut AnyConnection, stored: &[Stored]) -> Result<()> {
    for (prepared, _, accepted) in stored.iter().filter(|(prepared, _, _)| prepared.call.kind == Kind::Deploy) {
        sqlx::query("UPDATE contracts SET address = $1 WHERE operation_id = $2")
            .bind(address_text(prepared.call.target))
            .bind(&accepted.operation.id)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

pub(super) async fn insert_keys(tx: &mut AnyConnection, submissions: &[Submission], stored: &[Stored]) -> Result<()> {
    let mut rows = Vec::with_capacity(stored.len());
    for one in stored {
        rows.push((one, serde_json::to_string(&one.2).map_err(Error::internal)?));
    }
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO idempotency_keys (scope, key, body_hash, operation_id, answer, created_at_ms) ",
        &rows,
        "",
        |mut row, ((prepared, _, accepted), answer)| {
            let request = &submissions[prepared.index].request;
            row.push_bind(request.scope.clone())
                .push_bind(request.key.clone())
                .push_bind(request.body_hash.clone())
                .push_bind(accepted.operation.id.clone())
                .push_bind(answer)
                .push_bind(accepted.operation.created_at.0);
        },
    )
    .await?;
    Ok(())
}

pub(super) async fn update_nonces(tx: &mut AnyConnection, wallets: &HashMap<String, Wallet>) -> Result<()> {
    let used: Vec<&Wallet> = wallets.values().filter(|wallet| wallet.used).collect();
    for chunk in used.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::new("UPDATE wallets SET next_nonce = v.column2 FROM (");
        query.push_values(chunk, |mut row, wallet| {
            row.push_bind(&wallet.sealed.id).push_bind(i64::try_from(wallet.next_nonce).unwrap_or(i64::MAX));
        });
        query.push(") AS v WHERE wallets.id = v.column1");
        query.execute(&mut *tx).await?;
    }
    Ok(())
}
