//! Contracts: name one with its interface, deploy one, read it, write to it, and what it tells.

use super::collections::name_fault;
use super::tokens::submission;
use super::transfers::memo_or_error;
use super::{Actor, address, parties};
use crate::abi::{self, AbiValue, Argument};
use crate::db::{Db, Id, OrderedPageQuery, Page, PageQuery, Patch, QueryBuilder, Statement, UnixMs, new_id, now_ms};
use crate::error::{Code, Error, FieldError, Result};
use crate::ledger::contracts::{address_text, is_native};
use crate::ledger::{
    Accepted, ContractEvent, GAS_LIMIT_MAX, Intent, Ledger, Operation, RequestKey, Submission, contract_logs,
};
use alloy::dyn_abi::JsonAbiExt as _;
use alloy::json_abi::{Function, JsonAbi, StateMutability};
use alloy::primitives::{Address, Bytes, hex};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// Longest creation code, in bytes (EIP-3860).
const CREATION_MAX_BYTES: usize = 49_152;

/// What is lent to a call that names no limit: enough for most, and far from filling a block.
const GAS_LIMIT: u64 = 1_000_000;

/// Body of `POST /contracts`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterContract {
    /// 1 to 64 bytes of UTF-8.
    #[schema(example = "Market", min_length = 1, max_length = 64)]
    pub name: String,
    /// Where it is. Not one of the chain's own (`0x48414e5345…`).
    pub address: String,
    /// Its interface, as compilers write it.
    #[schema(value_type = Vec<Object>, max_items = 1000)]
    pub abi: Value,
}

/// Body of `POST /contracts/deployments`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeployContract {
    /// 1 to 64 bytes of UTF-8.
    #[schema(example = "Market", min_length = 1, max_length = 64)]
    pub name: String,
    /// Its interface, as compilers write it.
    #[schema(value_type = Vec<Object>, max_items = 1000)]
    pub abi: Value,
    /// Its creation code, 1 to 49,152 bytes together with the arguments.
    #[schema(example = "0x60016000f3")]
    pub bytecode: String,
    /// What its constructor gets.
    #[serde(default)]
    #[schema(value_type = Vec<AbiValue>)]
    pub arguments: Vec<Value>,
    /// Most gas that it may use; when absent, enough for its size.
    #[serde(default)]
    #[schema(minimum = 21000, maximum = 16777216)]
    pub gas_limit: Option<u64>,
}

/// Body of `POST /contracts/{contract}/read`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadContract {
    /// Name of a function; with its types where there are several of one name.
    #[schema(example = "balanceOf(address)")]
    pub function: String,
    /// Numbers as decimal strings, bytes and addresses as `0x…`, arrays and structs as lists.
    #[serde(default)]
    #[schema(value_type = Vec<AbiValue>)]
    pub arguments: Vec<Value>,
    /// Who asks: a user or wallet of the app, or any address; the treasury when absent.
    #[serde(default)]
    pub from: Option<String>,
}

/// Body of `POST /contracts/{contract}/write`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WriteContract {
    /// Name of a function; with its types where there are several of one name.
    #[schema(example = "buy(uint256)")]
    pub function: String,
    /// Numbers as decimal strings, bytes and addresses as `0x…`, arrays and structs as lists.
    #[serde(default)]
    #[schema(value_type = Vec<AbiValue>)]
    pub arguments: Vec<Value>,
    /// Who calls: a user or wallet of the app; the treasury when absent.
    #[serde(default)]
    pub from: Option<String>,
    /// Most gas that it may use; 1,000,000 and what its data costs when absent.
    #[serde(default)]
    #[schema(minimum = 21000, maximum = 16777216)]
    pub gas_limit: Option<u64>,
    /// A note of at most 256 bytes; kept off chain.
    #[serde(default)]
    pub memo: Option<String>,
}

/// A contract that the app has named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    /// `con_…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is, or will be.
    #[serde(default)]
    pub address: String,
    /// Its interface.
    #[schema(value_type = Vec<Object>)]
    pub abi: Value,
    /// The operation that deploys it, where this gateway does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// When the gateway stored it.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// What a function returned.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractAnswer {
    /// The function with its types.
    pub function: String,
    /// In order.
    pub outputs: Vec<Argument>,
    /// The block at whose end it was asked.
    pub block_number: u64,
}

