//! Server keys, refresh tokens, tokens in letters: random text for the caller, its SHA-256 for the database.
//!
//! 32 random bytes can't be guessed, so a fast hash is enough (no salt, no argon2) and lookups stay one index read.

use super::random_bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Begins a server key.
pub const SERVER_KEY_PREFIX: &str = "hk_";
/// Begins a refresh token.
pub const REFRESH_TOKEN_PREFIX: &str = "hr_";

/// Begins what is sent by mail.
pub const MAIL_TOKEN_PREFIX: &str = "hm_";

/// Bytes of randomness in a secret.
const RANDOM_BYTES: usize = 32;

/// A new secret with its prefix. Shown to the caller once; keep [`hash`] of it.
pub fn generate(prefix: &str) -> Zeroizing<String> {
    let random = random_bytes::<RANDOM_BYTES>();
    Zeroizing::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(&random[..])))
}

/// What the database keeps: SHA-256 in hex.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Enough of a secret for a person to tell two keys apart, and too little to guess the rest.
pub fn hint(secret: &str) -> String {
    secret.chars().take(SERVER_KEY_PREFIX.len() + 6).collect()
}

/// Whether the text has the shape of a secret with this prefix. Saves a database read for garbage.
pub fn is_shaped(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == RANDOM_BYTES.div_ceil(3) * 4 - 1
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_have_their_shape() {
        let (one, two) = (generate(SERVER_KEY_PREFIX), generate(SERVER_KEY_PREFIX));
        assert_ne!(*one, *two);
        assert!(is_shaped(SERVER_KEY_PREFIX, &one) && !is_shaped(REFRESH_TOKEN_PREFIX, &one));
        assert!(!is_shaped(SERVER_KEY_PREFIX, "hk_short"));
        assert_eq!(hint(&one).len(), 9);
    }
}
