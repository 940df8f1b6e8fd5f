//! Users of an app. Each gets a wallet of its own and is registered on chain, so that contracts and closed tokens
//! know it.

use super::apps::Wallet;
use super::defaults::Defaults;
use super::profile::Metadata;
use super::profiles::{self, Visibility};
use super::wallet_policies;
use crate::auth::password::Passwords;
use crate::custody::{Custody, SealedAppKey};
use crate::db::{Db, Id, OrderedPageQuery, Page, QueryBuilder, Statement, UnixMs, new_id, now_ms};
use crate::error::{Error, Result};
use crate::ledger::contracts::{ChainAppId, address_text};
use crate::ledger::{Accepted, Intent, Ledger, RequestKey, Submission};
use alloy::primitives::Address;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::collections::HashMap;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Whether a user may act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// As usual.
    #[default]
    Active,
    /// Neither logs in nor spends.
    Suspended,
    /// His data are gone. Neither logs in nor spends.
    Erased,
}

crate::named::named!(UserStatus: Active = "active", Suspended = "suspended", Erased = "erased");

/// A user of an app.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// `usr_…`
    #[schema(example = "usr_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e")]
    pub id: String,
    /// The app's own name for the user; unique in the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "customer-4711")]
    pub external_id: Option<String>,
    /// For the user's own login; unique in the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What to call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether he may act.
    #[serde(default)]
    pub status: UserStatus,
    /// The app's own marks, in the order of the alphabet.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The app's own names and values.
    #[serde(default)]
    pub metadata: Metadata,
    /// Where their picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Who sees what the user is called, the picture and the wallet's address.
    #[serde(default)]
    pub profile: Visibility,
    /// The user's wallet.
    pub wallet: Wallet,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// A new user, checked.
#[derive(Clone, Default)]
pub struct NewUser {
    /// The app's own name for the user.
    pub external_id: Option<String>,
    /// For the user's own login.
    pub email: Option<String>,
    /// For the user's own login; needs `email`.
    pub password: Option<Zeroizing<String>>,
    /// What to call them.
    pub display_name: Option<String>,
    /// Where their picture is.
    pub avatar: Option<String>,
    /// Who sees their profile; as the app's defaults say when absent.
    pub profile: Option<Visibility>,
}

/// What making a user needs.
pub struct Users<'a> {
    /// The database.
    pub db: &'a Db,
    /// Registers them on chain.
    pub ledger: &'a Ledger,
    /// Makes their wallets.
    pub custody: &'a Custody,
    /// Hashes their passwords.
    pub passwords: &'a Passwords,
}

impl Users<'_> {
    /// Makes a user of the app. `request_key` gets the body's fingerprint: a keyed one, because a plain hash of a
    /// body with a password in it could be searched for the password.
    pub async fn create(
        &self,
        app: &str,
        mut request: NewUser,
        body: &[u8],
        request_key: impl FnOnce(&[u8]) -> RequestKey,
    ) -> Result<Accepted> {
        let app = App::find(self.db, app).await?;
        let password_hash = match request.password.take() {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let operation_id = new_id(Id::Operation);
        let made = app.make(self.custody, new_id(Id::User), request, password_hash, &operation_id)?;
        let resource = serde_json::to_value(&made.user).map_err(Error::internal)?;
        let fingerprint = self.custody.fingerprint(&app.id, &app.key, body)?;
        let request = request_key(&fingerprint);
        let resource_id = Some(made.user.id.clone());
        let submission = Submission { resource_id, resource, ..app.submission(operation_id, vec![made], request) };
        self.ledger.submit(submission).await
    }
}

/// Makes users of the app in one operation, all or none: each with the id that was chosen for it, and without passwords.
/// `rows` go into the same commit; they get the operation's id.
///
/// # Errors
/// 404; `already_exists` when an id or a name is taken; what [`Ledger::submit`] answers.
pub async fn create_many(
    db: &Db,
    ledger: &Ledger,
    custody: &Custody,
    app: &str,
    requests: Vec<(String, NewUser)>,
    request: RequestKey,
    rows: impl FnOnce(&str) -> Vec<Statement>,
) -> Result<Accepted> {
    let app = App::find(db, app).await?;
    let operation_id = new_id(Id::Operation);
    let mut made = Vec::with_capacity(requests.len());
    for (id, request) in requests {
        made.push(app.make(custody, id, request, None, &operation_id)?);
    }
    let rows = rows(&operation_id);
    let mut submission = app.submission(operation_id, made, request);
    submission.rows.extend(rows);
    ledger.submit(submission).await
}

/// What an app's users are made with.
struct App {
    id: String,
    key: SealedAppKey,
    chain_id: ChainAppId,
    treasury: String,
    defaults: Defaults,
}

/// A user who is about to be.
struct Made {
    user: User,
    address: Address,
    rows: Vec<Statement>,
}

