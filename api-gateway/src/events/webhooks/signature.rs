//! The Standard Webhooks signature: HMAC-SHA-256 over `id.timestamp.body` (standardwebhooks.com, specification 1.0).

use crate::auth::random_bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Marks a secret, as the specification says.
const PREFIX: &str = "whsec_";

/// A secret, as its receiver gets it once.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// `whsec_` and base64.
    pub text: Zeroizing<String>,
    /// What signs.
    pub key: Zeroizing<[u8; 32]>,
}

/// Draws a secret.
pub fn new_secret() -> NewSecret {
    let key = random_bytes::<32>();
    NewSecret { text: Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(key.as_slice()))), key }
}

/// The header `webhook-signature`: one signature for each key, so that a receiver may know the old or the new one.
pub(super) fn sign(keys: &[Zeroizing<Vec<u8>>], id: &str, timestamp_s: i64, body: &str) -> String {
    let signed = |key: &Zeroizing<Vec<u8>>| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length; qed");
        mac.update(format!("{id}.{timestamp_s}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    keys.iter().map(signed).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn agrees_with_the_reference() {
        let key = Zeroizing::new(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signature = sign(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_key_signs() {
        let keys = [Zeroizing::new(vec![1; 32]), Zeroizing::new(vec![2; 32])];
        let both = sign(&keys, "evt_1", 1, "{}");
        let single: Vec<_> = keys.iter().map(|key| sign(std::slice::from_ref(key), "evt_1", 1, "{}")).collect();
        assert_eq!(both, single.join(" "));
        assert!(new_secret().text.starts_with("whsec_"));
    }
}
