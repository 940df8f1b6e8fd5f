//! Cursor pagination: `{items, nextCursor}`.

use super::QueryBuilder;
use crate::error::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One page of a list, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Which page is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// In which direction a list goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

impl Order {
    /// What stands between a position and the cursor's.
    pub fn comparison(self) -> &'static str {
        match self {
            Self::Newest => " < ",
            Self::Oldest => " > ",
        }
    }

    /// What stands behind a column in `ORDER BY`.
    pub fn direction(self) -> &'static str {
        match self {
            Self::Newest => " DESC",
            Self::Oldest => "",
        }
    }
}

/// Which page of a list by time is wanted, in either direction.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderedPageQuery {
    /// `newest` first when absent.
    #[param(inline)]
    pub order: Option<Order>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

impl OrderedPageQuery {
    /// The same without the direction.
    pub fn page(&self) -> PageQuery {
        PageQuery { limit: self.limit, cursor: self.cursor.clone() }
    }

    /// Ends a statement whose last condition has just been added: the rows of this page by their id, which begins with
    /// its time, and one more that says that there is a next page. Gives the limit for [`Page::cut`].
    ///
    /// # Errors
    /// As [`PageQuery::limit`] and [`PageQuery::after`].
    pub fn push_ids(&self, query: &mut QueryBuilder, column: &'static str) -> Result<i64> {
        let (page, order) = (self.page(), self.order.unwrap_or_default());
        let limit = page.limit()?;
        let start = match order {
            Order::Newest => page.before()?,
            Order::Oldest => page.after()?.unwrap_or_default(),
        };
        query.push(" AND ").push(column).push(order.comparison()).push_bind(start);
        query.push(" ORDER BY ").push(column).push(order.direction()).push(" LIMIT ").push_bind(limit + 1);
        Ok(limit)
    }
}

impl PageQuery {
    /// The refusal of a cursor that no page of the list gave.
    pub fn not_ours() -> Error {
        Error::field("query.cursor", "format", "must be a nextCursor of this list")
    }

    /// The number of items asked for.
    ///
    /// # Errors
    /// When it is not in 1 to 200.
    pub fn limit(&self) -> Result<i64> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=200 => Ok(i64::from(limit)),
            _ => Err(Error::field("query.limit", "range", "must be 1 to 200")),
        }
    }

    /// For lists that go down by id: only ids below this. Ids begin with their kind's letters, so the first page's
    /// `z` is above them all in every collation of both engines.
    ///
    /// # Errors
    /// As [`PageQuery::after`].
    pub fn before(&self) -> Result<String> {
        Ok(self.after()?.unwrap_or_else(|| "z".to_owned()))
    }

    /// The sort key after which the page begins, as [`Page::cut`] stored it.
    ///
    /// # Errors
    /// When the cursor is not one of ours.
    pub fn after(&self) -> Result<Option<String>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|key| (1..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()))
            .map(Some)
            .ok_or_else(Self::not_ours)
    }

    /// The same for lists in the order of a number, which is never negative.
    ///
    /// # Errors
    /// As [`PageQuery::after`].
    pub fn number(&self) -> Result<Option<i64>> {
        let number = |key: String| key.parse().ok().filter(|number| *number >= 0).ok_or_else(Self::not_ours);
        self.after()?.map(number).transpose()
    }

    /// The same for lists that go down by block and place in it, or places: only what is below this position.
    ///
    /// # Errors
    /// As [`PageQuery::after`].
    pub fn position<const N: usize>(&self) -> Result<[i64; N]> {
        self.position_in(Order::Newest)
    }

    /// The same in either direction.
    ///
    /// # Errors
    /// As [`PageQuery::after`].
    pub fn position_in<const N: usize>(&self, order: Order) -> Result<[i64; N]> {
        let end = match order {
            Order::Newest => i64::MAX,
            Order::Oldest => -1,
        };
        let Some(key) = self.after()? else { return Ok([end; N]) };
        let parts: Option<Vec<i64>> = key.split('.').map(|part| part.parse().ok()).collect();
        parts.and_then(|parts| parts.try_into().ok()).ok_or_else(Self::not_ours)
    }
}

/// A sort key as callers see it.
pub fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

impl<T> Page<T> {
    /// Makes a page out of up to `limit + 1` rows; the one too many says that there is a next page.
    pub fn cut(mut items: Vec<T>, limit: i64, key: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(|last| cursor(&key(last))) } else { None };
        Self { items, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_the_next_page() {
        let page = Page::cut(vec!["a", "b", "c"], 2, |item| (*item).to_owned());
        assert_eq!(page.items, ["a", "b"]);
        let query = PageQuery { limit: None, cursor: page.next_cursor };
        assert_eq!(query.after().unwrap().as_deref(), Some("b"));
        assert!(Page::cut(vec!["a"], 2, |item| (*item).to_owned()).next_cursor.is_none());
    }

    #[test]
    fn foreign_cursors_and_limits_are_refused() {
        assert!(PageQuery { limit: Some(0), cursor: None }.limit().is_err());
        assert!(PageQuery { limit: Some(201), cursor: None }.limit().is_err());
        assert!(PageQuery { limit: None, cursor: Some("%%%".into()) }.after().is_err());
        for key in ["-1", "x", "1.2.3"] {
            let query = PageQuery { limit: None, cursor: Some(cursor(key)) };
            assert!(query.number().is_err() && query.position::<2>().is_err(), "{key}");
        }
        let query = PageQuery { limit: None, cursor: Some(cursor("7.3")) };
        assert_eq!(query.position().unwrap(), [7, 3]);
    }
}
