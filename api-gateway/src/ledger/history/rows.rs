//! Blocks as rows, many in one statement.

use super::super::chain::{Receipt, SignedTransaction, by_hash};
use super::super::contracts::{COLLECTIONS, ChainAppId, TOKENS, abi, address_text, hash_text};
use super::super::projection::BlockData;
use super::super::state::big;
use super::deployed;
use crate::db::{QueryBuilder, Standard};
use crate::error::Result;
use alloy::primitives::{Address, Log, LogData, hex};
use alloy::sol_types::SolEvent as _;
use sqlx::{AnyConnection, Row as _};
use std::collections::BTreeMap;

const HOUR_MS: i64 = 3_600_000;

/// Sums over blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    blocks: i64,
    transactions: i64,
    failed: i64,
    gas_used: i64,
}

/// Inserts the blocks with all that is in them.
pub(super) async fn insert(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    let mut hours: BTreeMap<i64, Sums> = BTreeMap::new();
    for data in blocks {
        let sums = hours.entry(data.block.timestamp_ms() / HOUR_MS).or_default();
        sums.blocks += 1;
        sums.transactions += count(data.block.transactions.len());
        sums.failed += failed(data);
        sums.gas_used = sums.gas_used.saturating_add(big(data.block.gas_used.to()));
    }
    add_hours(tx, &hours).await?;
    insert_blocks(tx, blocks).await?;
    insert_transactions(tx, blocks).await?;
    insert_tokens(tx, blocks).await?;
    deployed::insert(tx, blocks).await
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn failed(data: &BlockData) -> i64 {
    count(data.receipts.iter().filter(|receipt| !receipt.succeeded()).count())
}

async fn insert_blocks(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO chain_blocks (number, hash, parent_hash, timestamp_ms, author, transaction_count, \
             failed_count, gas_used, gas_limit, base_fee, size_bytes) ",
        blocks,
        "",
        |mut row, data| {
            let block = &data.block;
            row.push_bind(big(block.number()))
                .push_bind(hash_text(block.hash))
                .push_bind(hash_text(block.parent_hash))
                .push_bind(block.timestamp_ms())
                .push_bind(address_text(block.miner))
                .push_bind(count(block.transactions.len()))
                .push_bind(failed(data))
                .push_bind(big(block.gas_used.to()))
                .push_bind(big(block.gas_limit.to()))
                .push_bind(block.base_fee_per_gas.unwrap_or_default().to_string())
                .push_bind(big(block.size.to()));
        },
    )
    .await?;
    Ok(())
}

async fn insert_transactions(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    let mut rows: Vec<(u64, usize, &SignedTransaction, &Receipt)> = Vec::new();
    for data in blocks {
        let receipts = by_hash(&data.receipts);
        for (index, transaction) in data.transactions.iter().enumerate() {
            if let Some(receipt) = receipts.get(&transaction.hash) {
                rows.push((data.block.number(), index, transaction, receipt));
            }
        }
    }
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO chain_transactions (block_number, tx_index, hash, kind, from_address, to_address, value, \
             method, type, nonce, succeeded, gas_used, gas_price, log_count) ",
        &rows,
        "",
        |mut row, (number, index, transaction, receipt)| {
            let method = transaction.to.and_then(|_| transaction.input.get(..4)).map(hex::encode_prefixed);
            let kind = match (transaction.to, transaction.input.is_empty()) {
                (None, _) => "create",
                (Some(_), true) => "transfer",
                (Some(_), false) => "call",
            };
            let to = transaction.to.or(receipt.contract_address).map(address_text);
            row.push_bind(big(*number))
                .push_bind(count(*index))
                .push_bind(hash_text(transaction.hash))
                .push_bind(kind)
                .push_bind(address_text(transaction.from))
                .push_bind(to)
                .push_bind(transaction.value.to_string())
                .push_bind(method)
                .push_bind(big(transaction.kind.to()))
                .push_bind(big(transaction.nonce.to()))
                .push_bind(receipt.succeeded())
                .push_bind(big(receipt.gas_used.to()))
                .push_bind(receipt.effective_gas_price.to_string())
                .push_bind(count(receipt.logs.len()));
        },
    )
    .await?;
    Ok(())
}

