//! `ICollections` over pallet-tokens.

use crate::{
    abi::decode,
    call::{charge_reads, write},
    refuse,
};
use alloc::vec::Vec;
use alloy_sol_types::SolCall;
use hanse_primitives::{
    addresses::{KIND_COLLECTION_721, KIND_COLLECTION_1155, collection_address},
    convert::{address, h160, h256},
};
use pallet_evm::{Handle, PrecompileError};
use pallet_tokens::{
    Collections, Config, Pallet, WeightInfo,
    abi::ICollections::{self, ICollectionsCalls as Calls, Standard},
    collections::CollectionParams,
};

/// Runs the function that the input names.
pub(crate) fn call<T: Config>(handle: &mut Handle) -> Result<Vec<u8>, PrecompileError> {
    let caller = handle.caller;
    Ok(match decode::<Calls>(handle.input)? {
        Calls::createCollection(call) => {
            let params = CollectionParams {
                kind: kind(call.params.standard)?,
                name: call.params.name,
                symbol: call.params.symbol,
                uri: call.params.uri,
                closed: call.params.closed,
                royalty_receiver: h160(call.params.royaltyReceiver),
                royalty_basis_points: call.params.royaltyBasisPoints,
            };
            let collection = write(handle, <T as Config>::WeightInfo::create_collection(), |logs| {
                Pallet::<T>::do_create_collection(caller, call.app.0, h256(call.salt), params, logs)
            })?;
            ICollections::createCollectionCall::abi_encode_returns(&address(collection))
        }
        Calls::collectionAddress(call) => {
            let collection = collection_address(kind(call.standard)?, &call.app.0, &call.salt.0);
            ICollections::collectionAddressCall::abi_encode_returns(&address(collection))
        }
        Calls::exists(call) => {
            charge_reads::<T>(handle, 1)?;
            ICollections::existsCall::abi_encode_returns(&Collections::<T>::contains_key(h160(call.collection)))
        }
    })
}

fn kind(standard: Standard) -> Result<u8, PrecompileError> {
    match standard {
        Standard::ERC721 => Ok(KIND_COLLECTION_721),
        Standard::ERC1155 => Ok(KIND_COLLECTION_1155),
        _ => Err(refuse("malformed arguments")),
    }
}
