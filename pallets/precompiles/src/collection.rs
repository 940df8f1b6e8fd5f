//! Collections over pallet-tokens. A collection must ask the contracts that receive its items, and a precompile can't call.
//! So the address of a collection has code, which the EVM runs as any contract's, and which comes here:
//!
//! ```text
//!   caller ──► collection (code.rs) ──► engine (this file): the operation
//!                    │        ◄── what to return, or whom to ask
//!                    └──► onERC721Received, onERC1155Received of receivers that are contracts
//! ```
//!
//! The engine's input is the collection's caller, as a word, and the call data. Its output is records, each of a target, a
//! length (words both) and so many bytes: with target zero what the collection has to return, else the call data for a
//! receiver, to be sent if it has code, and to be answered by its own selector.

mod code;
mod slots;
mod standard1155;
mod standard721;

pub(crate) use code::{CODE_721, CODE_1155};

use crate::{
    abi::decode,
    call::{charge_reads, revert, write},
    refuse,
};
use alloc::{string::String, vec::Vec};
use alloy_sol_types::{SolCall, SolInterface};
use frame_support::BoundedVec;
use hanse_primitives::{
    addresses::{self, KIND_COLLECTION_721, KIND_COLLECTION_1155},
    convert::{address, h160, ru256, u256},
};
use pallet_evm::{Handle, PrecompileError};
use pallet_tokens::{
    Pallet, WeightInfo,
    abi::{
        ICollection::{self, ICollectionCalls as Calls},
        ISaleSlots::ISaleSlotsCalls,
    },
    collections::{Collection, CollectionError, MAX_ITEMS},
};
use sp_core::{H160, U256};

/// ERC-165 itself, ERC-173, ERC-2981 and ERC-7572.
const COMMON_INTERFACES: [[u8; 4]; 4] =
    [[0x01, 0xff, 0xc9, 0xa7], [0x7f, 0x58, 0x28, 0xd0], [0x2a, 0x55, 0x20, 0x5a], [0xe8, 0xa3, 0xd4, 0x85]];

/// What a call comes to.
enum Answer {
    /// The function's output.
    Return(Vec<u8>),
    /// Done, if each of these contracts says so to this call data.
    Ask(Vec<(H160, Vec<u8>)>),
}

impl Answer {
    fn encode(self) -> Vec<u8> {
        let records = match self {
            Self::Return(output) => [(H160::zero(), output)].into(),
            Self::Ask(calls) => calls,
        };
        let mut encoded = Vec::with_capacity(records.iter().map(|(_, data)| 64 + data.len()).sum());
        for (target, data) in records {
            encoded.extend([0; 12]);
            encoded.extend(target.0);
            encoded.extend(U256::from(data.len()).to_big_endian());
            encoded.extend(data);
        }
        encoded
    }
}

/// One call of a collection.
struct Request<'a> {
    collection: H160,
    caller: H160,
    input: &'a [u8],
}

/// Runs what a collection was called for.
pub(crate) fn call<T: crate::Config>(handle: &mut Handle) -> Result<Vec<u8>, PrecompileError> {
    let collection = handle.caller;
    let Some((caller, input)) = handle.input.split_first_chunk::<32>() else { return Err(refuse("no caller")) };
    let caller = H160::from_slice(&caller[12..]);
    let request = Request { collection, caller, input };
    let selector = input.first_chunk().copied().unwrap_or_default();
    let is_common = Calls::valid_selector(selector);
    let is_sale = ISaleSlotsCalls::valid_selector(selector);
    let answer = match addresses::kind(&collection) {
        Some(KIND_COLLECTION_721 | KIND_COLLECTION_1155) if is_sale => slots::call::<T>(handle, &request),
        Some(KIND_COLLECTION_721) if is_common => common::<T>(handle, &request, &standard721::INTERFACES),
        Some(KIND_COLLECTION_1155) if is_common => common::<T>(handle, &request, &standard1155::INTERFACES),
        Some(KIND_COLLECTION_721) => standard721::call::<T>(handle, &request),
        Some(KIND_COLLECTION_1155) => standard1155::call::<T>(handle, &request),
        _ => Err(refuse("for collections alone")),
    }?
    .encode();
    // What is to be said is made here, and copied by the collection.
    handle.charge_weight(crate::weight_of_decoding::<T>(answer.len()))?;
    Ok(answer)
}

