//! Collections: issue, read, change, pause, give away.

use super::owners::is_hidden;
use super::tokens::{Policy, chain_app, submission};
use super::{Actor, appearance, defaults, parties};
use crate::db::{Asset, Db, Id, OrderedPageQuery, Page, QueryBuilder, Standard, Statement, UnixMs, new_id, now_ms};
use crate::error::{Code, Error, FieldError, Result};
use crate::ledger::contracts::{address_text, hash_text, issued_address};
use crate::ledger::{Accepted, Control, Intent, Ledger, Operation, RequestKey, Submission, TokenRef};
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// Longest URI of metadata, in bytes (`contracts/ICollections.sol`).
pub(super) const URI_MAX_BYTES: usize = 256;

/// Which kind of items a collection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CollectionStandard {
    /// Unique items: one of each.
    Erc721,
    /// Items of which there are many alike.
    Erc1155,
}

impl From<CollectionStandard> for Standard {
    fn from(standard: CollectionStandard) -> Self {
        match standard {
            CollectionStandard::Erc721 => Self::Erc721,
            CollectionStandard::Erc1155 => Self::Erc1155,
        }
    }
}

/// Who has a share in the price of each sale (ERC-2981). Markets read it; paying it is up to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Royalty {
    /// `usr_…`, `wal_…` or a 0x address; in answers the address.
    pub receiver: String,
    /// Hundredths of a percent: 1 to 10,000.
    #[schema(example = 250, minimum = 1, maximum = 10000)]
    pub basis_points: u16,
}

/// Body of `POST /collections`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateCollection {
    /// Which kind of items it has.
    pub standard: CollectionStandard,
    /// 1 to 64 bytes of UTF-8.
    #[schema(example = "Harbour paintings", min_length = 1, max_length = 64)]
    pub name: String,
    /// 1 to 16 bytes of UTF-8.
    #[schema(example = "HARBOUR", min_length = 1, max_length = 16)]
    pub symbol: String,
    /// Where the collection's metadata is (ERC-7572): a URI of at most 256 bytes.
    #[serde(default)]
    #[schema(example = "https://example.org/harbour.json", max_length = 256)]
    pub uri: Option<String>,
    /// Who may hold its items; as the app's defaults say when absent.
    #[serde(default)]
    pub policy: Option<Policy>,
    /// What it is: at most 500 characters, kept off chain.
    #[serde(default)]
    #[schema(example = "Paintings of the harbour, one for each day of a year", min_length = 1, max_length = 500)]
    pub description: Option<String>,
    /// Where its picture is: https, http or ipfs; kept off chain.
    #[serde(default)]
    #[schema(example = "https://example.org/harbour.webp", max_length = 500)]
    pub icon: Option<String>,
    /// A share in sales.
    #[serde(default)]
    pub royalty: Option<Royalty>,
}

/// Body of `POST /collections/{collection}/transfer`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferCollection {
    /// `usr_…`, `wal_…` or a 0x address. For a user or wallet of the app the gateway goes on to issue items; of a collection that
    /// is anybody else's it fails with `not_collection_admin`.
    pub to: String,
}

/// A collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Collection {
    /// `col_…`
    pub id: String,
    /// Its address on chain.
    pub address: String,
    /// Which kind of items it has.
    pub standard: CollectionStandard,
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: String,
    /// Where its metadata is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where its picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Who may hold its items.
    pub policy: Policy,
    /// A share in sales.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub royalty: Option<Royalty>,
    /// Who issues its items and stops them, as the best block says: the app's treasury, until it is given away.
    #[serde(default)]
    pub owner: String,
    /// Whether all movements of its items are stopped, as the best block says.
    #[serde(default)]
    pub paused: bool,
    /// The operation that issues it.
    pub operation_id: String,
    /// When the gateway stored it.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// Issues a collection.
