//! What of a request goes into the audit log (see [`crate::audit`]).

use super::client;
use crate::audit::Entry;
use crate::auth::Principal;
use crate::error::{Code, Error};
use crate::server::AppState;
use crate::telemetry::REQUEST_ID;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::Instrument as _;

/// Who is calling and about which app, noted by whoever finds it out.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<Mutex<Found>>);

#[derive(Clone, Debug, Default)]
struct Found {
    actor: Option<(&'static str, String)>,
    app: Option<String>,
}

impl Trail {
    /// Who is calling.
    pub fn principal(&self, principal: &Principal) {
        let (kind, id, app) = match principal {
            Principal::Owner { id, .. } => ("owner", id, None),
            Principal::ServerKey { id, app, .. } => ("serverKey", id, Some(app)),
            Principal::User { id, app, .. } => ("user", id, Some(app)),
        };
        self.actor(kind, id.clone(), app.cloned());
    }

    /// Who has just logged in.
    pub fn actor(&self, kind: &'static str, id: String, app: Option<String>) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.actor = Some((kind, id));
        found.app = app;
    }

    /// The owner's app that is meant.
    pub fn app(&self, app: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).app = Some(app.to_owned());
    }
}

/// Operations tell these, and there are thousands a second.
const UNRECORDED: [&str; 1] = ["/api/v1/tokens/{token}/transfers"];

/// Records what changes something. Such a request is finished even when its caller hangs up, so that nothing is done that
/// isn't recorded.
pub async fn record(State(state): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let Some(route) = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()) else {
        return next.run(request).await;
    };
    if request.method() == Method::GET || UNRECORDED.contains(&route.as_str()) {
        return next.run(request).await;
    }
    let trail = Trail::default();
    request.extensions_mut().insert(trail.clone());
    let action = format!("{} {}", request.method(), route.trim_start_matches("/api/v1"));
    let path = request.uri().path().to_owned();
    let address = client::address(request.headers(), request.extensions(), &state.config);
    let request_id = REQUEST_ID.try_with(Clone::clone).unwrap_or_default();
    let id = request_id.clone();
    let work = async move {
        let response = next.run(request).await;
        let Found { actor, app } = trail.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((actor_kind, actor_id)) = actor else { return response };
        let entry = Entry {
            app_id: app,
            owner_id: (actor_kind == "owner").then(|| actor_id.clone()),
            actor_kind,
            actor_id,
            action,
            path,
            status: response.status().as_u16(),
            request_id: id,
            address: address.map(|address| address.to_string()),
        };
        if let Err(error) = state.audit.write(entry.clone()).await {
            metrics::counter!("hanse_gateway_audit_entries_lost_total").increment(1);
            tracing::error!(%error, ?entry, "an entry is missing in the audit log");
        }
        response
    };
    let task = tokio::spawn(REQUEST_ID.scope(request_id, work.in_current_span()));
    match task.await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            // The guard around all routes makes the answer.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Error::new(Code::Unavailable, "the gateway is shutting down").into_response(),
        },
    }
}
