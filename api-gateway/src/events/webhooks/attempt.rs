//! One POST.

use super::guard::{PublicOnly, check_url};
use super::signature::sign;
use crate::db::now_ms;
use crate::error::{Error, Result};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use reqwest::redirect::Policy;
use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The answer's status, when there was one.
    pub status: Option<u16>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

impl Attempt {
    /// Whether the receiver has taken it: any 2xx.
    pub fn succeeded(&self) -> bool {
        self.error.is_none()
    }

    /// Whether the receiver wants no more: 410.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// Sends. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    client: reqwest::Client,
    allow_private: bool,
}

impl Sender {
    /// With `allow_private`, also to addresses that are not public.
    ///
    /// # Errors
    /// When the system's TLS can't be set up.
    pub fn new(timeout: Duration, allow_private: bool) -> Result<Self> {
        let mut builder = reqwest::Client::builder().redirect(Policy::none()).timeout(timeout).no_proxy();
        if !allow_private {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        Ok(Self { client: builder.build().map_err(Error::internal)?, allow_private })
    }

    /// Sends one message, signed with each key.
    pub async fn send(&self, url: &str, keys: &[Zeroizing<Vec<u8>>], id: &str, body: String) -> Attempt {
        let began = Instant::now();
        // The operator's rule may be another than when the URL was given, and no resolver sees an address.
        if let Err(fault) = check_url(url, self.allow_private) {
            return Attempt { status: None, error: Some(format!("its URL {fault}")), duration_ms: 0 };
        }
        let timestamp_s = now_ms() / 1_000;
        let signature = sign(keys, id, timestamp_s, &body);
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("hanse-gateway/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp_s)
            .header(HeaderName::from_static("webhook-signature"), secret(&signature))
            .body(body);
        // The answer's body is nobody's business: it isn't read.
        let (status, error) = match request.send().await {
            Ok(answer) if answer.status().is_success() => (Some(answer.status().as_u16()), None),
            Ok(answer) => (Some(answer.status().as_u16()), Some(format!("it answered {}", answer.status().as_u16()))),
            Err(error) => (None, Some(reason(&error))),
        };
        Attempt { status, error, duration_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX) }
    }
}

impl Sender {
    /// Reads what is at a URL, of so many bytes at most: under the same rules by which messages are sent.
    ///
    /// # Errors
    /// Why it can't be had, for people.
    pub async fn fetch(&self, url: &str, most_bytes: usize) -> std::result::Result<Vec<u8>, String> {
        check_url(url, self.allow_private)?;
        let mut answer = self.client.get(url).send().await.map_err(|error| reason(&error))?;
        if !answer.status().is_success() {
            return Err(format!("it answered {}", answer.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| reason(&error))? {
            if bytes.len() + chunk.len() > most_bytes {
                return Err(format!("it is longer than {most_bytes} bytes"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

fn secret(signature: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(signature).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// What the app's people may know: its own receiver's fault, without addresses of the operator's network.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::PermissionDenied) {
            return "the host has no public address".to_owned();
        }
        source = inner.source();
    }
    if error.is_connect() { "no connection".to_owned() } else { "the connection broke".to_owned() }
}
