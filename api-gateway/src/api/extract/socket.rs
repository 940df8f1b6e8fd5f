//! Who opens a WebSocket. A browser can't set headers there, but it can name subprotocols.

use super::principal::{APP_HEADER, AnyScope, Bearer};
use crate::error::{Error, Result};
use crate::server::AppState;
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use std::sync::Arc;

/// Anybody of the app, and his token. As [`AnyScope`], and where a header is missing it may stand among the subprotocols:
/// `bearer.TOKEN`, `app.app_…`.
pub struct SocketScope {
    /// Who, in which app.
    pub scope: AnyScope,
    /// To check again that it holds.
    pub token: String,
}

impl FromRequestParts<Arc<AppState>> for SocketScope {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self> {
        for (header, prefix, scheme) in
            [(AUTHORIZATION, "bearer.", "Bearer "), (HeaderName::from_static(APP_HEADER), "app.", "")]
        {
            if let Some(value) =
                named(parts, prefix).and_then(|text| HeaderValue::from_str(&format!("{scheme}{text}")).ok())
                && !parts.headers.contains_key(&header)
            {
                parts.headers.insert(header, value);
            }
        }
        let scope = AnyScope::from_request_parts(parts, state).await?;
        let Bearer(token) = Bearer::from_request_parts(parts, state).await?;
        Ok(Self { scope, token })
    }
}

/// What follows the prefix in one of the subprotocols.
fn named(parts: &Parts, prefix: &str) -> Option<String> {
    let given = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    given
        .flat_map(|value| value.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(prefix))
        .map(str::to_owned)
}
