//! Apps: the tenants. Making one registers it on chain, with a treasury wallet as its owner there.

use crate::custody::Custody;
use crate::db::{Db, Id, Page, PageQuery, Statement, UnixMs, new_id, now_ms};
use crate::error::{Error, Result};
use crate::ledger::contracts::{address_text, chain_app_id};
use crate::ledger::{Accepted, Intent, Ledger, RequestKey, Submission};
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tenant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// `app_…`
    #[schema(example = "app_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e")]
    pub id: String,
    /// Its name.
    #[schema(example = "Corner shop")]
    pub name: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its web page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its id on chain (`bytes16` of `IUsers`).
    #[schema(example = "0x0123456789abcdef0123456789abcdef")]
    pub chain_app_id: String,
    /// The wallet that owns it on chain, issues its tokens and holds their first supply.
    pub treasury: Wallet,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// A custodial wallet.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Wallet {
    /// `wal_…`
    pub id: String,
    /// Its Ethereum address.
    #[schema(example = "0xf39fd6e51aad88f6f4ce6ab8827279cffb92266")]
    pub address: String,
}

/// A new app, checked.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Its web page.
    pub url: Option<String>,
}

/// Makes an app of this owner.
pub async fn create(
    ledger: &Ledger,
    custody: &Custody,
    owner: &str,
    request: NewApp,
    key: RequestKey,
) -> Result<Accepted> {
    let id = new_id(Id::App);
    let app_key = custody.create_app_key(&id)?;
    let treasury = custody.create_wallet(&id, &app_key)?;
    let salt = B256::from(*crate::auth::random_bytes::<32>());
    let app = App {
        name: request.name,
        description: request.description,
        url: request.url,
        chain_app_id: format!("0x{}", hex::encode(chain_app_id(treasury.address, salt))),
        treasury: Wallet { id: treasury.id.clone(), address: address_text(treasury.address) },
        created_at: UnixMs(now_ms()),
        id,
    };
    let row = Statement::new(
        "INSERT INTO apps (id, owner_id, name, description, url, chain_app_id, treasury_wallet_id, sealed_app_key, \
         root_key_id, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&app.id)
    .bind(owner)
    .bind(&app.name)
    .bind(app.description.clone())
    .bind(app.url.clone())
    .bind(&app.chain_app_id)
    .bind(&treasury.id)
    .bind(app_key.sealed)
    .bind(app_key.root_key_id)
    .bind(app.created_at.0);
    let resource = serde_json::to_value(&app).map_err(Error::internal)?;
    ledger
        .submit(Submission {
            app_id: app.id.clone(),
            sender_wallet_id: treasury.id.clone(),
            intent: Intent::CreateApp { salt },
            request: key,
            rows: vec![row, treasury.insert(None)],
            operation_id: new_id(Id::Operation),
            resource_id: Some(app.id),
            user_id: None,
            memo: None,
            resource,
        })
        .await
}

/// What is to change of an app, checked. `None`: it stays; `Some(None)`: it goes.
#[derive(Debug, Default)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// What it is.
    pub description: Option<Option<String>>,
    /// Its web page.
    pub url: Option<Option<String>>,
}

/// Changes what is kept of an app; whoever asks has been shown to own it.
///
/// # Errors
/// 404.
pub async fn update(db: &Db, id: &str, change: Change) -> Result<App> {
    let mut tx = db.write().await?;
    for (sql, value) in [
        ("UPDATE apps SET name = $1 WHERE id = $2", change.name.map(Some)),
        ("UPDATE apps SET description = $1 WHERE id = $2", change.description),
        ("UPDATE apps SET url = $1 WHERE id = $2", change.url),
    ] {
        if let Some(value) = value {
            sqlx::query(sql).bind(value).bind(id).execute(&mut *tx).await?;
        }
    }
    tx.commit().await?;
    get(db, id).await
}

type Row = (String, String, Option<String>, Option<String>, String, String, String, i64);

fn from_row((id, name, description, url, chain_app_id, wallet_id, address, created_at_ms): Row) -> App {
    App {
        id,
        name,
        description,
        url,
        chain_app_id,
        treasury: Wallet { id: wallet_id, address },
        created_at: UnixMs(created_at_ms),
    }
}

/// The owner's apps, newest first.
pub async fn list(db: &Db, owner: &str, page: &PageQuery) -> Result<Page<App>> {
    let limit = page.limit()?;
    let before = page.before()?;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT a.id, a.name, a.description, a.url, a.chain_app_id, w.id, w.address, a.created_at_ms \
         FROM apps a JOIN wallets w ON w.id = a.treasury_wallet_id \
         WHERE a.owner_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3",
    )
    .bind(owner)
    .bind(before)
    .bind(limit + 1)
    .fetch_all(db.reader())
    .await?;
    Ok(Page::cut(rows.into_iter().map(from_row).collect(), limit, |app| app.id.clone()))
}

/// One app; whoever asks has been shown to belong to it.
pub async fn get(db: &Db, id: &str) -> Result<App> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT a.id, a.name, a.description, a.url, a.chain_app_id, w.id, w.address, a.created_at_ms \
         FROM apps a JOIN wallets w ON w.id = a.treasury_wallet_id WHERE a.id = $1",
    )
    .bind(id)
    .fetch_optional(db.reader())
    .await?;
    row.map(from_row).ok_or_else(|| Error::not_found("app"))
}

/// Whether the app is the owner's; otherwise it doesn't exist for them.
pub async fn check_owned(db: &Db, owner: &str, app: &str) -> Result<()> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT created_at_ms FROM apps WHERE id = $1 AND owner_id = $2")
        .bind(app)
        .bind(owner)
        .fetch_optional(db.reader())
        .await?;
    row.map(|_| ()).ok_or_else(|| Error::not_found("app"))
}
