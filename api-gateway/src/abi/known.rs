//! Inputs and events in words, by the interfaces that everybody knows: the chain's own (`contracts/*.sol`) and the
//! standards of tokens.

use super::words::{self, Decoded};
use alloy::json_abi::{Event, Function, JsonAbi};
use alloy::primitives::{B256, Selector};
use std::collections::HashMap;
use std::sync::LazyLock;

/// EIP-20, EIP-721, EIP-1155, EIP-173, EIP-2612.
const STANDARDS: [&str; 20] = [
    "function transfer(address to, uint256 value)",
    "function approve(address spender, uint256 value)",
    "function transferFrom(address from, address to, uint256 value)",
    "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
    "function safeTransferFrom(address from, address to, uint256 tokenId)",
    "function safeTransferFrom(address from, address to, uint256 tokenId, bytes data)",
    "function setApprovalForAll(address operator, bool approved)",
    "function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes data)",
    "function safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] values, bytes data)",
    "function transferOwnership(address newOwner)",
    "event Transfer(address indexed from, address indexed to, uint256 value)",
    "event Approval(address indexed owner, address indexed spender, uint256 value)",
    "event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)",
    "event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId)",
    "event ApprovalForAll(address indexed account, address indexed operator, bool approved)",
    "event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)",
    "event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values)",
    "event URI(string value, uint256 indexed id)",
    "event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)",
    "event MetadataUpdate(uint256 tokenId)",
];

#[derive(Default)]
struct Known {
    functions: HashMap<Selector, Function>,
    /// By the first topic and the number of topics: standards share hashes and differ in what is indexed.
    events: HashMap<(B256, usize), Event>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    use crate::ledger::contracts::abi::{
        ICollection, ICollection721, ICollection1155, ICollections, ISaleSlots, IToken, ITokens, IUsers,
    };
    let mut known = Known::default();
    let standards = JsonAbi::parse(STANDARDS).unwrap_or_default();
    for interface in [
        IToken::abi::contract(),
        ITokens::abi::contract(),
        IUsers::abi::contract(),
        ICollection::abi::contract(),
        ICollection721::abi::contract(),
        ICollection1155::abi::contract(),
        ICollections::abi::contract(),
        ISaleSlots::abi::contract(),
        standards,
    ] {
        for function in interface.functions() {
            known.functions.entry(function.selector()).or_insert_with(|| function.clone());
        }
        for event in interface.events() {
            let topics = 1 + event.inputs.iter().filter(|input| input.indexed).count();
            known.events.entry((event.selector(), topics)).or_insert_with(|| event.clone());
        }
    }
    known
});

/// The name behind a selector (`0xa9059cbb`).
pub(crate) fn function_name(selector: &str) -> Option<String> {
    let selector: Selector = selector.parse().ok()?;
    KNOWN.functions.get(&selector).map(|function| function.name.clone())
}

/// What an input calls; `None` when it is unknown or does not fit.
pub(crate) fn call(input: &[u8]) -> Option<Decoded> {
    let selector = Selector::from_slice(input.get(..4)?);
    words::call(KNOWN.functions.get(&selector)?, input.get(4..)?)
}

/// What an event says; `None` when it is unknown or does not fit.
pub(crate) fn event(topics: &[B256], data: &[u8]) -> Option<Decoded> {
    words::event(KNOWN.events.get(&(*topics.first()?, topics.len()))?, topics, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::contracts::abi::{IToken, ITokens};
    use alloy::primitives::{Address, U256};
    use alloy::sol_types::{SolCall as _, SolEvent as _};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn every_standard_is_read() {
        let read = JsonAbi::parse(STANDARDS).unwrap();
        assert_eq!(read.functions().count() + read.events().count(), STANDARDS.len());
    }

    #[test]
    fn calls_and_events_are_told_in_words() {
        let to = Address::repeat_byte(7);
        let input = IToken::transferBatchCall { to: vec![to], values: vec![U256::MAX] }.abi_encode();
        let told = call(&input).unwrap();
        assert_eq!(told.signature, "transferBatch(address[],uint256[])");
        assert_eq!(told.arguments[0].value, json!([format!("0x{}", "07".repeat(20))]));
        assert_eq!(told.arguments[1].value, json!([U256::MAX.to_string()]));
        assert_eq!(function_name("0xa9059cbb").as_deref(), Some("transfer"));
        assert!(call(&input[..input.len() - 1]).is_none(), "cut short");

        let event_data = ITokens::TokenCreated {
            token: to,
            app: [1; 16].into(),
            creator: to,
            name: "Euro".into(),
            symbol: "E".into(),
            decimals: 2,
        }
        .encode_log_data();
        let told = event(event_data.topics(), &event_data.data).unwrap();
        let values: Vec<_> = told.arguments.iter().map(|one| one.value.clone()).collect();
        assert_eq!(values[1], json!(format!("0x{}", "01".repeat(16))));
        assert_eq!(values[3..], [json!("Euro"), json!("E"), json!("2")], "in the order of the parameters");

        // EIP-721's event has the same first topic as EIP-20's.
        let transfer = IToken::Transfer { from: to, to, value: U256::from(5) }.encode_log_data();
        assert_eq!(event(transfer.topics(), &transfer.data).unwrap().arguments[2].name, "value");
        let of_item = [transfer.topics(), &[U256::from(5).into()]].concat();
        assert_eq!(event(&of_item, &[]).unwrap().arguments[2].name, "tokenId");
    }

    proptest! {
        #[test]
        fn no_input_is_too_strange(selector in 0..64_usize, rest in proptest::collection::vec(any::<u8>(), 0..400)) {
            let selectors: Vec<_> = KNOWN.functions.keys().collect();
            let input = [selectors[selector % selectors.len()].as_slice(), &rest].concat();
            let _ = call(&input);
            let ((topic, count), _) = KNOWN.events.iter().nth(selector % KNOWN.events.len()).unwrap();
            let _ = event(&vec![*topic; *count], &rest);
        }
    }
}