impl App {
    async fn find(db: &Db, id: &str) -> Result<Self> {
        let row: Option<(String, String, String, String, String)> = sqlx::query_as(
            "SELECT sealed_app_key, root_key_id, chain_app_id, treasury_wallet_id, defaults FROM apps WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(db.reader())
        .await?;
        let (sealed, root_key_id, chain_id, treasury, defaults) = row.ok_or_else(|| Error::not_found("app"))?;
        Ok(Self {
            id: id.to_owned(),
            key: SealedAppKey { sealed, root_key_id },
            chain_id: chain_id.parse().map_err(Error::internal)?,
            treasury,
            defaults: Defaults::parse(&defaults)?,
        })
    }

    fn make(
        &self,
        custody: &Custody,
        id: String,
        request: NewUser,
        password_hash: Option<String>,
        operation_id: &str,
    ) -> Result<Made> {
        let wallet = custody.create_wallet(&self.id, &self.key)?;
        let user = User {
            id,
            external_id: request.external_id,
            email: request.email,
            display_name: request.display_name,
            status: UserStatus::Active,
            tags: Vec::new(),
            metadata: Metadata::new(),
            avatar: request.avatar,
            profile: request.profile.unwrap_or(self.defaults.profile),
            wallet: Wallet { id: wallet.id.clone(), address: address_text(wallet.address) },
            created_at: UnixMs(now_ms()),
        };
        let row = Statement::new(
            "INSERT INTO users (id, app_id, external_id, email, password_hash, display_name, wallet_id, operation_id, \
             created_at_ms, avatar, profile, name_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(&user.id)
        .bind(&self.id)
        .bind(user.external_id.clone())
        .bind(user.email.clone())
        .bind(password_hash)
        .bind(user.display_name.clone())
        .bind(&wallet.id)
        .bind(operation_id)
        .bind(user.created_at.0)
        .bind(user.avatar.clone())
        .bind(user.profile.as_str())
        .bind(user.display_name.as_deref().map(profiles::name_key));
        let mut rows = vec![wallet.insert(Some(&user.id)), row];
        if let Some(policy) = &self.defaults.wallet_policy {
            rows.extend(wallet_policies::rows(&self.id, &wallet.id, policy)?);
        }
        Ok(Made { address: wallet.address, rows, user })
    }

    fn submission(&self, operation_id: String, made: Vec<Made>, request: RequestKey) -> Submission {
        let accounts = made.iter().map(|one| one.address).collect();
        Submission {
            app_id: self.id.clone(),
            sender_wallet_id: self.treasury.clone(),
            intent: Intent::AddUsers { app: self.chain_id, accounts },
            request,
            rows: made.into_iter().flat_map(|one| one.rows).collect(),
            operation_id,
            resource_id: None,
            user_id: None,
            memo: None,
            resource: serde_json::Value::Null,
        }
    }
}

/// Which users are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The one of this name.
    pub external_id: Option<String>,
    /// The one with this address, in small letters.
    pub email: Option<String>,
    /// Those with this tag.
    pub tag: Option<String>,
    /// Those with this status.
    pub status: Option<UserStatus>,
    /// Those whose name begins so.
    pub search: Option<String>,
}

const COLUMNS: &str = "SELECT u.id, u.external_id, u.email, u.display_name, u.status, u.metadata, u.avatar, \
    u.profile, w.id AS wallet_id, w.address, u.created_at_ms FROM users u JOIN wallets w ON w.id = u.wallet_id AND w.app_id = u.app_id ";

fn from_row(row: &AnyRow, tags: Vec<String>) -> Result<User> {
    let status: String = row.try_get("status")?;
    Ok(User {
        id: row.try_get("id")?,
        external_id: row.try_get("external_id")?,
        email: row.try_get("email")?,
        display_name: row.try_get("display_name")?,
        status: UserStatus::parse(&status)?,
        tags,
        metadata: serde_json::from_str(row.try_get("metadata")?).map_err(Error::internal)?,
        avatar: row.try_get("avatar")?,
        profile: Visibility::parse(&row.try_get::<String, _>("profile")?)?,
        wallet: Wallet { id: row.try_get("wallet_id")?, address: row.try_get("address")? },
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}

/// Users with their tags, in the order of the rows.
async fn with_tags(db: &Db, rows: &[AnyRow]) -> Result<Vec<User>> {
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<String>, _>>()?;
    let mut tags: HashMap<String, Vec<String>> = HashMap::new();
    if !ids.is_empty() {
        let mut query = QueryBuilder::new("SELECT user_id, tag FROM user_tags WHERE user_id IN (");
        query.push_list(&ids).push(") ORDER BY tag");
        for row in query.build().fetch_all(db.reader()).await? {
            tags.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
        }
    }
    rows.iter().zip(&ids).map(|(row, id)| from_row(row, tags.remove(id).unwrap_or_default())).collect()
}

/// The app's users, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app: &str, filter: &Filter, page: &OrderedPageQuery) -> Result<Page<User>> {
    let mut query = QueryBuilder::new(COLUMNS);
    if let Some(tag) = &filter.tag {
        query
            .push("JOIN user_tags g ON g.user_id = u.id AND g.app_id = u.app_id AND g.tag = ")
            .push_bind(tag)
            .push(" ");
    }
    query.push("WHERE u.app_id = ").push_bind(app);
    for (column, value) in [
        (" AND u.external_id = ", filter.external_id.as_deref()),
        (" AND u.email = ", filter.email.as_deref()),
        (" AND u.status = ", filter.status.map(UserStatus::as_str)),
    ] {
        if let Some(value) = value {
            query.push(column).push_bind(value);
        }
    }
    if let Some(text) = &filter.search {
        profiles::push_search(&mut query, text)?;
    }
    let limit = page.push_ids(&mut query, "u.id")?;
    let rows = query.build().fetch_all(db.reader()).await?;
    Ok(Page::cut(with_tags(db, &rows).await?, limit, |user| user.id.clone()))
}

/// One user of the app.
///
/// # Errors
/// 404.
pub async fn get(db: &Db, app: &str, id: &str) -> Result<User> {
    let mut query = QueryBuilder::new(COLUMNS);
    query.push("WHERE u.app_id = ").push_bind(app).push(" AND u.id = ").push_bind(id);
    let rows = query.build().fetch_all(db.reader()).await?;
    with_tags(db, &rows).await?.pop().ok_or_else(|| Error::not_found("user"))
}
