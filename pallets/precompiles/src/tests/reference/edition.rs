//! A collection of items with a supply and OpenZeppelin's ERC-1155 (burnable, pausable).

use super::{
    agree,
    items::{Parties, Step, history, steps},
};
use crate::{mock::*, tests::support::*};
use alloy_sol_types::SolCall;
use hanse_primitives::{
    addresses::KIND_COLLECTION_1155,
    convert::{address, ru256},
};
use pallet_tokens::abi::{ICollection, ICollection1155};
use proptest::prelude::*;

fn call(step: &Step, parties: &Parties) -> Vec<u8> {
    let [first, second] = step.parties(parties);
    let [item, other] = step.items.map(|item| ru256(item.into()));
    // Sums that overflow, now and then.
    let [amount, rest] = step.amounts.map(|amount| match amount {
        0..60 => ru256(amount.into()),
        _ => alloy_primitives::U256::MAX - ru256((amount % 60).into()),
    });
    let data = alloy_primitives::Bytes::from(step.data.clone());
    // Now and then one more than there should be.
    let lengths = |mut ids: Vec<_>| {
        if step.data.first() == Some(&7) {
            ids.push(item);
        }
        ids
    };
    match step.kind {
        0..5 => ICollection1155::safeTransferFromCall { from: first, to: second, id: item, value: amount, data }
            .abi_encode(),
        5..8 => {
            let (ids, values) = (lengths(vec![item, other]), vec![amount, rest]);
            ICollection1155::safeBatchTransferFromCall { from: first, to: second, ids, values, data }.abi_encode()
        }
        8 => {
            let (ids, values) = (lengths(vec![item]), vec![amount]);
            ICollection1155::safeBatchTransferFromCall { from: first, to: second, ids, values, data }.abi_encode()
        }
        9 => ICollection1155::setApprovalForAllCall { operator: first, approved: step.flag }.abi_encode(),
        10 => {
            let uri_ = format!("ipfs://{}", step.data.len());
            ICollection1155::createItemCall { id: item, cap_: if step.flag { rest } else { ru256(0.into()) }, uri_ }
                .abi_encode()
        }
        11..14 => ICollection1155::mintCall { to: first, id: item, value: amount, data }.abi_encode(),
        14..16 => {
            let (to, values) = (vec![first, second], vec![amount, rest]);
            ICollection1155::mintManyCall { to, id: item, values }.abi_encode()
        }
        16 => ICollection::pauseCall {}.abi_encode(),
        17 => ICollection::unpauseCall {}.abi_encode(),
        18..20 => ICollection1155::burnCall { account: first, id: item, value: amount }.abi_encode(),
        20 => {
            let (accounts, ids) = (vec![first, second], lengths(vec![item, other]));
            ICollection1155::balanceOfBatchCall { accounts, ids }.abi_encode()
        }
        21 => ICollection1155::balanceOfCall { account: first, id: item }.abi_encode(),
        22 => ICollection1155::isApprovedForAllCall { account: first, operator: second }.abi_encode(),
        _ => ICollection1155::totalSupplyCall { id: item }.abi_encode(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_collection_behaves_like_openzeppelins(steps in steps()) {
        with_probe(|_| {
            let init = code(include_str!("../solidity/Reference1155.hex"));
            let reference = execute(create(ALICE, init)).contract_address.expect("was deployed");
            let ours = collection(KIND_COLLECTION_1155);
            // Most items are there from the beginning.
            for id in 0..4u64 {
                let (id, cap_) = (ru256(id.into()), ru256((id * 100).into()));
                let create = ICollection1155::createItemCall { id, cap_, uri_: format!("ipfs://{id}") };
                agree(OWNER, [ours, reference], create.abi_encode(), false, "a new item");
            }
            let parties = history([ours, reference], &steps, |kind| (10..18).contains(&kind), call);

            let mut views = vec![ICollection::pausedCall {}.abi_encode()];
            for id in 0..6u64 {
                let id = ru256(id.into());
                for account in parties {
                    views.push(ICollection1155::balanceOfCall { account: address(account), id }.abi_encode());
                }
                views.push(ICollection1155::totalSupplyCall { id }.abi_encode());
                views.push(ICollection1155::capCall { id }.abi_encode());
                views.push(ICollection1155::existsCall { id }.abi_encode());
                views.push(ICollection1155::uriCall { id }.abi_encode());
            }
            for id in [0x01ff_c9a7_u32, 0xd9b6_7a26, 0x0e89_341c, 0xffff_ffff, 0x80ac_58cd] {
                views.push(ICollection::supportsInterfaceCall { interfaceId: id.to_be_bytes().into() }.abi_encode());
            }
            for data in views {
                agree(BOB, [ours, reference], data, false, "a view");
            }
        });
    }
}
