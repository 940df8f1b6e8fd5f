//! `ICollection1155`: items of which there are many alike.

use super::{Answer, Request, number, same_length, text};
use crate::{
    abi::decode,
    call::{charge_reads, revert, write},
};
use alloc::vec::Vec;
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use hanse_primitives::convert::{address, h160, ru256, u256};
use pallet_evm::{Handle, PrecompileError};
use pallet_tokens::{
    Pallet, WeightInfo,
    abi::ICollection1155::{self, ICollection1155Calls as Calls},
    collections::CollectionError,
};
use sp_core::{H160, U256};

/// ERC-1155 and its metadata.
pub(super) const INTERFACES: [[u8; 4]; 2] = [[0xd9, 0xb6, 0x7a, 0x26], [0x0e, 0x89, 0x34, 0x1c]];

alloy_sol_types::sol! {
    /// What a contract answers that takes items (ERC-1155).
    interface IERC1155Receiver {
        function onERC1155Received(address operator, address from, uint256 id, uint256 value, bytes calldata data)
            external
            returns (bytes4);
        function onERC1155BatchReceived(
            address operator, address from, uint256[] calldata ids, uint256[] calldata values, bytes calldata data
        ) external returns (bytes4);
    }
}

/// Runs the function that the input names.
pub(super) fn call<T: crate::Config>(handle: &mut Handle, request: &Request) -> Result<Answer, PrecompileError> {
    let &Request { collection, caller, input } = request;
    let output = match decode::<Calls>(input)? {
        Calls::safeTransferFrom(call) => {
            let (items, values) = ([u256(call.id)], [u256(call.value)]);
            return transfer::<T>(handle, request, h160(call.from), h160(call.to), &items, &values, call.data);
        }
        Calls::safeBatchTransferFrom(call) => {
            let items: Vec<_> = call.ids.into_iter().map(u256).collect();
            let values: Vec<_> = call.values.into_iter().map(u256).collect();
            return transfer::<T>(handle, request, h160(call.from), h160(call.to), &items, &values, call.data);
        }
        Calls::mint(call) => {
            return mint::<T>(handle, request, u256(call.id), &[(h160(call.to), u256(call.value))], call.data);
        }
        Calls::mintMany(call) => {
            same_length(call.to.len(), call.values.len())?;
            let mints: Vec<_> = call.to.into_iter().map(h160).zip(call.values.into_iter().map(u256)).collect();
            return mint::<T>(handle, request, u256(call.id), &mints, Bytes::new());
        }
        Calls::createItem(call) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::create_edition(), |logs| {
                let (item, cap) = (u256(call.id), u256(call.cap_));
                Pallet::<T>::do_create_edition(caller, collection, item, cap, call.uri_, logs)
            })?;
            Vec::new()
        }
        Calls::burn(call) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::burn_edition(), |logs| {
                let (account, item, value) = (h160(call.account), u256(call.id), u256(call.value));
                Pallet::<T>::do_burn_edition(caller, collection, account, item, value, logs)
            })?;
            Vec::new()
        }
        Calls::setApprovalForAll(call) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::approve_operator(), |logs| {
                let operator = h160(call.operator);
                Pallet::<T>::do_approve_operator_of_editions(caller, collection, operator, call.approved, logs)
            })?;
            Vec::new()
        }
        Calls::balanceOf(call) => {
            charge_reads::<T>(handle, 2)?;
            let of = [(h160(call.account), u256(call.id))];
            let balances = Pallet::<T>::edition_balances(collection, of.into_iter()).map_err(revert)?;
            ICollection1155::balanceOfCall::abi_encode_returns(&ru256(balances.first().copied().unwrap_or_default()))
        }
        Calls::balanceOfBatch(call) => {
            let (accounts, ids) = (call.accounts.len(), call.ids.len());
            frame_support::ensure!(accounts == ids, {
                let [ids, accounts] = [ids, accounts].map(alloy_primitives::U256::from);
                let error = ICollection1155::ERC1155InvalidArrayLength { idsLength: ids, valuesLength: accounts };
                revert(CollectionError::from(error))
            });
            charge_reads::<T>(handle, 1 + u64::from(number(ids)?))?;
            let of = call.accounts.into_iter().map(h160).zip(call.ids.into_iter().map(u256));
            let balances = Pallet::<T>::edition_balances(collection, of).map_err(revert)?;
            let balances: Vec<_> = balances.into_iter().map(ru256).collect();
            ICollection1155::balanceOfBatchCall::abi_encode_returns(&balances)
        }
        Calls::isApprovedForAll(call) => {
            charge_reads::<T>(handle, 2)?;
            let approved =
                Pallet::<T>::is_operator(collection, h160(call.account), h160(call.operator)).map_err(revert)?;
            ICollection1155::isApprovedForAllCall::abi_encode_returns(&approved)
        }
        Calls::uri(call) => {
            charge_reads::<T>(handle, 2)?;
            let uri = Pallet::<T>::edition_uri(collection, u256(call.id)).map_err(revert)?;
            ICollection1155::uriCall::abi_encode_returns(&text(uri))
        }
        Calls::totalSupply(call) => {
            let supply = edition::<T>(handle, request, call.id)?.map_or(U256::zero(), |edition| edition.supply);
            ICollection1155::totalSupplyCall::abi_encode_returns(&ru256(supply))
        }
        Calls::cap(call) => {
            let cap = edition::<T>(handle, request, call.id)?.map_or(U256::zero(), |edition| edition.cap);
            ICollection1155::capCall::abi_encode_returns(&ru256(cap))
        }
        Calls::exists(call) => {
            let exists = edition::<T>(handle, request, call.id)?.is_some();
            ICollection1155::existsCall::abi_encode_returns(&exists)
        }
    };
    Ok(Answer::Return(output))
}

