//! `/operations`: what has become of a write.

use super::extract::{AnyScope, OperationPath, Query};
use super::limits::Place;
use crate::db::Page;
use crate::error::Result;
use crate::ledger::Operation;
use crate::server::AppState;
use crate::services::operations::{self, ListQuery, WaitQuery};
use axum::extract::State;
use axum::{Extension, Json};
use hanse_proof::Proof;
use std::sync::Arc;

/// One operation; with `wait`, once it has got that far or the time is over. A user sees its own alone.
#[utoipa::path(
    get, path = "/api/v1/operations/{operation}", tag = "operations", operation_id = "getOperation",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("operation" = String, Path, description = "`op_…`"),
        WaitQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The operation as it stands", body = Operation)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Extension(place): Extension<Place>,
    OperationPath(operation): OperationPath,
    Query(query): Query<WaitQuery>,
) -> Result<Json<Operation>> {
    if query.wait.is_some() {
        place.give_back();
    }
    operations::wait(&state.ledger, &scope.app, &scope.actor, &operation, &query).await.map(Json)
}

/// What shows to anybody that an operation is final: the transaction, its receipt, and the votes of the validators.
/// `hanse-gateway verify-proof` checks it with nothing but the hash of the chain's genesis.
#[utoipa::path(
    get, path = "/api/v1/operations/{operation}/proof", tag = "operations", operation_id = "getOperationProof",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("operation" = String, Path, description = "`op_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The proof", body = Proof)),
)]
pub async fn proof(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    OperationPath(operation): OperationPath,
) -> Result<Json<Proof>> {
    operations::proof(&state.ledger, &scope.app, &scope.actor, &operation).await.map(Json)
}

/// The app's operations, newest first. A user sees its own alone.
#[utoipa::path(
    get, path = "/api/v1/operations", tag = "operations", operation_id = "listOperations",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ListQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of operations", body = Page<Operation>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Operation>>> {
    operations::list(&state.db, &scope.app, &scope.actor, &query).await.map(Json)
}
