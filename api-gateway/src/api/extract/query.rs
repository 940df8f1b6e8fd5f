//! Query parameters: no unknown or doubled ones, right types, named in the error.

use super::words;
use crate::error::{Code, Error, Result};
use crate::server::AppState;
use axum::extract::FromRequestParts;
use axum::extract::rejection::QueryRejection;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The parameters as `T`, which should deny unknown fields.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<AppState>> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<AppState>) -> Result<Self> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|rejection| explain(&rejection))
    }
}

/// The body text is `Failed to deserialize query string: <path>: <serde's message>`.
fn explain(rejection: &QueryRejection) -> Error {
    let text = rejection.body_text();
    let said = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
    let quoted = |prefix: &str| said.find(prefix).and_then(|at| said[at + prefix.len()..].split('`').next());
    if let Some(name) = quoted("unknown field `") {
        return Error::field(format!("query.{name}"), "unknown", "is not a parameter of this endpoint");
    }
    if let Some(name) = quoted("duplicate field `") {
        return Error::field(format!("query.{name}"), "duplicate", "is given twice");
    }
    if let Some(name) = quoted("missing field `") {
        return Error::field(format!("query.{name}"), "required", "is required");
    }
    match said.split_once(": ") {
        Some((name, fault)) => Error::field(format!("query.{name}"), "type", words::unreadable(fault)),
        None => Error::new(Code::MalformedRequest, "the query can't be read"),
    }
}
