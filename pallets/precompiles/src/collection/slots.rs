//! `ISaleSlots`: items for sale, in collections of either standard.

use super::{Answer, Request, standard721, standard1155};
use crate::{
    abi::decode,
    call::{charge_reads, revert, write},
};
use alloc::vec::Vec;
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use hanse_primitives::{
    addresses::{self, KIND_COLLECTION_721},
    convert::{address, h160, h256, ru256, u256},
};
use pallet_evm::{Handle, PrecompileError};
use pallet_tokens::{
    Pallet, WeightInfo,
    abi::ISaleSlots::{self, ISaleSlotsCalls as Calls},
    collections::{CollectionError, MAX_SHARES, Share, Slot, terms},
};
use sp_core::{H160, H256, U256};

/// Runs the function that the input names.
pub(super) fn call<T: crate::Config>(handle: &mut Handle, request: &Request) -> Result<Answer, PrecompileError> {
    let &Request { collection, caller, input } = request;
    let output = match decode::<Calls>(input)? {
        Calls::openSlot(call) => {
            let slot = Slot {
                seller: caller,
                item: u256(call.id),
                left: u256(call.amount),
                currency: h160(call.currency),
                price: u256(call.price),
                shares: shares(call.shares)?,
                salt: h256(call.salt),
            };
            let weight = <T as pallet_tokens::Config>::WeightInfo::open_slot(count(&slot));
            let name = write(handle, weight, |logs| Pallet::<T>::do_open_slot(caller, collection, slot, logs))?;
            ISaleSlots::openSlotCall::abi_encode_returns(&name.0.into())
        }
        Calls::buy(call) => {
            let (name, amount) = (h256(call.slot), u256(call.amount));
            // What it takes depends on how many have a share.
            let slot = find::<T>(handle, collection, name)?;
            let weight = <T as pallet_tokens::Config>::WeightInfo::buy(count(&slot));
            let item = write(handle, weight, |logs| Pallet::<T>::do_buy(caller, collection, name, amount, logs))?;
            return Ok(Answer::Ask([question(collection, caller, item, amount)].into()));
        }
        Calls::closeSlot(call) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::close_slot(), |logs| {
                Pallet::<T>::do_close_slot(caller, collection, h256(call.slot), logs)
            })?;
            Vec::new()
        }
        Calls::slotInfo(call) => {
            let slot = find::<T>(handle, collection, h256(call.slot))?;
            ISaleSlots::slotInfoCall::abi_encode_returns(&ISaleSlots::slotInfoReturn {
                terms: terms(&slot),
                left: ru256(slot.left),
            })
        }
    };
    Ok(Answer::Return(output))
}

fn find<T: crate::Config>(handle: &mut Handle, collection: H160, name: H256) -> Result<Slot, PrecompileError> {
    charge_reads::<T>(handle, 1)?;
    Pallet::<T>::slot(collection, name).map_err(revert)
}

fn shares(
    given: Vec<ISaleSlots::Share>,
) -> Result<frame_support::BoundedVec<Share, sp_core::ConstU32<MAX_SHARES>>, PrecompileError> {
    let shares: Vec<_> = given
        .into_iter()
        .map(|share| Share { receiver: h160(share.beneficiary), basis_points: share.basisPoints })
        .collect();
    shares.try_into().map_err(|_| revert(CollectionError::from(ISaleSlots::InvalidShares {})))
}

/// At most [`MAX_SHARES`].
fn count(slot: &Slot) -> u32 {
    u32::try_from(slot.shares.len()).unwrap_or(u32::MAX)
}

/// What the buyer is asked, in the words of the collection's standard.
fn question(collection: H160, buyer: H160, item: U256, amount: U256) -> (H160, Vec<u8>) {
    if addresses::kind(&collection) == Some(KIND_COLLECTION_721) {
        return standard721::question(buyer, collection, buyer, item, &[]);
    }
    (buyer, standard1155::single(address(buyer), address(collection), item, amount, Bytes::new()))
}
