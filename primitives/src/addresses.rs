//! Where the precompiles of Hanse live, and how ids become addresses.

use sp_core::H160;

/// First five bytes of every Hanse precompile: `HANSE` in ASCII.
pub const PREFIX: [u8; 5] = *b"HANSE";
/// Sixth byte of a system precompile.
pub const KIND_SYSTEM: u8 = 0x00;
/// Sixth byte of a fungible token (ERC-20).
pub const KIND_TOKEN: u8 = 0x20;
/// Sixth byte of a collection of unique items (ERC-721).
pub const KIND_COLLECTION_721: u8 = 0x21;
/// Sixth byte of a collection of items with a supply (ERC-1155).
pub const KIND_COLLECTION_1155: u8 = 0x55;

/// The user registry, `contracts/IUsers.sol`.
pub const USERS: H160 = system(1);
/// The token issuer, `contracts/ITokens.sol`.
pub const TOKENS: H160 = system(2);
/// The issuer of collections, `contracts/ICollections.sol`.
pub const COLLECTIONS: H160 = system(3);
/// What every collection's code calls; it answers to collections alone.
pub const COLLECTION_ENGINE: H160 = system(4);
/// Sender of the transaction that carries the logs of a block's native calls.
pub const NATIVE_CALLS: H160 = system(0xff);

const fn system(index: u8) -> H160 {
    let mut address = [0u8; 20];
    let mut i = 0;
    while i < PREFIX.len() {
        address[i] = PREFIX[i];
        i += 1;
    }
    address[5] = KIND_SYSTEM;
    address[19] = index;
    H160(address)
}

/// Identifies an app (a tenant) on chain.
pub type AppId = [u8; 16];

/// `bytes16(keccak256(abi.encode(owner, salt)))`.
pub fn app_id(owner: &H160, salt: &[u8; 32]) -> AppId {
    let mut input = [0u8; 64];
    input[12..32].copy_from_slice(&owner.0);
    input[32..].copy_from_slice(salt);
    let mut id = [0u8; 16];
    id.copy_from_slice(&sp_io::hashing::keccak_256(&input)[..16]);
    id
}

/// The address of the token that an app issues with this salt: the prefix, [`KIND_TOKEN`], and 14 bytes of
/// `keccak256(abi.encode(app, salt))`.
pub fn token_address(app: &AppId, salt: &[u8; 32]) -> H160 {
    issued(KIND_TOKEN, app, salt)
}

/// The address of the collection that an app issues with this salt, made as [`token_address`] is; `kind` is
/// [`KIND_COLLECTION_721`] or [`KIND_COLLECTION_1155`].
pub fn collection_address(kind: u8, app: &AppId, salt: &[u8; 32]) -> H160 {
    issued(kind, app, salt)
}

fn issued(kind: u8, app: &AppId, salt: &[u8; 32]) -> H160 {
    let mut input = [0u8; 64];
    input[..16].copy_from_slice(app);
    input[32..].copy_from_slice(salt);
    let hash = sp_io::hashing::keccak_256(&input);
    let mut address = [0u8; 20];
    address[..5].copy_from_slice(&PREFIX);
    address[5] = kind;
    address[6..].copy_from_slice(&hash[..14]);
    H160(address)
}

/// Whether the address lies in the range of tokens; the token itself may not exist.
pub fn is_token(address: &H160) -> bool {
    kind(address) == Some(KIND_TOKEN)
}

/// The sixth byte of an address that begins with [`PREFIX`].
pub fn kind(address: &H160) -> Option<u8> {
    (address.0[..5] == PREFIX).then_some(address.0[5])
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn system_addresses_are_those_of_the_contracts_folder() {
        assert_eq!(USERS.0, hex!("48414E5345000000000000000000000000000001"));
        assert_eq!(TOKENS.0, hex!("48414E5345000000000000000000000000000002"));
        assert_eq!(COLLECTIONS.0, hex!("48414E5345000000000000000000000000000003"));
        assert_eq!(COLLECTION_ENGINE.0, hex!("48414E5345000000000000000000000000000004"));
    }

    #[test]
    fn a_collection_address_tells_its_standard() {
        for other in [KIND_COLLECTION_721, KIND_COLLECTION_1155] {
            let address = collection_address(other, &[7; 16], &[9; 32]);
            assert_eq!(kind(&address), Some(other));
            assert!(!is_token(&address));
        }
        assert_eq!(kind(&H160([1; 20])), None);
    }

    #[test]
    fn a_token_address_tells_that_it_is_one() {
        let address = token_address(&[7; 16], &[9; 32]);
        assert!(is_token(&address));
        assert_ne!(address, token_address(&[7; 16], &[8; 32]));
        assert!(!is_token(&USERS));
    }
}
