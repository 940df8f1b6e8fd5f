//! The chain's interfaces, straight from the Solidity files that the chain itself implements, and the addresses
//! that can be computed before a transaction is included.

use crate::db::Standard;
use alloy::primitives::{Address, B256, FixedBytes, address, keccak256};
use alloy::sol_types::SolValue;

/// `contracts/*.sol` as Rust types.
pub mod abi {
    #![allow(missing_docs, clippy::too_many_arguments)]
    alloy::sol!(#![sol(abi)] "../contracts/IUsers.sol");
    alloy::sol!(#![sol(abi)] "../contracts/ITokens.sol");
    alloy::sol!(#![sol(abi)] "../contracts/IToken.sol");
    alloy::sol!(#![sol(abi)] "../contracts/ICollections.sol");
    alloy::sol!(#![sol(abi)] "../contracts/ICollection.sol");
    alloy::sol!(#![sol(abi)] "../contracts/ICollection721.sol");
    alloy::sol!(#![sol(abi)] "../contracts/ICollection1155.sol");
    alloy::sol!(#![sol(abi)] "../contracts/ISaleSlots.sol");
}

/// The registry of apps and users (`contracts/IUsers.sol`).
pub const USERS: Address = address!("0x48414E5345000000000000000000000000000001");
/// The issuer of tokens (`contracts/ITokens.sol`).
pub const TOKENS: Address = address!("0x48414E5345000000000000000000000000000002");
/// The issuer of collections (`contracts/ICollections.sol`).
pub const COLLECTIONS: Address = address!("0x48414E5345000000000000000000000000000003");
/// Every address of what is issued begins with this; the next byte is of its standard.
const PREFIX: [u8; 5] = *b"HANSE";

/// Whether an address is of the chain's own: a system contract, a token or a collection, issued or not.
pub fn is_native(address: &Address) -> bool {
    address[..PREFIX.len()] == PREFIX
}

/// An app's id on chain.
pub type ChainAppId = FixedBytes<16>;
/// `transferBatch` and `addUsers` take this many entries at most (`contracts/*.sol`).
pub const MAX_BATCH: usize = 1_000;
/// Beneficiaries of one sale slot at most (`contracts/ISaleSlots.sol`).
pub const MAX_SHARES: usize = 10;
/// A whole, in hundredths of a percent.
pub const MAX_BASIS_POINTS: u16 = 10_000;
/// Receivers of one `mintMany`: of more, each of which may be a contract that is asked, the gas might not be enough.
pub const MAX_MINTS: usize = 500;

/// The id of the app that `owner` creates with `salt`: `bytes16(keccak256(abi.encode(owner, salt)))`.
pub fn chain_app_id(owner: Address, salt: B256) -> ChainAppId {
    ChainAppId::from_slice(&keccak256((owner, salt).abi_encode()).as_slice()[..16])
}

/// The address of the token or collection that `app` creates with `salt`: `HANSE`, the last two digits of the standard,
/// and the first 14 bytes of `keccak256(abi.encode(app, salt))`.
pub fn issued_address(standard: Standard, app: ChainAppId, salt: B256) -> Address {
    let hash = keccak256((app, salt).abi_encode());
    let mut bytes = [0u8; 20];
    bytes[..5].copy_from_slice(&PREFIX);
    bytes[5] = match standard {
        Standard::Erc20 => 0x20,
        Standard::Erc721 => 0x21,
        Standard::Erc1155 => 0x55,
    };
    bytes[6..].copy_from_slice(&hash[..14]);
    Address::from(bytes)
}

/// An address as everywhere in the database and in JSON: lowercase with `0x`.
pub fn address_text(address: Address) -> String {
    format!("0x{}", hex::encode(address))
}

/// A hash as everywhere in the database and in JSON.
pub fn hash_text(hash: B256) -> String {
    format!("0x{}", hex::encode(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_the_contracts_rules() {
        let owner = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        let app = chain_app_id(owner, B256::repeat_byte(1));
        // abi.encode of an address is 32 bytes, left-padded; of a bytes16 32 bytes, right-padded.
        let mut preimage = [0u8; 64];
        preimage[12..32].copy_from_slice(owner.as_slice());
        preimage[32..].fill(1);
        assert_eq!(app.as_slice(), &keccak256(preimage)[..16]);

        let token = issued_address(Standard::Erc20, app, B256::repeat_byte(2));
        let mut preimage = [0u8; 64];
        preimage[..16].copy_from_slice(app.as_slice());
        preimage[32..].fill(2);
        assert_eq!(&token[..6], b"HANSE ");
        assert_eq!(&token[6..], &keccak256(preimage)[..14]);
        for (standard, byte) in [(Standard::Erc721, 0x21), (Standard::Erc1155, 0x55)] {
            let collection = issued_address(standard, app, B256::repeat_byte(2));
            assert_eq!((collection[5], &collection[6..]), (byte, &token[6..]));
        }
    }
}
