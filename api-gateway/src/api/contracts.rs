//! `/contracts`: name one with its interface, deploy one, read it, write to it, and what it tells.

use super::accepted::{self, AcceptedResource};
use super::extract::{AdminScope, Body, ContractPath, Idempotency, Query};
use crate::db::{OrderedPageQuery, Page, PageQuery};
use crate::error::Result;
use crate::ledger::{ContractEvent, Operation};
use crate::server::AppState;
use crate::services::contracts::{
    self, Contract, ContractAnswer, ContractChange, DeployContract, ReadContract, RegisterContract, WriteContract,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Name a contract that is on the chain already, with its interface.
#[utoipa::path(
    post, path = "/api/v1/contracts", tag = "contracts", operation_id = "registerContract",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
    ),
    request_body = RegisterContract,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 201, description = "The contract", body = Contract)),
)]
pub async fn register(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    request: Body<RegisterContract>,
) -> Result<(StatusCode, axum::Json<Contract>)> {
    let contract = contracts::register(&state.db, &scope.app, request.value).await?;
    Ok((StatusCode::CREATED, axum::Json(contract)))
}

/// Deploy a contract from the app's treasury. Its address is in the answer.
#[utoipa::path(
    post, path = "/api/v1/contracts/deployments", tag = "contracts", operation_id = "deployContract",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
    ),
    request_body = DeployContract,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The contract and the operation that deploys it", body = AcceptedResource<Contract>)),
)]
pub async fn deploy(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    idempotency: Idempotency,
    request: Body<DeployContract>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    accepted::resource::<Contract>(contracts::deploy(&state.ledger, &scope.app, request.value, key).await?)
}

/// The contracts that the app has named or deployed, newest first.
#[utoipa::path(
    get, path = "/api/v1/contracts", tag = "contracts", operation_id = "listContracts",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        OrderedPageQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of contracts", body = Page<Contract>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    Query(page): Query<OrderedPageQuery>,
) -> Result<axum::Json<Page<Contract>>> {
    contracts::list(&state.db, &scope.app, &page).await.map(axum::Json)
}

/// One contract.
#[utoipa::path(
    get, path = "/api/v1/contracts/{contract}", tag = "contracts", operation_id = "getContract",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("contract" = String, Path, description = "`con_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The contract", body = Contract)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    ContractPath(contract): ContractPath,
) -> Result<axum::Json<Contract>> {
    contracts::get(&state.db, &scope.app, &contract).await.map(axum::Json)
}

/// Change a contract's name or interface. What is absent stays.
#[utoipa::path(
    patch, path = "/api/v1/contracts/{contract}", tag = "contracts", operation_id = "updateContract",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("contract" = String, Path, description = "`con_…`"),
    ),
    request_body = ContractChange,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The contract", body = Contract)),
)]
pub async fn update(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    ContractPath(contract): ContractPath,
    request: Body<ContractChange>,
) -> Result<axum::Json<Contract>> {
    contracts::update(&state.db, &scope.app, &contract, request.value).await.map(axum::Json)
}

/// Ask a function of a contract at the best block. Nothing changes.
#[utoipa::path(
    post, path = "/api/v1/contracts/{contract}/read", tag = "contracts", operation_id = "readContract",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("contract" = String, Path, description = "`con_…`"),
    ),
    request_body = ReadContract,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "What it returned", body = ContractAnswer)),
)]
pub async fn read(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    ContractPath(contract): ContractPath,
    request: Body<ReadContract>,
) -> Result<axum::Json<ContractAnswer>> {
    contracts::read(&state.ledger, &scope.app, &contract, request.value).await.map(axum::Json)
}

/// Call a function of a contract by a transaction of the treasury, or with `from` of a user's or wallet's of the app.
#[utoipa::path(
    post, path = "/api/v1/contracts/{contract}/write", tag = "contracts", operation_id = "writeContract",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("contract" = String, Path, description = "`con_…`"),
    ),
    request_body = WriteContract,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The operation", body = Operation)),
)]
pub async fn write(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    ContractPath(contract): ContractPath,
    idempotency: Idempotency,
    request: Body<WriteContract>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let operation = contracts::write(&state.ledger, &scope.app, &contract, request.value, key).await?;
    Ok(accepted::answer(&operation.id.clone(), operation))
}

/// What a contract has told since it was named, newest first.
#[utoipa::path(
    get, path = "/api/v1/contracts/{contract}/events", tag = "contracts", operation_id = "listContractEvents",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("contract" = String, Path, description = "`con_…`"),
        PageQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of events", body = Page<ContractEvent>)),
)]
pub async fn events(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    ContractPath(contract): ContractPath,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<ContractEvent>>> {
    contracts::events(&state.db, &scope.app, &contract, &page).await.map(axum::Json)
}
