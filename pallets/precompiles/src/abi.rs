//! Strict decoding of call data.

use crate::refuse;
use alloy_sol_types::{SolInterface, abi::AbiDecoderConfig};
use pallet_evm::PrecompileError;

/// Most bytes that one decoded call may take: some times the longest input.
const MAX_DECODED_BYTES: usize = 1024 * 1024;

/// Only the encoding that compilers and client libraries make, so that an argument has one meaning and one form. Bytes
/// after it are allowed, as Solidity allows them: some clients append a marker to every call.
const STRICT: AbiDecoderConfig = AbiDecoderConfig::new()
    .strict(true)
    .validate_allow_trailing_bytes(true)
    .memory_limit(MAX_DECODED_BYTES)
    .recursion_limit(4);

/// The call that the input encodes.
pub(crate) fn decode<I: SolInterface>(input: &[u8]) -> Result<I, PrecompileError> {
    let Some((selector, arguments)) = input.split_first_chunk::<4>() else {
        return Err(refuse("no selector"));
    };
    if !I::valid_selector(*selector) {
        return Err(refuse("unknown selector"));
    }
    I::abi_decode_raw_with_config(*selector, arguments, STRICT).map_err(|_| refuse("malformed arguments"))
}
