//! JSON bodies: the right media type, within the size and time limits, no unknown or doubled fields, right types.

use super::words;
use crate::error::{Code, Error, FieldError, Result};
use crate::server::AppState;
use crate::strict::Object;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use futures::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::sync::Arc;
use std::time::Duration;

/// A request's shape before its fields are checked. [`Unchecked::check`] finds every broken rule, not the first alone.
pub trait Unchecked: DeserializeOwned {
    /// The request with values of their own types.
    type Checked;

    /// Checks each field and collects what is wrong.
    fn check(self, checks: &mut Checks) -> Option<Self::Checked>;
}

/// Collects broken rules.
#[derive(Default)]
pub struct Checks {
    broken: Vec<FieldError>,
}

impl Checks {
    /// The longest list of broken rules in one answer: a bulk request may have a thousand.
    const MAX_REPORTED: usize = 20;

    /// The value, or nothing and a note of what is wrong.
    pub fn take<T>(&mut self, outcome: Result<T, FieldError>) -> Option<T> {
        outcome.map_err(|broken| self.broken.push(broken)).ok()
    }

    /// An optional field: absent is fine, present must keep its rule.
    pub fn optional<T, U>(
        &mut self,
        given: Option<T>,
        rule: impl FnOnce(T) -> Result<U, FieldError>,
    ) -> Option<Option<U>> {
        match given {
            None => Some(None),
            Some(value) => self.take(rule(value)).map(Some),
        }
    }

    /// Notes a broken rule.
    pub fn broken(&mut self, field: impl Into<String>, rule: &'static str, message: impl Into<String>) {
        self.broken.push(FieldError::new(field, rule, message));
    }

    /// The request, if nothing is wrong.
    pub fn finish<T>(mut self, checked: Option<T>) -> Result<T> {
        if self.broken.is_empty() {
            return checked.ok_or_else(|| Error::internal("a check failed without naming a field"));
        }
        self.broken.truncate(Self::MAX_REPORTED);
        Err(Error::fields(self.broken))
    }
}

/// A JSON body of the right shape, and the bytes it was read from. The service checks its fields.
pub struct Body<T> {
    /// The request.
    pub value: T,
    /// As received, for the idempotency key's fingerprint.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest<Arc<AppState>> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self> {
        Self::receive(request, state, state.config.server.body_limit_bytes).await
    }
}

impl<T: DeserializeOwned> Body<T> {
    async fn receive(request: Request, state: &Arc<AppState>, limit_bytes: usize) -> Result<Self> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !media_type.is_some_and(is_json) {
            return Err(Error::new(Code::UnsupportedMediaType, "send Content-Type: application/json"));
        }
        let patience = Duration::from_millis(state.config.server.body_timeout_ms);
        let bytes = tokio::time::timeout(patience, read(request.into_body(), limit_bytes))
            .await
            .map_err(|_| Error::new(Code::RequestTimeout, "the body did not arrive within the time limit"))??;
        Ok(Self { value: parse(&bytes)?, bytes })
    }
}

/// Of a body that is too large, this much more is taken in and thrown away: who is still sending when the connection closes
/// doesn't see the answer.
const DISCARDED_BYTES: usize = 8 * 1024 * 1024;

async fn read(body: axum::body::Body, limit_bytes: usize) -> Result<Bytes> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Error::new(Code::MalformedRequest, "the body was cut short"))?;
        length += chunk.len();
        if length <= limit_bytes {
            bytes.extend_from_slice(&chunk);
        } else if length > limit_bytes + DISCARDED_BYTES {
            break;
        }
    }
    if length > limit_bytes {
        return Err(Error::new(Code::BodyTooLarge, format!("the body may have at most {limit_bytes} bytes")));
    }
    Ok(bytes.into())
}

/// A JSON body whose fields are checked here, all of them.
pub struct Json<T: Unchecked> {
    /// The request.
    pub value: T::Checked,
    /// As received, for the idempotency key's fingerprint.
    pub bytes: Bytes,
}

impl<T: Unchecked> FromRequest<Arc<AppState>> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self> {
        Self::check(Body::<T>::from_request(request, state).await?)
    }
}

impl<T: Unchecked> Json<T> {
    fn check(body: Body<T>) -> Result<Self> {
        let Body { value, bytes } = body;
        let mut checks = Checks::default();
        let checked = value.check(&mut checks);
        checks.finish(checked).map(|value| Self { value, bytes })
    }
}

/// The same for requests with thousands of lines, within `server.job_body_limit_bytes`.
pub struct LargeJson<T: Unchecked>(pub Json<T>);

impl<T: Unchecked> FromRequest<Arc<AppState>> for LargeJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self> {
        let limit_bytes = state.config.server.job_body_limit_bytes;
        Json::check(Body::receive(request, state, limit_bytes).await?).map(Self)
    }
}

