//! `/explorer`: the chain as everybody on it may see it. See [`crate::services::explorer`].

use super::extract::{AddressPath, BlockPath, Caller, HashPath, Query};
use crate::db::{Page, PageQuery};
use crate::error::Result;
use crate::server::AppState;
use crate::services::explorer::{
    self, AddressDetail, BlocksQuery, ChainBlock, ChainSummary, ChainToken, ChainTransaction, Hits, InternalCall,
    SearchQuery, Series, StatisticsQuery, TransactionDetail, TransactionsQuery,
};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The chain in numbers.
#[utoipa::path(
    get, path = "/api/v1/explorer/summary", tag = "explorer", operation_id = "getChainSummary",
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The numbers", body = ChainSummary)),
)]
pub async fn summary(State(state): State<Arc<AppState>>, _: Caller) -> Result<Json<ChainSummary>> {
    explorer::summary(&state.db).await.map(Json)
}

/// Blocks, transactions and gas, hour by hour or day by day.
#[utoipa::path(
    get, path = "/api/v1/explorer/statistics", tag = "explorer", operation_id = "getChainStatistics",
    params(StatisticsQuery),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The series", body = Series)),
)]
pub async fn statistics(
    State(state): State<Arc<AppState>>,
    _: Caller,
    Query(query): Query<StatisticsQuery>,
) -> Result<Json<Series>> {
    explorer::series(&state.db, &query).await.map(Json)
}

/// Finds a block, a transaction, an address or tokens by what they are called.
#[utoipa::path(
    get, path = "/api/v1/explorer/search", tag = "explorer", operation_id = "searchChain",
    params(SearchQuery),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "What was found", body = Hits)),
)]
pub async fn search(
    State(state): State<Arc<AppState>>,
    _: Caller,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Hits>> {
    explorer::search(&state.ledger, &query).await.map(Json)
}

/// Blocks, newest first.
#[utoipa::path(
    get, path = "/api/v1/explorer/blocks", tag = "explorer", operation_id = "listBlocks",
    params(BlocksQuery),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of blocks", body = Page<ChainBlock>)),
)]
pub async fn blocks(
    State(state): State<Arc<AppState>>,
    _: Caller,
    Query(query): Query<BlocksQuery>,
) -> Result<Json<Page<ChainBlock>>> {
    explorer::blocks(&state.db, &query).await.map(Json)
}

/// One block.
#[utoipa::path(
    get, path = "/api/v1/explorer/blocks/{block}", tag = "explorer", operation_id = "getBlock",
    params(("block" = String, Path, description = "A number, a hash, `latest` or `finalized`")),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The block", body = ChainBlock)),
)]
pub async fn block(
    State(state): State<Arc<AppState>>,
    _: Caller,
    BlockPath(block): BlockPath,
) -> Result<Json<ChainBlock>> {
    explorer::block(&state.db, &block).await.map(Json)
}

/// Transactions, newest first, whoever sent them.
#[utoipa::path(
    get, path = "/api/v1/explorer/transactions", tag = "explorer", operation_id = "listChainTransactions",
    params(TransactionsQuery),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of transactions", body = Page<ChainTransaction>)),
)]
pub async fn transactions(
    State(state): State<Arc<AppState>>,
    _: Caller,
    Query(query): Query<TransactionsQuery>,
) -> Result<Json<Page<ChainTransaction>>> {
    explorer::transactions(&state.ledger, &query).await.map(Json)
}

/// One transaction with its input and events, in words where their interfaces are known.
#[utoipa::path(
    get, path = "/api/v1/explorer/transactions/{hash}", tag = "explorer", operation_id = "getChainTransaction",
    params(("hash" = String, Path, description = "Its hash")),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The transaction", body = TransactionDetail)),
)]
pub async fn transaction(
    State(state): State<Arc<AppState>>,
    _: Caller,
    HashPath(hash): HashPath,
) -> Result<Json<TransactionDetail>> {
    explorer::transaction(&state.ledger, &hash).await.map(Json)
}

/// The calls inside a transaction.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InternalCalls {
    /// In the order in which they began; the first is the transaction itself.
    items: Vec<InternalCall>,
}

/// The calls inside a transaction. The node runs it again for this.
#[utoipa::path(
    get, path = "/api/v1/explorer/transactions/{hash}/calls", tag = "explorer", operation_id = "listInternalCalls",
    params(("hash" = String, Path, description = "The transaction's hash")),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The calls", body = InternalCalls)),
)]
pub async fn calls(
    State(state): State<Arc<AppState>>,
    _: Caller,
    HashPath(hash): HashPath,
) -> Result<Json<InternalCalls>> {
    explorer::calls(&state.ledger, &hash).await.map(|items| Json(InternalCalls { items }))
}

/// One address as of the best block.
#[utoipa::path(
    get, path = "/api/v1/explorer/addresses/{address}", tag = "explorer", operation_id = "getAddress",
    params(("address" = String, Path, description = "The address")),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The address", body = AddressDetail)),
)]
pub async fn address(
    State(state): State<Arc<AppState>>,
    _: Caller,
    AddressPath(address): AddressPath,
) -> Result<Json<AddressDetail>> {
    explorer::address(&state.ledger, &address).await.map(Json)
}

/// The tokens and collections that the chain keeps, newest first, whichever app issued them.
#[utoipa::path(
    get, path = "/api/v1/explorer/tokens", tag = "explorer", operation_id = "listChainTokens",
    params(PageQuery),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of tokens and collections", body = Page<ChainToken>)),
)]
pub async fn tokens(
    State(state): State<Arc<AppState>>,
    _: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ChainToken>>> {
    explorer::tokens(&state.db, &page).await.map(Json)
}
