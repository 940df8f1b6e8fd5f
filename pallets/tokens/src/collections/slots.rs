//! Sale slots: items that wait with their collection for whoever pays the price.

use super::{
    Collection, CollectionError, MAX_BASIS_POINTS, Share, Slot,
    edition::{debit, single_log},
    guard::Guard,
};
use crate::{
    Config, EditionHoldings, Pallet, Slots, Tokens,
    abi::{ICollection721, ISaleSlots, IToken},
};
use alloc::vec::Vec;
use alloy_sol_types::SolValue;
use frame_support::ensure;
use hanse_primitives::{
    Log,
    addresses::{self, KIND_COLLECTION_721},
    convert::{address, ru256},
};
use pallet_users::abi::log;
use sp_core::{H160, H256, U256};

impl<T: Config> Pallet<T> {
    /// Hands the collection so many of an item of the caller's, to be sold. Gives the slot's id.
    ///
    /// Errors: `CollectionNotFound`, `EnforcedPause`, `HolderNotAllowed`, `InvalidAmount`, `InvalidShares`, overflow of the
    /// whole price, `TokenNotFound` for the currency, `SlotExists`, and those of a transfer of the item.
    pub fn do_open_slot(caller: H160, id: H160, slot: Slot, logs: &mut Vec<Log>) -> Result<H256, CollectionError> {
        let guard = Guard::<T>::load(id)?;
        guard.ensure_moving()?;
        guard.ensure_holder(caller)?;
        let slot = Slot { seller: caller, ..slot };
        ensure_shares(&guard.collection, &slot.shares)?;
        slot.price.checked_mul(slot.left).ok_or(CollectionError::Overflow)?;
        ensure!(
            Tokens::<T>::contains_key(slot.currency),
            CollectionError::Payment(IToken::TokenNotFound { token: address(slot.currency) }.into())
        );
        let terms = terms(&slot);
        let name = name(&terms);
        ensure!(!Slots::<T>::contains_key(id, name), ISaleSlots::SlotExists { slot: name.0.into() });
        let goods = Move::check::<T>(id, slot.item, caller, id, slot.left)?;

        goods.write::<T>(caller, logs);
        let opened = ISaleSlots::SlotOpened {
            slot: name.0.into(),
            seller: address(caller),
            id: ru256(slot.item),
            amount: ru256(slot.left),
            terms,
        };
        logs.push(log(id, &opened));
        Slots::<T>::insert(id, name, slot);
        Ok(name)
    }

    /// Pays for so many of what a slot has, and moves them to the caller. Gives the item.
    ///
    /// Errors: `CollectionNotFound`, `EnforcedPause`, `SlotNotFound`, `InvalidAmount`, `HolderNotAllowed`, and those of
    /// `IToken.transferBatch` for the payment.
    pub fn do_buy(
        caller: H160,
        id: H160,
        name: H256,
        amount: U256,
        logs: &mut Vec<Log>,
    ) -> Result<U256, CollectionError> {
        let guard = Guard::<T>::load(id)?;
        guard.ensure_moving()?;
        let mut slot = Self::slot(id, name)?;
        ensure_amount(amount, slot.left)?;
        guard.ensure_holder(slot.seller)?;
        guard.ensure_holder(caller)?;
        let payment = slot.price.checked_mul(amount).ok_or(CollectionError::Overflow)?;
        let payments = payments(&guard.collection, &slot, payment)?;
        let goods = Move::check::<T>(id, slot.item, id, caller, amount)?;
        if !payments.is_empty() {
            Self::do_transfer_batch(caller, slot.currency, &payments, logs)?;
        }

        goods.write::<T>(caller, logs);
        let item = slot.item;
        slot.left = slot.left.checked_sub(amount).ok_or(CollectionError::Overflow)?;
        let sold = ISaleSlots::SlotSold {
            slot: name.0.into(),
            buyer: address(caller),
            amount: ru256(amount),
            payment: ru256(payment),
            left: ru256(slot.left),
        };
        logs.push(log(id, &sold));
        if slot.left.is_zero() {
            Slots::<T>::remove(id, name);
        } else {
            Slots::<T>::insert(id, name, slot);
        }
        Ok(item)
    }

    /// Gives the seller back what isn't sold, by the seller, or who issues the collection.
    ///
    /// Errors: `CollectionNotFound`, `EnforcedPause`, `SlotNotFound`, `NotSlotSeller`, `HolderNotAllowed`.
    pub fn do_close_slot(caller: H160, id: H160, name: H256, logs: &mut Vec<Log>) -> Result<(), CollectionError> {
        let guard = Guard::<T>::load(id)?;
        guard.ensure_moving()?;
        let slot = Self::slot(id, name)?;
        let may_close =
            caller == slot.seller || Self::ensure_collection_admin(id, guard.collection.app, caller).is_ok();
        ensure!(may_close, ISaleSlots::NotSlotSeller { account: address(caller) });
        guard.ensure_holder(slot.seller)?;
        let goods = Move::check::<T>(id, slot.item, id, slot.seller, slot.left)?;

        goods.write::<T>(caller, logs);
        logs.push(log(id, &ISaleSlots::SlotClosed { slot: name.0.into(), amount: ru256(slot.left) }));
        Slots::<T>::remove(id, name);
        Ok(())
    }

