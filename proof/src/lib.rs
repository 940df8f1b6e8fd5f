//! Proofs that a transaction is final on a Hanse chain.
//!
//! ```text
//!  genesis hash (trusted) ─► genesis header ─► state root ─► storage proof ─► GRANDPA's authorities
//!                                                                                │ signed
//!  receipt, transaction ─► Merkle proofs ─► Ethereum header ─► digest ─► header ─►…─► header
//! ```
//!
//! The node makes a [`Proof`]; [`Proof::verify`] needs nothing but the proof itself and the hash of the chain's genesis,
//! which everybody of a consortium knows. No node and no gateway is trusted.
//!
//! # Invariants
//! - Whatever [`Proof::verify`] tells was read from bytes whose hash, in the end, two thirds of the validators signed.
//! - It proves against the validators of the genesis. A chain whose validators have changed since needs proofs of these
//!   changes, which this version doesn't have: it refuses.
//!
//! # Failure
//! Any bytes may come as a proof: they are refused with the part that does not fit, and nothing panics.

mod finality;
mod merkle;

pub use merkle::proof as merkle_proof;
pub use sp_core::H256;

use alloy_consensus::{Header as EthereumHeader, ReceiptEnvelope};
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, keccak256};
use alloy_rlp::Decodable as _;
use codec::DecodeAll;
use hanse_primitives::{BlockNumber, ENGINE_ID, Transaction, convert};
use serde::{Deserialize, Serialize};
use sp_io::hashing::twox_128;
use sp_runtime::{DigestItem, generic, traits::BlakeTwo256};

/// A block's header on the chain itself.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;

/// The version of [`Proof`] that this crate makes and reads.
pub const VERSION: u32 = 1;

/// Headers in a proof at most: of the transaction's block and those on it up to the one that was signed.
pub const MAX_HEADERS: usize = 1_024;

/// Everything that shows that a transaction is final. Bytes are 0x-hex in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proof {
    /// [`VERSION`].
    pub version: u32,
    /// The header of block 0, SCALE-encoded.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub genesis_header: Bytes,
    /// Nodes of the genesis state's trie: a storage proof of GRANDPA's authorities.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub authorities_proof: Vec<Bytes>,
    /// The transaction as it was signed (EIP-2718).
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub transaction: Bytes,
    /// Its place in its block.
    pub transaction_index: u64,
    /// Nodes from the transactions root to the transaction.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub transaction_proof: Vec<Bytes>,
    /// Its receipt (EIP-2718).
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub receipt: Bytes,
    /// Nodes from the receipts root to the receipt.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub receipt_proof: Vec<Bytes>,
    /// The header of the Ethereum block, RLP-encoded.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub ethereum_header: Bytes,
    /// The headers of the block that holds it, and of those on it up to the one that was signed, SCALE-encoded.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub headers: Vec<Bytes>,
    /// GRANDPA's justification of the last of `headers`, SCALE-encoded.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub justification: Bytes,
}

/// What a good proof shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Height of the block.
    pub block_number: u64,
    /// keccak-256 of the block's Ethereum header.
    pub block_hash: B256,
    /// Of the block, in seconds since 1970.
    pub timestamp: u64,
    /// keccak-256 of the transaction.
    pub transaction_hash: B256,
    /// Who signed it.
    pub from: Address,
    /// `None` creates a contract.
    pub to: Option<Address>,
    /// The receipt's status (EIP-658).
    pub succeeded: bool,
    /// What it emitted, in order.
    pub logs: Vec<Log>,
    /// Weight of the validators that signed.
    pub signed_by: u64,
    /// Weight of all validators.
    pub validators: u64,
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Made by another version.
    #[error("version: this is a proof of version {0}; version {VERSION} is understood")]
    Version(u32),
    /// Not what it should be.
    #[error("{0}: can't be decoded")]
    Undecodable(&'static str),
    /// Two parts contradict each other.
    #[error("{part}: {reason}")]
    Mismatch {
        /// The field.
        part: &'static str,
        /// What does not fit.
        reason: &'static str,
    },
    /// Of another chain.
    #[error("genesisHeader: its hash is {found}, which is another chain")]
    OtherChain {
        /// blake2-256 of the header that was given.
        found: H256,
    },
    /// Signatures of less than two thirds.
    #[error("justification: signed by {signed} of {all}; {needed} are needed")]
    TooFew {
        /// Weight of those that signed.
        signed: u64,
        /// Weight of all.
        all: u64,
        /// Weight that is needed.
        needed: u64,
    },
}

