//! What an app keeps of a user, and what it may do to one: change, suspend, export.

use super::linked_wallets::UserWallet;
use super::profiles::{self, Visibility};
use super::schedules::{self, Schedule};
use super::sessions::close_sessions;
use super::tokens::{chain_app, submission};
use super::users::{self, User, UserStatus};
use super::wallet_policies::{self, WalletPolicy};
use super::{Actor, linked_wallets, parties};
use crate::auth::Authenticator;
use crate::db::{Db, QueryBuilder, Statement, taken_field};
use crate::error::{Code, Error, FieldError, Result};
use crate::ledger::operations::{self, Filter};
use crate::ledger::{Intent, Ledger, Operation, RequestKey};
use crate::services::owners::label;
use serde::Serialize;
use sqlx::{AnyConnection, Row as _};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Tags of one user at most.
pub const MAX_TAGS: usize = 20;
/// Entries of one user's metadata at most.
pub const MAX_METADATA: usize = 50;

/// The app's own names and values for a user.
pub type Metadata = BTreeMap<String, String>;

/// What is to change of a user, checked. `None`: it stays; `Some(None)`: it goes.
#[derive(Debug, Default)]
pub struct Change {
    /// What to call them.
    pub display_name: Option<Option<String>>,
    /// Where their picture is.
    pub avatar: Option<Option<String>>,
    /// Who sees their profile.
    pub profile: Option<Visibility>,
    /// The app's own name for the user.
    pub external_id: Option<Option<String>>,
    /// For the user's own login.
    pub email: Option<Option<String>>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// Entries of the metadata; those with `None` go, those that aren't named stay.
    pub metadata: Option<BTreeMap<String, Option<String>>>,
}

impl Change {
    /// Whether it is only what a user may change of himself.
    fn is_personal(&self) -> bool {
        self.external_id.is_none() && self.email.is_none() && self.tags.is_none() && self.metadata.is_none()
    }
}

/// Tags, each once.
///
/// # Errors
/// Names the first bad one.
pub fn tags(field: &str, given: Vec<String>) -> Result<Vec<String>, FieldError> {
    if given.len() > MAX_TAGS {
        return Err(FieldError::new(field, "length", format!("must have at most {MAX_TAGS} tags")));
    }
    let mut tags = Vec::new();
    for (index, text) in given.into_iter().enumerate() {
        let tag = label(&format!("{field}[{index}]"), &text, 50)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.sort();
    Ok(tags)
}

/// Metadata as a request brings it.
///
/// # Errors
/// Names the first bad entry.
pub fn metadata(
    field: &str,
    given: BTreeMap<String, Option<String>>,
) -> Result<BTreeMap<String, Option<String>>, FieldError> {
    for (key, value) in &given {
        if label(field, key, 40).is_err() {
            return Err(FieldError::new(field, "format", "must have keys of 1 to 40 visible characters"));
        }
        if let Some(value) = value
            && (value.chars().count() > 500 || value.contains('\0'))
        {
            return Err(FieldError::new(format!("{field}.{key}"), "length", "must have at most 500 characters"));
        }
    }
    Ok(given)
}

/// Changes what is kept of a user. A user changes what he is called; the rest is the app's.
///
/// # Errors
/// 404; 403 for a user who changes more; 409 when an external id or address is taken.
pub async fn update(db: &Db, app: &str, actor: &Actor, id: &str, change: Change) -> Result<User> {
    if actor.user_id().is_some() && !change.is_personal() {
        return Err(Error::new(Code::Forbidden, "a user may change only his displayName, avatar and profile"));
    }
    require_kept(&users::get(db, app, id).await?)?;
    let mut tx = db.write().await?;
    // Read again with the lock: what is not to change stays as it is now.
    let mut query = QueryBuilder::new(
        "SELECT display_name, avatar, profile, external_id, email, metadata, password_hash FROM users WHERE app_id = ",
    );
    query.push_bind(app).push(" AND id = ").push_bind(id).push(db.for_update());
    let row = query.build().fetch_one(&mut *tx).await?;
    let mut merged: Metadata = serde_json::from_str(row.try_get("metadata")?).map_err(Error::internal)?;
    for (key, value) in change.metadata.into_iter().flatten() {
        match value {
            Some(value) => merged.insert(key, value),
            None => merged.remove(&key),
        };
    }
    if merged.len() > MAX_METADATA {
        return Err(Error::field("metadata", "length", format!("must have at most {MAX_METADATA} entries")));
    }
    let password: Option<String> = row.try_get("password_hash")?;
    if change.email == Some(None) && password.is_some() {
        return Err(Error::field("email", "required", "can't go while there is a password: users log in with it"));
    }
    let display_name: Option<String> = change.display_name.map_or_else(|| row.try_get("display_name"), Ok)?;
    let changed = sqlx::query(
        "UPDATE users SET name_key = $1, avatar = $2, profile = $3, display_name = $4, external_id = $5, email = $6, \
         metadata = $7 WHERE app_id = $8 AND id = $9",
    )
    .bind(display_name.as_deref().map(profiles::name_key))
    .bind(change.avatar.map_or_else(|| row.try_get("avatar"), Ok)?)
    .bind(change.profile.map_or_else(|| row.try_get("profile"), |profile| Ok(profile.as_str().to_owned()))?)
    .bind(display_name)
    .bind(change.external_id.map_or_else(|| row.try_get("external_id"), Ok)?)
    .bind(change.email.map_or_else(|| row.try_get("email"), Ok)?)
    .bind(serde_json::to_string(&merged).map_err(Error::internal)?)
    .bind(app)
    .bind(id)
    .execute(&mut *tx)
    .await;
    changed.map_err(|error| match taken_field(&error) {
        Some(field) => Error::taken(field).caused_by(error),
        None => error.into(),
    })?;
    if let Some(tags) = change.tags {
        sqlx::query("DELETE FROM user_tags WHERE user_id = $1").bind(id).execute(&mut *tx).await?;
        add_tags(&mut tx, app, id, &tags).await?;
    }
    tx.commit().await?;
    users::get(db, app, id).await
}

async fn add_tags(tx: &mut AnyConnection, app: &str, id: &str, tags: &[String]) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("INSERT INTO user_tags (app_id, tag, user_id) ");
    query.push_values(tags, |mut row, tag| {
        row.push_bind(app).push_bind(tag).push_bind(id);
    });
    query.execute(tx).await?;
    Ok(())
}

