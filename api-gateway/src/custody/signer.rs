//! An opened wallet. It signs by libsecp256k1, which is faster than ECDSA in plain Rust.

use super::{CustodyError, seal};
use alloy::primitives::{Address, B256, Signature};
use secp256k1::{Message, Secp256k1, SecretKey, SignOnly};
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// Shared by all. Its random blinding hides keys from who measures the machine.
static CONTEXT: LazyLock<Secp256k1<SignOnly>> = LazyLock::new(|| {
    let mut context = Secp256k1::signing_only();
    // Without random numbers it signs as well; the gateway would not have got so far.
    if let Ok(seed) = seal::random_key() {
        context.seeded_randomize(&seed);
    }
    context
});

/// A private key and its address. The key is wiped when this is dropped.
pub struct Signer {
    key: SecretKey,
    address: Address,
}

impl Signer {
    /// # Errors
    /// [`CustodyError::Damaged`] when the bytes are no key of secp256k1.
    pub(super) fn new(secret: &[u8]) -> Result<Self, CustodyError> {
        let damaged = || CustodyError::Damaged("private key");
        let bytes = seal::to_key(secret).ok_or_else(damaged)?;
        let key = SecretKey::from_byte_array(*bytes).map_err(|_| damaged())?;
        let public = key.public_key(&CONTEXT).serialize_uncompressed();
        // The first byte says how the others are written.
        Ok(Self { key, address: Address::from_raw_public_key(&public[1..]) })
    }

    /// Of the key.
    pub fn address(&self) -> Address {
        self.address
    }

    /// ECDSA with the nonce of RFC 6979 and the lower `s` (EIP-2).
    pub fn sign(&self, hash: &B256) -> Signature {
        let signature = CONTEXT.sign_ecdsa_recoverable(Message::from_digest(hash.0), &self.key);
        let (recovery, bytes) = signature.serialize_compact();
        Signature::from_bytes_and_parity(&bytes, i32::from(recovery) & 1 == 1)
    }

    pub(super) fn secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.secret_bytes())
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        self.key.non_secure_erase();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::keccak256;
    use alloy::signers::SignerSync as _;
    use alloy::signers::local::PrivateKeySigner;

    #[test]
    fn signs_as_any_other_wallet() {
        for number in 1u64..=200 {
            let secret = keccak256(number.to_be_bytes());
            let (signer, reference) =
                (Signer::new(secret.as_slice()).unwrap(), PrivateKeySigner::from_bytes(&secret).unwrap());
            assert_eq!(signer.address(), reference.address());
            let hash = keccak256(secret);
            let signature = signer.sign(&hash);
            assert_eq!(signature, reference.sign_hash_sync(&hash).unwrap());
            assert_eq!(signature.recover_address_from_prehash(&hash).unwrap(), signer.address());
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bytes in [&[][..], &[1; 31], &[1; 33], &[0; 32], &[0xff; 32]] {
            assert!(matches!(Signer::new(bytes), Err(CustodyError::Damaged("private key"))), "{bytes:?}");
        }
    }
}
