//! What blocks bring, as rows: many in one statement.

use super::super::chain::by_hash;
use super::super::contracts::hash_text;
use super::super::state::big;
use super::super::types::{Failure, Kind, Status};
use super::{BlockData, Moved, Ours, seconds};
use crate::db::{Db, QueryBuilder, ROWS_MAX, now_ms};
use crate::error::{Error, Result};
use alloy::primitives::B256;
use sqlx::{AnyConnection, Row as _};
use std::collections::HashMap;

pub(super) async fn find_ours(db: &Db, tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<HashMap<B256, Ours>> {
    let hashes: Vec<B256> = blocks.iter().flat_map(|data| data.block.transactions.iter().copied()).collect();
    let mut ours = HashMap::new();
    for chunk in hashes.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::new(
            "SELECT tx_hash, id, kind, app_id, sender, effects, effects_pending, created_at_ms FROM operations WHERE tx_hash IN (",
        );
        query.push_list(chunk.iter().map(|hash| hash_text(*hash)));
        query.push(") ORDER BY id");
        query.push(db.for_update());
        for row in query.fetch_all(&mut *tx).await? {
            let (hash, sender, effects): (String, String, String) =
                (row.try_get("tx_hash")?, row.try_get("sender")?, row.try_get("effects")?);
            let kind: String = row.try_get("kind")?;
            let one = Ours {
                id: row.try_get("id")?,
                kind: Kind::parse(&kind)?,
                app_id: row.try_get("app_id")?,
                sender: sender.parse().map_err(Error::internal)?,
                effects: serde_json::from_str(&effects).map_err(Error::internal)?,
                effects_pending: row.try_get::<i64, _>("effects_pending")? == 1,
                created_at_ms: row.try_get("created_at_ms")?,
            };
            ours.insert(hash.parse().map_err(Error::internal)?, one);
        }
    }
    Ok(ours)
}

pub(super) async fn insert_blocks(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO blocks (number, hash, parent_hash, timestamp_ms) ",
        blocks,
        "",
        |mut row, data| {
            row.push_bind(big(data.block.number()))
                .push_bind(hash_text(data.block.hash))
                .push_bind(hash_text(data.block.parent_hash))
                .push_bind(data.block.timestamp_ms());
        },
    )
    .await?;
    Ok(())
}

pub(super) async fn include_operations(
    tx: &mut AnyConnection,
    blocks: &[BlockData],
    ours: &HashMap<B256, Ours>,
) -> Result<Vec<String>> {
    let mut included = Vec::new();
    if ours.is_empty() {
        return Ok(included);
    }
    let mut updates = Vec::new();
    for data in blocks {
        for (hash, receipt) in by_hash(&data.receipts) {
            if let Some(one) = ours.get(&hash) {
                updates.push((data, receipt, one));
            }
        }
    }
    let now = now_ms();
    for chunk in updates.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::new(
            "UPDATE operations SET status = v.column2, block_number = v.column3, block_hash = v.column4, \
             tx_index = v.column5, gas_used = v.column6, error_code = v.column7, error_detail = v.column8, \
             error_data = v.column9, refused = 0, effects_pending = 0, included_at_ms = ",
        );
        query.push_bind(now).push(", sent_at_ms = COALESCE(sent_at_ms, ").push_bind(now).push(") FROM (");
        query.push_values(chunk, |mut row, (data, receipt, one)| {
            let failure = if !receipt.succeeded() {
                Some(data.failures.get(&receipt.transaction_hash).cloned().unwrap_or_else(|| {
                    (Failure { code: "reverted".into(), detail: "the transaction reverted".into() }, None)
                }))
            } else if one.kind.always_tells() && receipt.logs.is_empty() {
                // Where nothing is, a call succeeds and does nothing.
                let detail = "the chain's runtime does not know this yet; nothing was done".to_owned();
                Some((Failure { code: "not_supported".into(), detail }, None))
            } else {
                None
            };
            let status = if failure.is_some() { Status::Failed } else { Status::Included };
            let (code, detail, bytes) = match failure {
                Some((failure, bytes)) => (Some(failure.code), Some(failure.detail), bytes),
                None => (None, None, None),
            };
            row.push_bind(one.id.clone())
                .push_bind(status.as_str())
                .push_bind(big(data.block.number()))
                .push_bind(hash_text(data.block.hash))
                .push_bind(big(receipt.transaction_index.to()))
                .push_bind(big(receipt.gas_used.to()))
                .push_bind(code)
                .push_bind(detail)
                .push_bind(bytes.map(|bytes| bytes.to_string()));
        });
        query.push(
            ") AS v WHERE operations.id = v.column1 AND operations.block_hash IS NULL \
             AND operations.status IN ('accepted', 'sent', 'failed')",
        );
        let done = query.execute(&mut *tx).await?;
        if done.rows_affected() != chunk.len() as u64 {
            return Err(Error::internal("an operation's transaction is in two blocks of one chain"));
        }
        for (_, _, one) in chunk {
            metrics::histogram!("hanse_gateway_operation_included_seconds").record(seconds(now - one.created_at_ms));
            included.push(one.id.clone());
        }
    }
    Ok(included)
}

pub(super) async fn insert_transfers(
    tx: &mut AnyConnection,
    blocks: &[BlockData],
    moved: &[Moved],
    ours: &HashMap<B256, Ours>,
) -> Result<()> {
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO transfers (block_number, log_index, place, block_hash, tx_hash, app_id, token_id, from_address, \
             to_address, amount, operation_id, timestamp_ms) ",
        moved,
        "",
        |mut row, one| {
            let block = &blocks[one.block].block;
            row.push_bind(big(block.number()))
                .push_bind(big(one.log_index))
                .push_bind(big(one.place as u64))
                .push_bind(hash_text(block.hash))
                .push_bind(hash_text(one.tx_hash))
                .push_bind(one.token.1.clone())
                .push_bind(one.token.0.clone())
                .push_bind(one.from.clone())
                .push_bind(one.to.clone())
                .push_bind(one.amount.to_string())
                .push_bind(ours.get(&one.tx_hash).map(|ours| ours.id.clone()))
                .push_bind(block.timestamp_ms());
        },
    )
    .await?;
    Ok(())
}