pub(super) fn require_kept(user: &User) -> Result<()> {
    match user.status {
        UserStatus::Erased => Err(Error::new(Code::Conflict, "the user is erased")),
        UserStatus::Active | UserStatus::Suspended => Ok(()),
    }
}

/// Suspends a user, or lets him act again: at once in this gateway, where he has no session and his wallet signs nothing,
/// and on chain by the operation that is answered.
///
/// # Errors
/// 404; 409 for an erased user; what [`Ledger::submit`] answers.
pub async fn set_suspended(
    ledger: &Ledger,
    auth: &Authenticator,
    app: &str,
    id: &str,
    suspended: bool,
    request: RequestKey,
) -> Result<Operation> {
    let user = users::get(ledger.db(), app, id).await?;
    require_kept(&user)?;
    let chain_app = chain_app(ledger.db(), app).await?;
    let account = user.wallet.address.parse().map_err(Error::internal)?;
    let treasury = parties::treasury(ledger.db(), app).await?;
    let intent = Intent::SetUserStatus { app: chain_app, account, active: !suspended };
    let mut submission = submission(app, treasury.id, intent, request, &Actor::App, None);
    let status = if suspended { "suspended" } else { "active" };
    submission.rows = vec![
        Statement::new("UPDATE users SET status = $1 WHERE app_id = $2 AND id = $3").bind(status).bind(app).bind(id),
        Statement::new("UPDATE wallets SET suspended = $1 WHERE app_id = $2 AND id = $3")
            .bind(suspended)
            .bind(app)
            .bind(&user.wallet.id),
    ];
    if suspended {
        submission.rows.push(close_sessions(id, None));
    }
    submission.resource_id = Some(id.to_owned());
    let operation = ledger.submit(submission).await?.operation;
    auth.forget_sessions();
    tracing::info!(app, user = id, suspended, "a user's status is changed");
    Ok(operation)
}

/// Rows of one kind in an export at most.
const EXPORTED: i64 = 10_000;

/// All that is stored of a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// The user.
    pub user: User,
    /// His wallets.
    pub wallets: Vec<UserWallet>,
    /// What his custodial wallet may do.
    pub wallet_policy: WalletPolicy,
    /// His schedules, newest first, at most 10,000.
    pub schedules: Vec<Schedule>,
    /// His operations, newest first, at most 10,000.
    pub operations: Vec<Operation>,
}

/// All that is stored of a user, for himself.
///
/// # Errors
/// 404.
pub async fn export(db: &Db, app: &str, id: &str) -> Result<Export> {
    let user = users::get(db, app, id).await?;
    let filter = Filter { user_id: Some(id.to_owned()), ..Filter::default() };
    let wallets = linked_wallets::list(db, app, &Actor::App, id).await?.items;
    let wallet_policy = wallet_policies::get(db, app, &Actor::App, id).await?;
    let schedules = schedules::newest_of_user(db, app, id, EXPORTED).await?;
    let operations = operations::newest(db, app, &filter, EXPORTED).await?;
    Ok(Export { user, wallets, wallet_policy, schedules, operations })
}
