//! `/health`: for load balancers and orchestrators.

use crate::server::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Whether the process works.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Live {
    /// Always `live`.
    #[schema(example = "live")]
    status: &'static str,
    /// The gateway's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Whether the gateway can do its work, part by part.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// `ready`; `degraded` without the right node: writes are accepted and wait; `unavailable` without the database.
    #[schema(example = "ready")]
    status: &'static str,
    /// Whether the database answers.
    database: bool,
    /// Whether the node answers and is of the right chain.
    node: bool,
    /// Why the node is not followed (another chain id or genesis), when that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// Blocks that the cache is behind the node.
    lag_blocks: u64,
    /// Operations stored and not yet in a block, as counted every two seconds.
    open_operations: u64,
    /// Differences between cache and chain that the verifier has found and repaired. 0 is the only good value.
    mismatches: u64,
}

/// The process works. Restart it when this doesn't answer.
#[utoipa::path(
    get, path = "/health/live", tag = "health", operation_id = "getLive",
    responses((status = 200, description = "It works", body = Live)),
)]
pub async fn live() -> Json<Live> {
    Json(Live { status: "live", version: env!("CARGO_PKG_VERSION") })
}

/// The gateway can take requests. 503 without the database. Without the node it stays ready, because writes are
/// accepted and wait: `status` says `degraded`.
#[utoipa::path(
    get, path = "/health/ready", tag = "health", operation_id = "getReady",
    responses(
        (status = 200, description = "Send requests here", body = Ready),
        (status = 503, description = "Send no requests here", body = Ready),
    ),
)]
pub async fn ready(State(state): State<Arc<AppState>>) -> (StatusCode, Json<Ready>) {
    let network = state.ledger.glance().await.ok();
    let database = network.is_some();
    let problem = network.as_ref().and_then(|network| network.problem.clone());
    let node = problem.is_none() && network.as_ref().is_some_and(|network| network.node_reachable);
    let (code, status) = match (database, node) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (true, false) => (StatusCode::OK, "degraded"),
        (true, true) => (StatusCode::OK, "ready"),
    };
    let ready = Ready {
        status,
        database,
        node,
        problem,
        lag_blocks: network.as_ref().map_or(0, |network| network.lag_blocks),
        open_operations: network.as_ref().map_or(0, |network| network.open_operations),
        mismatches: network.as_ref().map_or(0, |network| network.mismatches),
    };
    (code, Json(ready))
}
