//! Events: read, and listened to.

use crate::db::{Db, Page, PageQuery, cursor};
use crate::error::{Error, Result};
use crate::events::{self, Event, Kind, Scope, Subscription, Tail};
use crate::services::Actor;
use serde::Deserialize;
use utoipa::IntoParams;

/// Query of `GET /events`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Only of these kinds, with commas between: `transfer.finalized,operation.*`.
    #[param(example = "transfer.*")]
    pub types: Option<String>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before; the oldest event that is kept when absent.
    pub cursor: Option<String>,
}

/// Query of a stream of events.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Only of these kinds, with commas between: `transfer.finalized,operation.*`.
    #[param(example = "transfer.*")]
    pub types: Option<String>,
    /// After which event to begin; with what happens from now on when absent.
    pub cursor: Option<String>,
}

/// The app's events, oldest first; for a user those about him. Unlike other lists it always has a `nextCursor`: what
/// happens later comes after it.
///
/// # Errors
/// A bad query.
pub async fn list(db: &Db, app: &str, actor: &Actor, query: &EventsQuery) -> Result<Page<Event>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor.clone() };
    let (limit, after) = (page.limit()?, page.number()?.unwrap_or(0));
    let stored = events::list(db, &scope(app, actor, query.types.as_deref())?, after, limit).await?;
    let last = stored.last().map_or(after, |event| event.sequence);
    Ok(Page {
        items: stored.iter().map(Event::try_from).collect::<Result<_>>()?,
        next_cursor: Some(cursor(&last.to_string())),
    })
}

/// One event.
///
/// # Errors
/// 404.
pub async fn get(db: &Db, app: &str, actor: &Actor, id: &str) -> Result<Event> {
    let stored = events::find(db, &scope(app, actor, None)?, id).await?;
    Event::try_from(&stored.ok_or_else(|| Error::not_found("event"))?)
}

/// Listens from the query's cursor on, or from now.
///
/// # Errors
/// A bad query.
pub async fn subscribe(db: &Db, tail: &Tail, app: &str, actor: &Actor, query: &StreamQuery) -> Result<Subscription> {
    let scope = scope(app, actor, query.types.as_deref())?;
    let page = PageQuery { limit: None, cursor: query.cursor.clone() };
    Subscription::new(db, tail, scope, page.number()?).await
}

fn scope(app: &str, actor: &Actor, types: Option<&str>) -> Result<Scope> {
    let mut kinds = Vec::new();
    for text in types.into_iter().flat_map(|types| types.split(',')) {
        let named = Kind::named(text);
        if named.is_empty() {
            return Err(Error::field(
                "query.types",
                "format",
                "must be kinds of events such as transfer.finalized or operation.*",
            ));
        }
        kinds.extend(named);
    }
    Ok(Scope { app_id: app.to_owned(), user_id: actor.user_id().map(str::to_owned), kinds })
}