/// Names a contract that is there already.
///
/// # Errors
/// Field errors; 409 when the app has named this address.
pub async fn register(db: &Db, app_id: &str, body: RegisterContract) -> Result<Contract> {
    let mut faults: Vec<_> = name_fault("name", &body.name, 64).into_iter().collect();
    let address = address::parse_address("address", &body.address)
        .and_then(|address| match is_native(&address) {
            true => Err(FieldError::new("address", "range", "must not be one of the chain's own contracts")),
            false => Ok(address),
        })
        .map_err(|fault| faults.push(fault));
    let interface = abi::interface(&body.abi).map_err(|fault| faults.push(fault));
    let (Ok(address), Ok(_), true) = (address, interface, faults.is_empty()) else { return Err(Error::fields(faults)) };
    let contract = Contract {
        id: new_id(Id::Contract),
        name: body.name,
        address: address_text(address),
        abi: body.abi,
        operation_id: None,
        created_at: UnixMs(now_ms()),
    };
    let mut tx = db.write().await?;
    let done = insert(app_id, &contract, Some(&contract.address)).execute(&mut tx).await;
    match done {
        Err(error) if crate::db::is_unique_violation(&error) => return Err(Error::taken("address").caused_by(error)),
        done => done?,
    };
    tx.commit().await?;
    Ok(contract)
}

/// Deploys a contract from the app's treasury. Its address follows from the nonce and is in the answer.
///
/// # Errors
/// Field errors; what [`Ledger::submit`] answers.
pub async fn deploy(ledger: &Ledger, app_id: &str, body: DeployContract, request: RequestKey) -> Result<Accepted> {
    let mut faults: Vec<_> = name_fault("name", &body.name, 64).into_iter().collect();
    faults.extend(gas_fault(body.gas_limit));
    let code = hex_bytes("bytecode", &body.bytecode).map_err(|fault| faults.push(fault));
    let interface = abi::interface(&body.abi).map_err(|fault| faults.push(fault));
    let (Ok(mut init), Ok(interface), true) = (code, interface, faults.is_empty()) else {
        return Err(Error::fields(faults));
    };
    let parameters =
        interface.constructor.as_ref().map(|constructor| constructor.inputs.as_slice()).unwrap_or_default();
    let values = abi::values::read(parameters, &body.arguments).map_err(|fault| Error::fields(vec![fault]))?;
    if let Some(constructor) = &interface.constructor {
        init.extend(constructor.abi_encode_input(&values).map_err(Error::internal)?);
    }
    if !(1..=CREATION_MAX_BYTES).contains(&init.len()) {
        return Err(Error::field("bytecode", "length", "must be 1 to 49,152 bytes, arguments included"));
    }
    let treasury = parties::treasury(ledger.db(), app_id).await?;
    let contract = Contract {
        id: new_id(Id::Contract),
        name: body.name,
        // Told by the ledger, which gives the nonce.
        address: String::new(),
        abi: body.abi,
        operation_id: Some(new_id(Id::Operation)),
        created_at: UnixMs(now_ms()),
    };
    let gas_limit = body.gas_limit.unwrap_or_else(|| {
        // The transaction, its data at the floor price (EIP-7623), the code's deposit, and what the constructor does.
        (21_000 + 32_000 + 242 * init.len() as u64 + 1_000_000).min(GAS_LIMIT_MAX)
    });
    ledger
        .submit(Submission {
            rows: vec![insert(app_id, &contract, None)],
            operation_id: contract.operation_id.clone().unwrap_or_default(),
            resource_id: Some(contract.id.clone()),
            resource: serde_json::to_value(&contract).map_err(Error::internal)?,
            ..submission(
                app_id,
                treasury.id,
                Intent::Deploy { init: init.into(), gas_limit },
                request,
                &Actor::App,
                None,
            )
        })
        .await
}

