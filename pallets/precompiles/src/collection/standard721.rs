//! `ICollection721`: unique items.

use super::{Answer, Request, number, same_length, text};
use crate::{
    abi::decode,
    call::{charge_reads, revert, write},
};
use alloc::vec::Vec;
use alloy_sol_types::SolCall;
use hanse_primitives::convert::{address, h160, ru256, u256};
use pallet_evm::{Handle, PrecompileError};
use pallet_tokens::{
    Pallet, WeightInfo,
    abi::ICollection721::{self, ICollection721Calls as Calls},
};
use sp_core::{H160, U256};

/// ERC-721 and its metadata.
pub(super) const INTERFACES: [[u8; 4]; 2] = [[0x80, 0xac, 0x58, 0xcd], [0x5b, 0x5e, 0x13, 0x9f]];

alloy_sol_types::sol! {
    /// What a contract answers that takes items (ERC-721).
    interface IERC721Receiver {
        function onERC721Received(address operator, address from, uint256 tokenId, bytes calldata data)
            external
            returns (bytes4);
    }
}

/// Runs the function that the input names.
pub(super) fn call<T: crate::Config>(handle: &mut Handle, request: &Request) -> Result<Answer, PrecompileError> {
    let &Request { collection, caller, input } = request;
    let output = match decode::<Calls>(input)? {
        Calls::transferFrom(call) => {
            transfer::<T>(handle, request, h160(call.from), h160(call.to), u256(call.tokenId))?;
            Vec::new()
        }
        Calls::safeTransferFrom_0(call) => {
            let (from, to, item) = (h160(call.from), h160(call.to), u256(call.tokenId));
            transfer::<T>(handle, request, from, to, item)?;
            return Ok(Answer::Ask([question(caller, from, to, item, &[])].into()));
        }
        Calls::safeTransferFrom_1(call) => {
            let (from, to, item) = (h160(call.from), h160(call.to), u256(call.tokenId));
            transfer::<T>(handle, request, from, to, item)?;
            return Ok(Answer::Ask([question(caller, from, to, item, &call.data)].into()));
        }
        Calls::approve(call) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::approve_unique(), |logs| {
                Pallet::<T>::do_approve_unique(caller, collection, h160(call.to), u256(call.tokenId), logs)
            })?;
            Vec::new()
        }
        Calls::setApprovalForAll(call) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::approve_operator(), |logs| {
                let operator = h160(call.operator);
                Pallet::<T>::do_approve_operator_of_uniques(caller, collection, operator, call.approved, logs)
            })?;
            Vec::new()
        }
        Calls::burn(call) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::burn_unique(), |logs| {
                Pallet::<T>::do_burn_unique(caller, collection, u256(call.tokenId), logs)
            })?;
            Vec::new()
        }
        Calls::mint(call) => return mint::<T>(handle, request, [(h160(call.to), u256(call.tokenId), call.uri)].into()),
        Calls::mintMany(call) => {
            same_length(call.to.len(), call.tokenIds.len())?;
            same_length(call.to.len(), call.uris.len())?;
            let receivers = call.to.into_iter().map(h160);
            let items = receivers.zip(call.tokenIds.into_iter().map(u256)).zip(call.uris);
            return mint::<T>(handle, request, items.map(|((to, item), uri)| (to, item, uri)).collect());
        }
        Calls::balanceOf(call) => {
            charge_reads::<T>(handle, 2)?;
            let count = Pallet::<T>::unique_count(collection, h160(call.owner)).map_err(revert)?;
            ICollection721::balanceOfCall::abi_encode_returns(&ru256(count.into()))
        }
        Calls::ownerOf(call) => {
            charge_reads::<T>(handle, 2)?;
            let unique = Pallet::<T>::unique(collection, u256(call.tokenId)).map_err(revert)?;
            ICollection721::ownerOfCall::abi_encode_returns(&address(unique.owner))
        }
        Calls::getApproved(call) => {
            charge_reads::<T>(handle, 2)?;
            let unique = Pallet::<T>::unique(collection, u256(call.tokenId)).map_err(revert)?;
            ICollection721::getApprovedCall::abi_encode_returns(&address(unique.approved))
        }
        Calls::isApprovedForAll(call) => {
            charge_reads::<T>(handle, 2)?;
            let approved =
                Pallet::<T>::is_operator(collection, h160(call.owner), h160(call.operator)).map_err(revert)?;
            ICollection721::isApprovedForAllCall::abi_encode_returns(&approved)
        }
        Calls::totalSupply(_) => {
            charge_reads::<T>(handle, 1)?;
            let supply = Pallet::<T>::collection(collection).map_err(revert)?.supply;
            ICollection721::totalSupplyCall::abi_encode_returns(&ru256(supply.into()))
        }
        Calls::tokenURI(call) => {
            charge_reads::<T>(handle, 3)?;
            let uri = Pallet::<T>::unique_uri(collection, u256(call.tokenId)).map_err(revert)?;
            ICollection721::tokenURICall::abi_encode_returns(&text(uri))
        }
    };
    Ok(Answer::Return(output))
}

fn transfer<T: crate::Config>(
    handle: &mut Handle,
    request: &Request,
    from: H160,
    to: H160,
    item: U256,
) -> Result<(), PrecompileError> {
    write(handle, <T as pallet_tokens::Config>::WeightInfo::transfer_unique(), |logs| {
        Pallet::<T>::do_transfer_unique(request.caller, request.collection, from, to, item, logs)
    })
}

fn mint<T: crate::Config>(
    handle: &mut Handle,
    request: &Request,
    mints: Vec<(H160, U256, alloc::string::String)>,
) -> Result<Answer, PrecompileError> {
    let weight = <T as pallet_tokens::Config>::WeightInfo::mint_uniques(number(mints.len())?);
    let ask = |(to, item, _): &(H160, U256, _)| question(request.caller, H160::zero(), *to, *item, &[]);
    let questions = mints.iter().map(ask).collect();
    write(handle, weight, |logs| Pallet::<T>::do_mint_uniques(request.caller, request.collection, mints, logs))?;
    Ok(Answer::Ask(questions))
}

/// What a receiver of an item is asked.
pub(super) fn question(operator: H160, from: H160, to: H160, item: U256, data: &[u8]) -> (H160, Vec<u8>) {
    let call = IERC721Receiver::onERC721ReceivedCall {
        operator: address(operator),
        from: address(from),
        tokenId: ru256(item),
        data: data.to_vec().into(),
    };
    (to, call.abi_encode())
}