fn edition<T: crate::Config>(
    handle: &mut Handle,
    request: &Request,
    id: alloy_primitives::U256,
) -> Result<Option<pallet_tokens::collections::Edition>, PrecompileError> {
    charge_reads::<T>(handle, 2)?;
    Pallet::<T>::edition(request.collection, u256(id)).map_err(revert)
}

fn transfer<T: crate::Config>(
    handle: &mut Handle,
    request: &Request,
    from: H160,
    to: H160,
    items: &[U256],
    values: &[U256],
    data: Bytes,
) -> Result<Answer, PrecompileError> {
    let weight = <T as pallet_tokens::Config>::WeightInfo::transfer_editions(number(items.len())?);
    let &Request { caller, collection, .. } = request;
    write(handle, weight, |logs| Pallet::<T>::do_transfer_editions(caller, collection, from, to, items, values, logs))?;
    let (operator, from) = (address(caller), address(from));
    let question = match (items, values) {
        (&[item], &[value]) => single(operator, from, item, value, data),
        _ => IERC1155Receiver::onERC1155BatchReceivedCall {
            operator,
            from,
            ids: items.iter().copied().map(ru256).collect(),
            values: values.iter().copied().map(ru256).collect(),
            data,
        }
        .abi_encode(),
    };
    Ok(Answer::Ask([(to, question)].into()))
}

fn mint<T: crate::Config>(
    handle: &mut Handle,
    request: &Request,
    item: U256,
    mints: &[(H160, U256)],
    data: Bytes,
) -> Result<Answer, PrecompileError> {
    let weight = <T as pallet_tokens::Config>::WeightInfo::mint_edition(number(mints.len())?);
    let &Request { caller, collection, .. } = request;
    write(handle, weight, |logs| Pallet::<T>::do_mint_edition(caller, collection, item, mints, logs))?;
    let ask = |&(to, value): &(H160, U256)| {
        (to, single(address(caller), alloy_primitives::Address::ZERO, item, value, data.clone()))
    };
    Ok(Answer::Ask(mints.iter().map(ask).collect()))
}

/// What a receiver of an item is asked.
pub(super) fn single(
    operator: alloy_primitives::Address,
    from: alloy_primitives::Address,
    item: U256,
    value: U256,
    data: Bytes,
) -> Vec<u8> {
    let (id, value) = (ru256(item), ru256(value));
    IERC1155Receiver::onERC1155ReceivedCall { operator, from, id, value, data }.abi_encode()
}
