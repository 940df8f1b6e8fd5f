//! Apps: the tenants. Making one registers it on chain, with a treasury wallet as its owner there.

use crate::auth::access::Role;
use crate::custody::Custody;
use crate::db::{Db, Id, OrderedPageQuery, Page, Patch, QueryBuilder, Statement, UnixMs, new_id, now_ms};
use crate::error::{Error, Result};
use crate::ledger::contracts::{address_text, chain_app_id};
use crate::ledger::{Accepted, Intent, Ledger, RequestKey, Submission};
use crate::services::members;
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
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
    /// Where its logo is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Its color.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Its id on chain (`bytes16` of `IUsers`).
    #[schema(example = "0x0123456789abcdef0123456789abcdef")]
    pub chain_app_id: String,
    /// From which web pages its users may call (CORS).
    #[serde(default)]
    #[schema(example = json!(["https://shop.example.org"]))]
    pub cors_origins: Vec<String>,
    /// The wallet that owns it on chain, issues its tokens and holds their first supply.
    pub treasury: Wallet,
    /// What the caller is in it.
    pub role: Role,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// How an app shows itself to whoever is about to log in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Branding {
    /// `app_…`
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
    /// Where its logo is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Its color.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "#0b5fff")]
    pub color: Option<String>,
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
    /// Where its logo is.
    pub logo: Option<String>,
    /// Its color: `#rrggbb`.
    pub color: Option<String>,
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
        logo: request.logo,
        color: request.color,
        cors_origins: Vec::new(),
        chain_app_id: format!("0x{}", hex::encode(chain_app_id(treasury.address, salt))),
        treasury: Wallet { id: treasury.id.clone(), address: address_text(treasury.address) },
        role: Role::Owner,
        created_at: UnixMs(now_ms()),
        id,
    };
    let row = Statement::new(
        "INSERT INTO apps (id, owner_id, name, description, url, chain_app_id, treasury_wallet_id, sealed_app_key, \
         root_key_id, created_at_ms, logo, color) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
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
    .bind(app.created_at.0)
    .bind(app.logo.clone())
    .bind(app.color.clone());
    let resource = serde_json::to_value(&app).map_err(Error::internal)?;
    ledger
        .submit(Submission {
            app_id: app.id.clone(),
            sender_wallet_id: treasury.id.clone(),
            intent: Intent::CreateApp { salt },
            request: key,
            rows: vec![row, treasury.insert(None), members::insert(&app.id, owner, Role::Owner)],
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
    /// Where its logo is.
    pub logo: Option<Option<String>>,
    /// Its color.
    pub color: Option<Option<String>>,
    /// From which web pages its users may call.
    pub cors_origins: Option<Vec<String>>,
}

/// Changes what is kept of an app; whoever asks has been shown to own it.
///
/// # Errors
/// 404.
pub async fn update(db: &Db, owner: &str, id: &str, change: Change) -> Result<App> {
    let origins = change.cors_origins.map(|list| serde_json::to_string(&list)).transpose().map_err(Error::internal)?;
    Patch::new("UPDATE apps SET ")
        .set("name = ", change.name)
        .set("cors_origins = ", origins)
        .set("description = ", change.description)
        .set("url = ", change.url)
        .set("logo = ", change.logo)
        .set("color = ", change.color)
        .only(" WHERE id = ", id)
        .execute(db)
        .await?;
    get(db, owner, id).await
}

const SELECT: &str = "SELECT a.id, a.name, a.description, a.url, a.logo, a.color, a.cors_origins, a.chain_app_id, w.id AS wallet, w.address, m.role, \
    a.created_at_ms \
    FROM app_members m JOIN apps a ON a.id = m.app_id JOIN wallets w ON w.id = a.treasury_wallet_id \
    WHERE m.owner_id = ";

fn from_row(row: &AnyRow) -> Result<App> {
    Ok(App {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        url: row.try_get("url")?,
        logo: row.try_get("logo")?,
        color: row.try_get("color")?,
        cors_origins: match row.try_get::<Option<String>, _>("cors_origins")? {
            Some(json) => serde_json::from_str(&json).map_err(Error::internal)?,
            None => Vec::new(),
        },
        chain_app_id: row.try_get("chain_app_id")?,
        treasury: Wallet { id: row.try_get("wallet")?, address: row.try_get("address")? },
        role: Role::parse(&row.try_get::<String, _>("role")?)?,
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}

/// The owner's apps, newest first: those in which he is anything.
pub async fn list(db: &Db, owner: &str, page: &OrderedPageQuery) -> Result<Page<App>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(owner);
    let limit = page.push_ids(&mut query, "m.app_id")?;
    let rows = query.build().fetch_all(db.reader()).await?;
    let apps = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(apps, limit, |app| app.id.clone()))
}

/// One app of the owner.
///
/// # Errors
/// 404.
pub async fn get(db: &Db, owner: &str, id: &str) -> Result<App> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(owner).push(" AND m.app_id = ").push_bind(id);
    let row = query.build().fetch_optional(db.reader()).await?;
    from_row(&row.ok_or_else(|| Error::not_found("app"))?)
}

/// How an app shows itself.
///
/// # Errors
/// 404.
pub async fn branding(db: &Db, id: &str) -> Result<Branding> {
    let row = sqlx::query("SELECT id, name, description, url, logo, color FROM apps WHERE id = $1")
        .bind(id)
        .fetch_optional(db.reader())
        .await?
        .ok_or_else(|| Error::not_found("app"))?;
    Ok(Branding {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        url: row.try_get("url")?,
        logo: row.try_get("logo")?,
        color: row.try_get("color")?,
    })
}
