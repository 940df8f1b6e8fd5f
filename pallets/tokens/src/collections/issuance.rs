//! What is done to a collection as a whole by who issues it: create, pause, transfer.

use super::{Collection, CollectionError, CollectionParams, MAX_BASIS_POINTS, Share, Uri, guard::Guard};
use crate::{
    CollectionOwners, Collections, Config, MAX_NAME_BYTES, MAX_SYMBOL_BYTES, Pallet,
    abi::{ICollection, ICollections},
};
use alloc::{string::String, vec::Vec};
use frame_support::ensure;
use hanse_primitives::{
    Log,
    addresses::{self, AppId, KIND_COLLECTION_721, collection_address},
    convert::address,
};
use pallet_users::abi::log;
use sp_core::{H160, H256};

impl<T: Config> Pallet<T> {
    /// Issues a collection without items.
    ///
    /// Errors: `AppNotFound`, `AppSuspended`, `NotAppAdmin`, `InvalidName`, `InvalidSymbol`, `InvalidUri`,
    /// `InvalidRoyalty`, `CollectionExists`.
    pub fn do_create_collection(
        caller: H160,
        app: AppId,
        salt: H256,
        params: CollectionParams,
        logs: &mut Vec<Log>,
    ) -> Result<H160, CollectionError> {
        pallet_users::Pallet::<T>::ensure_admin(app, caller)?;
        let CollectionParams { kind, name, symbol, uri, closed, royalty_receiver, royalty_basis_points } = params;
        ensure!((1..=MAX_NAME_BYTES as usize).contains(&name.len()), ICollections::InvalidName {});
        ensure!((1..=MAX_SYMBOL_BYTES as usize).contains(&symbol.len()), ICollections::InvalidSymbol {});
        let royalty = royalty(royalty_receiver, royalty_basis_points)?;
        let id = collection_address(kind, &app, &salt.0);
        ensure!(!Collections::<T>::contains_key(id), ICollections::CollectionExists { collection: address(id) });
        let standard =
            if kind == KIND_COLLECTION_721 { ICollections::Standard::ERC721 } else { ICollections::Standard::ERC1155 };
        let created = ICollections::CollectionCreated {
            collection: address(id),
            app: app.into(),
            creator: address(caller),
            standard,
            name: name.clone(),
            symbol: symbol.clone(),
        };
        let collection = Collection {
            app,
            supply: 0,
            closed,
            paused: false,
            name: name.into_bytes().try_into().map_err(|_| ICollections::InvalidName {})?,
            symbol: symbol.into_bytes().try_into().map_err(|_| ICollections::InvalidSymbol {})?,
            uri: uri.into_bytes().try_into().map_err(|_| ICollections::InvalidUri {})?,
            royalty,
        };
        Collections::<T>::insert(id, collection);
        logs.push(log(addresses::COLLECTIONS, &created));
        Ok(id)
    }

    /// Stops every transfer, mint and burn.
    ///
    /// Errors: `CollectionNotFound`, `AppSuspended`, `NotCollectionAdmin`, `EnforcedPause` if paused already.
    pub fn do_pause_collection(caller: H160, id: H160, logs: &mut Vec<Log>) -> Result<(), CollectionError> {
        let mut guard = Guard::<T>::for_admin(id, caller)?;
        guard.ensure_moving()?;
        guard.collection.paused = true;
        Collections::<T>::insert(id, guard.collection);
        logs.push(log(id, &ICollection::Paused { account: address(caller) }));
        Ok(())
    }

    /// Ends a pause.
    ///
    /// Errors: `CollectionNotFound`, `AppSuspended`, `NotCollectionAdmin`, `ExpectedPause` if not paused.
    pub fn do_unpause_collection(caller: H160, id: H160, logs: &mut Vec<Log>) -> Result<(), CollectionError> {
        let mut guard = Guard::<T>::for_admin(id, caller)?;
        ensure!(guard.collection.paused, ICollection::ExpectedPause {});
        guard.collection.paused = false;
        Collections::<T>::insert(id, guard.collection);
        logs.push(log(id, &ICollection::Unpaused { account: address(caller) }));
        Ok(())
    }
}

impl<T: Config> Pallet<T> {
    /// Gives a collection to another owner, who issues and pauses from then on, in the place of the app's owner and admins.
    ///
    /// Errors: `CollectionNotFound`, `AppSuspended`, `OwnableUnauthorizedAccount`, `OwnableInvalidOwner`.
    pub fn do_transfer_collection(
        caller: H160,
        id: H160,
        new_owner: H160,
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        let collection = Self::collection(id)?;
        let app = pallet_users::Pallet::<T>::ensure_active(collection.app)?;
        let owner = CollectionOwners::<T>::get(id).unwrap_or(app.owner);
        ensure!(caller == owner, ICollection::OwnableUnauthorizedAccount { account: address(caller) });
        ensure!(!new_owner.is_zero(), ICollection::OwnableInvalidOwner { owner: address(new_owner) });
        if new_owner == app.owner {
            CollectionOwners::<T>::remove(id);
        } else {
            CollectionOwners::<T>::insert(id, new_owner);
        }
        let transferred =
            ICollection::OwnershipTransferred { previousOwner: address(owner), newOwner: address(new_owner) };
        logs.push(log(id, &transferred));
        Ok(())
    }
}

fn royalty(receiver: H160, basis_points: u16) -> Result<Option<Share>, CollectionError> {
    let sound = basis_points <= MAX_BASIS_POINTS && receiver.is_zero() == (basis_points == 0);
    ensure!(sound, ICollections::InvalidRoyalty { receiver: address(receiver), basisPoints: basis_points });
    Ok((basis_points > 0).then_some(Share { receiver, basis_points }))
}

/// Errors: `InvalidUri`.
pub(crate) fn item_uri(uri: String) -> Result<Uri, CollectionError> {
    uri.into_bytes().try_into().map_err(|_| ICollection::InvalidUri {}.into())
}
