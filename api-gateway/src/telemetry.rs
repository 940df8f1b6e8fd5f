//! Logs, the request's id, and metrics.
//!
//! One event is one line: JSON for machines, readable on a terminal. Every line of a request carries its `requestId`,
//! the one that the caller sees in `X-Request-Id` and in a problem document. Authorization headers, bodies, passwords
//! and keys are never logged.

use crate::config::{Log, LogFormat};
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use uuid::Uuid;

/// The header with the request's id, in requests and answers.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// Seconds: from well under an accept (3 ms) to a long poll.
const LATENCY_BUCKETS_S: [f64; 15] =
    [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0, 30.0];

tokio::task_local! {
    /// The id of the request that this task works on.
    pub static REQUEST_ID: String;
}

/// The id of the request under way, or a fresh one outside of any.
pub fn current_request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_else(|_| new_request_id())
}

/// `req_` and a UUIDv7.
pub fn new_request_id() -> String {
    format!("req_{}", Uuid::now_v7())
}

/// A caller's own id is kept when it is harmless: 1 to 64 letters, digits, `-`, `_`, `.`.
pub fn accepted_request_id(given: Option<&str>) -> String {
    let harmless = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    given.filter(harmless).map_or_else(new_request_id, str::to_owned)
}

/// Starts logging for the process. A second call (tests) changes nothing.
pub fn init_logs(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let json = match log.format {
        LogFormat::Json => true,
        LogFormat::Pretty => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let outcome = if json {
        registry.with(layer.json().flatten_event(true).with_current_span(true).with_span_list(false)).try_init()
    } else {
        registry.with(layer).try_init()
    };
    if outcome.is_err() {
        tracing::debug!("logging runs already");
    }
}

/// Installs the process's metrics recorder, once, and returns its handle.
pub fn metrics_handle() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &LATENCY_BUCKETS_S)
            .expect("the list of buckets is not empty; qed")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; ours stays empty");
        }
        describe();
        handle
    })
}

fn describe() {
    describe_counter!("hanse_gateway_http_requests_total", "Requests by method, route and status");
    describe_histogram!("hanse_gateway_http_request_seconds", Unit::Seconds, "Time to answer, by method and route");
    describe_gauge!("hanse_gateway_http_requests_in_flight", "Requests being worked on");
    describe_counter!("hanse_gateway_problems_total", "Problem documents by code");
    describe_counter!("hanse_gateway_panics_total", "Handlers that panicked; each is a bug");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_request_ids_are_kept() {
        assert_eq!(accepted_request_id(Some("abc-1.2_x")), "abc-1.2_x");
        for bad in ["", "a b", "x\n", "<script>", &"a".repeat(65)] {
            assert!(accepted_request_id(Some(bad)).starts_with("req_"), "{bad}");
        }
    }
}
