//! Code as it is stored: with the table of its jump destinations, so that only its creation pays for finding them. To find
//! them takes 2 ns a byte, of which a transaction can load a hundred million for its gas.
//!
//! ```text
//!   code | 33 zeros | a bit for each byte of the code, where it can be jumped to | length of the code (u32, little-endian)
//! ```
//!
//! Code runs where it was read to, without another copy: the zeros are behind it for that.

use crate::{CodeHashes, Codes, Config};
use alloc::{vec, vec::Vec};
use codec::{Compact, Decode, Encode};
use hanse_primitives::convert;
use revm::{
    bytecode::{Bytecode, JumpTable},
    primitives::{B256, Bytes},
};
use scale_info::TypeInfo;
use sp_core::{H160, H256};

/// The arguments of a last `PUSH32`, and a `STOP`.
const PADDING: usize = 33;
/// Bytes of the length.
const LENGTH: usize = size_of::<u32>();

/// Code, and where it can be jumped to. Of a delegation (EIP-7702), which doesn't run, there is no table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Code(Vec<u8>);

impl Code {
    /// Finds the jump destinations.
    pub fn new(bytes: Vec<u8>) -> Self {
        let bytes = Bytes::from(bytes);
        // What can't be a delegation is plain code.
        Self::from(&Bytecode::new_raw_checked(bytes.clone()).unwrap_or_else(|_| Bytecode::new_legacy(bytes)))
    }

    /// The code alone.
    pub fn into_bytes(self) -> Vec<u8> {
        let Self(mut stored) = self;
        stored.truncate(length(&stored).unwrap_or_default());
        stored
    }

    /// As revm runs it.
    pub fn into_bytecode(self) -> Bytecode {
        let Self(stored) = self;
        let Some(length) = length(&stored).filter(|length| *length > 0) else { return Bytecode::default() };
        let padded = length + PADDING;
        let jumps = &stored[padded..stored.len() - LENGTH];
        if jumps.len() != length.div_ceil(8) {
            return Bytecode::new_raw_checked(Bytes::from(stored).slice(..length)).unwrap_or_default();
        }
        let jumps = JumpTable::from_slice(jumps, length);
        if stored[length..padded].iter().any(|byte| *byte != 0) {
            return Bytecode::default();
        }
        // SAFETY: behind the code are as many zeros as any instruction reads, and a STOP after them.
        unsafe { Bytecode::new_analyzed(Bytes::from(stored).slice(..padded), length, jumps) }
    }
}

/// Length of the code in what is stored; `None` where that holds no code.
fn length(stored: &[u8]) -> Option<usize> {
    let (rest, length) = stored.split_last_chunk::<LENGTH>()?;
    let length = u32::from_le_bytes(*length) as usize;
    (rest.len() >= length.checked_add(PADDING)?).then_some(length)
}

impl From<&Bytecode> for Code {
    fn from(code: &Bytecode) -> Self {
        let bytes = code.original_byte_slice();
        let jumps = code.legacy_jump_table().map(JumpTable::as_slice).unwrap_or_default();
        Self([bytes, &[0; PADDING], jumps, &(bytes.len() as u32).to_le_bytes()].concat())
    }
}

/// Reads code by its hash, as revm runs it.
pub(crate) fn load<T: Config>(hash: B256) -> Bytecode {
    // As `Codes::get` does, but the host writes to where it stays: in the Wasm each copy of 24 KiB takes microseconds.
    let key = Codes::<T>::hashed_key_for(convert::h256(hash));
    let mut head = [0; 5];
    let Some(total) = sp_io::storage::read(&key, &mut head, 0) else { return Bytecode::default() };
    let Ok(Compact(length)) = Compact::<u32>::decode(&mut &head[..]) else { return Bytecode::default() };
    let mut stored = vec![0; length as usize];
    sp_io::storage::read(&key, &mut stored, total.saturating_sub(length));
    Code(stored).into_bytecode()
}

/// An account's code; empty for one that has none.
pub(crate) fn of<T: Config>(who: H160) -> Vec<u8> {
    CodeHashes::<T>::get(who).map(|hash| Codes::<T>::get(hash).into_bytes()).unwrap_or_default()
}

/// Gives an account code, or takes it away. Code that is stored already stays as it is.
pub(crate) fn put<T: Config>(who: H160, hash: B256, code: impl FnOnce() -> Option<Code>) {
    if hash == revm::primitives::KECCAK_EMPTY {
        CodeHashes::<T>::remove(who);
        return;
    }
    let hash = convert::h256(hash);
    if !Codes::<T>::contains_key(hash)
        && let Some(code) = code()
    {
        Codes::<T>::insert(hash, code);
    }
    CodeHashes::<T>::insert(who, hash);
}

/// The same with nothing but the code.
pub(crate) fn put_bytes<T: Config>(who: H160, code: &[u8]) {
    let hash: H256 = sp_io::hashing::keccak_256(code).into();
    put::<T>(who, convert::b256(hash), || Some(Code::new(code.to_vec())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use revm::{bytecode::opcode, primitives::Address};

    #[test]
    fn a_delegation_is_one_again() {
        let delegation = Bytecode::new_eip7702(Address::repeat_byte(7));
        let back = Code::from(&delegation).into_bytecode();
        assert_eq!((back.eip7702_address(), back.kind()), (Some(Address::repeat_byte(7)), delegation.kind()));
        assert_eq!(Code::new(delegation.original_bytes().to_vec()), Code::from(&delegation));
    }

    #[test]
    fn no_code_is_no_code() {
        assert!(Code::default().into_bytecode().is_empty());
        assert!(Code::new(Vec::new()).into_bytecode().is_empty());
    }

    #[test]
    fn nothing_that_is_stored_makes_it_panic() {
        let good = Code::new(vec![opcode::JUMPDEST; 40]).0;
        for end in 0..good.len() {
            let _ = Code(good[end..].to_vec()).into_bytecode();
            let _ = Code(good[..end].to_vec()).into_bytecode();
            let _ = Code(good[..end].to_vec()).into_bytes();
        }
        assert!(Code(vec![0xff; 100]).into_bytecode().is_empty());
    }

    proptest! {
        #[test]
        fn it_is_as_revm_makes_it(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(opcode::JUMPDEST), opcode::PUSH1..=opcode::PUSH32], 1..200),
        ) {
            let revms = Bytecode::new_legacy(bytes.clone().into());
            let ours = Code::decode(&mut &Code::from(&revms).encode()[..]).expect("decodes").into_bytecode();
            prop_assert_eq!(ours.legacy_jump_table(), revms.legacy_jump_table());
            prop_assert_eq!(ours.original_byte_slice(), &bytes[..]);
            prop_assert_eq!(ours.hash_slow(), revms.hash_slow());
            // At least what revm puts behind the code is there, and no more than zeros.
            prop_assert!(ours.bytecode().starts_with(revms.bytecode()));
            prop_assert!(ours.bytecode()[bytes.len()..].iter().all(|byte| *byte == 0));
        }
    }
}
