//! The checks that stand before every move of an item.

use super::{Collection, CollectionError};
use crate::{CollectionOwners, Collections, Config, ItemOperators, Pallet, abi::ICollection};
use core::marker::PhantomData;
use frame_support::ensure;
use hanse_primitives::{addresses::AppId, convert::address};
use pallet_users::{App, Apps, UsersError};
use sp_core::H160;

/// A collection, and the issuing app if it limits who may hold the items, read once.
pub(crate) struct Guard<T> {
    pub(crate) collection: Collection,
    app: Option<App>,
    _runtime: PhantomData<T>,
}

impl<T: Config> Guard<T> {
    /// Errors: `CollectionNotFound`.
    pub(crate) fn load(id: H160) -> Result<Self, CollectionError> {
        let collection = Pallet::<T>::collection(id)?;
        let app = if collection.closed { Apps::<T>::get(collection.app) } else { None };
        Ok(Self { collection, app, _runtime: PhantomData })
    }

    /// For what only the app's owner and admins do, or the owner to whom the collection was transferred.
    ///
    /// Errors: `CollectionNotFound`, `AppSuspended`, `NotCollectionAdmin`.
    pub(crate) fn for_admin(id: H160, account: H160) -> Result<Self, CollectionError> {
        let collection = Pallet::<T>::collection(id)?;
        let app = Pallet::<T>::ensure_collection_admin(id, collection.app, account)?;
        Ok(Self { collection, app: Some(app), _runtime: PhantomData })
    }

    /// Errors: `EnforcedPause`.
    pub(crate) fn ensure_moving(&self) -> Result<(), CollectionError> {
        ensure!(!self.collection.paused, ICollection::EnforcedPause {});
        Ok(())
    }

    /// Errors: `HolderNotAllowed`.
    pub(crate) fn ensure_holder(&self, account: H160) -> Result<(), CollectionError> {
        let may_hold = !self.collection.closed
            || self.app.as_ref().is_some_and(|app| {
                app.is_active() && pallet_users::Pallet::<T>::is_member(self.collection.app, app, account)
            });
        ensure!(may_hold, ICollection::HolderNotAllowed { account: address(account) });
        Ok(())
    }
}

impl<T: Config> Pallet<T> {
    /// Name, symbol, state and royalty. Reads 1.
    ///
    /// Errors: `CollectionNotFound`.
    pub fn collection(id: H160) -> Result<Collection, CollectionError> {
        Collections::<T>::get(id).ok_or_else(|| ICollection::CollectionNotFound { collection: address(id) }.into())
    }

    /// The app of a collection, if this account issues and pauses: the app's owner and its admins, or who got it since.
    ///
    /// Errors: `AppSuspended`, `NotCollectionAdmin`.
    pub(crate) fn ensure_collection_admin(id: H160, app: AppId, account: H160) -> Result<App, CollectionError> {
        // In the collection's own words.
        let refused = || ICollection::NotCollectionAdmin { account: address(account) }.into();
        match CollectionOwners::<T>::get(id) {
            Some(owner) if owner == account => Ok(pallet_users::Pallet::<T>::ensure_active(app)?),
            Some(_) => Err(refused()),
            None => pallet_users::Pallet::<T>::ensure_admin(app, account).map_err(|error| match error {
                UsersError::NotAppAdmin(_) => refused(),
                error => error.into(),
            }),
        }
    }

    /// Who issues and pauses: the app's owner, until it was transferred. Zero for an app that is gone, which none is. Reads 3.
    ///
    /// Errors: `CollectionNotFound`.
    pub fn collection_owner(id: H160) -> Result<H160, CollectionError> {
        let collection = Self::collection(id)?;
        Ok(CollectionOwners::<T>::get(id)
            .or_else(|| Apps::<T>::get(collection.app).map(|app| app.owner))
            .unwrap_or_default())
    }

    /// Errors: `CollectionNotFound`. Reads 1.
    pub(crate) fn ensure_collection(id: H160) -> Result<(), CollectionError> {
        ensure!(Collections::<T>::contains_key(id), ICollection::CollectionNotFound { collection: address(id) });
        Ok(())
    }

    /// Whether `operator` may move all that `owner` has of the collection. Reads 2.
    ///
    /// Errors: `CollectionNotFound`.
    pub fn is_operator(id: H160, owner: H160, operator: H160) -> Result<bool, CollectionError> {
        Self::ensure_collection(id)?;
        Ok(ItemOperators::<T>::contains_key(id, (owner, operator)))
    }

    /// The caller itself, or an operator of the owner's.
    pub(crate) fn may_operate(id: H160, owner: H160, caller: H160) -> bool {
        owner == caller || ItemOperators::<T>::contains_key(id, (owner, caller))
    }

    pub(crate) fn put_operator(id: H160, owner: H160, operator: H160, approved: bool) {
        if approved {
            ItemOperators::<T>::insert(id, (owner, operator), ());
        } else {
            ItemOperators::<T>::remove(id, (owner, operator));
        }
    }
}
