//! The keys of a developer's chain. Everybody knows them: they are derived from the mnemonic "test test test test test
//! test test test test test test junk" of Hardhat and anvil, and must never hold anything of value.

use alloy_primitives::{Address, B256, Signature};
use hanse_runtime::genesis::DEVELOPMENT_ACCOUNTS;
use sp_core::{Pair, ecdsa};

/// Of [`DEVELOPMENT_ACCOUNTS`], in their order.
const KEYS: [&str; 10] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

/// The accounts whose keys the node has.
pub fn accounts() -> Vec<Address> {
    DEVELOPMENT_ACCOUNTS.iter().map(|account| Address::new(account.0)).collect()
}

/// Signs a hash with the account's key; `None` if the node doesn't have it.
pub fn sign(account: &Address, hash: &B256) -> Option<Signature> {
    let position = DEVELOPMENT_ACCOUNTS.iter().position(|known| known.0 == account.0.0)?;
    let mut key = [0; 32];
    hex::decode_to_slice(KEYS[position], &mut key).ok()?;
    let signature = ecdsa::Pair::from_seed(&key).sign_prehashed(&hash.0).0;
    Some(Signature::from_bytes_and_parity(&signature[..64], signature[64] == 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanse_primitives::{convert, transaction::recover};

    #[test]
    fn every_account_signs_with_its_own_key() {
        let hash = B256::repeat_byte(7);
        for account in accounts() {
            let signature = sign(&account, &hash).expect("has its key");
            let signer = recover(signature.r(), signature.s(), signature.v(), &convert::h256(hash));
            assert_eq!(signer.map(convert::address), Some(account));
        }
        assert_eq!(sign(&Address::ZERO, &hash), None);
    }
}
