//! Users of an app. Each gets a wallet of its own and is registered on chain, so that contracts and closed tokens
//! know it.

use super::apps::Wallet;
use crate::auth::password::Passwords;
use crate::custody::{Custody, SealedAppKey};
use crate::db::{Db, Id, Page, PageQuery, Statement, UnixMs, new_id, now_ms};
use crate::error::{Error, Result};
use crate::ledger::contracts::{ChainAppId, address_text};
use crate::ledger::{Accepted, Intent, Ledger, RequestKey, Submission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

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
    /// The user's wallet.
    pub wallet: Wallet,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// A new user, checked.
pub struct NewUser {
    /// The app's own name for the user.
    pub external_id: Option<String>,
    /// For the user's own login.
    pub email: Option<String>,
    /// For the user's own login; needs `email`.
    pub password: Option<Zeroizing<String>>,
    /// What to call them.
    pub display_name: Option<String>,
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
        request: NewUser,
        body: &[u8],
        request_key: impl FnOnce(&[u8]) -> RequestKey,
    ) -> Result<Accepted> {
        let row: Option<(String, String, String, String)> = sqlx::query_as(
            "SELECT sealed_app_key, root_key_id, chain_app_id, treasury_wallet_id FROM apps WHERE id = $1",
        )
        .bind(app)
        .fetch_optional(self.db.reader())
        .await?;
        let (sealed, root_key_id, chain_app, treasury) = row.ok_or_else(|| Error::not_found("app"))?;
        let app_key = SealedAppKey { sealed, root_key_id };
        let chain_app: ChainAppId = chain_app.parse().map_err(Error::internal)?;
        let password_hash = match request.password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let wallet = self.custody.create_wallet(app, &app_key)?;
        let user = User {
            id: new_id(Id::User),
            external_id: request.external_id,
            email: request.email,
            display_name: request.display_name,
            wallet: Wallet { id: wallet.id.clone(), address: address_text(wallet.address) },
            created_at: UnixMs(now_ms()),
        };
        let operation_id = new_id(Id::Operation);
        let row = Statement::new(
            "INSERT INTO users (id, app_id, external_id, email, password_hash, display_name, wallet_id, operation_id, \
             created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&user.id)
        .bind(app)
        .bind(user.external_id.clone())
        .bind(user.email.clone())
        .bind(password_hash)
        .bind(user.display_name.clone())
        .bind(&wallet.id)
        .bind(&operation_id)
        .bind(user.created_at.0);
        let resource = serde_json::to_value(&user).map_err(Error::internal)?;
        let fingerprint = self.custody.fingerprint(app, &app_key, body)?;
        self.ledger
            .submit(Submission {
                app_id: app.to_owned(),
                sender_wallet_id: treasury,
                intent: Intent::AddUsers { app: chain_app, accounts: vec![wallet.address] },
                request: request_key(&fingerprint),
                rows: vec![wallet.insert(Some(&user.id)), row],
                operation_id,
                resource_id: Some(user.id),
                user_id: None,
                memo: None,
                resource,
            })
            .await
    }
}

type Row = (String, Option<String>, Option<String>, Option<String>, String, String, i64);

fn from_row((id, external_id, email, display_name, wallet_id, address, created_at_ms): Row) -> User {
    User {
        id,
        external_id,
        email,
        display_name,
        wallet: Wallet { id: wallet_id, address },
        created_at: UnixMs(created_at_ms),
    }
}

/// The app's users, newest first; with `external_id`, the one of that name.
pub async fn list(db: &Db, app: &str, external_id: Option<&str>, page: &PageQuery) -> Result<Page<User>> {
    let limit = page.limit()?;
    let before = page.before()?;
    let query = match external_id {
        None => sqlx::query_as(
            "SELECT u.id, u.external_id, u.email, u.display_name, w.id, w.address, u.created_at_ms \
             FROM users u JOIN wallets w ON w.id = u.wallet_id AND w.app_id = u.app_id \
             WHERE u.app_id = $1 AND u.id < $2 ORDER BY u.id DESC LIMIT $3",
        )
        .bind(app),
        Some(external_id) => sqlx::query_as(
            "SELECT u.id, u.external_id, u.email, u.display_name, w.id, w.address, u.created_at_ms \
             FROM users u JOIN wallets w ON w.id = u.wallet_id AND w.app_id = u.app_id \
             WHERE u.app_id = $1 AND u.external_id = $2 AND u.id < $3 ORDER BY u.id DESC LIMIT $4",
        )
        .bind(app)
        .bind(external_id),
    };
    let rows: Vec<Row> = query.bind(before).bind(limit + 1).fetch_all(db.reader()).await?;
    Ok(Page::cut(rows.into_iter().map(from_row).collect(), limit, |user| user.id.clone()))
}

/// One user of the app.
pub async fn get(db: &Db, app: &str, id: &str) -> Result<User> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT u.id, u.external_id, u.email, u.display_name, w.id, w.address, u.created_at_ms \
         FROM users u JOIN wallets w ON w.id = u.wallet_id AND w.app_id = u.app_id \
         WHERE u.app_id = $1 AND u.id = $2",
    )
    .bind(app)
    .bind(id)
    .fetch_optional(db.reader())
    .await?;
    row.map(from_row).ok_or_else(|| Error::not_found("user"))
}
