//! Profiles: what users show of themselves to the other users of their app.

use super::Actor;
use super::users::UserStatus;
use crate::db::{Db, Page, PageQuery, QueryBuilder};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::{IntoParams, ToSchema};

/// Who sees a user's profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Every user of the app.
    Open,
    /// The user himself and the app.
    #[default]
    Private,
}

crate::named::named!(Visibility: Open = "open", Private = "private");

/// What a user shows of himself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// `usr_…`
    pub id: String,
    /// What to call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where their picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// The address of their wallet.
    #[schema(example = "0xf39fd6e51aad88f6f4ce6ab8827279cffb92266")]
    pub address: String,
}

/// Filter of `GET /users/profiles`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProfilesQuery {
    /// Only users whose `displayName` begins so, in small or capital letters: 1 to 100 characters.
    #[param(min_length = 1, max_length = 100)]
    pub search: Option<String>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

const SELECT: &str = "SELECT u.id, u.display_name, u.avatar, u.name_key, w.address FROM users u \
    JOIN wallets w ON w.id = u.wallet_id AND w.app_id = u.app_id WHERE u.app_id = ";

/// The open profiles of active users who have a name, in the order of their names.
///
/// # Errors
/// Field errors.
pub async fn list(db: &Db, app: &str, query: &ProfilesQuery) -> Result<Page<Profile>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor.clone() };
    let limit = page.limit()?;
    let after = page.after()?.unwrap_or_else(|| ".".to_owned());
    let (key, id) = after.split_once('.').ok_or_else(PageQuery::not_ours)?;
    let mut select = QueryBuilder::new(SELECT);
    select.push_bind(app).push(" AND u.status = ").push_bind(UserStatus::Active.as_str());
    select.push(" AND u.profile = ").push_bind(Visibility::Open.as_str());
    select.push(" AND (u.name_key, u.id) > (").push_bind(key).push(", ").push_bind(id).push(")");
    if let Some(text) = &query.search {
        push_search(&mut select, text)?;
    }
    select.push(" ORDER BY u.name_key, u.id LIMIT ").push_bind(limit + 1);
    let rows = select.build().fetch_all(db.reader()).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let profile = from_row(row)?;
        let position = format!("{}.{}", row.try_get::<String, _>("name_key")?, profile.id);
        found.push((profile, position));
    }
    let page = Page::cut(found, limit, |(_, position)| position.clone());
    Ok(Page { items: page.items.into_iter().map(|(profile, _)| profile).collect(), next_cursor: page.next_cursor })
}

/// One user's profile. A private one doesn't exist for other users, nor does that of a user who may not act.
///
/// # Errors
/// 404.
pub async fn get(db: &Db, app: &str, actor: &Actor, id: &str) -> Result<Profile> {
    let mut select = QueryBuilder::new(SELECT);
    select.push_bind(app).push(" AND u.id = ").push_bind(id);
    if actor.user_id().is_some_and(|own| own != id) {
        select.push(" AND u.profile = ").push_bind(Visibility::Open.as_str());
        select.push(" AND u.status = ").push_bind(UserStatus::Active.as_str());
    }
    let row = select.build().fetch_optional(db.reader()).await?;
    from_row(&row.ok_or_else(|| Error::not_found("profile"))?)
}

fn from_row(row: &AnyRow) -> Result<Profile> {
    Ok(Profile {
        id: row.try_get("id")?,
        display_name: row.try_get("display_name")?,
        avatar: row.try_get("avatar")?,
        address: row.try_get("address")?,
    })
}

/// Bytes of a name that searches look at.
const KEY_MAX_BYTES: usize = 64;

/// What searches compare: the small letters' bytes in hexadecimal digits, whose order is the same in every collation of both
/// engines.
pub(super) fn name_key(name: &str) -> String {
    let small = name.to_lowercase();
    hex::encode(&small.as_bytes()[..small.len().min(KEY_MAX_BYTES)])
}

/// Narrows a statement with users `u` to those whose name begins with the text.
///
/// # Errors
/// A field error for an empty or long text.
pub(super) fn push_search(query: &mut QueryBuilder, text: &str) -> Result<()> {
    if !(1..=100).contains(&text.chars().count()) {
        return Err(Error::field("query.search", "length", "must have 1 to 100 characters"));
    }
    let key = name_key(text);
    // No hexadecimal digit is beyond g.
    let end = format!("{key}g");
    query.push(" AND u.name_key >= ").push_bind(key).push(" AND u.name_key < ").push_bind(end);
    Ok(())
}

/// Users whose keys are filled in at once.
const PIECE: i64 = 500;

/// Fills in the keys of users who were made before there were any.
///
/// # Errors
/// When the database is away.
pub async fn fill_name_keys(db: &Db) -> Result<()> {
    loop {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT id, display_name FROM users WHERE display_name IS NOT NULL AND name_key IS NULL LIMIT $1",
        )
        .bind(PIECE)
        .fetch_all(db.reader())
        .await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut tx = db.write().await?;
        for (id, name) in &rows {
            sqlx::query("UPDATE users SET name_key = $1 WHERE id = $2 AND display_name = $3")
                .bind(name_key(name))
                .bind(id)
                .bind(name)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_names_and_found_by_their_beginning() {
        let (ann, anna, ärger) = (name_key("Ann"), name_key("ANNA"), name_key("Ärger"));
        assert!(ann < anna && anna < ärger);
        assert!(anna.starts_with(&ann) && format!("{ann}g") > anna);
        assert_eq!(name_key("ÄRGER"), ärger);
        assert_eq!(name_key(&"ä".repeat(100)).len(), 2 * KEY_MAX_BYTES);
        assert_eq!(name_key(&"\u{1F6A2}".repeat(33)).len(), 2 * KEY_MAX_BYTES);
    }
}
