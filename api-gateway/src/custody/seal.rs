//! AES-256-GCM: `base64(nonce ‖ ciphertext ‖ tag)`.

use super::CustodyError;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 12;

/// 32 bytes from the operating system.
pub(super) fn random_key() -> Result<Zeroizing<[u8; 32]>, CustodyError> {
    let mut key = Zeroizing::new([0u8; 32]);
    OsRng.try_fill_bytes(key.as_mut_slice()).map_err(|_| CustodyError::Random)?;
    Ok(key)
}

/// Encrypts `secret` and binds it to `associated`.
pub(super) fn seal(key: &[u8; 32], associated: &[u8], secret: &[u8]) -> Result<String, CustodyError> {
    let mut sealed = vec![0u8; NONCE_BYTES];
    OsRng.try_fill_bytes(&mut sealed).map_err(|_| CustodyError::Random)?;
    let mut nonce = [0u8; NONCE_BYTES];
    nonce.copy_from_slice(&sealed);
    let ciphertext = Aes256Gcm::new(&(*key).into())
        .encrypt(&nonce.into(), Payload { msg: secret, aad: associated })
        .map_err(|_| CustodyError::Damaged("plaintext"))?;
    sealed.extend_from_slice(&ciphertext);
    Ok(STANDARD_NO_PAD.encode(sealed))
}

/// Decrypts; `None` when anything is not as it was sealed.
pub(super) fn open(key: &[u8; 32], associated: &[u8], sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
    let sealed = STANDARD_NO_PAD.decode(sealed).ok()?;
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES)?;
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
    Aes256Gcm::new(&(*key).into())
        .decrypt(&nonce.into(), Payload { msg: ciphertext, aad: associated })
        .ok()
        .map(Zeroizing::new)
}

/// 32 opened bytes as a key.
pub(super) fn to_key(bytes: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0u8; 32]);
    (bytes.len() == key.len()).then(|| key.copy_from_slice(bytes))?;
    Some(key)
}
