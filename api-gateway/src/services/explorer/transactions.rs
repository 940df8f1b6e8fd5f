//! Transactions.

use super::range::Range;
use super::{Finality, parse_hash};
use crate::abi::{Decoded, known as abi};
use crate::db::{Db, Order, Page, PageQuery, QueryBuilder, UnixMs};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::contracts::{address_text, hash_text};
use crate::ledger::inspect::{Log, Receipt, SignedTransaction};
use crate::services::address::parse_address;
use alloy::primitives::{Address, B256, hex};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::{IntoParams, ToSchema};

/// What a transaction is, by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TransactionKind {
    /// It has no input.
    Transfer,
    /// It calls a contract.
    Call,
    /// It creates a contract.
    Create,
}

impl TransactionKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Call => "call",
            Self::Create => "create",
        }
    }

    fn of(transaction: &SignedTransaction) -> Self {
        match (transaction.to, transaction.input.is_empty()) {
            (None, _) => Self::Create,
            (Some(_), true) => Self::Transfer,
            (Some(_), false) => Self::Call,
        }
    }
}

/// A transaction of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainTransaction {
    /// Its hash.
    pub hash: String,
    /// How sure the chain is of it.
    pub status: Finality,
    /// Whether it was executed to its end; absent while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<bool>,
    /// Number of its block; absent while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_number: Option<u64>,
    /// Hash of its block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_hash: Option<String>,
    /// Its place in the block, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The block's time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub timestamp: Option<UnixMs>,
    /// What it is, by its form.
    pub kind: TransactionKind,
    /// Who signed it.
    pub from: String,
    /// Who is paid or called; of a creation, the contract that was created. Absent while a creation is pending,
    /// and where it made none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Coins of the chain that it moves, in wei.
    pub value: String,
    /// The first four bytes of its input: which function it calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// That function's name, where its interface is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method_name: Option<String>,
    /// Its type (EIP-2718): 0 legacy, 1 access list, 2 dynamic fee, 4 set code.
    #[serde(rename = "type")]
    pub envelope: u64,
    /// How many transactions its sender had made before.
    pub nonce: u64,
    /// Gas that it used; absent while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_used: Option<u64>,
    /// Wei per gas that was paid; of a pending one, the most that would be.
    pub gas_price: String,
    /// Events that it emitted; absent while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_count: Option<u64>,
}

/// A transaction with all that it says and did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransactionDetail {
    /// As in lists.
    #[serde(flatten)]
    pub transaction: ChainTransaction,
    /// Gas that it may use at most.
    pub gas_limit: u64,
    /// Its input.
    pub input: String,
    /// The call that the input means, where the interface is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Decoded>,
    /// The events that it emitted.
    pub logs: Vec<EventLog>,
}

/// An event that a contract emitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventLog {
    /// Its number in the block.
    pub log_index: u64,
    /// The contract.
    pub address: String,
    /// What can be filtered by: at most four words.
    pub topics: Vec<String>,
    /// The rest.
    pub data: String,
    /// What it means, where the interface is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Decoded>,
}

/// Filter of `GET /explorer/transactions`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TransactionsQuery {
    /// Only transactions from or to this address.
    pub address: Option<String>,
    /// Only transactions of this block (its number).
    pub block: Option<u64>,
    /// Only transactions of this kind.
    pub kind: Option<TransactionKind>,
    /// Only transactions that succeeded, or only those that failed.
    pub succeeded: Option<bool>,
    /// Only transactions of which the chain is as sure as this. `pending` is one page of what the node would put into its
    /// next block; without `status` those are left out.
    pub status: Option<Finality>,
    /// Only transactions of this moment and later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<UnixMs>,
    /// Only transactions of this moment and earlier.
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

const COLUMNS: &str = "x.*, b.hash AS block_hash, b.timestamp_ms, s.finalized_number";

const JOINS: &str = " AS x JOIN chain_blocks b ON b.number = x.block_number JOIN chain_state s ON s.id = 1";

