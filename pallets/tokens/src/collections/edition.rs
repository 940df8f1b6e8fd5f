//! Items of which there are many alike: ERC-1155.

use super::{CollectionError, Edition, Uri, guard::Guard, issuance::item_uri, unique::ensure_items};
use crate::{Config, EditionHoldings, Editions, ItemUris, Pallet, abi::ICollection1155};
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use frame_support::ensure;
use hanse_primitives::{
    Log,
    convert::{address, ru256},
};
use pallet_users::abi::log;
use sp_core::{H160, U256};

impl<T: Config> Pallet<T> {
    /// Adds an item to the collection, of which there are none yet.
    ///
    /// Errors: `CollectionNotFound`, `AppSuspended`, `NotCollectionAdmin`, `ItemExists`, `InvalidUri`.
    pub fn do_create_edition(
        caller: H160,
        id: H160,
        item: U256,
        cap: U256,
        uri: String,
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        Guard::<T>::for_admin(id, caller)?;
        ensure!(!Editions::<T>::contains_key(id, item), ICollection1155::ItemExists { id: ru256(item) });
        let value = uri.clone();
        let uri = item_uri(uri)?;
        Editions::<T>::insert(id, item, Edition { supply: U256::zero(), cap });
        ItemUris::<T>::insert(id, item, uri);
        logs.push(log(id, &ICollection1155::ItemCreated { id: ru256(item), cap: ru256(cap) }));
        logs.push(log(id, &ICollection1155::URI { value, id: ru256(item) }));
        Ok(())
    }

    /// Makes more of an item, for each receiver so many; all or nothing.
    ///
    /// Errors: `CollectionNotFound`, `AppSuspended`, `NotCollectionAdmin`, `TooManyItems`, `ERC1155InvalidReceiver`,
    /// `EnforcedPause`, `ItemNotFound`, `HolderNotAllowed`, `ExceededCap`, overflow.
    pub fn do_mint_edition(
        caller: H160,
        id: H160,
        item: U256,
        mints: &[(H160, U256)],
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        let guard = Guard::<T>::for_admin(id, caller)?;
        ensure_items(mints.len())?;
        guard.ensure_moving()?;
        let mut edition = Self::find_edition(id, item)?;
        let mut holdings = BTreeMap::new();
        for &(to, value) in mints {
            ensure_receiver(to)?;
            edition.supply = edition.supply.checked_add(value).ok_or(CollectionError::Overflow)?;
            ensure!(
                edition.cap.is_zero() || edition.supply <= edition.cap,
                ICollection1155::ExceededCap {
                    id: ru256(item),
                    increasedSupply: ru256(edition.supply),
                    cap: ru256(edition.cap),
                }
            );
            if !holdings.contains_key(&to) {
                guard.ensure_holder(to)?;
            }
            let holding = holdings.entry(to).or_insert_with(|| EditionHoldings::<T>::get(id, (item, to)));
            *holding = holding.checked_add(value).ok_or(CollectionError::Overflow)?;
        }
        Editions::<T>::insert(id, item, edition);
        for (account, holding) in holdings {
            Self::put_edition(id, item, account, holding);
        }
        logs.extend(mints.iter().map(|&(to, value)| single_log(id, caller, H160::zero(), to, item, value)));
        Ok(())
    }

    /// Moves of each item so many, all or nothing: the result is that of single moves one after the other. The caller is
    /// the holder or an operator of the holder's.
    ///
    /// Errors: `CollectionNotFound`, `TooManyItems`, `ERC1155MissingApprovalForAll`, `ERC1155InvalidReceiver`,
    /// `ERC1155InvalidSender`, `EnforcedPause`, `ERC1155InvalidArrayLength`, `HolderNotAllowed`,
    /// `ERC1155InsufficientBalance`.
    pub fn do_transfer_editions(
        caller: H160,
        id: H160,
        from: H160,
        to: H160,
        items: &[U256],
        values: &[U256],
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        let guard = Guard::<T>::load(id)?;
        ensure_items(items.len())?;
        Self::ensure_operator_of_editions(id, from, caller)?;
        ensure_receiver(to)?;
        ensure_sender(from)?;
        guard.ensure_moving()?;
        ensure!(
            items.len() == values.len(),
            ICollection1155::ERC1155InvalidArrayLength {
                idsLength: alloy_primitives::U256::from(items.len()),
                valuesLength: alloy_primitives::U256::from(values.len()),
            }
        );
        guard.ensure_holder(from)?;
        guard.ensure_holder(to)?;
        let mut holdings = BTreeMap::new();
        for (&item, &value) in items.iter().zip(values) {
            let mut change = |account, change: &dyn Fn(U256) -> Result<U256, CollectionError>| {
                let holding =
                    holdings.entry((item, account)).or_insert_with(|| EditionHoldings::<T>::get(id, (item, account)));
                *holding = change(*holding)?;
                Ok::<_, CollectionError>(())
            };
            change(from, &|holding| debit(holding, from, item, value))?;
            change(to, &|holding| holding.checked_add(value).ok_or(CollectionError::Overflow))?;
        }
        for ((item, account), holding) in holdings {
            Self::put_edition(id, item, account, holding);
        }
        // As OpenZeppelin tells it: one item is one, however it was asked for.
        logs.push(match (items, values) {
            (&[item], &[value]) => single_log(id, caller, from, to, item, value),
            _ => batch_log(id, caller, from, to, items, values),
        });
        Ok(())
    }

