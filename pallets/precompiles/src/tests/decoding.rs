//! Call data that is no call.

use super::support::*;
use crate::{MAX_INPUT_BYTES, mock::*};
use alloy_sol_types::SolCall;
use hanse_primitives::{
    addresses::{self, KIND_COLLECTION_721, KIND_COLLECTION_1155},
    convert::{address, ru256},
};
use pallet_evm::runner::Status;
use pallet_tokens::abi::{ICollection721, ICollection1155, ICollections, IToken, ITokens};
use pallet_users::abi::IUsers;
use proptest::prelude::*;
use sp_core::{H160, U256};

/// The text with which a call with this data reverts.
fn refusal(target: H160, data: Vec<u8>) -> String {
    match execute(transaction(ALICE, target, data)).status {
        Status::Revert(reason) => text(&reason),
        other => panic!("did not revert: {other:?}"),
    }
}

#[test]
fn what_names_no_function_is_refused() {
    with_probe(|_| {
        for target in [addresses::USERS, addresses::TOKENS, token()] {
            for data in [vec![], vec![0xa9], vec![0xa9, 0x05, 0x9c]] {
                assert_eq!(refusal(target, data), "no selector");
            }
            assert_eq!(refusal(target, vec![0xde, 0xad, 0xbe, 0xef]), "unknown selector");
        }
        // Another interface's function.
        assert_eq!(refusal(addresses::USERS, IToken::nameCall {}.abi_encode()), "unknown selector");
    });
}

#[test]
fn dirty_and_cut_words_are_refused() {
    with_probe(|_| {
        let transfer = IToken::transferCall { to: address(BOB), value: ru256(1.into()) }.abi_encode();
        // The twelve bytes above an address have to be zero.
        for dirty in 4..16 {
            let mut data = transfer.clone();
            data[dirty] = 1;
            assert_eq!(refusal(token(), data), "malformed arguments");
        }
        for length in 4..transfer.len() {
            assert_eq!(refusal(token(), transfer[..length].to_vec()), "malformed arguments");
        }
        // A bytes16's lower half has to be zero.
        let mut data = IUsers::appInfoCall { app: app().into() }.abi_encode();
        data[35] = 1;
        assert_eq!(refusal(addresses::USERS, data), "malformed arguments");
        // Bytes after the arguments are none of them.
        let mut data = transfer;
        data.extend([0xaa; 5]);
        assert!(execute(transaction(ALICE, token(), data)).succeeded());
        assert_eq!(balance(BOB), 1);
    });
}

#[test]
fn enums_and_bools_have_their_values_only() {
    with_probe(|_| {
        let status = IUsers::Status::Suspended;
        let mut data = IUsers::setAppStatusCall { app: app().into(), status }.abi_encode();
        let last = data.len() - 1;
        data[last] = 3;
        assert_eq!(refusal(addresses::USERS, data.clone()), "malformed arguments");
        data[last] = 0;
        let execution = execute(transaction(OWNER, addresses::USERS, data));
        let expected = alloy_sol_types::SolError::abi_encode(&IUsers::InvalidStatus { status: 0 });
        assert_eq!(execution.status, Status::Revert(expected));

        let create = create_token("Crowns", "CRW");
        // Selector, app, salt, offset, then seven words of the struct: the last is the bool.
        let mut data = create.abi_encode();
        let closed = 4 + 32 * 9 + 31;
        assert_eq!(data[closed], 0);
        data[closed] = 2;
        assert_eq!(refusal(addresses::TOKENS, data), "malformed arguments");
    });
}

fn create_token(name: &str, symbol: &str) -> ITokens::createTokenCall {
    let params = ITokens::TokenParams {
        name: name.into(),
        symbol: symbol.into(),
        decimals: 2,
        cap: ru256(0.into()),
        initialSupply: ru256(0.into()),
        holder: address(BOB),
        closed: false,
    };
    ITokens::createTokenCall { app: app().into(), salt: [1; 32].into(), params }
}

#[test]
fn text_has_to_be_utf8() {
    with_probe(|_| {
        let mut data = create_token("Crowns", "CRW").abi_encode();
        let at = data.windows(6).position(|window| window == b"Crowns").expect("is in it");
        data[at] = 0xff;
        assert_eq!(refusal(addresses::TOKENS, data), "malformed arguments");
    });
}

