//! What is fuzzed: each function takes any bytes and panics on a fault.
//!
//! ```text
//!   fuzz/seeds/TARGET/*  ──► tests here: each seed, in every test run
//!                        └─► fuzz/libfuzzer: mutated for as long as wanted (scripts/fuzz TARGET SECONDS)
//! ```
//!
//! An input that found a fault is kept among the seeds, so that it is tried for ever.
//!
//! Invariants: what decodes is encoded to the same bytes; a call that is only simulated changes no state; nothing
//! panics.

use alloy_primitives::{Address, B256, Bytes, U256 as U256Value};
use codec::{DecodeAll, Encode};
use hanse_primitives::{
    CallRequest, Overrides, Transaction,
    addresses::{self, KIND_COLLECTION_721, KIND_COLLECTION_1155},
};
use hanse_rpc_params::{
    Args, FromJson, HexOrDecimal, Slot,
    input::{BlockRef, CallArgs, LogQuery},
    overrides::{BlockFields, StateOverrides},
};
use hanse_runtime::{Ethereum, RuntimeGenesisConfig, Tokens, Users, decode_extrinsic};
use jsonrpsee_types::Params;
use pallet_tokens::{TokenParams, collections::CollectionParams};
use serde_json::Value;
use sp_core::{H160, H256, U256};
use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, StateVersion};
use std::cell::RefCell;

/// Owner of the app whose token [`precompile`] calls, and its first holder.
const OWNER: H160 = H160::repeat_byte(0xaa);
/// Neither.
const STRANGER: H160 = H160::repeat_byte(0xbb);

/// A signed Ethereum transaction (RLP, EIP-2718).
pub fn transaction(data: &[u8]) {
    let Ok(transaction) = Transaction::decode_raw(data.to_vec()) else { return };
    assert_eq!(transaction.raw(), data, "one encoding");
    let back = Transaction::decode_all(&mut &transaction.encode()[..]).expect("decodes what it encodes; qed");
    assert_eq!((back.hash(), back.sender()), (transaction.hash(), transaction.sender()));
}

/// An extrinsic as it comes over the network (SCALE).
pub fn extrinsic(data: &[u8]) {
    let Ok(extrinsic) = decode_extrinsic(data) else { return };
    let encoded = extrinsic.encode();
    let back = decode_extrinsic(&encoded).expect("decodes what it encodes; qed");
    assert_eq!(back.encode(), encoded);
    if let Some(transaction) = hanse_runtime::raw_transaction(&extrinsic) {
        let _ = transaction.sender();
    }
}

/// The parameters of a JSON-RPC request (an array), read as each of the things that a parameter can be.
pub fn params(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(mut args) = Args::new(&Params::new(Some(text)), 16) else { return };
    let values: Vec<Value> = std::iter::from_fn(|| args.optional().ok().flatten()).collect();
    for value in &values {
        let _ = Address::from_json(value);
        let _ = HexOrDecimal::from_json(value);
        let _ = Slot::from_json(value);
        let _ = BlockRef::from_json(value);
        let _ = LogQuery::from_json(value);
        let _ = StateOverrides::from_json(value);
        let _ = BlockFields::from_json(value);
        let _ = Vec::<B256>::from_json(value);
        // What is read has one text, and is no larger than it.
        if let Ok(quantity) = u64::from_json(value) {
            assert_eq!(value.as_str().map(str::to_lowercase), Some(format!("{quantity:#x}")));
        }
        if let Ok(quantity) = U256Value::from_json(value) {
            assert_eq!(value.as_str().map(str::to_lowercase), Some(format!("{quantity:#x}")));
        }
        if let Ok(bytes) = Bytes::from_json(value) {
            assert_eq!(value.as_str().map(str::to_lowercase), Some(bytes.to_string()));
        }
        if let Ok(CallArgs(call)) = CallArgs::from_json(value) {
            assert!(call.encoded_size() <= text.len() + 256, "larger than what was sent");
        }
    }
}

