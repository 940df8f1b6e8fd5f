//! Balances out of the cache.

use super::{Actor, parties, tokens};
use crate::db::{Db, Page, PageQuery};
use crate::error::{Code, Error, Result};
use crate::ledger::contracts::address_text;
use crate::ledger::{Balance, balances as store};

/// A user's balances, one for each token that he has or had, ordered by token. A user sees his own alone.
///
/// # Errors
/// 404 for an unknown user, 403 for a user who asks about another.
pub async fn of_user(db: &Db, app_id: &str, actor: &Actor, user_id: &str, page: &PageQuery) -> Result<Page<Balance>> {
    actor.require_self(user_id)?;
    let wallet = parties::wallet(db, app_id, "path.user", user_id).await.map_err(|error| not_found(error, "user"))?;
    let limit = page.limit()?;
    let items =
        store::of_address(db, app_id, &address_text(wallet.address), page.after()?.as_deref(), limit + 1).await?;
    Ok(Page::cut(items, limit, |balance| balance.token.clone()))
}

/// What a holder (`usr_…`, `wal_…` or any 0x address) has of the app's tokens and items, ordered by them. A user sees his own
/// alone.
///
/// # Errors
/// 404 for an unknown holder, 403 for a user who asks about another.
pub async fn of_holder(db: &Db, app_id: &str, actor: &Actor, holder: &str, page: &PageQuery) -> Result<Page<Balance>> {
    let address = address(db, app_id, actor, holder).await?;
    let limit = page.limit()?;
    let items = store::of_address(db, app_id, &address, page.after()?.as_deref(), limit + 1).await?;
    Ok(Page::cut(items, limit, |balance| balance.token.clone()))
}

/// What a holder has of one token; zero when nothing is known. A user sees his own alone.
///
/// # Errors
/// 404 for an unknown token or holder, 403 for a user who asks about another.
pub async fn of_token(db: &Db, app_id: &str, actor: &Actor, token_id: &str, holder: &str) -> Result<Balance> {
    let token = tokens::token_ref(db, app_id, token_id).await?;
    let address = address(db, app_id, actor, holder).await?;
    store::of_token(db, app_id, &token, &address).await
}

async fn address(db: &Db, app_id: &str, actor: &Actor, holder: &str) -> Result<String> {
    let address =
        parties::receiver(db, app_id, "path.holder", holder).await.map_err(|error| not_found(error, "holder"))?;
    if let Actor::User(user) = actor {
        let own = parties::wallet(db, app_id, "path.holder", user).await?;
        if own.address != address {
            return Err(Error::new(Code::Forbidden, "a user may see only what is his own"));
        }
    }
    Ok(address_text(address))
}

/// In a path an unknown id is 404; a malformed one stays a field error.
pub(super) fn not_found(error: Error, what: &'static str) -> Error {
    match error.field_errors() {
        [one] if one.rule == "not_found" => Error::not_found(what),
        _ => error,
    }
}
