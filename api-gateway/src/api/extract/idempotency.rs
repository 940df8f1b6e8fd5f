//! `Idempotency-Key`: the caller's name for one write, so that repeating it is safe.

use crate::error::{Code, Error, Result};
use crate::ledger::RequestKey;
use crate::server::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::sync::Arc;

/// The header's name.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";

/// Longest key.
pub const IDEMPOTENCY_MAX_CHARS: usize = 255;

/// The key, and the endpoint it was used on.
#[derive(Clone, Debug)]
pub struct Idempotency {
    key: String,
    /// Method and path: the same key on another endpoint is another request.
    endpoint: String,
}

impl Idempotency {
    /// What the ledger remembers of this request. `scope`: the app, or the owner where no app exists yet.
    pub fn request_key(&self, scope: &str, body: &[u8]) -> RequestKey {
        RequestKey::new(scope, &self.key, &self.endpoint, body)
    }
}

impl FromRequestParts<Arc<AppState>> for Idempotency {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<AppState>) -> Result<Self> {
        let mut given = parts.headers.get_all(IDEMPOTENCY_HEADER).iter();
        let Some(value) = given.next() else {
            return Err(Error::new(
                Code::IdempotencyKeyMissing,
                "send Idempotency-Key with a text of your own that is unique to this write, for instance a UUID",
            ));
        };
        let key = value.to_str().unwrap_or_default();
        let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
        if given.next().is_some() || key.is_empty() || key.len() > IDEMPOTENCY_MAX_CHARS || !printable {
            return Err(Error::field(
                "header.Idempotency-Key",
                "format",
                format!("must be 1 to {IDEMPOTENCY_MAX_CHARS} printable ASCII characters without spaces, given once"),
            ));
        }
        Ok(Self { key: key.to_owned(), endpoint: format!("{} {}", parts.method, parts.uri.path()) })
    }
}
