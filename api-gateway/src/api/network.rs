//! `/network`: the chain as the gateway sees it.

use super::extract::Caller;
use crate::error::Result;
use crate::ledger::Network;
use crate::server::AppState;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// The chain as the gateway sees it: best, finalized and verified blocks, and how far the cache is behind.
#[utoipa::path(
    get, path = "/api/v1/network", tag = "network", operation_id = "getNetwork",
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The network", body = Network)),
)]
pub async fn get(State(state): State<Arc<AppState>>, _: Caller) -> Result<Json<Network>> {
    state.ledger.network().await.map(Json)
}