/// Asks a function at the best block, and changes nothing.
///
/// # Errors
/// 404, field errors, 422 `ledger_rule_violated` with the contract's reason, 502 and 503 as the node is.
pub async fn read(ledger: &Ledger, app_id: &str, id: &str, body: ReadContract) -> Result<ContractAnswer> {
    let (contract, interface) = found(ledger.db(), app_id, id).await?;
    let (function, input) = call(&interface, &body.function, &body.arguments)?;
    let from = match &body.from {
        Some(from) => parties::receiver(ledger.db(), app_id, "from", from).await?,
        None => parties::treasury(ledger.db(), app_id).await?.address,
    };
    let to: Address = contract.address.parse().map_err(Error::internal)?;
    let (block_number, answer) = ledger.ask(from, to, input).await?;
    let output = answer.map_err(|reverted| {
        let reason = abi::revert(&interface, &reverted).unwrap_or_else(|| hex::encode_prefixed(&reverted));
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(300).collect();
        Error::new(Code::LedgerRuleViolated, format!("the contract reverts: {reason}"))
    })?;
    let outputs = abi::output(&function, &output).ok_or_else(|| {
        let detail = "the contract's answer is not what its interface says; is it there yet?";
        Error::new(Code::LedgerRuleViolated, detail)
    })?;
    Ok(ContractAnswer { function: function.signature(), outputs, block_number })
}

/// Calls a function by a transaction.
///
/// # Errors
/// 404, field errors; what [`Ledger::submit`] answers.
pub async fn write(
    ledger: &Ledger,
    app_id: &str,
    id: &str,
    body: WriteContract,
    request: RequestKey,
) -> Result<Operation> {
    memo_or_error(body.memo.as_deref())?;
    if let Some(fault) = gas_fault(body.gas_limit) {
        return Err(Error::fields(vec![fault]));
    }
    let (contract, interface) = found(ledger.db(), app_id, id).await?;
    let (function, input) = call(&interface, &body.function, &body.arguments)?;
    if matches!(function.state_mutability, StateMutability::View | StateMutability::Pure) {
        return Err(Error::field("function", "standard", "changes nothing; read it"));
    }
    let payer = parties::payer(ledger.db(), app_id, &Actor::App, body.from.as_deref()).await?;
    let gas_limit = body.gas_limit.unwrap_or_else(|| (21_000 + 40 * input.len() as u64 + GAS_LIMIT).min(GAS_LIMIT_MAX));
    let intent = Intent::Call { contract: contract.address.parse().map_err(Error::internal)?, input, gas_limit };
    let submission = Submission {
        resource_id: Some(contract.id),
        ..submission(app_id, payer.id, intent, request, &Actor::App, body.memo)
    };
    Ok(ledger.submit(submission).await?.operation)
}

/// One contract.
///
/// # Errors
/// 404 when the app has named no such contract.
pub async fn get(db: &Db, app_id: &str, id: &str) -> Result<Contract> {
    let row = sqlx::query("SELECT * FROM contracts WHERE app_id = $1 AND id = $2")
        .bind(app_id)
        .bind(id)
        .fetch_optional(db.reader())
        .await?;
    from_row(&row.ok_or_else(|| Error::not_found("contract"))?)
}

/// What is to change of a contract: its name, the interface by which it is read, or both.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContractChange {
    /// 1 to 64 bytes of UTF-8.
    #[schema(example = "Market", min_length = 1, max_length = 64)]
    pub name: Option<String>,
    /// Its interface, as compilers write it: of a new implementation behind a proxy, for example.
    #[schema(value_type = Option<Vec<Object>>, max_items = 1000)]
    pub abi: Option<Value>,
}

/// Changes a contract's name or interface.
///
/// # Errors
/// 404 when the app has named no such contract; field errors.
pub async fn update(db: &Db, app_id: &str, id: &str, change: ContractChange) -> Result<Contract> {
    let mut faults: Vec<_> = change.name.as_deref().and_then(|name| name_fault("name", name, 64)).into_iter().collect();
    faults.extend(change.abi.as_ref().and_then(|abi| abi::interface(abi).err()));
    if !faults.is_empty() {
        return Err(Error::fields(faults));
    }
    get(db, app_id, id).await?;
    Patch::new("UPDATE contracts SET ")
        .set("name = ", change.name)
        .set("abi = ", change.abi.map(|abi| abi.to_string()))
        .only(" WHERE app_id = ", app_id)
        .only(" AND id = ", id)
        .execute(db)
        .await?;
    get(db, app_id, id).await
}

