//! A signed Ethereum transaction, decoded once.

use crate::{AccountId20, EthereumSignature, TransactionError};
use alloc::{boxed::Box, vec::Vec};
use alloy_consensus::{EthereumTxEnvelope, Transaction as _, TxEip4844};
use alloy_eips::{Decodable2718, Encodable2718};
use alloy_primitives::U256;
use codec::{Decode, DecodeWithMemTracking, Encode, EncodeLike, Error, Input, Output};
use core::fmt;
use once_cell::race::OnceBox;
use scale_info::{Type, TypeInfo};
use sp_core::{H160, H256};

/// The transaction types of Ethereum, signed.
pub type Envelope = EthereumTxEnvelope<TxEip4844>;

/// Most bytes that a transaction may have: geth's limit.
pub const MAX_SIZE_BYTES: usize = 128 * 1024;

/// A signed transaction of any type, as its sender encoded it (EIP-2718).
///
/// On the wire it is its bytes, nothing else; what can't be decoded is no `Transaction`. The sender is recovered at most
/// once, however often it is asked for.
pub struct Transaction {
    raw: Vec<u8>,
    hash: H256,
    envelope: Envelope,
    sender: OnceBox<Option<H160>>,
}

impl Transaction {
    /// Decodes the encoding of EIP-2718; only the one canonical encoding is taken.
    pub fn decode_raw(raw: Vec<u8>) -> Result<Self, TransactionError> {
        if raw.len() > MAX_SIZE_BYTES {
            return Err(TransactionError::Oversized);
        }
        if matches!(raw.first(), Some(0x00 | 0x05..=0x7f)) {
            return Err(TransactionError::TypeNotSupported);
        }
        let envelope = Envelope::decode_2718_exact(&raw).map_err(|_| TransactionError::Malformed)?;
        if envelope.encoded_2718() != raw {
            return Err(TransactionError::Malformed);
        }
        let hash = H256(sp_io::hashing::keccak_256(&raw));
        Ok(Self { raw, hash, envelope, sender: OnceBox::new() })
    }

    /// The bytes as they were sent.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// keccak-256 of the bytes.
    pub fn hash(&self) -> H256 {
        self.hash
    }

    /// The decoded form.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Who signed; `None` when no key can have.
    pub fn sender(&self) -> Option<H160> {
        *self.sender.get_or_init(|| {
            let signature = self.envelope.signature();
            let hash = H256(self.envelope.signature_hash().0);
            Box::new(recover(signature.r(), signature.s(), signature.v(), &hash))
        })
    }

    /// With a sender whose key needn't have signed.
    fn sent_by(mut self, from: H160) -> Self {
        self.sender = OnceBox::with_value(Box::new(Some(from)));
        self
    }

    /// The price of a unit of gas at a base fee, in wei (EIP-1559).
    pub fn effective_gas_price(&self, base_fee: u128) -> u128 {
        self.envelope.effective_gas_price(u64::try_from(base_fee).ok())
    }
}

/// Who made a signature over a hash; `None` for one that isn't in low-s form (EIP-2) or that no key can have made.
pub fn recover(r: U256, s: U256, odd_y_parity: bool, hash: &H256) -> Option<H160> {
    let signature = EthereumSignature::from_parts(r.to_be_bytes(), s.to_be_bytes(), odd_y_parity);
    signature.recover(hash).map(|AccountId20(address)| H160(address))
}

impl Clone for Transaction {
    fn clone(&self) -> Self {
        let sender = OnceBox::new();
        if let Some(known) = self.sender.get() {
            let _ = sender.set(Box::new(*known));
        }
        Self { raw: self.raw.clone(), hash: self.hash, envelope: self.envelope.clone(), sender }
    }
}

impl PartialEq for Transaction {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Transaction {}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("hash", &self.hash).finish_non_exhaustive()
    }
}

impl Encode for Transaction {
    fn size_hint(&self) -> usize {
        self.raw.size_hint()
    }

    fn encode_to<W: Output + ?Sized>(&self, dest: &mut W) {
        self.raw.encode_to(dest);
    }
}

impl EncodeLike for Transaction {}

impl Decode for Transaction {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let raw = Vec::<u8>::decode(input)?;
        Self::decode_raw(raw).map_err(|_| Error::from("not an Ethereum transaction"))
    }
}

impl DecodeWithMemTracking for Transaction {}

