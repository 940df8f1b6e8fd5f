//! The state and the block as a simulation shall find them: parameters of `eth_call` and its like.

use crate::{FromJson, input::field};
use alloy_primitives::{Address, B256, Bytes};
use hanse_primitives::{AccountOverride, BlockOverrides, StorageOverride, convert};
use serde_json::{Map, Value};
use sp_core::H256;

/// Accounts, and slots of all of them, that one request may change.
const MAX_CHANGES: usize = 10_000;

/// Accounts by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateOverrides(pub Vec<AccountOverride>);

impl FromJson for StateOverrides {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected an object of accounts")?;
        let mut changes = map.len();
        let accounts = map.iter().map(|(address, value)| {
            let account = account(address, value)?;
            changes += match &account.storage {
                StorageOverride::Keep => 0,
                StorageOverride::Replace(slots) | StorageOverride::Change(slots) => slots.len(),
            };
            if changes > MAX_CHANGES {
                return Err(format!("more than {MAX_CHANGES} accounts and slots"));
            }
            Ok(account)
        });
        accounts.collect::<Result<_, _>>().map(Self)
    }
}

fn account(address: &str, value: &Value) -> Result<AccountOverride, String> {
    let account = Address::from_json(&Value::from(address))?;
    let wrong = |text: String| format!("{address}: {text}");
    let map = value.as_object().ok_or_else(|| wrong("expected an object".into()))?;
    let read = || -> Result<AccountOverride, String> {
        if map.get("movePrecompileToAddress").is_some_and(|target| !target.is_null()) {
            return Err("movePrecompileToAddress is not supported".into());
        }
        let storage = match (slots(map, "state")?, slots(map, "stateDiff")?) {
            (Some(_), Some(_)) => return Err(format!("account {account} has both 'state' and 'stateDiff'")),
            (Some(slots), None) => StorageOverride::Replace(slots),
            (None, Some(slots)) => StorageOverride::Change(slots),
            (None, None) => StorageOverride::Keep,
        };
        Ok(AccountOverride {
            address: convert::h160(account),
            nonce: field(map, "nonce")?,
            balance: field::<Balance>(map, "balance")?.map(|Balance(balance)| balance),
            code: field::<Bytes>(map, "code")?.map(|code| code.to_vec()),
            storage,
        })
    };
    read().map_err(wrong)
}

/// An amount of native coin. What is more than all coins that can exist counts as that: clients ask for 2²⁵⁶ - 1 where
/// they mean "enough".
struct Balance(u128);

impl FromJson for Balance {
    fn from_json(value: &Value) -> Result<Self, String> {
        let balance = alloy_primitives::U256::from_json(value)?;
        Ok(Self(u128::try_from(balance).unwrap_or(u128::MAX)))
    }
}

fn slots(map: &Map<String, Value>, name: &str) -> Result<Option<Vec<(H256, H256)>>, String> {
    let slots = match map.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(slots) => slots.as_object().ok_or_else(|| format!("{name}: expected an object of slots"))?,
    };
    let slots = slots.iter().map(|(slot, value)| {
        let word = |value: &Value| B256::from_json(value).map(convert::h256).map_err(|text| format!("{name}: {text}"));
        Ok((word(&Value::from(slot.as_str()))?, word(value)?))
    });
    slots.collect::<Result<_, String>>().map(Some)
}

/// Fields of the block, with geth's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockFields(pub BlockOverrides);

impl FromJson for BlockFields {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected an object of block fields")?;
        for name in ["withdrawals", "beaconRoot"] {
            if map.get(name).is_some_and(|value| !value.is_null()) {
                return Err(format!(r#"block override "{name}" is not supported for this RPC method"#));
            }
        }
        Ok(Self(BlockOverrides {
            number: field(map, "number")?,
            timestamp: field(map, "time")?,
            gas_limit: field(map, "gasLimit")?,
            beneficiary: field::<Address>(map, "feeRecipient")?.map(convert::h160),
            prevrandao: field::<B256>(map, "prevRandao")?.map(convert::h256),
            base_fee: field(map, "baseFeePerGas")?,
            blob_base_fee: field(map, "blobBaseFee")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ADDRESS: &str = "0x00000000000000000000000000000000000000aa";

    fn one(value: Value) -> Result<AccountOverride, String> {
        StateOverrides::from_json(&json!({ ADDRESS: value })).map(|StateOverrides(mut accounts)| accounts.remove(0))
    }

    #[test]
    fn accounts_are_read_field_by_field() {
        let word = |byte| H256::repeat_byte(byte);
        let slot = format!("{:?}", word(1));
        let account = one(json!({
            "nonce": "0x7", "balance": "0x10", "code": "0x6001", "stateDiff": { &slot: format!("{:?}", word(2)) }
        }))
        .expect("parses");
        assert_eq!((account.nonce, account.balance, account.code), (Some(7), Some(16), Some(vec![0x60, 1])));
        assert_eq!(account.storage, StorageOverride::Change(vec![(word(1), word(2))]));
        assert_eq!(one(json!({ "state": {} })).map(|account| account.storage), Ok(StorageOverride::Replace(vec![])));
        let huge = format!("0x{}", "f".repeat(64));
        assert_eq!(one(json!({ "balance": huge })).map(|account| account.balance), Ok(Some(u128::MAX)));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (value, text) in [
            (json!({ "state": {}, "stateDiff": {} }), "has both 'state' and 'stateDiff'"),
            (json!({ "movePrecompileToAddress": ADDRESS }), "movePrecompileToAddress is not supported"),
            (json!({ "nonce": 7 }), "nonce: "),
            (json!({ "stateDiff": { "0x01": "0x02" } }), "stateDiff: hex string has length 2, want 64"),
            (json!([]), "expected an object"),
        ] {
            let error = one(value.clone()).expect_err("is refused");
            assert!(error.contains(text) && error.starts_with(ADDRESS), "{value}: {error}");
        }
        assert!(StateOverrides::from_json(&json!({ "0x01": {} })).is_err());
        let error = BlockFields::from_json(&json!({ "withdrawals": [] })).expect_err("is refused");
        assert!(error.contains("withdrawals"), "{error}");
        let fields = BlockFields::from_json(&json!({ "number": "0x5", "time": "0x6", "baseFeePerGas": null }));
        let expected = BlockOverrides { number: Some(5), timestamp: Some(6), ..Default::default() };
        assert_eq!(fields, Ok(BlockFields(expected)));
    }
}
