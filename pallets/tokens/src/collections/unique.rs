//! Items of which there is one each: ERC-721.

use super::{CollectionError, MAX_ITEMS, Unique, Uri, guard::Guard, issuance::item_uri};
use crate::{
    Collections, Config, ItemUris, Pallet, UniqueCounts, Uniques,
    abi::{ICollection, ICollection721},
};
use alloc::{collections::BTreeSet, string::String, vec::Vec};
use frame_support::ensure;
use hanse_primitives::{
    Log,
    convert::{address, ru256},
};
use pallet_users::abi::log;
use sp_core::{H160, U256};

impl<T: Config> Pallet<T> {
    /// Mints each item to its first owner, with the URI of its metadata; all or nothing.
    ///
    /// Errors: `CollectionNotFound`, `AppSuspended`, `NotCollectionAdmin`, `TooManyItems`, `EnforcedPause`,
    /// `ERC721InvalidReceiver`, `HolderNotAllowed`, `InvalidUri`, `ERC721InvalidSender` for an item that exists.
    pub fn do_mint_uniques(
        caller: H160,
        id: H160,
        mints: Vec<(H160, U256, String)>,
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        let mut guard = Guard::<T>::for_admin(id, caller)?;
        ensure_items(mints.len())?;
        guard.ensure_moving()?;
        let mut items = Vec::with_capacity(mints.len());
        let mut known = BTreeSet::new();
        for (to, item, uri) in mints {
            ensure_receiver(to)?;
            guard.ensure_holder(to)?;
            // OpenZeppelin's error for it.
            let unknown = known.insert(item) && !Uniques::<T>::contains_key(id, item);
            ensure!(unknown, ICollection721::ERC721InvalidSender { sender: address(H160::zero()) });
            items.push((to, item, item_uri(uri)?));
        }
        let minted = u64::try_from(items.len()).map_err(|_| CollectionError::Overflow)?;
        guard.collection.supply = guard.collection.supply.checked_add(minted).ok_or(CollectionError::Overflow)?;
        Collections::<T>::insert(id, guard.collection);
        for (to, item, uri) in items {
            Uniques::<T>::insert(id, item, Unique { owner: to, approved: H160::zero() });
            ItemUris::<T>::insert(id, item, uri);
            Self::count_unique(id, to, 1);
            logs.push(transfer_log(id, H160::zero(), to, item));
        }
        Ok(())
    }

    /// Moves an item. The caller is its owner, an operator of the owner's, or approved for the item.
    ///
    /// Errors: `CollectionNotFound`, `ERC721InvalidReceiver`, `EnforcedPause`, `ERC721NonexistentToken`,
    /// `ERC721InsufficientApproval`, `ERC721IncorrectOwner`, `HolderNotAllowed`.
    pub fn do_transfer_unique(
        caller: H160,
        id: H160,
        from: H160,
        to: H160,
        item: U256,
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        let guard = Guard::<T>::load(id)?;
        ensure_receiver(to)?;
        guard.ensure_moving()?;
        let owner = Self::authorized(id, caller, item)?;
        ensure!(
            owner == from,
            ICollection721::ERC721IncorrectOwner { sender: address(from), tokenId: ru256(item), owner: address(owner) }
        );
        guard.ensure_holder(from)?;
        guard.ensure_holder(to)?;
        Self::move_unique(id, from, to, item, logs);
        Ok(())
    }

    /// Takes an item out of the world, by whom may move it.
    ///
    /// Errors: `CollectionNotFound`, `EnforcedPause`, `ERC721NonexistentToken`, `ERC721InsufficientApproval`,
    /// `HolderNotAllowed`.
    pub fn do_burn_unique(caller: H160, id: H160, item: U256, logs: &mut Vec<Log>) -> Result<(), CollectionError> {
        let mut guard = Guard::<T>::load(id)?;
        guard.ensure_moving()?;
        let owner = Self::authorized(id, caller, item)?;
        guard.ensure_holder(owner)?;
        guard.collection.supply = guard.collection.supply.checked_sub(1).ok_or(CollectionError::Overflow)?;
        Collections::<T>::insert(id, guard.collection);
        Uniques::<T>::remove(id, item);
        ItemUris::<T>::remove(id, item);
        Self::count_unique(id, owner, -1);
        logs.push(transfer_log(id, owner, H160::zero(), item));
        Ok(())
    }