///
/// # Errors
/// Field errors; what [`Ledger::submit`] answers.
pub async fn create(ledger: &Ledger, app_id: &str, body: CreateCollection, request: RequestKey) -> Result<Accepted> {
    validate(&body)?;
    let treasury = parties::treasury(ledger.db(), app_id).await?;
    let chain_app = chain_app(ledger.db(), app_id).await?;
    let royalty = match &body.royalty {
        Some(royalty) => {
            let receiver = parties::receiver(ledger.db(), app_id, "royalty.receiver", &royalty.receiver).await?;
            Some((receiver, royalty.basis_points))
        }
        None => None,
    };
    let salt = B256::from(*crate::auth::random_bytes::<32>());
    let standard = Standard::from(body.standard);
    let contract = issued_address(standard, chain_app, salt);
    let collection = Collection {
        id: new_id(Id::Collection),
        address: address_text(contract),
        standard: body.standard,
        name: body.name,
        symbol: body.symbol,
        uri: body.uri,
        description: body.description,
        icon: body.icon,
        policy: defaults::token_policy(ledger.db(), app_id, body.policy).await?,
        royalty: royalty.map(|(receiver, basis_points)| Royalty { receiver: address_text(receiver), basis_points }),
        owner: address_text(treasury.address),
        paused: false,
        operation_id: new_id(Id::Operation),
        created_at: UnixMs(now_ms()),
    };
    let insert = Statement::new(
        "INSERT INTO tokens (id, app_id, address, salt, name, symbol, decimals, cap, initial_supply, closed, \
         included_supply, finalized_supply, operation_id, created_at_ms, standard, uri, royalty_receiver, \
         royalty_basis_points, description, icon) \
         VALUES ($1, $2, $3, $4, $5, $6, 0, '0', '0', $7, '0', '0', $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(&collection.id)
    .bind(app_id)
    .bind(&collection.address)
    .bind(hash_text(salt))
    .bind(&collection.name)
    .bind(&collection.symbol)
    .bind(collection.policy == Policy::Closed)
    .bind(&collection.operation_id)
    .bind(collection.created_at.0)
    .bind(standard.as_str())
    .bind(collection.uri.clone())
    .bind(royalty.map(|(receiver, _)| address_text(receiver)))
    .bind(royalty.map_or(0, |(_, basis_points)| i64::from(basis_points)))
    .bind(collection.description.clone())
    .bind(collection.icon.clone());
    let intent = Intent::CreateCollection {
        app: chain_app,
        salt,
        collection: TokenRef {
            id: collection.id.clone(),
            asset: Asset { standard, contract, item: None },
            symbol: collection.symbol.clone(),
            decimals: 0,
        },
        name: collection.name.clone(),
        uri: collection.uri.clone().unwrap_or_default(),
        closed: collection.policy == Policy::Closed,
        royalty,
    };
    ledger
        .submit(Submission {
            rows: vec![insert],
            operation_id: collection.operation_id.clone(),
            resource_id: Some(collection.id.clone()),
            resource: serde_json::to_value(&collection).map_err(Error::internal)?,
            ..submission(app_id, treasury.id, intent, request, &Actor::App, None)
        })
        .await
}

/// Whose wallet issues a collection's items: that of its owner as the best block says. Where the gateway has no key of his, the
/// treasury, and the chain refuses what it does: a repeat of what was accepted before has to get its first answer.
///
/// # Errors
/// When the database is away.
pub(super) async fn issuer(db: &Db, app_id: &str, collection: &Collection) -> Result<parties::Wallet> {
    match parties::wallet(db, app_id, "path.collection", &collection.owner).await {
        Err(error) if error.code() == Code::ValidationFailed => parties::treasury(db, app_id).await,
        found => found,
    }
}

/// The same for an item's collection.
///
/// # Errors
/// 404 when the app has no such item.
pub(super) async fn issuer_of_item(db: &Db, app_id: &str, item_id: &str) -> Result<parties::Wallet> {
    let item = super::items::get(db, app_id, item_id).await?;
    issuer(db, app_id, &get(db, app_id, &item.collection).await?).await
}

/// Gives a collection to another owner, who issues its items and stops them from then on.
///
/// # Errors
/// 404, field errors; what [`Ledger::submit`] answers.
pub async fn transfer(
    ledger: &Ledger,
    app_id: &str,
    collection_id: &str,
    body: TransferCollection,
    request: RequestKey,
) -> Result<Operation> {
    get(ledger.db(), app_id, collection_id).await?;
    let to = parties::receiver(ledger.db(), app_id, "to", &body.to).await?;
    if to.is_zero() {
        return Err(Error::field("to", "range", "must not be the zero address: somebody has to answer for it"));
    }
    control(ledger, app_id, collection_id, Control::Transfer(to), request).await
}

/// Stops all movements of a collection's items, or lets them move again.
///
/// # Errors
/// 404; what [`Ledger::submit`] answers.
pub async fn control(
    ledger: &Ledger,
    app_id: &str,
    collection_id: &str,
    control: Control,
    request: RequestKey,
) -> Result<Operation> {
    let collection = get(ledger.db(), app_id, collection_id).await?;
    let issuer = issuer(ledger.db(), app_id, &collection).await?;
    let intent = Intent::Control { token: token_ref(collection)?, control };
    Ok(ledger.submit(submission(app_id, issuer.id, intent, request, &Actor::App, None)).await?.operation)
}

/// Changes how a collection looks to people.
///
/// # Errors
/// 404 when the app has no such collection.
pub async fn update(db: &Db, app_id: &str, id: &str, change: appearance::Change) -> Result<Collection> {
    get(db, app_id, id).await?;
    appearance::store(db, app_id, id, change).await?;
    get(db, app_id, id).await
}

/// One collection.
///
/// # Errors
/// 404 when the app has no such collection.
pub async fn get(db: &Db, app_id: &str, id: &str) -> Result<Collection> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(app_id).push(" AND id = ").push_bind(id);
    let row = query.build().fetch_optional(db.reader()).await?;
    from_row(&row.ok_or_else(|| Error::not_found("collection"))?)
}

/// The app's collections, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app_id: &str, page: &OrderedPageQuery) -> Result<Page<Collection>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(app_id);
    let limit = page.push_ids(&mut query, "id")?;
    let rows = query.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |collection| collection.id.clone()))
}