/// Transactions, newest first.
///
/// # Errors
/// A bad address or page query; `unavailable` for pending ones while the node is away.
pub async fn list(ledger: &Ledger, query: &TransactionsQuery) -> Result<Page<ChainTransaction>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor.clone() };
    let order = query.order.unwrap_or_default();
    let (limit, [block, index]) = (page.limit()?, page.position_in(order)?);
    let address = query.address.as_deref().map(|text| parse_address("query.address", text)).transpose();
    let address = address.map_err(|broken| Error::fields(vec![broken]))?;
    if query.status == Some(Finality::Pending) {
        return pending(ledger, query, address, limit).await;
    }
    let db = ledger.db();
    let mut range = Range::of(db, query.since, query.until, query.status).await?;
    if let Some(number) = query.block {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        range = Range { low: range.low.max(number), high: range.high.min(number) };
    }
    let mut select = QueryBuilder::new("SELECT ");
    select.push(COLUMNS).push(" FROM (");
    let narrow = |select: &mut QueryBuilder| {
        select.push(" block_number >= ").push_bind(range.low).push(" AND block_number <= ").push_bind(range.high);
        select.push(" AND (block_number, tx_index)").push(order.comparison()).push("(");
        select.push_bind(block).push(", ").push_bind(index).push(")");
        // Written out where an index has only such rows.
        match query.kind {
            Some(TransactionKind::Create) => select.push(" AND kind = 'create'"),
            Some(kind) => select.push(" AND kind = ").push_bind(kind.as_str()),
            None => select,
        };
        match query.succeeded {
            Some(true) => select.push(" AND succeeded = 1"),
            Some(false) => select.push(" AND succeeded = 0"),
            None => select,
        };
        select.push(" ORDER BY block_number").push(order.direction()).push(", tx_index").push(order.direction());
        select.push(" LIMIT ").push_bind(limit + 1);
    };
    if let Some(address) = address {
        // Two indexed lookups instead of one OR, which neither engine turns into two index ranges in order.
        for (side, union) in [("from_address = ", " UNION "), ("to_address = ", "")] {
            select.push("SELECT * FROM (SELECT * FROM chain_transactions WHERE ");
            select.push(side).push_bind(address_text(address)).push(" AND");
            narrow(&mut select);
            select.push(") AS one_side").push(union);
        }
    } else {
        select.push("SELECT * FROM chain_transactions WHERE");
        narrow(&mut select);
    }
    select.push(")").push(JOINS);
    select.push(" ORDER BY x.block_number").push(order.direction()).push(", x.tx_index").push(order.direction());
    select.push(" LIMIT ").push_bind(limit + 1);
    let rows = select.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |item| {
        format!("{}.{}", item.block_number.unwrap_or_default(), item.index.unwrap_or_default())
    }))
}

async fn pending(
    ledger: &Ledger,
    query: &TransactionsQuery,
    address: Option<Address>,
    limit: i64,
) -> Result<Page<ChainTransaction>> {
    if query.succeeded.is_some() || query.block.is_some() || query.since.is_some() || query.until.is_some() {
        return Ok(Page { items: Vec::new(), next_cursor: None });
    }
    let items = ledger
        .pending()
        .await?
        .iter()
        .filter(|one| address.is_none_or(|address| one.from == address || one.to == Some(address)))
        .filter(|one| query.kind.is_none_or(|kind| TransactionKind::of(one) == kind))
        .take(usize::try_from(limit).unwrap_or_default())
        .map(unplaced)
        .collect();
    Ok(Page { items, next_cursor: None })
}

/// One transaction with all that it says and did.
///
/// # Errors
/// 404; `unavailable` while the node is away, unless it is known that there is no such transaction.
pub async fn get(ledger: &Ledger, hash: &str) -> Result<TransactionDetail> {
    let hash = parse_hash(hash).ok_or_else(|| Error::field("path.hash", "format", "must be 0x and 64 hex digits"))?;
    let signed = ledger.signed(hash).await?.ok_or_else(|| Error::not_found("transaction"))?;
    let stored = find(ledger.db(), hash).await?;
    // A row of a block that the node has left meanwhile: the node is right.
    let (transaction, logs) = match (stored, signed.block_hash) {
        (Some(stored), Some(at)) if stored.block_hash == Some(hash_text(at)) => {
            let receipt = ledger.receipt(hash).await?.ok_or_else(|| Error::not_found("transaction"))?;
            (stored, receipt.logs)
        }
        (_, None) => (unplaced(&signed), Vec::new()),
        (_, Some(_)) => {
            let receipt = ledger.receipt(hash).await?.ok_or_else(|| Error::not_found("transaction"))?;
            (placed(&signed, &receipt), receipt.logs)
        }
    };
    Ok(TransactionDetail {
        call: signed.to.and_then(|_| abi::call(&signed.input)),
        gas_limit: signed.gas.to(),
        input: signed.input.to_string(),
        logs: logs.iter().map(event_log).collect(),
        transaction,
    })
}

