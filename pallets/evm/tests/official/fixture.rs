//! Reads a file of state tests.

use super::chain::Account;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex};
use pallet_evm::{
    Environment,
    revm::{
        context::{BlockEnv, CfgEnv, TxEnv},
        context_interface::{
            block::BlobExcessGasAndPrice,
            transaction::{AccessList, AccessListItem},
        },
        primitives::hardfork::SpecId,
    },
};
use serde_json::Value;
use std::str::FromStr;

/// One transaction on one fork.
pub struct Case {
    pub name: String,
    pub environment: Environment,
    pub pre: Vec<(Address, Account)>,
    /// `None` when a field can't be expressed: no node could decode such a transaction.
    pub tx: Option<TxEnv>,
    /// The same transaction, signed and encoded.
    pub raw: Vec<u8>,
    pub state_root: B256,
    pub logs_hash: B256,
    /// Names of what may refuse it.
    pub exception: Option<String>,
}

/// All cases of a file.
pub fn cases(text: &str, file: &str) -> Result<Vec<Case>, String> {
    let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let tests = json.as_object().ok_or("no object of tests")?;
    let mut cases = Vec::new();
    for (name, test) in tests {
        // A file with one test has its name.
        let label = if tests.len() == 1 { file.to_string() } else { format!("{file}::{}", short(name)) };
        for (fork, posts) in test["post"].as_object().ok_or("no post")? {
            for post in posts.as_array().ok_or("post is no list")? {
                cases.push(case(&label, test, fork, post).map_err(|error| format!("{name}: {error}"))?);
            }
        }
    }
    Ok(cases)
}