/// Call data of the precompiles: the first byte chooses contract and caller, the others are the call data.
pub fn precompile(data: &[u8]) {
    thread_local! {
        static CHAIN: RefCell<(TestExternalities, Issued)> = RefCell::new(chain());
    }
    let Some((choice, input)) = data.split_first() else { return };
    CHAIN.with_borrow_mut(|(state, issued)| {
        let to = match (choice & 8, choice & 3) {
            (0, 0) => addresses::USERS,
            (0, 1) => addresses::TOKENS,
            (0, 2) => issued.token,
            (0, _) => addresses::token_address(&[7; 16], &[7; 32]),
            (_, 0) => addresses::COLLECTIONS,
            (_, 1) => issued.uniques,
            (_, 2) => issued.editions,
            (_, _) => addresses::COLLECTION_ENGINE,
        };
        let from = if choice & 4 == 0 { OWNER } else { STRANGER };
        state.execute_with(|| {
            let before = sp_io::storage::root(StateVersion::V1);
            let request = CallRequest { from, to: Some(to), data: input.to_vec(), ..Default::default() };
            // Refused, reverted or executed: all are answers.
            let _ = Ethereum::call(request, Overrides::default());
            assert_eq!(sp_io::storage::root(StateVersion::V1), before, "a simulation leaves nothing behind");
        });
    });
}

/// What there is on the chain of [`precompile`].
struct Issued {
    token: H160,
    /// ERC-721, with item 1.
    uniques: H160,
    /// ERC-1155, with item 1, of which there are 100.
    editions: H160,
}

/// A chain with an app, and a token and collections whose units its owner holds.
fn chain() -> (TestExternalities, Issued) {
    let storage = RuntimeGenesisConfig::default().build_storage().expect("the default genesis builds; qed");
    let mut state = TestExternalities::from(storage);
    let issued = state.execute_with(|| {
        let logs = &mut Vec::new();
        let app = Users::do_create_app(OWNER, H256::zero(), logs).expect("the first app; qed");
        let params = TokenParams {
            name: "Fuzz".into(),
            symbol: "FUZZ".into(),
            decimals: 2,
            cap: U256::zero(),
            initial_supply: U256::from(1_000_000),
            holder: OWNER,
            closed: false,
        };
        let token = Tokens::do_create_token(OWNER, app, H256::zero(), params, logs).expect("the first token; qed");
        let mut collection = |kind| {
            let params = CollectionParams {
                kind,
                name: "Fuzz".into(),
                symbol: "FUZZ".into(),
                uri: String::new(),
                closed: false,
                royalty_receiver: OWNER,
                royalty_basis_points: 250,
            };
            Tokens::do_create_collection(OWNER, app, H256::zero(), params, logs).expect("the first of its kind; qed")
        };
        let (uniques, editions) = (collection(KIND_COLLECTION_721), collection(KIND_COLLECTION_1155));
        let (item, amount) = (U256::one(), U256::from(100));
        let minted = vec![(OWNER, item, "ipfs://1".to_owned())];
        Tokens::do_mint_uniques(OWNER, uniques, minted, logs).expect("the first item; qed");
        let uri = String::new();
        Tokens::do_create_edition(OWNER, editions, item, U256::zero(), uri, logs).expect("the first item; qed");
        Tokens::do_mint_edition(OWNER, editions, item, &[(OWNER, amount)], logs).expect("is allowed; qed");
        Issued { token, uniques, editions }
    });
    (state, issued)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    fn each_seed(target: &str, run: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
        let mut count = 0;
        for entry in fs::read_dir(&folder).expect("is a folder") {
            let path = entry.expect("is readable").path();
            eprintln!("{}", path.display());
            run(&fs::read(path).expect("is readable"));
            count += 1;
        }
        assert!(count > 0, "no seeds in {}", folder.display());
    }

    #[test]
    fn seeds_of_transactions() {
        each_seed("transaction", super::transaction);
    }

    #[test]
    fn seeds_of_extrinsics() {
        each_seed("extrinsic", super::extrinsic);
    }

    #[test]
    fn seeds_of_params() {
        each_seed("params", super::params);
    }

    #[test]
    fn seeds_of_precompile_calls() {
        each_seed("precompile", super::precompile);
    }
}
