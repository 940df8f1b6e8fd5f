//! How units of an asset are made, moved, destroyed and counted on the chain, whatever its standard. Of a unique item
//! (ERC-721) there is one unit.

use super::contracts::abi::{ICollection721, ICollection1155, IToken};
use crate::db::{Asset, Standard};
use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;

impl Asset {
    /// An item, whose first and only unit is `to`'s where it is unique.
    pub(crate) fn create_call(&self, uri: &str, cap: U256, to: Address) -> Vec<u8> {
        let (number, uri) = (self.item.unwrap_or_default(), uri.to_owned());
        if self.standard == Standard::Erc1155 {
            ICollection1155::createItemCall { id: number, cap_: cap, uri_: uri }.abi_encode()
        } else {
            ICollection721::mintCall { to, tokenId: number, uri }.abi_encode()
        }
    }

    /// Units for a receiver. A unique item is minted when it is created.
    pub(crate) fn mint_call(&self, to: Address, amount: U256) -> Vec<u8> {
        match (self.standard, self.item) {
            (Standard::Erc1155, Some(id)) => {
                ICollection1155::mintCall { to, id, value: amount, data: Bytes::new() }.abi_encode()
            }
            _ => IToken::mintCall { to, value: amount }.abi_encode(),
        }
    }

    /// Units of the caller's.
    pub(crate) fn burn_call(&self, account: Address, amount: U256) -> Vec<u8> {
        match (self.standard, self.item) {
            (Standard::Erc721, Some(token_id)) => ICollection721::burnCall { tokenId: token_id }.abi_encode(),
            (Standard::Erc1155, Some(id)) => ICollection1155::burnCall { account, id, value: amount }.abi_encode(),
            _ => IToken::burnCall { value: amount }.abi_encode(),
        }
    }

    /// Units of the caller's to another. A contract that receives an item is asked.
    pub(crate) fn transfer_call(&self, from: Address, to: Address, amount: U256) -> Vec<u8> {
        match (self.standard, self.item) {
            (Standard::Erc721, Some(token_id)) => {
                ICollection721::safeTransferFrom_0Call { from, to, tokenId: token_id }.abi_encode()
            }
            (Standard::Erc1155, Some(id)) => {
                ICollection1155::safeTransferFromCall { from, to, id, value: amount, data: Bytes::new() }.abi_encode()
            }
            _ => IToken::transferCall { to, value: amount }.abi_encode(),
        }
    }

    /// Asks how much a holder has, or without one how much there is.
    pub(crate) fn count_call(&self, holder: Option<Address>) -> Vec<u8> {
        match (self.standard, self.item, holder) {
            (Standard::Erc721, Some(token_id), _) => ICollection721::ownerOfCall { tokenId: token_id }.abi_encode(),
            (Standard::Erc1155, Some(id), Some(account)) => ICollection1155::balanceOfCall { account, id }.abi_encode(),
            (Standard::Erc1155, Some(id), None) => ICollection1155::totalSupplyCall { id }.abi_encode(),
            (_, _, Some(account)) => IToken::balanceOfCall { account }.abi_encode(),
            (_, _, None) => IToken::totalSupplyCall {}.abi_encode(),
        }
    }

    /// What the answer to [`Asset::count_call`] says.
    pub(crate) fn counted(&self, word: U256, holder: Option<Address>) -> U256 {
        match (self.standard, self.item, holder) {
            // The word is the owner.
            (Standard::Erc721, Some(_), Some(holder)) => {
                U256::from(u8::from(word == U256::from_be_slice(holder.as_slice())))
            }
            (Standard::Erc721, Some(_), None) => U256::from(u8::from(!word.is_zero())),
            _ => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_has_one() {
        let (owner, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let asset = Asset { standard: Standard::Erc721, contract: other, item: Some(U256::from(7)) };
        let word = U256::from_be_slice(owner.as_slice());
        assert_eq!(asset.counted(word, Some(owner)), U256::from(1));
        assert_eq!(asset.counted(word, Some(other)), U256::ZERO);
        assert_eq!(asset.counted(word, None), U256::from(1));
        assert_eq!(Asset::token(other).counted(word, Some(owner)), word);
    }
}