/// The app's contracts, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app_id: &str, page: &OrderedPageQuery) -> Result<Page<Contract>> {
    let mut query = QueryBuilder::new("SELECT * FROM contracts WHERE app_id = ");
    query.push_bind(app_id);
    let limit = page.push_ids(&mut query, "id")?;
    let rows = query.build().fetch_all(db.reader()).await?;
    let contracts = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(contracts, limit, |contract| contract.id.clone()))
}

/// What a contract has told since it was named, newest first.
///
/// # Errors
/// 404; a bad page query.
pub async fn events(db: &Db, app_id: &str, id: &str, page: &PageQuery) -> Result<Page<ContractEvent>> {
    let (limit, [block, log]) = (page.limit()?, page.position()?);
    get(db, app_id, id).await?;
    let mut query = QueryBuilder::new(contract_logs::EVENTS);
    query.push(" WHERE l.contract_id = ").push_bind(id).push(" AND l.app_id = ").push_bind(app_id);
    query.push(" AND (l.block_number, l.log_index) < (").push_bind(block).push(", ").push_bind(log);
    query.push(") ORDER BY l.block_number DESC, l.log_index DESC LIMIT ").push_bind(limit + 1);
    let mut connection = db.reader().acquire().await?;
    let rows = query.fetch_all(&mut connection).await?;
    let events = contract_logs::read(&mut connection, &rows).await?;
    Ok(Page::cut(events, limit, |event| format!("{}.{}", event.block_number, event.log_index)))
}

fn insert(app_id: &str, contract: &Contract, address: Option<&str>) -> Statement {
    Statement::new(
        "INSERT INTO contracts (id, app_id, name, address, abi, operation_id, created_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&contract.id)
    .bind(app_id)
    .bind(&contract.name)
    .bind(address.map(str::to_owned))
    .bind(contract.abi.to_string())
    .bind(contract.operation_id.clone())
    .bind(contract.created_at.0)
}

fn from_row(row: &AnyRow) -> Result<Contract> {
    let abi: String = row.try_get("abi")?;
    Ok(Contract {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        address: row.try_get::<Option<String>, _>("address")?.unwrap_or_default(),
        abi: serde_json::from_str(&abi).map_err(Error::internal)?,
        operation_id: row.try_get("operation_id")?,
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}

async fn found(db: &Db, app_id: &str, id: &str) -> Result<(Contract, JsonAbi)> {
    let contract = get(db, app_id, id).await?;
    let interface = serde_json::from_value(contract.abi.clone()).map_err(Error::internal)?;
    Ok((contract, interface))
}

/// The function that a request names, and its call data.
fn call(interface: &JsonAbi, name: &str, arguments: &[Value]) -> Result<(Function, Bytes)> {
    let mut fitting = interface.functions().filter(|one| one.name == name || one.signature() == name);
    let function = match (fitting.next(), fitting.next()) {
        (Some(function), None) => function,
        (Some(_), Some(_)) => {
            return Err(Error::field("function", "format", "has several of this name: name one with its types"));
        }
        (None, _) => return Err(Error::field("function", "not_found", "is not in the contract's interface")),
    };
    let values = abi::values::read(&function.inputs, arguments).map_err(|fault| Error::fields(vec![fault]))?;
    let input = function.abi_encode_input(&values).map_err(Error::internal)?;
    Ok((function.clone(), input.into()))
}

fn gas_fault(limit: Option<u64>) -> Option<FieldError> {
    limit
        .filter(|limit| !(21_000..=GAS_LIMIT_MAX).contains(limit))
        .map(|_| FieldError::new("gasLimit", "range", "must be 21,000 to 16,777,216 (EIP-7825)"))
}

fn hex_bytes(field: &str, text: &str) -> Result<Vec<u8>, FieldError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map_err(|_| FieldError::new(field, "format", "must be an even number of hexadecimal digits"))
}
