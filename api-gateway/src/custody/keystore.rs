//! A private key under a passphrase, as wallets and clients read it: Web3 Secret Storage, version 3.

use super::CustodyError;
use aes::cipher::{KeyIvInit as _, StreamCipher as _};
use alloy::primitives::{Address, keccak256};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// What scrypt costs: 128 MiB and a good part of a second (OWASP's first choice).
const LOG_N: u8 = 17;
const R: u32 = 8;
const P: u32 = 1;
/// Bytes that scrypt derives: half for the cipher, half for the check.
const DERIVED_BYTES: usize = 32;

/// An encrypted key (Web3 Secret Storage, version 3): to be saved as a file, and opened with its passphrase.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Keystore {
    /// 3.
    pub version: u8,
    /// A UUID.
    pub id: String,
    /// Hex without 0x.
    #[schema(pattern = "^[0-9a-f]{40}$")]
    pub address: String,
    /// The key, and how it was encrypted.
    pub crypto: KeystoreCrypto,
}

/// The encrypted key. All bytes are hex without 0x.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeystoreCrypto {
    /// `aes-128-ctr`
    pub cipher: String,
    /// The key of the wallet, encrypted.
    pub ciphertext: String,
    /// The cipher's.
    pub cipherparams: CipherParameters,
    /// `scrypt`
    pub kdf: String,
    /// Those of scrypt (RFC 7914).
    pub kdfparams: KdfParameters,
    /// Keccak-256 of the second half of the derived key and the ciphertext.
    pub mac: String,
}

/// Of AES-128-CTR.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CipherParameters {
    /// The first counter block.
    pub iv: String,
}

/// Of scrypt (RFC 7914).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KdfParameters {
    /// Bytes that are derived.
    pub dklen: usize,
    /// Cost of CPU and memory.
    pub n: u64,
    /// Block size.
    pub r: u32,
    /// Parallelisation.
    pub p: u32,
    /// Random.
    pub salt: String,
}

/// Encrypts a key. Takes its time: not for an async thread.
pub(super) fn encrypt(address: Address, secret: &[u8; 32], passphrase: &str) -> Result<Keystore, CustodyError> {
    let (mut salt, mut iv) = ([0u8; 32], [0u8; 16]);
    OsRng.try_fill_bytes(&mut salt).and_then(|()| OsRng.try_fill_bytes(&mut iv)).map_err(|_| CustodyError::Random)?;
    let crypto = crypto(secret, passphrase, &salt, iv, (LOG_N, R, P))?;
    Ok(Keystore { version: 3, id: uuid::Uuid::new_v4().to_string(), address: hex::encode(address), crypto })
}

fn crypto(
    secret: &[u8; 32],
    passphrase: &str,
    salt: &[u8],
    iv: [u8; 16],
    (log_n, r, p): (u8, u32, u32),
) -> Result<KeystoreCrypto, CustodyError> {
    let parameters = scrypt::Params::new(log_n, r, p).map_err(|_| CustodyError::Damaged("parameters"))?;
    let mut derived = Zeroizing::new([0u8; DERIVED_BYTES]);
    scrypt::scrypt(passphrase.as_bytes(), salt, &parameters, derived.as_mut_slice())
        .map_err(|_| CustodyError::Damaged("parameters"))?;
    let (cipher_key, mac_key) = derived.split_at(DERIVED_BYTES / 2);
    let mut ciphertext = *secret;
    ctr::Ctr128BE::<aes::Aes128>::new_from_slices(cipher_key, &iv)
        .map_err(|_| CustodyError::Damaged("parameters"))?
        .apply_keystream(&mut ciphertext);
    Ok(KeystoreCrypto {
        mac: hex::encode(keccak256([mac_key, &ciphertext].concat())),
        cipher: "aes-128-ctr".to_owned(),
        ciphertext: hex::encode(ciphertext),
        cipherparams: CipherParameters { iv: hex::encode(iv) },
        kdf: "scrypt".to_owned(),
        kdfparams: KdfParameters { dklen: DERIVED_BYTES, n: 1 << log_n, r, p, salt: hex::encode(salt) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of the format's definition.
    #[test]
    fn the_definitions_vector() {
        let mut secret = [0; 32];
        hex::decode_to_slice("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d", &mut secret).unwrap();
        let salt = hex::decode("ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19").unwrap();
        let mut iv = [0; 16];
        hex::decode_to_slice("83dbcc02d8ccb40e466191a123791e0e", &mut iv).unwrap();
        let crypto = crypto(&secret, "testpassword", &salt, iv, (18, 1, 8)).unwrap();
        assert_eq!(crypto.ciphertext, "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c");
        assert_eq!(crypto.mac, "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097");
        assert_eq!(crypto.kdfparams.n, 262_144);
    }
}
