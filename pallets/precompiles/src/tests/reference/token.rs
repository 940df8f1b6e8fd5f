//! A token and OpenZeppelin's ERC-20 (capped, burnable, pausable).

use super::{agree, outcome};
use crate::{mock::*, tests::support::*};
use alloy_sol_types::{SolCall, SolValue};
use hanse_primitives::convert::{address, ru256};
use pallet_tokens::{TokenParams, abi::IToken};
use proptest::prelude::*;
use sp_core::{H160, H256, U256};

/// A call: who sends it, and its data, which fits both contracts.
#[derive(Clone, Debug)]
struct Step {
    from: H160,
    data: Vec<u8>,
    what: String,
}

/// The senders, and the zero address, which can only be named.
const PARTIES: [H160; 4] = [OWNER, ALICE, BOB, H160::zero()];

fn amount() -> impl Strategy<Value = U256> {
    prop_oneof![
        8 => (0u64..200).prop_map(U256::from),
        1 => Just(U256::MAX),
        1 => any::<[u64; 4]>().prop_map(U256),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let sender = (0..3usize).prop_map(|i| PARTIES[i]);
    // The zero address now and then.
    let party = prop_oneof![9 => (0..3usize).prop_map(|i| PARTIES[i]), 1 => Just(H160::zero())];
    (0u8..20, sender, party.clone(), party, amount()).prop_map(|(kind, from, a, b, amount)| {
        let (first, second, value) = (address(a), address(b), ru256(amount));
        let (from, data, what) = match kind {
            0..4 => (from, IToken::transferCall { to: first, value }.abi_encode(), "transfer"),
            4..7 => (from, IToken::approveCall { spender: first, value }.abi_encode(), "approve"),
            7..10 => {
                let call = IToken::transferFromCall { from: first, to: second, value };
                (from, call.abi_encode(), "transferFrom")
            }
            // Only an admin mints and pauses here; the reference lets everyone.
            10..14 => (OWNER, IToken::mintCall { to: first, value }.abi_encode(), "mint"),
            14 => (from, IToken::burnCall { value }.abi_encode(), "burn"),
            15 => (from, IToken::burnFromCall { account: first, value }.abi_encode(), "burnFrom"),
            16 => (OWNER, IToken::pauseCall {}.abi_encode(), "pause"),
            17 => (OWNER, IToken::unpauseCall {}.abi_encode(), "unpause"),
            18 => (from, IToken::allowanceCall { owner: first, spender: second }.abi_encode(), "allowance"),
            _ => (from, IToken::balanceOfCall { account: first }.abi_encode(), "balanceOf"),
        };
        Step { from, data, what: format!("{what} by {from:?}: {a:?} {b:?} {amount}") }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_token_behaves_like_openzeppelins(
        cap in prop_oneof![(1u64..1_000).prop_map(U256::from), Just(U256::MAX)],
        steps in proptest::collection::vec(step(), 1..50),
    ) {
        with_probe(|_| {
            let mut init = code(include_str!("../solidity/Reference.hex"));
            init.extend(ru256(cap).abi_encode());
            let reference = execute(create(ALICE, init)).contract_address.expect("was deployed");
            let params = TokenParams {
                name: "Crowns".into(),
                symbol: "CRW".into(),
                decimals: 18,
                cap,
                initial_supply: U256::zero(),
                holder: H160::zero(),
                closed: false,
            };
            let salt = H256::repeat_byte(1);
            let ours = Tokens::do_create_token(OWNER, app(), salt, params, &mut Vec::new()).expect("is allowed");

            for step in steps {
                let paused = Tokens::token(ours).expect("exists").paused;
                agree(step.from, [ours, reference], step.data, paused, &step.what);
            }
            let mut views: Vec<_> = PARTIES
                .iter()
                .map(|who| IToken::balanceOfCall { account: address(*who) }.abi_encode())
                .collect();
            views.push(IToken::totalSupplyCall {}.abi_encode());
            views.push(IToken::nameCall {}.abi_encode());
            views.push(IToken::symbolCall {}.abi_encode());
            views.push(IToken::decimalsCall {}.abi_encode());
            views.push(IToken::capCall {}.abi_encode());
            views.push(IToken::pausedCall {}.abi_encode());
            for data in views {
                let answer = outcome(execute(transaction(BOB, ours, data.clone())));
                assert_eq!(answer, outcome(execute(transaction(BOB, reference, data))));
            }
        });
    }
}