/// What the ledger needs of a collection.
fn token_ref(collection: Collection) -> Result<TokenRef> {
    let contract = collection.address.parse().map_err(Error::internal)?;
    Ok(TokenRef {
        id: collection.id,
        asset: Asset { standard: collection.standard.into(), contract, item: None },
        symbol: collection.symbol,
        decimals: 0,
    })
}

const SELECT: &str = "SELECT id, address, standard, name, symbol, uri, description, icon, closed, royalty_receiver, royalty_basis_points, \
    operation_id, created_at_ms, (SELECT c.active FROM token_controls c WHERE c.token_id = tokens.id AND c.account = '' \
    ORDER BY c.block_number DESC, c.log_index DESC LIMIT 1) AS paused, \
    COALESCE((SELECT o.owner FROM collection_owners o WHERE o.collection_id = tokens.id \
    ORDER BY o.block_number DESC, o.log_index DESC LIMIT 1), (SELECT w.address FROM apps a \
    JOIN wallets w ON w.id = a.treasury_wallet_id WHERE a.id = tokens.app_id)) AS owner FROM tokens \
    WHERE collection_id IS NULL AND standard <> 'erc20' AND app_id = ";

fn from_row(row: &AnyRow) -> Result<Collection> {
    let basis_points = u16::try_from(row.try_get::<i64, _>("royalty_basis_points")?).map_err(Error::internal)?;
    let receiver: Option<String> = row.try_get("royalty_receiver")?;
    Ok(Collection {
        id: row.try_get("id")?,
        address: row.try_get("address")?,
        standard: match row.try_get::<String, _>("standard")?.as_str() {
            "erc1155" => CollectionStandard::Erc1155,
            _ => CollectionStandard::Erc721,
        },
        name: row.try_get("name")?,
        symbol: row.try_get("symbol")?,
        uri: row.try_get("uri")?,
        description: row.try_get("description")?,
        icon: row.try_get("icon")?,
        policy: Policy::of(row.try_get("closed")?),
        royalty: receiver.map(|receiver| Royalty { receiver, basis_points }),
        owner: row.try_get("owner")?,
        paused: row.try_get::<Option<i64>, _>("paused")? == Some(1),
        operation_id: row.try_get("operation_id")?,
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}

/// Who has a share in each sale of an item, and how many hundredths of a percent.
///
/// # Errors
/// 404 when the app has no such item.
pub(super) async fn royalty_of(db: &Db, app_id: &str, item_id: &str) -> Result<Option<(Address, u16)>> {
    let row = sqlx::query(
        "SELECT c.royalty_receiver, c.royalty_basis_points FROM tokens t JOIN tokens c ON c.id = t.collection_id \
         WHERE t.app_id = $1 AND t.id = $2",
    )
    .bind(app_id)
    .bind(item_id)
    .fetch_optional(db.reader())
    .await?
    .ok_or_else(|| Error::not_found("item"))?;
    let Some(receiver) = row.try_get::<Option<String>, _>(0)? else { return Ok(None) };
    let basis_points = u16::try_from(row.try_get::<i64, _>(1)?).map_err(Error::internal)?;
    Ok(Some((receiver.parse().map_err(Error::internal)?, basis_points)))
}

/// The limits of `contracts/ICollections.sol`, told before the chain would.
fn validate(body: &CreateCollection) -> Result<()> {
    let mut faults = Vec::new();
    faults.extend(name_fault("name", &body.name, 64));
    faults.extend(name_fault("symbol", &body.symbol, 16));
    faults.extend(body.uri.as_deref().and_then(|uri| uri_fault("uri", uri)));
    faults.extend(body.description.as_deref().and_then(|text| appearance::description("description", text).err()));
    faults.extend(body.icon.as_deref().and_then(|text| appearance::picture("icon", text).err()));
    if body.royalty.as_ref().is_some_and(|royalty| !(1..=10_000).contains(&royalty.basis_points)) {
        faults.push(FieldError::new("royalty.basisPoints", "range", "must be 1 to 10,000"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::fields(faults)) }
}

/// What is wrong with a name that people read.
pub fn name_fault(field: &str, text: &str, most: usize) -> Option<FieldError> {
    if !(1..=most).contains(&text.len()) {
        Some(FieldError::new(field, "length", format!("must be 1 to {most} bytes")))
    } else if text.trim().is_empty() || text.chars().any(is_hidden) {
        Some(FieldError::new(field, "format", "must be printable text without control or invisible characters"))
    } else {
        None
    }
}

/// What is wrong with where metadata is.
pub fn uri_fault(field: &str, uri: &str) -> Option<FieldError> {
    if !(1..=URI_MAX_BYTES).contains(&uri.len()) {
        Some(FieldError::new(field, "length", format!("must be 1 to {URI_MAX_BYTES} bytes")))
    } else if reqwest::Url::parse(uri).is_err() || uri.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Some(FieldError::new(field, "format", "must be a URI with its scheme, as https://… or ipfs://…"))
    } else {
        None
    }
}