/// The row of a transaction.
pub(super) async fn find(db: &Db, hash: B256) -> Result<Option<ChainTransaction>> {
    let mut select = QueryBuilder::new("SELECT ");
    select.push(COLUMNS).push(" FROM chain_transactions").push(JOINS);
    select.push(" WHERE x.hash = ").push_bind(hash_text(hash));
    select.build().fetch_optional(db.reader()).await?.as_ref().map(from_row).transpose()
}

/// The transaction that created a contract.
pub(super) async fn creation(db: &Db, address: &str) -> Result<Option<ChainTransaction>> {
    let mut select = QueryBuilder::new("SELECT ");
    select.push(COLUMNS).push(" FROM chain_transactions").push(JOINS);
    select.push(" WHERE x.to_address = ").push_bind(address).push(" AND x.kind = 'create' AND x.succeeded = 1");
    select.push(" ORDER BY x.block_number DESC, x.tx_index DESC LIMIT 1");
    select.build().fetch_optional(db.reader()).await?.as_ref().map(from_row).transpose()
}

/// A pending one.
pub(super) fn unplaced(signed: &SignedTransaction) -> ChainTransaction {
    let method = signed.to.and_then(|_| signed.input.get(..4)).map(hex::encode_prefixed);
    ChainTransaction {
        hash: hash_text(signed.hash),
        status: Finality::Pending,
        succeeded: None,
        block_number: None,
        block_hash: None,
        index: None,
        timestamp: None,
        kind: TransactionKind::of(signed),
        from: address_text(signed.from),
        to: signed.to.map(address_text),
        value: signed.value.to_string(),
        method_name: method.as_deref().and_then(abi::function_name),
        method,
        envelope: signed.kind.to(),
        nonce: signed.nonce.to(),
        gas_used: None,
        gas_price: signed.gas_price.unwrap_or_default().to_string(),
        log_count: None,
    }
}

/// One in a block that isn't in the database yet: the follower is a moment behind the node, or the block is old.
fn placed(signed: &SignedTransaction, receipt: &Receipt) -> ChainTransaction {
    ChainTransaction {
        status: Finality::Included,
        succeeded: Some(receipt.succeeded()),
        block_number: signed.block_number.map(|number| number.to()),
        block_hash: Some(hash_text(receipt.block_hash)),
        index: Some(receipt.transaction_index.to()),
        to: signed.to.or(receipt.contract_address).map(address_text),
        gas_used: Some(receipt.gas_used.to()),
        gas_price: receipt.effective_gas_price.to_string(),
        log_count: u64::try_from(receipt.logs.len()).ok(),
        ..unplaced(signed)
    }
}

fn event_log(log: &Log) -> EventLog {
    EventLog {
        log_index: log.log_index.to(),
        address: address_text(log.address),
        topics: log.topics.iter().map(|topic| hash_text(*topic)).collect(),
        data: log.data.to_string(),
        event: abi::event(&log.topics, &log.data),
    }
}

fn from_row(row: &AnyRow) -> Result<ChainTransaction> {
    let count =
        |column: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(column)?).map_err(Error::internal) };
    let (number, finalized): (i64, i64) = (row.try_get("block_number")?, row.try_get("finalized_number")?);
    let kind: String = row.try_get("kind")?;
    let method: Option<String> = row.try_get("method")?;
    Ok(ChainTransaction {
        hash: row.try_get("hash")?,
        status: Finality::of(number, finalized),
        succeeded: Some(row.try_get::<i64, _>("succeeded")? == 1),
        block_number: Some(count("block_number")?),
        block_hash: Some(row.try_get("block_hash")?),
        index: Some(count("tx_index")?),
        timestamp: Some(UnixMs(row.try_get("timestamp_ms")?)),
        kind: match kind.as_str() {
            "create" => TransactionKind::Create,
            "transfer" => TransactionKind::Transfer,
            _ => TransactionKind::Call,
        },
        from: row.try_get("from_address")?,
        to: row.try_get("to_address")?,
        value: row.try_get("value")?,
        method_name: method.as_deref().and_then(abi::function_name),
        method,
        envelope: count("type")?,
        nonce: count("nonce")?,
        gas_used: Some(count("gas_used")?),
        gas_price: row.try_get("gas_price")?,
        log_count: Some(count("log_count")?),
    })
}
