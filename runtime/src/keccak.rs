//! keccak-256 on the node's native code, for the Ethereum libraries inside the Wasm.

/// The hook that alloy's `native-keccak` feature calls.
///
/// # Safety
/// `bytes` must point to `len` readable bytes and `output` to 32 writable ones; alloy's `keccak256` passes a slice and an
/// array.
#[unsafe(no_mangle)]
unsafe extern "C" fn native_keccak256(bytes: *const u8, len: usize, output: *mut u8) {
    // SAFETY: by the contract above.
    let input = unsafe { core::slice::from_raw_parts(bytes, len) };
    let hash = sp_io::hashing::keccak_256(input);
    // SAFETY: by the contract above; the hash is a local, so the two don't overlap.
    unsafe { core::ptr::copy_nonoverlapping(hash.as_ptr(), output, hash.len()) };
}