async fn insert_tokens(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    let mut rows = Vec::new();
    for data in blocks {
        for receipt in &data.receipts {
            let issued = receipt.logs.iter().filter_map(|log| Some((log.log_index.to::<u64>(), Issued::read(log)?)));
            rows.extend(issued.map(|(index, issued)| (data.block.number(), index, receipt.transaction_hash, issued)));
        }
    }
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO chain_tokens (address, standard, name, symbol, decimals, chain_app_id, creator, block_number, \
             log_index, tx_hash, search_name, search_symbol) ",
        &rows,
        "",
        |mut row, (number, index, hash, issued)| {
            // PostgreSQL takes no NUL in text; a chain may.
            let text = |text: &str| text.replace('\0', "\u{fffd}");
            row.push_bind(address_text(issued.address))
                .push_bind(issued.standard.as_str())
                .push_bind(text(&issued.name))
                .push_bind(text(&issued.symbol))
                .push_bind(i64::from(issued.decimals))
                .push_bind(hex::encode_prefixed(issued.app))
                .push_bind(address_text(issued.creator))
                .push_bind(big(*number))
                .push_bind(big(*index))
                .push_bind(hash_text(*hash))
                .push_bind(text(&issued.name.to_lowercase()))
                .push_bind(text(&issued.symbol.to_lowercase()));
        },
    )
    .await?;
    Ok(())
}

/// A token or a collection that came into being.
struct Issued {
    address: Address,
    standard: Standard,
    app: ChainAppId,
    creator: Address,
    name: String,
    symbol: String,
    decimals: u8,
}

impl Issued {
    /// What the issuers' logs tell; `None` for every other log.
    fn read(log: &super::super::chain::Log) -> Option<Self> {
        let (address, data) = (log.address, LogData::new(log.topics.clone(), log.data.clone())?);
        match address {
            TOKENS => {
                let event = abi::ITokens::TokenCreated::decode_log(&Log { address, data }).ok()?.data;
                let abi::ITokens::TokenCreated { token, app, creator, name, symbol, decimals } = event;
                Some(Self { address: token, standard: Standard::Erc20, app, creator, name, symbol, decimals })
            }
            COLLECTIONS => {
                let event = abi::ICollections::CollectionCreated::decode_log(&Log { address, data }).ok()?.data;
                let abi::ICollections::CollectionCreated { collection, app, creator, standard, name, symbol } = event;
                let standard = match standard {
                    abi::ICollections::Standard::ERC1155 => Standard::Erc1155,
                    _ => Standard::Erc721,
                };
                Some(Self { address: collection, standard, app, creator, name, symbol, decimals: 0 })
            }
            _ => None,
        }
    }
}

async fn add_hours(tx: &mut AnyConnection, hours: &BTreeMap<i64, Sums>) -> Result<()> {
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO chain_hours (hour, blocks, transactions, failed, gas_used) ",
        &hours.iter().collect::<Vec<_>>(),
        " ON CONFLICT (hour) DO UPDATE SET blocks = chain_hours.blocks + excluded.blocks, \
             transactions = chain_hours.transactions + excluded.transactions, \
             failed = chain_hours.failed + excluded.failed, gas_used = chain_hours.gas_used + excluded.gas_used",
        |mut row, (hour, sums)| {
            row.push_bind(**hour)
                .push_bind(sums.blocks)
                .push_bind(sums.transactions)
                .push_bind(sums.failed)
                .push_bind(sums.gas_used);
        },
    )
    .await?;
    Ok(())
}

/// Takes the blocks above `number` out of the sums, before they are deleted.
pub(super) async fn subtract_hours(tx: &mut AnyConnection, number: u64) -> Result<()> {
    // SUM gives PostgreSQL's NUMERIC, which is no type of both engines.
    let rows = sqlx::query(
        "SELECT timestamp_ms / 3600000 AS hour, COUNT(*) AS blocks, CAST(SUM(transaction_count) AS BIGINT) AS transactions, \
         CAST(SUM(failed_count) AS BIGINT) AS failed, CAST(SUM(gas_used) AS BIGINT) AS gas_used \
         FROM chain_blocks WHERE number > $1 GROUP BY timestamp_ms / 3600000",
    )
    .bind(big(number))
    .fetch_all(&mut *tx)
    .await?;
    let mut hours = BTreeMap::new();
    for row in rows {
        let minus = |column: &str| Ok::<i64, sqlx::Error>(-row.try_get::<i64, _>(column)?);
        let sums = Sums {
            blocks: minus("blocks")?,
            transactions: minus("transactions")?,
            failed: minus("failed")?,
            gas_used: minus("gas_used")?,
        };
        hours.insert(row.try_get("hour")?, sums);
    }
    add_hours(tx, &hours).await?;
    sqlx::query("DELETE FROM chain_hours WHERE blocks = 0").execute(&mut *tx).await?;
    Ok(())
}