/// `application/json`, with parameters or not. Nothing else: a browser form can't send it across origins unasked.
fn is_json(media_type: &str) -> bool {
    media_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize::<_, Object<T>>(&mut reader).map_err(|error| {
        // What isn't JSON further on is told before what is wrong here.
        match serde_json::from_slice::<IgnoredAny>(bytes) {
            Err(syntax) => explain(".", &syntax),
            Ok(_) => explain(&error.path().to_string(), error.inner()),
        }
    })?;
    reader.end().map_err(|error| explain(".", &error))?;
    Ok(value.0)
}

/// serde_json's error as ours. Its texts are stable and name the field in backquotes.
fn explain(path: &str, error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let said = text.split(" at line ").next().unwrap_or(&text);
    if !error.is_data() {
        return Error::new(Code::MalformedJson, format!("{said} at line {}, column {}", error.line(), error.column()));
    }
    let (rule, named) = if let Some(rest) = said.strip_prefix("unknown field `") {
        ("unknown", rest.split('`').next())
    } else if let Some(rest) = said.strip_prefix("missing field `") {
        ("required", rest.split('`').next())
    } else if let Some(rest) = said.strip_prefix("duplicate field `") {
        ("duplicate", rest.split('`').next())
    } else if said.starts_with("invalid type") {
        ("type", None)
    } else {
        ("format", None)
    };
    // serde_path_to_error stops at the object for a missing field, and at the field for an unknown one.
    let base = if path == "." { "" } else { path };
    let field = match named {
        Some(name) if base.is_empty() => name.to_owned(),
        Some(name) if base == name || base.ends_with(&format!(".{name}")) => base.to_owned(),
        Some(name) => format!("{base}.{name}"),
        None if base.is_empty() => "body".to_owned(),
        None => base.to_owned(),
    };
    let message = match rule {
        "unknown" => "is not a field of this request".to_owned(),
        "required" => "is required".to_owned(),
        "duplicate" => "is given twice".to_owned(),
        // serde quotes the value, which may be a password: say what is expected and no more.
        _ => match said.rsplit_once(", expected ") {
            Some((_, expected)) => format!("must be {}", words::expected(expected)),
            None => said.to_owned(),
        },
    };
    Error::field(field, rule, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code)]
        name: String,
        #[allow(dead_code)]
        items: Option<Vec<Inner>>,
        #[allow(dead_code)]
        kind: Option<Kind>,
        #[allow(dead_code)]
        amount: Option<crate::db::Amount>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Small,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code)]
        amount: String,
    }

    #[test]
    fn the_error_names_field_and_rule() {
        for (body, field, rule) in [
            (r#"{"name":"a","nmae":1}"#, "nmae", "unknown"),
            (r#"{}"#, "name", "required"),
            (r#"{"name":5}"#, "name", "type"),
            (r#"{"name":"a","name":"b"}"#, "name", "duplicate"),
            (r#"{"name":"a","items":[{"amount":"1"},{"amount":2}]}"#, "items[1].amount", "type"),
            (r#"{"name":"a","items":[{}]}"#, "items[0].amount", "required"),
            (r#"{"name":"a","items":[{"amount":"1","x":1}]}"#, "items[0].x", "unknown"),
            (r#"{"name":"a","kind":"huge"}"#, "kind", "format"),
            (r#"{"name":"a","amount":"-1"}"#, "amount", "format"),
            (r#"{"name":"a","amount":1}"#, "amount", "type"),
            (r#"[]"#, "body", "type"),
            (r#"["a"]"#, "body", "type"),
            (r#"null"#, "body", "type"),
        ] {
            let error = parse::<Outer>(body.as_bytes()).expect_err(body);
            assert_eq!(error.code(), Code::ValidationFailed, "{body}: {error}");
            let [broken] = error.field_errors() else { panic!("{body}: {error:?}") };
            assert_eq!((broken.field.as_str(), &*broken.rule), (field, rule), "{body}: {broken:?}");
        }
    }

    #[test]
    fn the_error_does_not_quote_the_value() {
        for (body, message) in [
            (r#"{"name":123456}"#, "must be a string"),
            (r#"{"name":["hunter2"]}"#, "must be a string"),
            (r#"{"name":"a","items":"hunter2, expected nothing"}"#, "must be a list"),
            (r#"{"name":"a","kind":"hunter2"}"#, "must be `small`"),
        ] {
            let error = parse::<Outer>(body.as_bytes()).expect_err(body);
            assert_eq!(error.field_errors()[0].message, message, "{body}");
        }
    }

    #[test]
    fn broken_json_says_where() {
        for body in ["", "{", "{\"name\":}", "{\"name\":\"a\"} x", "{} {}", "\u{feff}{}", "{\"name\":\"a\",}"] {
            let error = parse::<Outer>(body.as_bytes()).expect_err(body);
            assert_eq!(error.code(), Code::MalformedJson, "{body}: {error}");
        }
        assert_eq!(parse::<Outer>(b"{\"name\":\"\xff\"}").expect_err("not UTF-8").code(), Code::MalformedJson);
        // Depth is bounded by serde_json (128): no stack overflow.
        for deep in ["[".repeat(100_000), format!("{{\"name\":{}", "[".repeat(100_000))] {
            assert_eq!(parse::<Outer>(deep.as_bytes()).expect_err("deep").code(), Code::MalformedJson);
        }
    }
}
