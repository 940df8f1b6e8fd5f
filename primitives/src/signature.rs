//! secp256k1 signatures over keccak-256.

use crate::AccountId20;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::traits::{IdentifyAccount, Lazy, Verify};

/// Half of secp256k1's group order: the greatest `s` that EIP-2 admits.
pub const MAX_S: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e,
    0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// `r`, `s` and the recovery id, 0 or 1: 65 bytes. Any other form of the same signature is none, so that an extrinsic
/// has one encoding and one hash: neither 27 and 28, as Ethereum's wallets write them for messages, nor a greater `s`
/// (EIP-2).
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct EthereumSignature(pub [u8; 65]);

impl EthereumSignature {
    /// From the parts of an Ethereum transaction.
    pub fn from_parts(r: [u8; 32], s: [u8; 32], odd_y_parity: bool) -> Self {
        let mut bytes = [0u8; 65];
        bytes[..32].copy_from_slice(&r);
        bytes[32..64].copy_from_slice(&s);
        bytes[64] = u8::from(odd_y_parity);
        Self(bytes)
    }

    /// The account whose key signed the hash; `None` for a signature that is malformed or not in the one form.
    pub fn recover(&self, hash: &H256) -> Option<AccountId20> {
        // The host function takes 27 to 30 for 0 to 3.
        if self.0[64] > 1 || self.0[32..64] > MAX_S[..] {
            return None;
        }
        #[cfg(feature = "std")]
        let key = crate::keys::recover(&self.0, &hash.0)?;
        #[cfg(not(feature = "std"))]
        let key = sp_io::crypto::secp256k1_ecdsa_recover(&self.0, &hash.0).ok()?;
        Some(AccountId20::from_public_key(&key))
    }
}

impl Verify for EthereumSignature {
    type Signer = EthereumSigner;

    fn verify<L: Lazy<[u8]>>(&self, mut message: L, signer: &AccountId20) -> bool {
        let hash = H256(sp_io::hashing::keccak_256(message.get()));
        self.recover(&hash).as_ref() == Some(signer)
    }
}

/// Identifies a signer by address: Ethereum signatures carry no public key.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct EthereumSigner(pub AccountId20);

impl IdentifyAccount for EthereumSigner {
    type AccountId = AccountId20;

    fn into_account(self) -> AccountId20 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sp_core::{Pair, ecdsa};

    const ORDER: [u8; 32] = hex_literal::hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

    fn sign(pair: &ecdsa::Pair, message: &[u8]) -> EthereumSignature {
        EthereumSignature(pair.sign_prehashed(&sp_io::hashing::keccak_256(message)).0)
    }

    #[test]
    fn a_known_key_has_its_known_address() {
        let key = hex_literal::hex!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
        let pair = ecdsa::Pair::from_seed(&key);
        let account = sign(&pair, b"hi").recover(&H256(sp_io::hashing::keccak_256(b"hi")));
        assert_eq!(account.map(|a| a.0), Some(hex_literal::hex!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266")));
    }

    proptest! {
        #[test]
        fn only_the_signer_verifies(seed: [u8; 32], message: Vec<u8>, other: Vec<u8>) {
            prop_assume!(seed != [0; 32] && seed < ORDER && message != other);
            let pair = ecdsa::Pair::from_seed(&seed);
            let signature = sign(&pair, &message);
            let signer = signature.recover(&H256(sp_io::hashing::keccak_256(&message))).expect("recovers");
            prop_assert!(signature.verify(&message[..], &signer));
            prop_assert!(!signature.verify(&other[..], &signer));
        }

        #[test]
        fn the_high_s_twin_is_refused(seed: [u8; 32], message: Vec<u8>) {
            prop_assume!(seed != [0; 32] && seed < ORDER);
            let mut signature = sign(&ecdsa::Pair::from_seed(&seed), &message);
            let s = sp_core::U256::from_big_endian(&signature.0[32..64]);
            let twin = sp_core::U256::from_big_endian(&ORDER) - s;
            signature.0[32..64].copy_from_slice(&twin.to_big_endian());
            signature.0[64] ^= 1;
            prop_assert_eq!(signature.recover(&H256(sp_io::hashing::keccak_256(&message))), None);
        }

        #[test]
        fn a_signature_has_one_recovery_id(seed: [u8; 32], message: Vec<u8>) {
            prop_assume!(seed != [0; 32] && seed < ORDER);
            let hash = H256(sp_io::hashing::keccak_256(&message));
            let signature = sign(&ecdsa::Pair::from_seed(&seed), &message);
            let signer = signature.recover(&hash);
            prop_assert!(signer.is_some() && signature.0[64] < 2);
            for id in 0..=u8::MAX {
                let mut other = signature.clone();
                other.0[64] = id;
                prop_assert_eq!(other.recover(&hash) == signer, other == signature);
                prop_assert!(id < 2 || other.recover(&hash).is_none());
            }
        }

        #[test]
        fn any_bytes_are_safe(bytes: Vec<u8>, hash: [u8; 32]) {
            let mut signature = [0u8; 65];
            let n = bytes.len().min(65);
            signature[..n].copy_from_slice(&bytes[..n]);
            let _ = EthereumSignature(signature).recover(&H256(hash));
        }
    }
}
