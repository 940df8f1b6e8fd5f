//! A collection of unique items and OpenZeppelin's ERC-721 (burnable, pausable).

use super::{
    agree,
    items::{Parties, Step, history, steps},
};
use crate::{mock::*, tests::support::*};
use alloy_sol_types::SolCall;
use hanse_primitives::{
    addresses::KIND_COLLECTION_721,
    convert::{address, ru256},
};
use pallet_tokens::abi::{ICollection, ICollection721};
use proptest::prelude::*;

fn call(step: &Step, parties: &Parties) -> Vec<u8> {
    let [first, second] = step.parties(parties);
    let [item, other] = step.items.map(|item| ru256(item.into()));
    let (data, uri) = (step.data.clone().into(), format!("ipfs://{}", step.data.len()));
    match step.kind {
        0..3 => ICollection721::transferFromCall { from: first, to: second, tokenId: item }.abi_encode(),
        3..5 => ICollection721::safeTransferFrom_0Call { from: first, to: second, tokenId: item }.abi_encode(),
        5..7 => ICollection721::safeTransferFrom_1Call { from: first, to: second, tokenId: item, data }.abi_encode(),
        7..9 => ICollection721::approveCall { to: first, tokenId: item }.abi_encode(),
        9 => ICollection721::setApprovalForAllCall { operator: first, approved: step.flag }.abi_encode(),
        10..14 => ICollection721::mintCall { to: first, tokenId: item, uri }.abi_encode(),
        14..16 => {
            let (to, uris) = (vec![first, second], vec![uri.clone(), uri + "!"]);
            ICollection721::mintManyCall { to, tokenIds: vec![item, other], uris }.abi_encode()
        }
        16 => ICollection::pauseCall {}.abi_encode(),
        17 => ICollection::unpauseCall {}.abi_encode(),
        18 => ICollection721::burnCall { tokenId: item }.abi_encode(),
        19 => ICollection721::ownerOfCall { tokenId: item }.abi_encode(),
        20 => ICollection721::getApprovedCall { tokenId: item }.abi_encode(),
        21 => ICollection721::balanceOfCall { owner: first }.abi_encode(),
        22 => ICollection721::isApprovedForAllCall { owner: first, operator: second }.abi_encode(),
        _ => ICollection721::tokenURICall { tokenId: item }.abi_encode(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_collection_behaves_like_openzeppelins(steps in steps()) {
        with_probe(|_| {
            let init = code(include_str!("../solidity/Reference721.hex"));
            let reference = execute(create(ALICE, init)).contract_address.expect("was deployed");
            let ours = collection(KIND_COLLECTION_721);
            let parties = history([ours, reference], &steps, |kind| (10..18).contains(&kind), call);

            let mut views: Vec<_> = parties
                .iter()
                .map(|owner| ICollection721::balanceOfCall { owner: address(*owner) }.abi_encode())
                .collect();
            for item in 0..6u64 {
                let item = ru256(item.into());
                views.push(ICollection721::ownerOfCall { tokenId: item }.abi_encode());
                views.push(ICollection721::tokenURICall { tokenId: item }.abi_encode());
                views.push(ICollection721::getApprovedCall { tokenId: item }.abi_encode());
            }
            views.push(ICollection721::totalSupplyCall {}.abi_encode());
            views.push(ICollection::nameCall {}.abi_encode());
            views.push(ICollection::symbolCall {}.abi_encode());
            views.push(ICollection::pausedCall {}.abi_encode());
            for id in [0x01ff_c9a7_u32, 0x80ac_58cd, 0x5b5e_139f, 0xffff_ffff, 0xd9b6_7a26] {
                views.push(ICollection::supportsInterfaceCall { interfaceId: id.to_be_bytes().into() }.abi_encode());
            }
            for data in views {
                agree(BOB, [ours, reference], data, false, "a view");
            }
        });
    }
}