#[test]
fn arrays_longer_than_their_data_are_refused() {
    with_probe(|_| {
        let call = IToken::transferBatchCall { to: vec![address(BOB)], values: vec![ru256(1.into())] };
        let data = call.abi_encode();
        // Selector, two offsets, then the first array's length.
        let length = 4 + 64..4 + 96;
        for claimed in [U256::from(3), U256::from(1_000), U256::from(u32::MAX), U256::from(u64::MAX), U256::MAX] {
            let mut data = data.clone();
            data[length.clone()].copy_from_slice(&claimed.to_big_endian());
            assert_eq!(refusal(token(), data), "malformed arguments");
        }
        // So are offsets that leave the data, overlap or point backwards.
        for offset in [0u64, 32, 65, 96, 1 << 40] {
            let mut data = data.clone();
            data[4..36].copy_from_slice(&U256::from(offset).to_big_endian());
            assert_eq!(refusal(token(), data), "malformed arguments");
        }
        let data = vec![0u8; MAX_INPUT_BYTES + 1];
        let mut tx = transaction(ALICE, token(), data);
        tx.gas_limit = 16_000_000;
        match execute(tx).status {
            Status::Revert(reason) => assert_eq!(text(&reason), "input too long"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn limits_of_number_answer_with_their_own_errors() {
    with_probe(|_| {
        let call = IToken::transferBatchCall { to: vec![address(BOB)], values: vec![] };
        let refused: IToken::LengthMismatch = reverts(ALICE, token(), &call);
        assert_eq!((refused.receivers, refused.values), (ru256(1.into()), ru256(0.into())));
        let (to, values) = (vec![address(BOB); 1_001], vec![ru256(0.into()); 1_001]);
        let refused: IToken::TooManyReceivers = reverts(ALICE, token(), &IToken::transferBatchCall { to, values });
        assert_eq!((refused.given, refused.max), (ru256(1_001.into()), ru256(1_000.into())));
        let call = IUsers::addUsersCall { app: app().into(), accounts: vec![address(BOB); 1_001] };
        let refused: IUsers::TooManyAccounts = reverts(OWNER, addresses::USERS, &call);
        assert_eq!((refused.given, refused.max), (ru256(1_001.into()), ru256(1_000.into())));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever comes in, the answer is a return or a revert: no panic, and no state without success.
    #[test]
    fn no_input_panics(
        which in 0usize..7,
        selector in any::<proptest::sample::Index>(),
        mut words in proptest::collection::vec(prop_oneof![
            any::<[u8; 32]>(),
            (0u64..300).prop_map(|n| U256::from(n).to_big_endian()),
        ], 0..12),
        cut in 0usize..32,
    ) {
        use alloy_sol_types::SolInterface;
        let (target, selectors): (H160, Vec<[u8; 4]>) = match which {
            0 => (addresses::USERS, IUsers::IUsersCalls::selectors().collect()),
            1 => (addresses::TOKENS, ITokens::ITokensCalls::selectors().collect()),
            2 => (token(), IToken::ITokenCalls::selectors().collect()),
            3 => (addresses::COLLECTIONS, ICollections::ICollectionsCalls::selectors().collect()),
            4 => (
                addresses::collection_address(KIND_COLLECTION_721, &app(), &[2; 32]),
                ICollection721::ICollection721Calls::selectors().collect(),
            ),
            5 => (
                addresses::collection_address(KIND_COLLECTION_1155, &app(), &[2; 32]),
                ICollection1155::ICollection1155Calls::selectors().collect(),
            ),
            _ => (addresses::COLLECTION_ENGINE, ICollection721::ICollection721Calls::selectors().collect()),
        };
        let mut data = selectors[selector.index(selectors.len())].to_vec();
        if let Some(first) = words.first_mut() && matches!(which, 0 | 1 | 3) {
            // Often enough the app that exists.
            first[..16].copy_from_slice(&app());
            first[16..].fill(0);
        }
        data.extend(words.concat());
        data.truncate(data.len().saturating_sub(cut).max(4));
        with_probe(|_| {
            collection(KIND_COLLECTION_721);
            collection(KIND_COLLECTION_1155);
            let status = execute(transaction(OWNER, target, data)).status;
            assert!(!matches!(status, Status::Halt(_)), "{status:?}");
        });
    }
}