    /// Lets `to` move one item; zero for no one.
    ///
    /// Errors: `CollectionNotFound`, `ERC721NonexistentToken`, `ERC721InvalidApprover`.
    pub fn do_approve_unique(
        caller: H160,
        id: H160,
        to: H160,
        item: U256,
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        let Unique { owner, .. } = Self::unique(id, item)?;
        ensure!(
            Self::may_operate(id, owner, caller),
            ICollection721::ERC721InvalidApprover { approver: address(caller) }
        );
        Uniques::<T>::insert(id, item, Unique { owner, approved: to });
        let event = ICollection721::Approval { owner: address(owner), approved: address(to), tokenId: ru256(item) };
        logs.push(log(id, &event));
        Ok(())
    }

    /// Lets `operator` move all of the caller's items, or no longer.
    ///
    /// Errors: `CollectionNotFound`, `ERC721InvalidOperator`.
    pub fn do_approve_operator_of_uniques(
        caller: H160,
        id: H160,
        operator: H160,
        approved: bool,
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        Self::ensure_collection(id)?;
        ensure!(!operator.is_zero(), ICollection721::ERC721InvalidOperator { operator: address(operator) });
        Self::put_operator(id, caller, operator, approved);
        let event = ICollection721::ApprovalForAll { owner: address(caller), operator: address(operator), approved };
        logs.push(log(id, &event));
        Ok(())
    }

    /// Who has an item and who else may move it. Reads 2.
    ///
    /// Errors: `CollectionNotFound`, `ERC721NonexistentToken`.
    pub fn unique(id: H160, item: U256) -> Result<Unique, CollectionError> {
        Self::ensure_collection(id)?;
        Self::find_unique(id, item)
    }

    /// Where an item's metadata is. Reads 3.
    ///
    /// Errors: `CollectionNotFound`, `ERC721NonexistentToken`.
    pub fn unique_uri(id: H160, item: U256) -> Result<Uri, CollectionError> {
        Self::unique(id, item)?;
        Ok(ItemUris::<T>::get(id, item))
    }

    /// How many items an account owns. Reads 2.
    ///
    /// Errors: `CollectionNotFound`, `ERC721InvalidOwner` for zero.
    pub fn unique_count(id: H160, owner: H160) -> Result<u64, CollectionError> {
        Self::ensure_collection(id)?;
        ensure!(!owner.is_zero(), ICollection721::ERC721InvalidOwner { owner: address(owner) });
        Ok(UniqueCounts::<T>::get(id, owner))
    }

    /// The change itself, which the caller has found to be right.
    pub(super) fn move_unique(id: H160, from: H160, to: H160, item: U256, logs: &mut Vec<Log>) {
        Uniques::<T>::insert(id, item, Unique { owner: to, approved: H160::zero() });
        if from != to {
            Self::count_unique(id, from, -1);
            Self::count_unique(id, to, 1);
        }
        logs.push(transfer_log(id, from, to, item));
    }

    pub(super) fn find_unique(id: H160, item: U256) -> Result<Unique, CollectionError> {
        Uniques::<T>::get(id, item)
            .ok_or_else(|| ICollection721::ERC721NonexistentToken { tokenId: ru256(item) }.into())
    }

    /// The item's owner, if the caller may move it.
    fn authorized(id: H160, caller: H160, item: U256) -> Result<H160, CollectionError> {
        let Unique { owner, approved } = Self::find_unique(id, item)?;
        ensure!(
            approved == caller || Self::may_operate(id, owner, caller),
            ICollection721::ERC721InsufficientApproval { operator: address(caller), tokenId: ru256(item) }
        );
        Ok(owner)
    }

    // Never below zero: it counts what is stored.
    fn count_unique(id: H160, owner: H160, change: i64) {
        let count = UniqueCounts::<T>::get(id, owner).saturating_add_signed(change);
        if count == 0 {
            UniqueCounts::<T>::remove(id, owner);
        } else {
            UniqueCounts::<T>::insert(id, owner, count);
        }
    }
}

/// `Transfer`; from the zero address it is a mint, to it a burn (ERC-721).
fn transfer_log(id: H160, from: H160, to: H160, item: U256) -> Log {
    log(id, &ICollection721::Transfer { from: address(from), to: address(to), tokenId: ru256(item) })
}

fn ensure_receiver(to: H160) -> Result<(), CollectionError> {
    ensure!(!to.is_zero(), ICollection721::ERC721InvalidReceiver { receiver: address(to) });
    Ok(())
}

/// Errors: `TooManyItems`.
pub(super) fn ensure_items(given: usize) -> Result<(), CollectionError> {
    let max = MAX_ITEMS as usize;
    let number = alloy_primitives::U256::from;
    ensure!(given <= max, ICollection::TooManyItems { given: number(given), max: number(max) });
    Ok(())
}
