//! `/events`: what happened, read or listened to.

use super::extract::{AnyScope, Bearer, EventPath, Query, SocketScope};
use super::limits::Place;
use crate::auth::Principal;
use crate::db::{Page, cursor};
use crate::error::{Code, Error, Result};
use crate::events::{Event, Stored, Subscription};
use crate::server::AppState;
use crate::services::events::{self, EventsQuery, StreamQuery};
use crate::services::members;
use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Interval, MissedTickBehavior};

/// The protocol that a WebSocket speaks here.
pub const SOCKET_PROTOCOL: &str = "hanse.events.v1";

/// What happened, oldest first. There always is a `nextCursor`: ask again with it for what has happened since.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "events", operation_id = "listEvents",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        EventsQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "A page of events", body = Page<Event>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Query(query): Query<EventsQuery>,
) -> Result<axum::Json<Page<Event>>> {
    events::list(&state.db, &scope.app, &scope.actor, &query).await.map(axum::Json)
}

/// One event.
#[utoipa::path(
    get, path = "/api/v1/events/{event}", tag = "events", operation_id = "getEvent",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("event" = String, Path, description = "`evt_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The event", body = Event)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    EventPath(event): EventPath,
) -> Result<axum::Json<Event>> {
    events::get(&state.db, &scope.app, &scope.actor, &event).await.map(axum::Json)
}

/// Listen to events by Server-Sent Events. Each message has a cursor as its `id`: send the last one as `Last-Event-ID`,
/// as browsers do by themselves, or as `cursor`, and nothing is missed. Idle streams send a comment now and then.
#[utoipa::path(
    get, path = "/api/v1/events/stream", tag = "events", operation_id = "streamEvents",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Last-Event-ID" = Option<String>, Header, description = "A cursor; goes before the query's"),
        StreamQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "`data` of each message is an event", body = String, content_type = "text/event-stream")),
)]
pub async fn stream(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    Bearer(token): Bearer,
    Query(mut query): Query<StreamQuery>,
    Extension(place): Extension<Place>,
    headers: HeaderMap,
) -> Result<Response> {
    if let Some(last) = headers.get("last-event-id") {
        let wrong = |_| Error::field("header.Last-Event-ID", "format", "must be a cursor of this list");
        query.cursor = Some(last.to_str().map_err(wrong)?.to_owned());
    }
    let listener = Listener::new(&state, scope, token, &query).await?;
    place.give_back();
    let messages = stream::unfold(listener, |mut listener| async move {
        let message = match listener.next().await? {
            Some(event) => SseEvent::default().id(cursor(&event.sequence.to_string())).data(event.json()),
            None => SseEvent::default().comment(""),
        };
        Some((Ok::<_, Infallible>(message), listener))
    });
    Ok(Sse::new(messages).into_response())
}

/// Listen to events by WebSocket. Each text message is `{"cursor": …, "event": …}`. A browser, which can't set headers,
/// gives its token as subprotocols: `hanse.events.v1`, `bearer.TOKEN`, and an owner `app.app_…`.
#[utoipa::path(
    get, path = "/api/v1/events/socket", tag = "events", operation_id = "openEventSocket",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        StreamQuery,
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 101, description = "The connection is a WebSocket now (RFC 6455)")),
)]
pub async fn socket(
    State(state): State<Arc<AppState>>,
    SocketScope { scope, token }: SocketScope,
    Query(query): Query<StreamQuery>,
    Extension(place): Extension<Place>,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    let upgrade = upgrade.map_err(|_| Error::new(Code::UpgradeRequired, "open it as a WebSocket (RFC 6455)"))?;
    let listener = Listener::new(&state, scope, token, &query).await?;
    place.give_back();
    // Nothing is expected from the other side but control messages.
    let upgrade = upgrade.protocols([SOCKET_PROTOCOL]).max_message_size(4_096);
    Ok(upgrade.on_upgrade(move |socket| converse(socket, listener)))
}

async fn converse(mut socket: WebSocket, mut listener: Listener) {
    loop {
        let message = tokio::select! {
            next = listener.next() => match next {
                Some(Some(event)) => {
                    let cursor = cursor(&event.sequence.to_string());
                    Message::Text(format!(r#"{{"cursor":"{cursor}","event":{}}}"#, event.json()).into())
                }
                Some(None) => Message::Ping(Vec::new().into()),
                None => {
                    let code = close_code::AGAIN;
                    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: "resume".into() }))).await;
                    return;
                }
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// Somebody who listens, for as long as his token holds and the gateway runs.
struct Listener {
    state: Arc<AppState>,
    token: String,
    app: String,
    subscription: Subscription,
    heartbeat: Interval,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    async fn new(state: &Arc<AppState>, scope: AnyScope, token: String, query: &StreamQuery) -> Result<Self> {
        let full = |_| Error::new(Code::Unavailable, "too many streams at once");
        let place = state.stream_places.clone().try_acquire_owned().map_err(full)?;
        let tail = state.ledger.tail();
        let subscription = events::subscribe(&state.db, tail, &scope.app, &scope.actor, query).await?;
        let mut heartbeat = tokio::time::interval(Duration::from_millis(state.config.events.heartbeat_ms));
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { state: state.clone(), token, app: scope.app, subscription, heartbeat, _place: place })
    }

    /// Whether the token is good yet, and an owner is something in the app yet.
    async fn still_holds(&self) -> bool {
        match self.state.auth.authenticate(&self.token).await {
            Ok(Principal::Owner { id, .. }) => members::role(&self.state.db, &id, &self.app).await.is_ok(),
            authenticated => authenticated.is_ok(),
        }
    }

    /// The next event; `Some(None)`: it is time for a sign of life; `None`: it is over.
    async fn next(&mut self) -> Option<Option<Arc<Stored>>> {
        let mut stopping = self.state.stopping.clone();
        tokio::select! {
            event = self.subscription.next() => match event {
                Ok(event) => Some(Some(event)),
                Err(error) => {
                    tracing::debug!(%error, "a stream ends; it can be resumed");
                    None
                }
            },
            _ = self.heartbeat.tick() => self.still_holds().await.then_some(None),
            () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => None,
        }
    }
}