impl TypeInfo for Transaction {
    type Identity = Vec<u8>;

    fn type_info() -> Type {
        Vec::<u8>::type_info()
    }
}

/// A transaction in the name of an account whose key nobody has, for development: its signature says nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Impersonation(pub Transaction);

impl Impersonation {
    /// Decodes the encoding of EIP-2718, as [`Transaction::decode_raw`] does.
    pub fn decode_raw(from: H160, raw: Vec<u8>) -> Result<Self, TransactionError> {
        Transaction::decode_raw(raw).map(|transaction| Self(transaction.sent_by(from)))
    }
}

impl Encode for Impersonation {
    fn encode_to<W: Output + ?Sized>(&self, dest: &mut W) {
        // The only constructor has set it.
        self.0.sender().unwrap_or_default().encode_to(dest);
        self.0.encode_to(dest);
    }
}

impl EncodeLike for Impersonation {}

impl Decode for Impersonation {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let (from, raw) = <(H160, Vec<u8>)>::decode(input)?;
        Self::decode_raw(from, raw).map_err(|_| Error::from("not an Ethereum transaction"))
    }
}

impl DecodeWithMemTracking for Impersonation {}

impl TypeInfo for Impersonation {
    type Identity = (H160, Vec<u8>);

    fn type_info() -> Type {
        <(H160, Vec<u8>)>::type_info()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxLegacy};
    use proptest::prelude::*;
    use sp_core::{Pair, ecdsa};

    fn signed(nonce: u64, chain_id: Option<u64>) -> Vec<u8> {
        let key = hex_literal::hex!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
        let tx = TxLegacy { chain_id, nonce, gas_limit: 21_000, ..Default::default() };
        let signature = ecdsa::Pair::from_seed(&key).sign_prehashed(&tx.signature_hash().0).0;
        let signature = alloy_primitives::Signature::from_bytes_and_parity(&signature[..64], signature[64] == 1);
        Envelope::Legacy(tx.into_signed(signature)).encoded_2718()
    }

    #[test]
    fn scale_and_back_is_the_same_bytes() {
        let raw = signed(7, Some(4269));
        let tx = Transaction::decode_raw(raw.clone()).expect("decodes");
        assert_eq!(tx.encode(), raw.encode());
        let back = Transaction::decode(&mut &tx.encode()[..]).expect("decodes");
        assert_eq!(back, tx);
        assert_eq!(back.sender(), Some(H160(hex_literal::hex!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"))));
        assert_eq!(back.clone().sender(), back.sender());
    }

    #[test]
    fn an_impersonation_keeps_its_sender() {
        let from = H160::repeat_byte(7);
        let impersonation = Impersonation::decode_raw(from, signed(7, Some(4269))).expect("decodes");
        let back = Impersonation::decode(&mut &impersonation.encode()[..]).expect("decodes");
        assert_eq!(back.clone().0.sender(), Some(from));
        assert_eq!(back, impersonation);
        assert!(Impersonation::decode(&mut &(from, vec![0x05u8]).encode()[..]).is_err());
    }

    #[test]
    fn refuses_trailing_bytes_and_unknown_types() {
        let mut raw = signed(7, Some(4269));
        raw.push(0);
        assert_eq!(Transaction::decode_raw(raw), Err(TransactionError::Malformed));
        assert_eq!(Transaction::decode_raw(vec![0x05, 0xc0]), Err(TransactionError::TypeNotSupported));
        assert_eq!(Transaction::decode_raw(vec![]), Err(TransactionError::Malformed));
        assert_eq!(Transaction::decode_raw(vec![0xf8; MAX_SIZE_BYTES + 1]), Err(TransactionError::Oversized));
    }

    proptest! {
        #[test]
        fn any_bytes_are_safe(raw: Vec<u8>) {
            if let Ok(tx) = Transaction::decode_raw(raw) {
                let _ = tx.sender();
            }
        }

        #[test]
        fn a_changed_byte_never_decodes_to_the_same_bytes(index in 0usize..90, with: u8) {
            let raw = signed(7, Some(4269));
            let mut changed = raw.clone();
            let index = index % raw.len();
            changed[index] = with;
            if let Ok(tx) = Transaction::decode_raw(changed.clone()) {
                prop_assert_eq!(tx.raw(), &changed[..]);
                let _ = tx.sender();
            }
        }
    }
}
