//! Logs of the contracts that apps have named, as rows, in the transaction that projects their blocks.

use super::contracts::{address_text, hash_text, is_native};
use super::projection::BlockData;
use super::state::big;
use super::types::Status;
use crate::abi::{self, Decoded};
use crate::db::{QueryBuilder, ROWS_MAX, UnixMs};
use crate::error::{Error, Result};
use alloy::json_abi::{Event, JsonAbi};
use alloy::primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// A log of a contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractEvent {
    /// `con_…`
    pub contract: String,
    /// Its address.
    pub address: String,
    /// Hash of the transaction.
    pub transaction_hash: String,
    /// The block.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: String,
    /// Position of the log in its block.
    pub log_index: u64,
    /// `included` or `finalized`.
    pub status: Status,
    /// The event in words; absent when the interface doesn't have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Decoded>,
    /// As the chain has them.
    #[schema(value_type = Vec<String>)]
    pub topics: Vec<B256>,
    /// As the chain has it.
    #[schema(value_type = String)]
    pub data: Bytes,
    /// The block's time.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: UnixMs,
}

/// Writes what the blocks bring.
pub(super) async fn append(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    let logs = || {
        blocks.iter().flat_map(|data| {
            let logs = data
                .receipts
                .iter()
                .flat_map(|receipt| receipt.logs.iter().map(move |log| (receipt.transaction_hash, log)));
            // The chain's own contracts are no app's: most blocks ask nothing here.
            logs.filter(|(_, log)| !is_native(&log.address)).map(move |(hash, log)| (data, hash, log))
        })
    };
    let addresses: BTreeSet<Address> = logs().map(|(_, _, log)| log.address).collect();
    if addresses.is_empty() {
        return Ok(());
    }
    let named = named(tx, &addresses).await?;
    let rows: Vec<_> = logs()
        .flat_map(|(data, hash, log)| {
            let contracts = named.get(&log.address).into_iter().flatten();
            contracts.map(move |contract| (data, hash, log, contract))
        })
        .collect();
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO contract_logs (block_number, log_index, contract_id, app_id, block_hash, tx_hash, topics, data, \
             timestamp_ms) ",
        &rows,
        "",
        |mut row, (data, hash, log, (contract, app))| {
            let topics: Vec<_> = log.topics.iter().map(|topic| hash_text(*topic)).collect();
            row.push_bind(big(data.block.number()))
                .push_bind(big(log.log_index.to()))
                .push_bind(contract.clone())
                .push_bind(app.clone())
                .push_bind(hash_text(data.block.hash))
                .push_bind(hash_text(*hash))
                .push_bind(serde_json::Value::from(topics).to_string())
                .push_bind(log.data.to_string())
                .push_bind(data.block.timestamp_ms());
        },
    )
    .await?;
    Ok(())
}

/// Takes out those of every block above `number`.
pub(super) async fn revert_to(tx: &mut AnyConnection, number: u64) -> Result<()> {
    sqlx::query("DELETE FROM contract_logs WHERE block_number > $1").bind(big(number)).execute(&mut *tx).await?;
    Ok(())
}

/// The contracts at these addresses, with their apps. Several apps may have named one.
async fn named(
    tx: &mut AnyConnection,
    addresses: &BTreeSet<Address>,
) -> Result<HashMap<Address, Vec<(String, String)>>> {
    let mut named: HashMap<Address, Vec<(String, String)>> = HashMap::new();
    let texts: Vec<String> = addresses.iter().map(|address| address_text(*address)).collect();
    for chunk in texts.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::new("SELECT address, id, app_id FROM contracts WHERE address IN (");
        query.push_list(chunk);
        query.push(") ORDER BY id");
        for row in query.fetch_all(&mut *tx).await? {
            let text: String = row.try_get(0)?;
            let address: Address = text.parse().map_err(Error::internal)?;
            named.entry(address).or_default().push((row.try_get(1)?, row.try_get(2)?));
        }
    }
    Ok(named)
}

/// Rows for [`read`]; `l` is a row of `contract_logs`. Without the interfaces: they are long, and many rows share one.
pub(crate) const EVENTS: &str = "SELECT l.*, c.address, s.finalized_number FROM contract_logs l \
    JOIN contracts c ON c.id = l.contract_id JOIN chain_state s ON s.id = 1";

/// Rows of [`EVENTS`] in words; each interface is asked for and read once.
pub(crate) async fn read(connection: &mut AnyConnection, rows: &[AnyRow]) -> Result<Vec<ContractEvent>> {
    let mut interfaces: HashMap<String, Vec<Event>> = HashMap::new();
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let contract: String = row.try_get("contract_id")?;
        if !interfaces.contains_key(&contract) {
            let found = sqlx::query("SELECT abi FROM contracts WHERE id = $1").bind(&contract);
            let abi: String = found.fetch_one(&mut *connection).await?.try_get(0)?;
            let abi: JsonAbi = serde_json::from_str(&abi).map_err(Error::internal)?;
            interfaces.insert(contract.clone(), abi.events().cloned().collect());
        }
        let known = interfaces.get(&contract).map(Vec::as_slice).unwrap_or_default();
        events.push(in_words(row, contract, known)?);
    }
    Ok(events)
}

fn in_words(row: &AnyRow, contract: String, known: &[Event]) -> Result<ContractEvent> {
    let (topics, data): (String, String) = (row.try_get("topics")?, row.try_get("data")?);
    let (block_number, finalized): (i64, i64) = (row.try_get("block_number")?, row.try_get("finalized_number")?);
    let topics: Vec<B256> = serde_json::from_str(&topics).map_err(Error::internal)?;
    let data: Bytes = data.parse().map_err(Error::internal)?;
    let mut fitting = known.iter().filter(|event| event.anonymous || topics.first() == Some(&event.selector()));
    let event = fitting.find_map(|event| abi::event(event, &topics, &data));
    Ok(ContractEvent {
        contract,
        address: row.try_get("address")?,
        transaction_hash: row.try_get("tx_hash")?,
        block_number: u64::try_from(block_number).map_err(Error::internal)?,
        block_hash: row.try_get("block_hash")?,
        log_index: u64::try_from(row.try_get::<i64, _>("log_index")?).map_err(Error::internal)?,
        status: if block_number <= finalized { Status::Finalized } else { Status::Included },
        event,
        topics,
        data,
        timestamp: UnixMs(row.try_get("timestamp_ms")?),
    })
}
