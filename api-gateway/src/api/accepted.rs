//! The answer to a write that the ledger has taken: 202 with the operation, and where to watch it.

use crate::error::{Error, Result};
use crate::ledger::{Accepted, Operation};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// An accepted write that makes a resource.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedResource<T> {
    /// What comes into being.
    #[serde(flatten)]
    pub resource: T,
    /// The operation that brings it onto the ledger.
    pub operation: Operation,
}

/// 202 with what was made and its operation. From the stored answer: a repeat gets what the first request made.
pub fn resource<T: Serialize + DeserializeOwned>(accepted: Accepted) -> Result<Response> {
    let resource: T = serde_json::from_value(accepted.resource).map_err(Error::internal)?;
    let id = accepted.operation.id.clone();
    Ok(answer(&id, AcceptedResource { resource, operation: accepted.operation }))
}

/// 202 with a body, and the operation's place in `Location`.
pub fn answer(operation: &str, body: impl Serialize) -> Response {
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/operations/{operation}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