/// pytest's long ids without the path, which is the file's.
fn short(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

fn case(label: &str, test: &Value, fork: &str, post: &Value) -> Result<Case, String> {
    let index = |name: &str| -> Result<usize, String> {
        post["indexes"][name].as_u64().map(|index| index as usize).ok_or(format!("no index {name}"))
    };
    let (data, gas, value) = (index("data")?, index("gas")?, index("value")?);
    let spec = spec(fork)?;
    let pre = test["pre"].as_object().ok_or("no pre")?;
    Ok(Case {
        name: format!("{label} {fork} {data}/{gas}/{value}"),
        environment: environment(&test["env"], spec)?,
        pre: pre
            .iter()
            .map(|(address, value)| Ok((parse(address)?, account(value)?)))
            .collect::<Result<_, String>>()?,
        tx: transaction(&test["transaction"], data, gas, value)?,
        raw: bytes(&post["txbytes"])?,
        state_root: field(post, "hash")?,
        logs_hash: field(post, "logs")?,
        exception: post.get("expectException").and_then(Value::as_str).map(String::from),
    })
}

/// revm's name of a fork.
pub fn spec(fork: &str) -> Result<SpecId, String> {
    Ok(match fork {
        "Frontier" => SpecId::FRONTIER,
        "Homestead" => SpecId::HOMESTEAD,
        "EIP150" => SpecId::TANGERINE,
        "EIP158" => SpecId::SPURIOUS_DRAGON,
        "Byzantium" => SpecId::BYZANTIUM,
        // revm has no Constantinople: Ethereum's main network went to Petersburg at the same block.
        "Constantinople" | "ConstantinopleFix" => SpecId::PETERSBURG,
        "Istanbul" => SpecId::ISTANBUL,
        "Berlin" => SpecId::BERLIN,
        "London" => SpecId::LONDON,
        "Paris" => SpecId::MERGE,
        "Shanghai" => SpecId::SHANGHAI,
        "Cancun" => SpecId::CANCUN,
        "Prague" => SpecId::PRAGUE,
        "Osaka" => SpecId::OSAKA,
        _ => return Err(format!("unknown fork {fork}")),
    })
}

fn environment(env: &Value, spec: SpecId) -> Result<Environment, String> {
    let mut cfg = CfgEnv::new_with_spec(spec);
    cfg.chain_id = 1;
    // Call1MB1024Calldepth goes beyond what our chain gives, which is no rule of Ethereum's.
    cfg.memory_limit = u64::MAX;
    let blob_fraction = if spec.is_enabled_in(SpecId::PRAGUE) { 5_007_716 } else { 3_338_477 };
    if spec.is_enabled_in(SpecId::CANCUN) {
        cfg.set_max_blobs_per_tx(if spec.is_enabled_in(SpecId::PRAGUE) { 9 } else { 6 });
    }
    let excess = optional(env, "currentExcessBlobGas")?.unwrap_or(U256::ZERO).saturating_to();
    let random: Option<U256> = optional(env, "currentRandom")?;
    let block = BlockEnv {
        number: field(env, "currentNumber")?,
        beneficiary: field(env, "currentCoinbase")?,
        timestamp: field(env, "currentTimestamp")?,
        gas_limit: field::<U256>(env, "currentGasLimit")?.saturating_to(),
        basefee: optional::<U256>(env, "currentBaseFee")?.unwrap_or_default().saturating_to(),
        difficulty: field(env, "currentDifficulty")?,
        prevrandao: spec.is_enabled_in(SpecId::MERGE).then(|| B256::from(random.unwrap_or_default())),
        blob_excess_gas_and_price: spec
            .is_enabled_in(SpecId::CANCUN)
            .then(|| BlobExcessGasAndPrice::new(excess, blob_fraction)),
        ..BlockEnv::default()
    };
    Ok(Environment { block, cfg })
}

fn account(value: &Value) -> Result<Account, String> {
    let storage = value["storage"].as_object().ok_or("no storage")?;
    Ok(Account {
        balance: field(value, "balance")?,
        nonce: field::<U256>(value, "nonce")?.saturating_to(),
        code: bytes(&value["code"])?,
        storage: storage
            .iter()
            .map(|(slot, value)| Ok((parse(slot)?, parse(string(value)?)?)))
            .collect::<Result<_, String>>()?,
    })
}

fn transaction(tx: &Value, data: usize, gas: usize, value: usize) -> Result<Option<TxEnv>, String> {
    let value = string(&tx["value"][value])?;
    if value.starts_with("0x:bigint") {
        return Ok(None);
    }
    let to = string(&tx["to"])?;
    let fee_cap: Option<U256> = optional(tx, "maxFeePerGas")?;
    let tip: Option<U256> = optional(tx, "maxPriorityFeePerGas")?;
    let blob_fee: Option<U256> = optional(tx, "maxFeePerBlobGas")?;
    let price: Option<U256> = optional(tx, "gasPrice")?;
    let access_list = tx.get("accessLists").map(|lists| &lists[data]).filter(|list| list.is_array());
    let blobs = tx.get("blobVersionedHashes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let tx_type = match () {
        () if blob_fee.is_some() => 3,
        () if fee_cap.is_some() => 2,
        () if access_list.is_some() => 1,
        () => 0,
    };
    Ok(Some(TxEnv {
        tx_type,
        caller: field(tx, "sender")?,
        gas_limit: parse::<U256>(string(&tx["gasLimit"][gas])?)?.saturating_to(),
        gas_price: fee_cap.or(price).ok_or("no price")?.saturating_to(),
        kind: if to.is_empty() { TxKind::Create } else { TxKind::Call(parse(to)?) },
        value: parse(value)?,
        data: Bytes::from(bytes(&tx["data"][data])?),
        nonce: field::<U256>(tx, "nonce")?.saturating_to(),
        chain_id: Some(1),
        access_list: AccessList(match access_list.and_then(Value::as_array) {
            Some(items) => items.iter().map(access).collect::<Result<_, _>>()?,
            None => Vec::new(),
        }),
        gas_priority_fee: tip.map(|tip| tip.saturating_to()),
        blob_hashes: blobs.iter().map(|hash| parse(string(hash)?)).collect::<Result<_, _>>()?,
        max_fee_per_blob_gas: blob_fee.unwrap_or_default().saturating_to(),
        authorization_list: Vec::new(),
    }))
}

fn access(item: &Value) -> Result<AccessListItem, String> {
    let keys = item["storageKeys"].as_array().ok_or("no storageKeys")?;
    Ok(AccessListItem {
        address: field(item, "address")?,
        storage_keys: keys.iter().map(|key| parse(string(key)?)).collect::<Result<_, _>>()?,
    })
}

fn field<T: FromStr<Err: std::fmt::Display>>(object: &Value, name: &str) -> Result<T, String> {
    string(&object[name]).and_then(parse).map_err(|error| format!("{name}: {error}"))
}

fn optional<T: FromStr<Err: std::fmt::Display>>(object: &Value, name: &str) -> Result<Option<T>, String> {
    object.get(name).map(|_| field(object, name)).transpose()
}

fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{value} is no text"))
}

fn parse<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

fn bytes(value: &Value) -> Result<Vec<u8>, String> {
    hex::decode(string(value)?).map_err(|error| error.to_string())
}