fn common<T: crate::Config>(
    handle: &mut Handle,
    request: &Request,
    interfaces: &[[u8; 4]],
) -> Result<Answer, PrecompileError> {
    let &Request { collection, caller, input } = request;
    Ok(Answer::Return(match decode::<Calls>(input)? {
        Calls::name(_) => ICollection::nameCall::abi_encode_returns(&text(find::<T>(handle, request)?.name)),
        Calls::symbol(_) => ICollection::symbolCall::abi_encode_returns(&text(find::<T>(handle, request)?.symbol)),
        Calls::contractURI(_) => {
            ICollection::contractURICall::abi_encode_returns(&text(find::<T>(handle, request)?.uri))
        }
        Calls::app(_) => ICollection::appCall::abi_encode_returns(&find::<T>(handle, request)?.app.into()),
        Calls::closed(_) => ICollection::closedCall::abi_encode_returns(&find::<T>(handle, request)?.closed),
        Calls::paused(_) => ICollection::pausedCall::abi_encode_returns(&find::<T>(handle, request)?.paused),
        Calls::royaltyInfo(call) => {
            let royalty = find::<T>(handle, request)?.royalty;
            let (receiver, amount) = royalty
                .map_or((H160::zero(), U256::zero()), |royalty| (royalty.receiver, royalty.of(u256(call.salePrice))));
            ICollection::royaltyInfoCall::abi_encode_returns(&ICollection::royaltyInfoReturn {
                receiver: address(receiver),
                royaltyAmount: ru256(amount),
            })
        }
        Calls::supportsInterface(call) => {
            find::<T>(handle, request)?;
            let id = call.interfaceId.0;
            let supported = COMMON_INTERFACES.contains(&id) || interfaces.contains(&id);
            ICollection::supportsInterfaceCall::abi_encode_returns(&supported)
        }
        Calls::owner(_) => {
            charge_reads::<T>(handle, 3)?;
            let owner = Pallet::<T>::collection_owner(collection).map_err(revert)?;
            ICollection::ownerCall::abi_encode_returns(&address(owner))
        }
        Calls::transferOwnership(call) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::transfer_collection(), |logs| {
                Pallet::<T>::do_transfer_collection(caller, collection, h160(call.newOwner), logs)
            })?;
            Vec::new()
        }
        Calls::pause(_) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::pause_collection(), |logs| {
                Pallet::<T>::do_pause_collection(caller, collection, logs)
            })?;
            Vec::new()
        }
        Calls::unpause(_) => {
            write(handle, <T as pallet_tokens::Config>::WeightInfo::unpause_collection(), |logs| {
                Pallet::<T>::do_unpause_collection(caller, collection, logs)
            })?;
            Vec::new()
        }
    }))
}

fn find<T: crate::Config>(handle: &mut Handle, request: &Request) -> Result<Collection, PrecompileError> {
    charge_reads::<T>(handle, 1)?;
    Pallet::<T>::collection(request.collection).map_err(revert)
}

/// Refused here for their number, before gas is reckoned by it; how many there are, otherwise.
fn number(given: usize) -> Result<u32, PrecompileError> {
    let number = alloy_primitives::U256::from;
    u32::try_from(given).ok().filter(|given| *given <= MAX_ITEMS).ok_or_else(|| {
        let error = ICollection::TooManyItems { given: number(given), max: number(MAX_ITEMS as usize) };
        revert(CollectionError::from(error))
    })
}

/// Refuses lists that should be of one length.
fn same_length(left: usize, right: usize) -> Result<(), PrecompileError> {
    let number = alloy_primitives::U256::from;
    frame_support::ensure!(left == right, {
        revert(CollectionError::from(ICollection::LengthMismatch { left: number(left), right: number(right) }))
    });
    Ok(())
}

/// Stored text is UTF-8: it came in as a Solidity `string` that was checked to be.
fn text<N: frame_support::traits::Get<u32>>(bytes: BoundedVec<u8, N>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
