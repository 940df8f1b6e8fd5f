//! Access tokens: JWT signed with EdDSA (RFC 8037), `kid` in the header, a life of minutes.
//!
//! The signing keys live in the database, sealed under the root key, so that all replicas accept each other's tokens
//! and a restart logs nobody out. The newest key signs; older ones verify until they are retired. Only `EdDSA` is
//! accepted: neither `none` nor a public key used as an HMAC secret gets through.

use crate::error::{Code, Error, Result};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// `aud`: what the tokens are for.
const AUDIENCE: &str = "hanse-api";

/// PKCS#8 wrapping of an Ed25519 seed (RFC 8410): always these bytes, then the seed.
const PKCS8_ED25519_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// What an access token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom: always `hanse-api`.
    pub aud: String,
    /// The owner's or user's id.
    pub sub: String,
    /// The session, which may be revoked before `exp`.
    pub sid: String,
    /// The app of a user; absent for an owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Issued at, unix seconds.
    pub iat: u64,
    /// Expires at, unix seconds.
    pub exp: u64,
}

/// An Ed25519 key with its id.
pub struct JwtKey {
    /// Key id: what the token's header names.
    pub kid: String,
    /// The private seed.
    pub seed: Zeroizing<[u8; 32]>,
}

/// Issues and verifies access tokens.
pub struct AccessTokens {
    issuer: String,
    ttl: Duration,
    signing_kid: String,
    signing: EncodingKey,
    verifying: HashMap<String, DecodingKey>,
    validation: Validation,
}

impl AccessTokens {
    /// `keys` from oldest to newest; the newest signs. None at all is an error.
    pub fn new(issuer: &str, ttl: Duration, keys: &[JwtKey]) -> Result<Self> {
        let newest = keys.last().ok_or_else(|| Error::internal("no key to sign access tokens with"))?;
        let mut der = Zeroizing::new(PKCS8_ED25519_PREFIX.to_vec());
        der.extend_from_slice(&newest.seed[..]);
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Issuer and verifier share a clock, or run on machines with NTP.
        validation.leeway = 5;
        Ok(Self {
            issuer: issuer.to_owned(),
            ttl,
            signing_kid: newest.kid.clone(),
            signing: EncodingKey::from_ed_der(&der),
            verifying: keys
                .iter()
                .map(|key| {
                    let public = ed25519_dalek::SigningKey::from_bytes(&key.seed).verifying_key();
                    (key.kid.clone(), DecodingKey::from_ed_der(public.as_bytes()))
                })
                .collect(),
            validation,
        })
    }

    /// Seconds until a token issued now expires.
    pub fn ttl_s(&self) -> u64 {
        self.ttl.as_secs()
    }

    /// A signed token for a principal's session.
    pub fn issue(&self, subject: &str, session: &str, app: Option<&str>) -> Result<String> {
        let now = unix_seconds();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: subject.to_owned(),
            sid: session.to_owned(),
            app: app.map(str::to_owned),
            iat: now,
            exp: now.saturating_add(self.ttl.as_secs()),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.signing_kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.signing).map_err(Error::internal)
    }

    /// Whether the token names one of our keys; true for what isn't a JWT at all.
    pub fn knows_key_of(&self, token: &str) -> bool {
        match jsonwebtoken::decode_header(token) {
            Ok(header) => header.kid.is_some_and(|kid| self.verifying.contains_key(&kid)),
            Err(_) => true,
        }
    }

    /// The claims of a genuine token that hasn't expired.
    pub fn verify(&self, token: &str) -> Result<Claims> {
        let invalid = || Error::new(Code::TokenInvalid, "the access token is damaged, forged, or of another issuer");
        let header = jsonwebtoken::decode_header(token).map_err(|error| invalid().caused_by(error))?;
        let key = header.kid.as_deref().and_then(|kid| self.verifying.get(kid)).ok_or_else(invalid)?;
        match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
            Ok(data) => Ok(data.claims),
            Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => {
                Err(Error::new(Code::TokenExpired, "the access token has expired; use the refresh token"))
            }
            Err(error) => Err(invalid().caused_by(error)),
        }
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kid: &str, byte: u8) -> JwtKey {
        JwtKey { kid: kid.to_owned(), seed: Zeroizing::new([byte; 32]) }
    }

    fn tokens(keys: &[JwtKey]) -> AccessTokens {
        AccessTokens::new("test", Duration::from_secs(60), keys).expect("builds")
    }

    #[test]
    fn issued_tokens_verify_and_old_keys_stay_good() {
        let old = tokens(&[key("a", 1)]);
        let token = old.issue("own_1", "ses_1", None).expect("issues");
        let new = tokens(&[key("a", 1), key("b", 2)]);
        assert_eq!(new.verify(&token).expect("verifies").sub, "own_1");
        assert!(new.issue("own_1", "ses_1", None).is_ok_and(|token| old.verify(&token).is_err()));
    }

    #[test]
    fn forgeries_are_refused() {
        let ours = tokens(&[key("a", 1)]);
        let theirs = tokens(&[key("a", 9)]);
        let token = theirs.issue("own_1", "ses_1", None).expect("issues");
        assert_eq!(ours.verify(&token).expect_err("forged").code(), Code::TokenInvalid);

        // `alg: none`, and HS256 with the public key as its secret.
        let genuine = ours.issue("own_1", "ses_1", None).expect("issues");
        let claims = genuine.split('.').nth(1).expect("three parts");
        let none = format!("eyJhbGciOiJub25lIiwia2lkIjoiYSJ9.{claims}.");
        assert_eq!(ours.verify(&none).expect_err("none").code(), Code::TokenInvalid);
        let public = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("a".into());
        let body = ours.verify(&genuine).expect("genuine");
        let hmac = jsonwebtoken::encode(&header, &body, &EncodingKey::from_secret(public.as_bytes())).expect("encodes");
        assert_eq!(ours.verify(&hmac).expect_err("hmac").code(), Code::TokenInvalid);
    }

    #[test]
    fn an_expired_token_says_so() {
        let ours = tokens(&[key("a", 1)]);
        let mut claims = ours.verify(&ours.issue("own_1", "ses_1", None).expect("issues")).expect("verifies");
        claims.exp = 1;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("a".into());
        let token = jsonwebtoken::encode(&header, &claims, &ours.signing).expect("encodes");
        assert_eq!(ours.verify(&token).expect_err("expired").code(), Code::TokenExpired);
    }
}
