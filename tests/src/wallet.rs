//! External wallets: keys that the gateway doesn't hold.

use alloy::consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEnvelope, TxLegacy};
use alloy::eips::eip2718::Encodable2718;
use alloy::primitives::{Address, Bytes, TxKind, U256};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, Result};

/// Chain id of `--dev`.
pub const CHAIN_ID: u64 = 4269;

/// The well-known keys of Hardhat and anvil, with coins on every development chain. Never use them elsewhere.
const DEV_KEYS: [&str; 10] = [
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

/// A key that signs Ethereum transactions. It keeps no nonce: the test says each.
#[derive(Clone, Debug)]
pub struct Wallet {
    signer: PrivateKeySigner,
}

impl Wallet {
    /// A development account, 0 to 9.
    pub fn dev(index: usize) -> Self {
        let signer = DEV_KEYS[index].parse().expect("the keys above are valid; qed");
        Self { signer }
    }

    /// A wallet of its own for each number: the same in every run.
    pub fn numbered(number: u64) -> Self {
        let key = alloy::primitives::keccak256(number.to_be_bytes());
        Self { signer: PrivateKeySigner::from_bytes(&key).expect("a hash is a valid key but for a 2^-128 chance; qed") }
    }

    /// Its address.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// A gasless EIP-1559 transaction of the development chain, signed and encoded.
    pub fn sign(&self, nonce: u64, to: TxKind, data: impl Into<Bytes>, gas_limit: u64) -> Result<Bytes> {
        self.sign_transaction(self.transaction(nonce, to, data, gas_limit))
    }

    /// The transaction that [`Self::sign`] signs, to be changed first.
    pub fn transaction(&self, nonce: u64, to: TxKind, data: impl Into<Bytes>, gas_limit: u64) -> TxEip1559 {
        TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit,
            max_fee_per_gas: 0,
            max_priority_fee_per_gas: 0,
            to,
            value: U256::ZERO,
            access_list: Default::default(),
            input: data.into(),
        }
    }

    /// Signs and encodes any EIP-1559 transaction.
    pub fn sign_transaction(&self, transaction: TxEip1559) -> Result<Bytes> {
        self.seal(transaction)
    }

    /// Signs and encodes a legacy transaction.
    pub fn sign_legacy(&self, transaction: TxLegacy) -> Result<Bytes> {
        self.seal(transaction)
    }

    /// Signs and encodes an EIP-2930 transaction.
    pub fn sign_access_list(&self, transaction: TxEip2930) -> Result<Bytes> {
        self.seal(transaction)
    }

    fn seal<T>(&self, transaction: T) -> Result<Bytes>
    where
        T: SignableTransaction<alloy::primitives::Signature>,
        TxEnvelope: From<alloy::consensus::Signed<T>>,
    {
        let signature = self.signer.sign_hash_sync(&transaction.signature_hash()).context("signing")?;
        Ok(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into())
    }
}
