//! What surrounds every request: its id, its log line and metrics, panics, and the limits of time and number.
//!
//! ```text
//! request ─► context (id, span, metrics) ─► panic guard ─► trail (audit) ─► admission ─► time limit ─► route
//! ```
//!
//! The size limit stands where bodies are read (`extract::body`).

use super::client;
use crate::auth::rates::Standing;
use crate::error::{Code, Error};
use crate::server::AppState;
use crate::telemetry::{REQUEST_ID, REQUEST_ID_HEADER, accepted_request_id};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

/// Gives the request its id, opens its span, and counts it.
pub async fn context(request: Request, next: Next) -> Response {
    let header = HeaderName::from_static(REQUEST_ID_HEADER);
    let given = request.headers().get(&header).and_then(|value| value.to_str().ok());
    let id = accepted_request_id(given);
    let method = request.method().clone();
    let path = request.uri().path();
    let documentation = path.starts_with("/docs") || path == super::OPENAPI_PATH;
    // The pattern, not the path: ids would make a metric each.
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let span = tracing::error_span!("request", requestId = %id, %method, route, principal = tracing::field::Empty);
    let _in_flight = InFlight::enter();
    let since = Instant::now();
    let mut response = REQUEST_ID
        .scope(
            id.clone(),
            async move {
                let response = next.run(request).await;
                tracing::debug!(status = response.status().as_u16(), "answered");
                response
            }
            .instrument(span),
        )
        .await;
    let status = response.status().as_u16().to_string();
    let method = method_label(&method);
    let labels = [("method", method.to_owned()), ("route", route.clone()), ("status", status)];
    metrics::counter!("hanse_gateway_http_requests_total", &labels).increment(1);
    metrics::histogram!("hanse_gateway_http_request_seconds", "method" => method, "route" => route)
        .record(since.elapsed());
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(header, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Balances and credentials are nobody's to keep; the documentation may be.
    if !documentation {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The method in metrics. HTTP lets callers make up their own; those are one label together.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}

/// Counts down even when the caller hangs up and the request is dropped.
struct InFlight(metrics::Gauge);

impl InFlight {
    fn enter() -> Self {
        let gauge = metrics::gauge!("hanse_gateway_http_requests_in_flight");
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// A panic in a handler is a bug of ours: 500 with the request's id, the message in the log alone.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    metrics::counter!("hanse_gateway_panics_total").increment(1);
    let message = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a panic without a message".to_owned());
    Error::internal(message).into_response()
}

/// A request's place among those that are worked on at once.
#[derive(Clone)]
pub struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Place {
    /// Gives the place back before the request ends: one that only waits for the chain keeps no other from working.
    pub fn give_back(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// What a request has used of its caller's rate, noted by whoever finds out who is calling.
#[derive(Clone, Default)]
pub struct Meter(Arc<OnceLock<Option<Standing>>>);

impl Meter {
    /// Whether the request has been counted.
    pub fn is_read(&self) -> bool {
        self.0.get().is_some()
    }

    /// Where the caller stands now.
    pub fn note(&self, standing: Option<Standing>) {
        let _ = self.0.set(standing);
    }
}

/// Tells callers where they stand (draft-ietf-httpapi-ratelimit-headers).
pub async fn rate(mut request: Request, next: Next) -> Response {
    let meter = Meter::default();
    request.extensions_mut().insert(meter.clone());
    let mut response = next.run(request).await;
    if let Some(Standing { policy, rate, remaining, reset_s }) = meter.0.get().copied().flatten() {
        let window_s = u64::from(rate.burst).div_ceil(u64::from(rate.per_second)).max(1);
        for (name, value) in [
            ("ratelimit-policy", format!("\"{policy}\";q={};w={window_s}", rate.burst)),
            ("ratelimit", format!("\"{policy}\";r={remaining};t={reset_s}")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
    }
    response
}

/// Where anybody may send a body, without a token.
pub(super) const OPEN_PATHS: [&str; 10] = [
    "/api/v1/owners",
    "/api/v1/owners/password-resets",
    "/api/v1/owners/password-resets/confirm",
    "/api/v1/owners/verifications",
    "/api/v1/owners/verifications/confirm",
    "/api/v1/sessions",
    "/api/v1/sessions/challenges",
    "/api/v1/sessions/identity",
    "/api/v1/sessions/refresh",
    "/api/v1/sessions/wallet",
];

/// What anybody may ask for, without a token: where he may send a body, and how an app shows itself.
fn is_open(request: &Request) -> bool {
    let path = request.uri().path();
    match *request.method() {
        Method::POST => OPEN_PATHS.contains(&path),
        Method::GET => path.starts_with("/api/v1/apps/") && path.ends_with("/branding"),
        _ => false,
    }
}

/// Turns away what exceeds the number of requests at once: an honest 503 now beats an answer too late for all.
/// Health is asked even then: a busy gateway must not be taken for a dead one. What anybody may send has few places of
/// its own: slow bodies and floods of logins leave the others alone.
pub async fn admission(State(state): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/health/") {
        return next.run(request).await;
    }
    let open = is_open(&request);
    if open
        && let Some(address) = client::address(request.headers(), request.extensions(), &state.config)
        && let Err(error) = state.rates.count_stranger(address)
    {
        return error.into_response();
    }
    let places = if open { &state.open_admission } else { &state.admission };
    match places.clone().try_acquire_owned() {
        Ok(permit) => {
            let place = Place(Arc::new(Mutex::new(Some(permit))));
            request.extensions_mut().insert(place.clone());
            let response = next.run(request).await;
            place.give_back();
            response
        }
        Err(_) => Error::new(Code::Unavailable, "too many requests at once; nothing was done").into_response(),
    }
}

/// Ends a request that takes too long.
pub async fn time_limit(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(state.config.server.request_timeout(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::new(
            Code::Timeout,
            "no answer within the time limit; repeat the request with the same Idempotency-Key to learn its outcome",
        )
        .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    #[test]
    fn made_up_methods_are_one_label() {
        assert_eq!(method_label(&Method::GET), "GET");
        assert_eq!(method_label(&Method::from_bytes(b"GETT").unwrap()), "OTHER");
    }

    #[test]
    fn the_open_paths_are_those_of_the_document() {
        let document: serde_json::Value = serde_json::from_str(&crate::api::document_json().unwrap()).unwrap();
        let open: Vec<&str> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, item)| item["post"].is_object() && item["post"]["security"].is_null())
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(open, OPEN_PATHS);
    }

    #[tokio::test]
    async fn a_panic_becomes_a_problem_that_tells_nothing() {
        async fn handler() -> &'static str {
            panic!("the secret is hunter2")
        }
        let router: Router = Router::new()
            .route("/panics", get(handler))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn(context));
        let request = Request::get("/panics").header(REQUEST_ID_HEADER, "mine").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("\"requestId\":\"mine\"") && text.contains("\"code\":\"internal\""), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
