//! What a row of `tokens` stands for on the chain: a token, a collection, or an item of one.

use alloy::primitives::{Address, U256, hex};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The interface of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standard {
    /// A token.
    Erc20,
    /// Unique items.
    Erc721,
    /// Items of which there are many alike.
    Erc1155,
}

crate::named::named!(Standard: Erc20 = "erc20", Erc721 = "erc721", Erc1155 = "erc1155");

/// A contract of the chain's own tokens and collections, and where it is about one item, its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asset {
    /// How it is spoken to.
    pub standard: Standard,
    /// Where it is.
    pub contract: Address,
    /// Of a collection's item.
    pub item: Option<U256>,
}

impl Asset {
    /// A token (ERC-20).
    pub fn token(contract: Address) -> Self {
        Self { standard: Standard::Erc20, contract, item: None }
    }

    /// Whether there is one of it.
    pub fn is_unique(&self) -> bool {
        self.standard == Standard::Erc721 && self.item.is_some()
    }

    /// As in `tokens.address`: the contract's address, for an item with its number behind a slash.
    pub fn locator(&self) -> String {
        locator(self.contract, self.item)
    }

    /// The inverse of [`Asset::locator`], with the `standard` beside it.
    pub fn parse(standard: &str, locator: &str) -> Option<Self> {
        let (contract, item) = match locator.split_once('/') {
            Some((contract, number)) => (contract, Some(U256::from_str_radix(number, 10).ok()?)),
            None => (locator, None),
        };
        Some(Self { standard: Standard::parse(standard).ok()?, contract: contract.parse().ok()?, item })
    }
}

/// See [`Asset::locator`].
pub fn locator(contract: Address, item: Option<U256>) -> String {
    let contract = hex::encode_prefixed(contract);
    match item {
        Some(number) => format!("{contract}/{number}"),
        None => contract,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locator_says_which_contract_and_item() {
        for asset in [
            Asset::token(Address::repeat_byte(1)),
            Asset { standard: Standard::Erc721, contract: Address::repeat_byte(0xab), item: Some(U256::MAX) },
            Asset { standard: Standard::Erc1155, contract: Address::repeat_byte(0xab), item: Some(U256::ZERO) },
        ] {
            assert_eq!(Asset::parse(asset.standard.as_str(), &asset.locator()), Some(asset));
        }
        assert_eq!(Asset::parse("erc20", "0x12"), None);
        assert_eq!(Asset::parse("erc721", &format!("{}/x", Address::ZERO)), None);
        assert_eq!(Asset::parse("erc999", &Address::ZERO.to_string()), None);
    }
}
