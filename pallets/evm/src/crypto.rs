//! The cryptography of Ethereum's precompiles on the node's native code, where the SDK has host functions for it.

use revm::precompile::{Crypto, PrecompileHalt};

/// ECRECOVER and SHA-256 outside the Wasm; the rest stays revm's own.
#[derive(Debug)]
struct HostCrypto;

impl Crypto for HostCrypto {
    fn sha256(&self, input: &[u8]) -> [u8; 32] {
        sp_io::hashing::sha2_256(input)
    }

    fn secp256k1_ecrecover(&self, sig: &[u8; 64], recid: u8, msg: &[u8; 32]) -> Result<[u8; 32], PrecompileHalt> {
        let mut signature = [0u8; 65];
        signature[..64].copy_from_slice(sig);
        signature[64] = recid;
        let key = sp_io::crypto::secp256k1_ecdsa_recover(&signature, msg)
            .map_err(|_| PrecompileHalt::Secp256k1RecoverFailed)?;
        let mut word = sp_io::hashing::keccak_256(&key);
        word[..12].fill(0);
        Ok(word)
    }
}

/// Makes revm use [`HostCrypto`]. Only the first call of a process, or of a Wasm instance, does anything.
pub(crate) fn install() {
    let _ = revm::precompile::install_crypto(HostCrypto);
}
