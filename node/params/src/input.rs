//! The compound parameters: blocks, calls, log filters.

use crate::FromJson;
use alloy_primitives::{Address, B256, Bytes, Log, U256};
use hanse_primitives::{Authorization, CallRequest, convert};
use serde_json::{Map, Value};

/// Addresses in one filter, topics at one position, and authorizations of one call.
const MAX_ALTERNATIVES: usize = 1000;

/// A block by height or by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockTag {
    /// Genesis.
    Earliest,
    /// The last block that GRANDPA made final.
    Finalized,
    /// The same: between best and final Hanse has nothing that deserves the name.
    Safe,
    /// The best block.
    Latest,
    /// The block that is to come: the best one and, on top of it, what the pool has for the next.
    Pending,
    /// At this height.
    Number(u64),
}

/// A block by height, name or hash (EIP-1898).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockRef {
    /// By height or name.
    Tag(BlockTag),
    /// By Ethereum hash.
    Hash {
        /// The hash.
        hash: B256,
        /// Whether the block has to be on the best chain.
        require_canonical: bool,
    },
}

impl Default for BlockRef {
    fn default() -> Self {
        Self::Tag(BlockTag::Latest)
    }
}

impl FromJson for BlockTag {
    fn from_json(value: &Value) -> Result<Self, String> {
        Ok(match value.as_str() {
            Some("earliest") => Self::Earliest,
            Some("finalized") => Self::Finalized,
            Some("safe") => Self::Safe,
            Some("latest") => Self::Latest,
            Some("pending") => Self::Pending,
            _ => {
                let number = u64::from_json(value)?;
                if i64::try_from(number).is_err() {
                    return Err("block number larger than int64".into());
                }
                Self::Number(number)
            }
        })
    }
}

impl FromJson for BlockRef {
    fn from_json(value: &Value) -> Result<Self, String> {
        match value {
            Value::Object(map) => match (map.get("blockNumber"), map.get("blockHash")) {
                (Some(_), Some(_)) => {
                    Err("cannot specify both BlockHash and BlockNumber, choose one or the other".into())
                }
                (Some(number), None) => BlockTag::from_json(number).map(Self::Tag),
                (None, Some(hash)) => Ok(Self::Hash {
                    hash: B256::from_json(hash)?,
                    require_canonical: field(map, "requireCanonical")?.unwrap_or(false),
                }),
                (None, None) => Err("invalid arguments; neither block nor hash specified".into()),
            },
            Value::String(text) if text.len() == 66 => {
                Ok(Self::Hash { hash: B256::from_json(value)?, require_canonical: false })
            }
            _ => BlockTag::from_json(value).map(Self::Tag),
        }
    }
}

/// `eth_call`'s transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallArgs(pub CallRequest);

impl FromJson for CallArgs {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected a transaction object")?;
        let data: Option<Bytes> = field(map, "data")?;
        let input: Option<Bytes> = field(map, "input")?;
        if let (Some(data), Some(input)) = (&data, &input)
            && data != input
        {
            return Err(
                r#"both "data" and "input" are set and not equal. Please use "input" to pass transaction call data"#
                    .into(),
            );
        }
        let gas_price: Option<u128> = field(map, "gasPrice")?;
        let fee_cap: Option<u128> = field(map, "maxFeePerGas")?;
        let tip: Option<u128> = field(map, "maxPriorityFeePerGas")?;
        if gas_price.is_some() && (fee_cap.is_some() || tip.is_some()) {
            return Err("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified".into());
        }
        let authorizations: Vec<AuthorizationEntry> = field(map, "authorizationList")?.unwrap_or_default();
        if authorizations.len() > MAX_ALTERNATIVES {
            return Err(format!("authorizationList: more than {MAX_ALTERNATIVES} authorizations"));
        }
        let access_list: Vec<AccessListEntry> = field(map, "accessList")?.unwrap_or_default();
        Ok(Self(CallRequest {
            from: convert::h160(field(map, "from")?.unwrap_or(Address::ZERO)),
            to: field::<Address>(map, "to")?.map(convert::h160),
            gas_limit: field(map, "gas")?,
            max_fee_per_gas: gas_price.or(fee_cap),
            max_priority_fee_per_gas: gas_price.or(tip),
            value: convert::u256(field(map, "value")?.unwrap_or(U256::ZERO)),
            data: input.or(data).unwrap_or_default().to_vec(),
            nonce: field(map, "nonce")?,
            access_list: access_list
                .into_iter()
                .map(|entry| (convert::h160(entry.address), entry.slots.into_iter().map(convert::h256).collect()))
                .collect(),
            authorizations: authorizations.into_iter().map(|AuthorizationEntry(authorization)| authorization).collect(),
        }))
    }
}

struct AccessListEntry {
    address: Address,
    slots: Vec<B256>,
}

impl FromJson for AccessListEntry {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected an access list entry")?;
        Ok(Self {
            address: field(map, "address")?.ok_or("access list entry without address")?,
            slots: field(map, "storageKeys")?.unwrap_or_default(),
        })
    }
}

struct AuthorizationEntry(Authorization);

impl FromJson for AuthorizationEntry {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected an authorization")?;
        let number =
            |name: &str| field::<U256>(map, name)?.ok_or_else(|| format!("{name}: missing")).map(convert::u256);
        let address: Address = field(map, "address")?.ok_or("address: missing")?;
        let y_parity: u64 = field(map, "yParity")?.ok_or("yParity: missing")?;
        Ok(Self(Authorization {
            chain_id: number("chainId")?,
            address: convert::h160(address),
            nonce: field(map, "nonce")?.ok_or("nonce: missing")?,
            y_parity: u8::try_from(y_parity).map_err(|_| "yParity: hex number > 8 bits")?,
            r: number("r")?,
            s: number("s")?,
        }))
    }
}