    /// Takes so many of an item out of the world, by whom may move them.
    ///
    /// Errors: `CollectionNotFound`, `ERC1155MissingApprovalForAll`, `ERC1155InvalidSender`, `EnforcedPause`,
    /// `HolderNotAllowed`, `ERC1155InsufficientBalance`.
    pub fn do_burn_edition(
        caller: H160,
        id: H160,
        account: H160,
        item: U256,
        value: U256,
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        let guard = Guard::<T>::load(id)?;
        Self::ensure_operator_of_editions(id, account, caller)?;
        ensure_sender(account)?;
        guard.ensure_moving()?;
        guard.ensure_holder(account)?;
        let holding = debit(EditionHoldings::<T>::get(id, (item, account)), account, item, value)?;
        // Of an item that isn't there nobody has more than nothing, and nothing may be burnt.
        if let Some(mut edition) = Editions::<T>::get(id, item) {
            edition.supply = edition.supply.checked_sub(value).ok_or(CollectionError::Overflow)?;
            Editions::<T>::insert(id, item, edition);
            Self::put_edition(id, item, account, holding);
        }
        logs.push(single_log(id, caller, account, H160::zero(), item, value));
        Ok(())
    }

    /// Lets `operator` move all that the caller has of the collection, or no longer.
    ///
    /// Errors: `CollectionNotFound`, `ERC1155InvalidOperator`.
    pub fn do_approve_operator_of_editions(
        caller: H160,
        id: H160,
        operator: H160,
        approved: bool,
        logs: &mut Vec<Log>,
    ) -> Result<(), CollectionError> {
        Self::ensure_collection(id)?;
        ensure!(!operator.is_zero(), ICollection1155::ERC1155InvalidOperator { operator: address(operator) });
        Self::put_operator(id, caller, operator, approved);
        let event = ICollection1155::ApprovalForAll { account: address(caller), operator: address(operator), approved };
        logs.push(log(id, &event));
        Ok(())
    }

    /// Supply and cap of an item; `None` if there is no such item. Reads 2.
    ///
    /// Errors: `CollectionNotFound`.
    pub fn edition(id: H160, item: U256) -> Result<Option<Edition>, CollectionError> {
        Self::ensure_collection(id)?;
        Ok(Editions::<T>::get(id, item))
    }

    /// Where an item's metadata is; empty if there is no such item. Reads 2.
    ///
    /// Errors: `CollectionNotFound`.
    pub fn edition_uri(id: H160, item: U256) -> Result<Uri, CollectionError> {
        Self::ensure_collection(id)?;
        Ok(ItemUris::<T>::get(id, item))
    }

    /// How many of each item the account beside it has. Reads 1, and 1 for each.
    ///
    /// Errors: `CollectionNotFound`.
    pub fn edition_balances(id: H160, of: impl Iterator<Item = (H160, U256)>) -> Result<Vec<U256>, CollectionError> {
        Self::ensure_collection(id)?;
        Ok(of.map(|(account, item)| EditionHoldings::<T>::get(id, (item, account))).collect())
    }

    fn find_edition(id: H160, item: U256) -> Result<Edition, CollectionError> {
        Editions::<T>::get(id, item).ok_or_else(|| ICollection1155::ItemNotFound { id: ru256(item) }.into())
    }

    fn ensure_operator_of_editions(id: H160, owner: H160, caller: H160) -> Result<(), CollectionError> {
        ensure!(
            Self::may_operate(id, owner, caller),
            ICollection1155::ERC1155MissingApprovalForAll { operator: address(caller), owner: address(owner) }
        );
        Ok(())
    }

    pub(super) fn put_edition(id: H160, item: U256, account: H160, holding: U256) {
        if holding.is_zero() {
            EditionHoldings::<T>::remove(id, (item, account));
        } else {
            EditionHoldings::<T>::insert(id, (item, account), holding);
        }
    }
}

/// Errors: `ERC1155InsufficientBalance`.
pub(super) fn debit(holding: U256, account: H160, item: U256, value: U256) -> Result<U256, CollectionError> {
    holding.checked_sub(value).ok_or_else(|| {
        ICollection1155::ERC1155InsufficientBalance {
            sender: address(account),
            balance: ru256(holding),
            needed: ru256(value),
            tokenId: ru256(item),
        }
        .into()
    })
}

/// `TransferSingle`; from the zero address it is a mint, to it a burn (ERC-1155).
pub(super) fn single_log(id: H160, operator: H160, from: H160, to: H160, item: U256, value: U256) -> Log {
    log(
        id,
        &ICollection1155::TransferSingle {
            operator: address(operator),
            from: address(from),
            to: address(to),
            id: ru256(item),
            value: ru256(value),
        },
    )
}

fn batch_log(id: H160, operator: H160, from: H160, to: H160, items: &[U256], values: &[U256]) -> Log {
    log(
        id,
        &ICollection1155::TransferBatch {
            operator: address(operator),
            from: address(from),
            to: address(to),
            ids: items.iter().copied().map(ru256).collect(),
            values: values.iter().copied().map(ru256).collect(),
        },
    )
}

fn ensure_receiver(to: H160) -> Result<(), CollectionError> {
    ensure!(!to.is_zero(), ICollection1155::ERC1155InvalidReceiver { receiver: address(to) });
    Ok(())
}

fn ensure_sender(from: H160) -> Result<(), CollectionError> {
    ensure!(!from.is_zero(), ICollection1155::ERC1155InvalidSender { sender: address(from) });
    Ok(())
}