fn mismatch(part: &'static str, reason: &'static str) -> Fault {
    Fault::Mismatch { part, reason }
}

impl Proof {
    /// Checks every step from the genesis to the receipt.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn verify(&self, genesis: H256) -> Result<Verified, Fault> {
        if self.version != VERSION {
            return Err(Fault::Version(self.version));
        }
        let genesis = self.genesis(genesis)?;
        let authorities = finality::authorities(&genesis, &self.authorities_proof)?;
        let headers = self.headers()?;
        let [block, ..] = headers.as_slice() else { return Err(mismatch("headers", "there is none")) };
        let signed = headers.last().unwrap_or(block);
        let support = finality::verify(&self.justification, signed, &authorities)?;
        let ethereum = self.ethereum_header(block)?;
        let (transaction, from) = self.transaction(&ethereum)?;
        let receipt = self.receipt(&ethereum)?;
        Ok(Verified {
            block_number: ethereum.number,
            block_hash: keccak256(&self.ethereum_header),
            timestamp: ethereum.timestamp,
            transaction_hash: convert::b256(transaction.hash()),
            from,
            to: alloy_consensus::Transaction::to(transaction.envelope()),
            succeeded: receipt.status(),
            logs: receipt.logs().to_vec(),
            signed_by: support.signed,
            validators: support.all,
        })
    }

    fn genesis(&self, hash: H256) -> Result<Header, Fault> {
        let genesis = header("genesisHeader", &self.genesis_header)?;
        if genesis.hash() != hash {
            return Err(Fault::OtherChain { found: genesis.hash() });
        }
        Ok(genesis)
    }

    /// Each is the parent of the next.
    fn headers(&self) -> Result<Vec<Header>, Fault> {
        if self.headers.len() > MAX_HEADERS {
            return Err(mismatch("headers", "there are too many"));
        }
        let headers = self.headers.iter().map(|bytes| header("headers", bytes)).collect::<Result<Vec<_>, _>>()?;
        let linked = headers.windows(2).all(|pair| pair[1].parent_hash == pair[0].hash());
        if linked { Ok(headers) } else { Err(mismatch("headers", "one isn't the parent of the next")) }
    }

    fn ethereum_header(&self, block: &Header) -> Result<EthereumHeader, Fault> {
        let hash = keccak256(&self.ethereum_header);
        let names =
            |item: &DigestItem| matches!(item, DigestItem::Consensus(ENGINE_ID, bytes) if bytes[..] == hash[..]);
        if !block.digest.logs.iter().any(names) {
            return Err(mismatch("ethereumHeader", "the block's digest names another hash"));
        }
        let mut bytes = &self.ethereum_header[..];
        EthereumHeader::decode(&mut bytes).map_err(|_| Fault::Undecodable("ethereumHeader"))
    }

    fn transaction(&self, block: &EthereumHeader) -> Result<(Transaction, Address), Fault> {
        let fits =
            merkle::verify(block.transactions_root, self.transaction_index, &self.transaction, &self.transaction_proof);
        if !fits {
            return Err(mismatch(
                "transactionProof",
                "it isn't a proof of the transaction under the transactions root",
            ));
        }
        let undecodable = Fault::Undecodable("transaction");
        let transaction = Transaction::decode_raw(self.transaction.to_vec()).map_err(|_| undecodable.clone())?;
        let from = transaction.sender().ok_or(undecodable)?;
        Ok((transaction, convert::address(from)))
    }

    fn receipt(&self, block: &EthereumHeader) -> Result<ReceiptEnvelope, Fault> {
        if !merkle::verify(block.receipts_root, self.transaction_index, &self.receipt, &self.receipt_proof) {
            return Err(mismatch("receiptProof", "it isn't a proof of the receipt under the receipts root"));
        }
        ReceiptEnvelope::decode_2718(&mut &self.receipt[..]).map_err(|_| Fault::Undecodable("receipt"))
    }
}

fn header(part: &'static str, bytes: &[u8]) -> Result<Header, Fault> {
    Header::decode_all(&mut &bytes[..]).map_err(|_| Fault::Undecodable(part))
}

/// Where GRANDPA's pallet keeps its authorities.
pub fn authorities_key() -> Vec<u8> {
    [twox_128(b"Grandpa"), twox_128(b"Authorities")].concat()
}

#[cfg(test)]
mod tests;