/// Which logs. Values in one list are alternatives; an empty list takes anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// The contracts that emitted.
    pub addresses: Vec<Address>,
    /// By position. A log with fewer topics than this has entries doesn't match.
    pub topics: Vec<Vec<B256>>,
}

impl LogFilter {
    /// Whether the log is wanted.
    pub fn matches(&self, log: &Log) -> bool {
        let wanted = |list: &[B256], topic: &B256| list.is_empty() || list.contains(topic);
        (self.addresses.is_empty() || self.addresses.contains(&log.address))
            && self.topics.len() <= log.topics().len()
            && self.topics.iter().zip(log.topics()).all(|(list, topic)| wanted(list, topic))
    }
}

/// `eth_getLogs`' filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Which logs.
    pub filter: LogFilter,
    /// In which blocks.
    pub range: QueryRange,
}

/// The blocks of a [`LogQuery`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryRange {
    /// From and to, both included.
    Tags(BlockTag, BlockTag),
    /// One block.
    Hash(B256),
}

impl Default for QueryRange {
    fn default() -> Self {
        Self::Tags(BlockTag::Latest, BlockTag::Latest)
    }
}

impl FromJson for LogQuery {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected a filter object")?;
        let from: Option<BlockTag> = field(map, "fromBlock")?;
        let to: Option<BlockTag> = field(map, "toBlock")?;
        let range = match field(map, "blockHash")? {
            Some(_) if from.is_some() || to.is_some() => {
                return Err("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other".into());
            }
            Some(hash) => QueryRange::Hash(hash),
            None => QueryRange::Tags(from.unwrap_or(BlockTag::Latest), to.unwrap_or(BlockTag::Latest)),
        };
        let addresses = map.get("address").map(one_or_many::<Address>).transpose()?.unwrap_or_default();
        let topics = match map.get("topics") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(positions)) if positions.len() > 4 => return Err("exceed max topics".into()),
            Some(Value::Array(positions)) => positions.iter().map(one_or_many::<B256>).collect::<Result<_, _>>()?,
            Some(_) => return Err("expected an array of topics".into()),
        };
        Ok(Self { filter: LogFilter { addresses, topics }, range })
    }
}

/// A value, a list of alternatives, or (null, or a list with a null in it) anything.
pub fn one_or_many<T: FromJson>(value: &Value) -> Result<Vec<T>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) if values.len() > MAX_ALTERNATIVES => {
            Err("exceed max addresses or topics per search position".into())
        }
        Value::Array(values) if values.iter().any(Value::is_null) => Ok(Vec::new()),
        Value::Array(values) => values.iter().map(T::from_json).collect(),
        value => Ok(vec![T::from_json(value)?]),
    }
}

/// A field that may be missing or null.
pub fn field<T: FromJson>(map: &Map<String, Value>, name: &str) -> Result<Option<T>, String> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => T::from_json(value).map(Some).map_err(|text| format!("{name}: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn blocks_by_name_height_and_hash() {
        let hash = B256::repeat_byte(7);
        for (value, block) in [
            (json!("latest"), BlockRef::Tag(BlockTag::Latest)),
            (json!("0x10"), BlockRef::Tag(BlockTag::Number(16))),
            (json!({"blockNumber": "0x10"}), BlockRef::Tag(BlockTag::Number(16))),
            (json!(hash), BlockRef::Hash { hash, require_canonical: false }),
            (json!({"blockHash": hash}), BlockRef::Hash { hash, require_canonical: false }),
            (json!({"blockHash": hash, "requireCanonical": true}), BlockRef::Hash { hash, require_canonical: true }),
        ] {
            assert_eq!(BlockRef::from_json(&value), Ok(block), "{value}");
        }
        for value in [
            json!("newest"),
            json!("0x010"),
            json!(16),
            json!({}),
            json!("0xffffffffffffffff"),
            json!({"blockNumber": "0x1", "blockHash": hash}),
        ] {
            assert!(BlockRef::from_json(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn calls_take_data_or_input() {
        let call = |value| CallArgs::from_json(&value).map(|call| call.0);
        assert_eq!(call(json!({"data": "0x01"})).map(|call| call.data), Ok(vec![1]));
        assert_eq!(call(json!({"input": "0x02", "to": null})).map(|call| call.data), Ok(vec![2]));
        assert!(call(json!({"input": "0x02", "data": "0x01"})).is_err());
        assert!(call(json!({"gasPrice": "0x02", "maxFeePerGas": "0x01"})).is_err());
        assert!(call(json!({"from": "0x01"})).is_err());
        assert!(call(json!([])).is_err());
    }

    #[test]
    fn filters_take_alternatives() {
        let (a, b) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let query = LogQuery::from_json(&json!({
            "address": Address::ZERO, "topics": [a, null, [a, b], [null, a]], "fromBlock": "earliest"
        }))
        .expect("parses");
        assert_eq!(query.filter.addresses, vec![Address::ZERO]);
        assert_eq!(query.filter.topics, vec![vec![a], vec![], vec![a, b], vec![]]);
        assert_eq!(query.range, QueryRange::Tags(BlockTag::Earliest, BlockTag::Latest));
        assert!(LogQuery::from_json(&json!({"topics": [a, a, a, a, a]})).is_err());
        assert!(LogQuery::from_json(&json!({"blockHash": a, "fromBlock": "0x1"})).is_err());
        assert!(LogQuery::from_json(&json!({"address": vec![Address::ZERO; 1001]})).is_err());
    }
}
