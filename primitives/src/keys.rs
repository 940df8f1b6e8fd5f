//! Public keys that signatures were found to be made with. JSON-RPC, the pool and a block's author look at the same
//! transaction one after the other, and each would recover its sender's key anew.

use lru::LruCache;
use std::{
    hash::RandomState,
    num::NonZeroUsize,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

/// As many as the pool of a node holds transactions; 8 MiB.
const KEPT: NonZeroUsize = NonZeroUsize::new(32_768).expect("is not zero");

/// A signature (`r`, `s`, recovery id) and the hash that it is over.
type Signed = ([u8; 65], [u8; 32]);

/// Strangers choose the signatures, so that the table's seeds have to be the system's.
type Keys = LruCache<Signed, [u8; 64], RandomState>;

fn kept() -> MutexGuard<'static, Keys> {
    static KEPT_KEYS: LazyLock<Mutex<Keys>> =
        LazyLock::new(|| Mutex::new(LruCache::with_hasher(KEPT, RandomState::new())));
    KEPT_KEYS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The key that made a signature, if [`recover`] found it a short while ago. Keeps nothing.
pub fn recall(signature: &[u8; 65], hash: &[u8; 32]) -> Option<[u8; 64]> {
    kept().get(&(*signature, *hash)).copied()
}

/// The key that made a signature, without the leading byte of its encoding; `None` if no key can have made it.
pub fn recover(signature: &[u8; 65], hash: &[u8; 32]) -> Option<[u8; 64]> {
    if let Some(key) = recall(signature, hash) {
        return Some(key);
    }
    let key = sp_io::crypto::secp256k1_ecdsa_recover(signature, hash).ok()?;
    kept().put((*signature, *hash), key);
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_core::{Pair, ecdsa};

    #[test]
    fn a_key_is_found_once_and_recalled() {
        let pair = ecdsa::Pair::from_seed(&[7; 32]);
        let (hash, other) = ([1; 32], [2; 32]);
        let signature = pair.sign_prehashed(&hash).0;
        assert_eq!(recall(&signature, &hash), None);
        let key = recover(&signature, &hash).expect("recovers");
        let compressed = pair.public().0;
        assert_eq!(key[..32], compressed[1..], "the point's x");
        assert_eq!(recall(&signature, &hash), Some(key));
        // It belongs to this hash alone.
        assert_eq!(recall(&signature, &other), None);
        assert_ne!(recover(&signature, &other), Some(key));
        assert_eq!(recover(&[0; 65], &hash), None);
        assert_eq!(recall(&[0; 65], &hash), None);
    }
}
