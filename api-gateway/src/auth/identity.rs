//! Tokens of other issuers: the ID tokens of an app's identity provider (OpenID Connect), verified by the keys that it
//! publishes (JWKS, RFC 7517).
//!
//! # Invariants
//! - Public keys alone verify: a token that names an HMAC algorithm is refused whatever its key.
//! - Keys are fetched as webhooks are sent: from public addresses only, unless the operator allows others.
//! - A token with an unknown key makes the keys be fetched anew, but not more often than [`REFETCH`]: nobody can use this gateway
//!   to flood a provider.

use crate::error::{Code, Error, Result};
use crate::events::webhooks::Sender;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long fetched keys are believed.
const BELIEVED_FOR: Duration = Duration::from_secs(600);

/// Least time between two fetches from one provider.
const REFETCH: Duration = Duration::from_secs(30);

/// Bytes of a key set at most.
const MAX_BYTES: usize = 64 * 1024;

/// Providers remembered at most.
const MAX_PROVIDERS: usize = 10_000;

/// Algorithms whose keys are public.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Who signs.
#[derive(Clone, Debug)]
pub struct Provider {
    /// `iss`.
    pub issuer: String,
    /// `aud`: the app's client id there.
    pub audience: String,
    /// Where its keys are.
    pub jwks_url: String,
}

/// What a token says of its subject.
#[derive(Clone, Debug, Deserialize)]
pub struct Identity {
    /// The provider's own name for the user.
    pub sub: String,
    /// The address, as far as the provider vouches for it.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the provider has had it confirmed.
    #[serde(default)]
    pub email_verified: bool,
    /// What to call the user.
    #[serde(default)]
    pub name: Option<String>,
}

struct Fetched {
    at: Instant,
    keys: Option<Arc<JwkSet>>,
}

/// Verifies tokens, and remembers the keys.
pub struct Identities {
    sender: Sender,
    fetched: Mutex<HashMap<String, Arc<Mutex<Option<Fetched>>>>>,
}

impl Identities {
    /// `sender` fetches the keys.
    pub fn new(sender: Sender) -> Self {
        Self { sender, fetched: Mutex::default() }
    }

    /// What a good token says.
    ///
    /// # Errors
    /// `credentials_invalid` for a token that isn't good; `unavailable` when the provider's keys can't be had.
    pub async fn verify(&self, provider: &Provider, token: &str) -> Result<Identity> {
        let wrong = || Error::new(Code::CredentialsInvalid, "the ID token is damaged, expired, or not for this app");
        let header = jsonwebtoken::decode_header(token).map_err(|error| wrong().caused_by(error))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(wrong());
        }
        let keys = self.keys(&provider.jwks_url, header.kid.as_deref()).await?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&provider.issuer]);
        validation.set_audience(&[&provider.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        let fits = |key: &&jsonwebtoken::jwk::Jwk| header.kid.is_none() || key.common.key_id == header.kid;
        for key in keys.keys.iter().filter(fits) {
            let Ok(key) = DecodingKey::from_jwk(key) else { continue };
            if let Ok(data) = jsonwebtoken::decode::<Identity>(token, &key, &validation) {
                return Ok(data.claims);
            }
        }
        Err(wrong())
    }

    /// The provider's keys; fetched anew when they are old, or none of them has this id.
    async fn keys(&self, url: &str, kid: Option<&str>) -> Result<Arc<JwkSet>> {
        let slot = {
            let mut all = self.fetched.lock().await;
            if all.len() >= MAX_PROVIDERS {
                all.clear();
            }
            all.entry(url.to_owned()).or_default().clone()
        };
        // One fetch at a time for each provider; the others wait for what it brings.
        let mut fetched = slot.lock().await;
        let known = |keys: &JwkSet| kid.is_none_or(|kid| keys.find(kid).is_some());
        if let Some(Fetched { at, keys }) = fetched.as_ref() {
            let (age, fits) = (at.elapsed(), keys.as_deref().is_some_and(known));
            if age < REFETCH || (age < BELIEVED_FOR && fits) {
                return keys.clone().ok_or_else(away);
            }
        }
        let keys = self.fetch(url).await;
        let before = fetched.take().and_then(|fetched| fetched.keys);
        // A provider that is away for a moment does not take its keys along.
        let kept = keys.or(before);
        *fetched = Some(Fetched { at: Instant::now(), keys: kept.clone() });
        kept.ok_or_else(away)
    }

    async fn fetch(&self, url: &str) -> Option<Arc<JwkSet>> {
        let bytes = match self.sender.fetch(url, MAX_BYTES).await {
            Ok(bytes) => bytes,
            Err(reason) => {
                tracing::warn!(url, reason, "an identity provider's keys can't be fetched");
                return None;
            }
        };
        // A key of a kind that we don't know must not hide the others.
        let set: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        let keys = set["keys"].as_array()?.iter().take(100).cloned();
        let keys: Vec<_> = keys.filter_map(|key| serde_json::from_value(key).ok()).collect();
        Some(Arc::new(JwkSet { keys }))
    }
}

fn away() -> Error {
    Error::new(Code::Unavailable, "the app's identity provider gives no keys just now")
}