    /// What a slot sells. Reads 1.
    ///
    /// Errors: `SlotNotFound`.
    pub fn slot(id: H160, name: H256) -> Result<Slot, CollectionError> {
        Slots::<T>::get(id, name).ok_or_else(|| ISaleSlots::SlotNotFound { slot: name.0.into() }.into())
    }
}

/// A move of what a slot sells, found to be possible.
struct Move {
    collection: H160,
    item: U256,
    from: H160,
    to: H160,
    amount: U256,
    /// What `from` has of an ERC-1155 item afterwards.
    left: Option<U256>,
}

impl Move {
    /// Errors: `InvalidAmount`, `ERC721NonexistentToken`, `ERC721IncorrectOwner`, `ERC1155InsufficientBalance`.
    fn check<T: Config>(
        collection: H160,
        item: U256,
        from: H160,
        to: H160,
        amount: U256,
    ) -> Result<Self, CollectionError> {
        let left = if addresses::kind(&collection) == Some(KIND_COLLECTION_721) {
            ensure_amount(amount, U256::one())?;
            let owner = Pallet::<T>::find_unique(collection, item)?.owner;
            ensure!(owner == from, {
                let (sender, owner) = (address(from), address(owner));
                ICollection721::ERC721IncorrectOwner { sender, tokenId: ru256(item), owner }
            });
            None
        } else {
            ensure_amount(amount, U256::MAX)?;
            let holding = EditionHoldings::<T>::get(collection, (item, from));
            Some(debit(holding, from, item, amount)?)
        };
        Ok(Self { collection, item, from, to, amount, left })
    }

    fn write<T: Config>(self, operator: H160, logs: &mut Vec<Log>) {
        let Self { collection, item, from, to, amount, left } = self;
        let Some(left) = left else { return Pallet::<T>::move_unique(collection, from, to, item, logs) };
        Pallet::<T>::put_edition(collection, item, from, left);
        // All holdings sum up to a supply that fits.
        let holding = EditionHoldings::<T>::get(collection, (item, to)).saturating_add(amount);
        Pallet::<T>::put_edition(collection, item, to, holding);
        logs.push(single_log(collection, operator, from, to, item, amount));
    }
}

/// The Keccak-256 of a slot's terms.
fn name(terms: &ISaleSlots::Terms) -> H256 {
    sp_io::hashing::keccak_256(&terms.abi_encode()).into()
}

/// What a slot's id is made of.
pub fn terms(slot: &Slot) -> ISaleSlots::Terms {
    ISaleSlots::Terms {
        seller: address(slot.seller),
        id: ru256(slot.item),
        currency: address(slot.currency),
        price: ru256(slot.price),
        shares: slot
            .shares
            .iter()
            .map(|share| ISaleSlots::Share { beneficiary: address(share.receiver), basisPoints: share.basis_points })
            .collect(),
        salt: slot.salt.0.into(),
    }
}

/// Who gets how much of a payment; together all of it.
fn payments(collection: &Collection, slot: &Slot, payment: U256) -> Result<Vec<(H160, U256)>, CollectionError> {
    let mut rest = payment;
    let mut payments = Vec::new();
    for share in collection.royalty.iter().chain(&slot.shares) {
        let part = share.of(payment);
        rest = rest.checked_sub(part).ok_or(CollectionError::Overflow)?;
        payments.push((share.receiver, part));
    }
    payments.push((slot.seller, rest));
    payments.retain(|(_, part)| !part.is_zero());
    Ok(payments)
}

/// Errors: `InvalidAmount`.
fn ensure_amount(amount: U256, max: U256) -> Result<(), CollectionError> {
    let sound = !amount.is_zero() && amount <= max;
    ensure!(sound, ISaleSlots::InvalidAmount { amount: ru256(amount), max: ru256(max) });
    Ok(())
}

/// Errors: `InvalidShares`, for one of nothing or of nobody's, or for more than there is beside the royalty.
fn ensure_shares(collection: &Collection, shares: &[Share]) -> Result<(), CollectionError> {
    let named = shares.iter().all(|share| share.basis_points > 0 && !share.receiver.is_zero());
    let whole: u32 = collection.royalty.iter().chain(shares).map(|share| u32::from(share.basis_points)).sum();
    ensure!(named && whole <= u32::from(MAX_BASIS_POINTS), ISaleSlots::InvalidShares {});
    Ok(())
}
