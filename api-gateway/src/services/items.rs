//! Items of collections: create, mint, transfer, burn, and whose they are. Of a unique item (ERC-721) there is one unit.

use super::collections::{self, CollectionStandard, name_fault, uri_fault};
use super::tokens::{require_positive, submission};
use super::transfers::memo_or_error;
use super::{Actor, Moved, parties};
use crate::db::{
    Amount, Asset, Db, Id, Order, OrderedPageQuery, Page, PageQuery, Patch, QueryBuilder, Standard, Statement, UnixMs,
    new_id, now_ms,
};
use crate::error::{Error, FieldError, Result};
use crate::ledger::contracts::{MAX_MINTS, address_text};
use crate::ledger::{Accepted, Balance, Confirmed, Intent, Ledger, RequestKey, Submission, TokenRef, balances};
use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::{IntoParams, ToSchema};

/// Traits of an item at most.
const MAX_TRAITS: usize = 50;

/// Body of `POST /collections/{collection}/items`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateItem {
    /// 1 to 64 bytes of UTF-8; kept off chain, where the metadata behind `uri` tells it.
    #[schema(example = "Sunset over the Elbe", min_length = 1, max_length = 64)]
    pub name: String,
    /// Its number in the collection: 0 to 2^256 - 1. When absent the gateway takes one that is free, below 2^53.
    #[serde(default)]
    pub number: Option<Amount>,
    /// Where its metadata is: a URI of at most 256 bytes. It can't be changed later.
    #[serde(default)]
    #[schema(example = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi", max_length = 256)]
    pub uri: Option<String>,
    /// Where its picture, film or sound is: a URI of at most 256 bytes. Kept off chain, as the following are.
    #[serde(default)]
    #[schema(example = "https://example.org/sunset.webp", max_length = 256)]
    pub media: Option<String>,
    /// How rare it is, in the app's own word: 1 to 32 bytes.
    #[serde(default)]
    #[schema(example = "legendary", min_length = 1, max_length = 32)]
    pub rarity: Option<String>,
    /// What tells it apart, at most 50.
    #[serde(default, deserialize_with = "crate::strict::objects")]
    #[schema(max_items = 50)]
    pub traits: Vec<Trait>,
    /// ERC-1155 only: the most that there may be; no limit when absent. It can't be changed later.
    #[serde(default)]
    pub cap: Option<Amount>,
    /// ERC-721 only: its first owner, `usr_…`, `wal_…` or a 0x address; the app's treasury when absent.
    #[serde(default)]
    pub to: Option<String>,
}

/// What tells an item apart from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trait {
    /// 1 to 64 bytes.
    #[schema(example = "Weather", min_length = 1, max_length = 64)]
    pub name: String,
    /// 1 to 64 bytes.
    #[schema(example = "Storm", min_length = 1, max_length = 64)]
    pub value: String,
}

/// Which items of a collection.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemFilter {
    /// Only items of this rarity.
    #[param(min_length = 1, max_length = 32)]
    pub rarity: Option<String>,
    /// `newest` first when absent.
    #[param(inline)]
    pub order: Option<Order>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// Body of `POST /items/{item}/mint`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MintItem {
    /// 1 to 500 receivers, all or nothing.
    #[schema(min_items = 1, max_items = 500)]
    #[serde(deserialize_with = "crate::strict::objects")]
    pub mints: Vec<MintEntry>,
}

/// One receiver of minted items.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MintEntry {
    /// `usr_…`, `wal_…` or a 0x address.
    pub to: String,
    /// More than 0.
    pub amount: Amount,
}

/// Body of `POST /items/{item}/transfers`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferItem {
    /// Who gives: a user (`usr_…`) or wallet (`wal_…`, 0x…) of the app. When absent: the treasury with a server key, the
    /// user himself with a user's token.
    #[serde(default)]
    pub from: Option<String>,
    /// Who receives: `usr_…`, `wal_…` or any 0x address. A contract is asked whether it takes it.
    pub to: String,
    /// More than 0; 1 when absent.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// A note of at most 256 bytes; kept off chain.
    #[serde(default)]
    pub memo: Option<String>,
}

/// Body of `POST /items/{item}/burn`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BurnItem {
    /// Whose: a user or wallet of the app; the treasury when absent.
    #[serde(default)]
    pub from: Option<String>,
    /// More than 0; 1 when absent.
    #[serde(default)]
    pub amount: Option<Amount>,
}

/// An item of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// `itm_…`
    pub id: String,
    /// `col_…`
    pub collection: String,
    /// The collection's address.
    pub address: String,
    /// The collection's standard.
    pub standard: CollectionStandard,
    /// Its number in the collection, by which the chain knows it.
    pub number: Amount,
    /// Its name.
    pub name: String,
    /// Where its metadata is. Absent too for an item that was made without this gateway: the chain knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Where its picture, film or sound is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// How rare it is, in the app's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rarity: Option<String>,
    /// What tells it apart.
    #[serde(default)]
    pub traits: Vec<Trait>,
    /// ERC-1155: the most that there may be; absent when there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<Amount>,
    /// ERC-721: who has it, as the best block says; absent before it is minted and after it is burnt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How many there are on chain.
    pub total_supply: Confirmed,
    /// The operation that creates it; absent for an item that was made without this gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// When the gateway stored it.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// An item, and how many of it somebody has.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// What.
    pub item: Item,
    /// How many.
    pub balance: Balance,
}

/// Adds an item to a collection. A unique one is minted to its first owner at once.
///
/// # Errors
/// 404, field errors, 409 when the number is taken, what [`Ledger::submit`] answers.
pub async fn create(
    ledger: &Ledger,
    app_id: &str,
    collection_id: &str,
    body: CreateItem,
    request: RequestKey,
) -> Result<Accepted> {
    let db = ledger.db();
    let collection = collections::get(db, app_id, collection_id).await?;
    validate(collection.standard, &body)?;
    let issuer = collections::issuer(db, app_id, &collection).await?;
    let to = match &body.to {
        Some(to) => parties::receiver(db, app_id, "to", to).await?,
        None => parties::treasury(db, app_id).await?.address,
    };
    let number = body.number.map_or_else(free_number, |number| number.0);
    let asset = Asset {
        standard: collection.standard.into(),
        contract: collection.address.parse().map_err(Error::internal)?,
        item: Some(number),
    };
    let item = Item {
        id: new_id(Id::Item),
        collection: collection.id,
        address: collection.address,
        standard: collection.standard,
        number: Amount(number),
        name: body.name,
        uri: body.uri,
        media: body.media,
        rarity: body.rarity,
        traits: body.traits,
        cap: body.cap,
        owner: None,
        total_supply: Confirmed { included: Amount::ZERO, finalized: Amount::ZERO },
        operation_id: Some(new_id(Id::Operation)),
        created_at: UnixMs(now_ms()),
    };
    let operation_id = item.operation_id.clone().unwrap_or_default();
    let cap = item.cap.unwrap_or_default();
    let insert = Statement::new(
        "INSERT INTO tokens (id, app_id, address, salt, name, symbol, decimals, cap, initial_supply, closed, \
         included_supply, finalized_supply, operation_id, created_at_ms, standard, collection_id, item, uri, media, rarity, \
         traits) VALUES ($1, $2, $3, '', $4, $5, 0, $6, '0', $7, '0', '0', $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(&item.id)
    .bind(app_id)
    .bind(asset.locator())
    .bind(&item.name)
    .bind(&collection.symbol)
    .bind(cap.to_string())
    .bind(collection.policy == super::tokens::Policy::Closed)
    .bind(&operation_id)
    .bind(item.created_at.0)
    .bind(asset.standard.as_str())
    .bind(&item.collection)
    .bind(number.to_string())
    .bind(item.uri.clone())
    .bind(item.media.clone())
    .bind(item.rarity.clone())
    .bind(serde_json::to_string(&item.traits).map_err(Error::internal)?);
    let intent = Intent::CreateItem {
        item: TokenRef { id: item.id.clone(), asset, symbol: collection.symbol, decimals: 0 },
        uri: item.uri.clone().unwrap_or_default(),
        cap: cap.0,
        to,
    };
    ledger
        .submit(Submission {
            rows: vec![insert],
            operation_id,
            resource_id: Some(item.id.clone()),
            resource: serde_json::to_value(&item).map_err(Error::internal)?,
            ..submission(app_id, issuer.id, intent, request, &Actor::App, None)
        })
        .await
}

/// What is to change of an item, checked: what is kept of it off chain. `None`: it stays; `Some(None)`: it goes.
#[derive(Debug, Default)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// Where its picture, film or sound is.
    pub media: Option<Option<String>>,
    /// How rare it is.
    pub rarity: Option<Option<String>>,
    /// What tells it apart.
    pub traits: Option<Vec<Trait>>,
}

/// Changes what is kept of an item off chain.
///
/// # Errors
/// 404 when the app has no such item.
pub async fn update(db: &Db, app_id: &str, item_id: &str, change: Change) -> Result<Item> {
    get(db, app_id, item_id).await?;
    let traits = change.traits.map(|traits| serde_json::to_string(&traits)).transpose().map_err(Error::internal)?;
    Patch::new("UPDATE tokens SET ")
        .set("name = ", change.name)
        .set("media = ", change.media)
        .set("rarity = ", change.rarity)
        .set("traits = ", traits)
        .only(" WHERE app_id = ", app_id)
        .only(" AND id = ", item_id)
        .execute(db)
        .await?;
    get(db, app_id, item_id).await
}

/// Makes more of an ERC-1155 item, for one or many receivers, all or nothing.
///
/// # Errors
/// 404, field errors (`mints[3].to`), what [`Ledger::submit`] answers.
pub async fn mint(ledger: &Ledger, app_id: &str, item_id: &str, body: MintItem, request: RequestKey) -> Result<Moved> {
    if !(1..=MAX_MINTS).contains(&body.mints.len()) {
        return Err(Error::field("mints", "length", format!("must have 1 to {MAX_MINTS} entries")));
    }
    for (index, entry) in body.mints.iter().enumerate() {
        require_positive(&format!("mints[{index}].amount"), entry.amount)?;
    }
    let db = ledger.db();
    let item = reference(db, app_id, item_id).await?;
    if item.asset.is_unique() {
        return Err(Error::field("path.item", "standard", "is unique; it was minted when it was created"));
    }
    let receivers = parties::receivers(db, app_id, "mints", body.mints.iter().map(|entry| entry.to.as_str())).await?;
    let mints: Vec<_> = receivers.into_iter().zip(body.mints.iter().map(|entry| entry.amount.0)).collect();
    let intent = match mints.as_slice() {
        [(to, amount)] => Intent::Mint { token: item, to: *to, amount: *amount },
        _ => Intent::MintBatch { item, mints },
    };
    let issuer = collections::issuer_of_item(db, app_id, item_id).await?;
    Ok(ledger.submit(submission(app_id, issuer.id, intent, request, &Actor::App, None)).await?.into())
}

/// Moves an item.
///
/// # Errors
/// 404, field errors, 403 when a user names another giver, 422 `insufficient_balance`, what [`Ledger::submit`] answers.
pub async fn transfer(
    ledger: &Ledger,
    app_id: &str,
    actor: &Actor,
    item_id: &str,
    body: TransferItem,
    request: RequestKey,
) -> Result<Moved> {
    memo_or_error(body.memo.as_deref())?;
    let token = reference(ledger.db(), app_id, item_id).await?;
    let amount = amount_of(&token, body.amount)?;
    let payer = parties::payer(ledger.db(), app_id, actor, body.from.as_deref()).await?;
    let to = parties::receiver(ledger.db(), app_id, "to", &body.to).await?;
    let intent = Intent::Transfer { token, to, amount };
    Ok(ledger.submit(submission(app_id, payer.id, intent, request, actor, body.memo)).await?.into())
}

/// Takes an item, or some of it, out of the world.
///
/// # Errors
/// As [`transfer`].
pub async fn burn(
    ledger: &Ledger,
    app_id: &str,
    actor: &Actor,
    item_id: &str,
    body: BurnItem,
    request: RequestKey,
) -> Result<Moved> {
    let token = reference(ledger.db(), app_id, item_id).await?;
    let amount = amount_of(&token, body.amount)?;
    let payer = parties::payer(ledger.db(), app_id, actor, body.from.as_deref()).await?;
    let intent = Intent::Burn { token, amount };
    Ok(ledger.submit(submission(app_id, payer.id, intent, request, actor, None)).await?.into())
}

/// One item.
///
/// # Errors
/// 404 when the app has no such item.
pub async fn get(db: &Db, app_id: &str, id: &str) -> Result<Item> {
    let mut query = select("");
    query.push(" WHERE t.collection_id IS NOT NULL AND t.app_id = ").push_bind(app_id);
    query.push(" AND t.id = ").push_bind(id);
    let row = query.build().fetch_optional(db.reader()).await?;
    from_row(&row.ok_or_else(|| Error::not_found("item"))?)
}

/// A collection's items, newest first.
///
/// # Errors
/// 404; a bad page query.
pub async fn list(db: &Db, app_id: &str, collection_id: &str, filter: &ItemFilter) -> Result<Page<Item>> {
    collections::get(db, app_id, collection_id).await?;
    let page = OrderedPageQuery { order: filter.order, limit: filter.limit, cursor: filter.cursor.clone() };
    let mut query = select("");
    query.push(" WHERE t.collection_id = ").push_bind(collection_id).push(" AND t.app_id = ").push_bind(app_id);
    if let Some(rarity) = &filter.rarity {
        query.push(" AND t.rarity = ").push_bind(rarity);
    }
    let limit = page.push_ids(&mut query, "t.id")?;
    let rows = query.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |item| item.id.clone()))
}

/// The items that a user has, or will have once what was accepted is done, in the order of their ids. A user sees his own
/// alone.
///
/// # Errors
/// 404 for an unknown user, 403 for a user who asks about another.
pub async fn of_user(db: &Db, app_id: &str, actor: &Actor, user_id: &str, page: &PageQuery) -> Result<Page<Held>> {
    actor.require_self(user_id)?;
    let wallet = parties::wallet(db, app_id, "path.user", user_id)
        .await
        .map_err(|error| super::balances::not_found(error, "user"))?;
    let address = address_text(wallet.address);
    let limit = page.limit()?;
    let mut query = select(", b.included, b.finalized, b.pending_in, b.pending_own_in, b.pending_out");
    query.push(" JOIN balances b ON b.token_id = t.id WHERE t.collection_id IS NOT NULL AND b.address = ");
    query.push_bind(&address).push(" AND b.app_id = ").push_bind(app_id);
    query.push(" AND (b.included <> '0' OR b.finalized <> '0' OR b.pending_in <> '0') AND b.token_id > ");
    query.push_bind(page.after()?.unwrap_or_default()).push(" ORDER BY b.token_id LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(db.reader()).await?;
    let mut held = Vec::with_capacity(rows.len());
    for row in &rows {
        let item = from_row(row)?;
        let balance = balances::from_row(row, &token_ref(row, &item)?, &address)?;
        held.push(Held { item, balance });
    }
    Ok(Page::cut(held, limit, |held| held.item.id.clone()))
}

/// Items `t`, with further columns.
fn select(further: &'static str) -> QueryBuilder {
    let mut query = QueryBuilder::new(
        "SELECT t.id, t.collection_id, t.address, t.standard, t.item, t.name, t.symbol, t.uri, t.media, t.rarity, t.traits, t.cap, t.included_supply, \
         t.finalized_supply, t.operation_id, t.created_at_ms, CASE WHEN t.standard = 'erc721' THEN \
         (SELECT o.address FROM balances o WHERE o.token_id = t.id AND o.included = '1') END AS owner",
    );
    query.push(further).push(" FROM tokens t");
    query
}

fn from_row(row: &AnyRow) -> Result<Item> {
    let locator: String = row.try_get("address")?;
    let cap = Amount::read(row, "cap")?;
    let operation_id: String = row.try_get("operation_id")?;
    Ok(Item {
        id: row.try_get("id")?,
        collection: row.try_get("collection_id")?,
        address: locator.split('/').next().unwrap_or_default().to_owned(),
        standard: match row.try_get::<String, _>("standard")?.as_str() {
            "erc1155" => CollectionStandard::Erc1155,
            _ => CollectionStandard::Erc721,
        },
        number: Amount::read(row, "item")?,
        name: row.try_get("name")?,
        uri: row.try_get("uri")?,
        media: row.try_get("media")?,
        rarity: row.try_get("rarity")?,
        traits: match row.try_get::<Option<String>, _>("traits")? {
            Some(traits) => serde_json::from_str(&traits).map_err(Error::internal)?,
            None => Vec::new(),
        },
        cap: Some(cap).filter(|cap| !cap.is_zero()),
        owner: row.try_get("owner")?,
        total_supply: Confirmed {
            included: Amount::read(row, "included_supply")?,
            finalized: Amount::read(row, "finalized_supply")?,
        },
        operation_id: Some(operation_id).filter(|id| !id.is_empty()),
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}

fn token_ref(row: &AnyRow, item: &Item) -> Result<TokenRef> {
    let contract: Address = item.address.parse().map_err(Error::internal)?;
    Ok(TokenRef {
        id: item.id.clone(),
        asset: Asset { standard: item.standard.into(), contract, item: Some(item.number.0) },
        symbol: row.try_get("symbol")?,
        decimals: 0,
    })
}

/// What the ledger needs of an item.
///
/// # Errors
/// 404 when the app has no such item.
pub async fn reference(db: &Db, app_id: &str, item_id: &str) -> Result<TokenRef> {
    if let Some(known) = db.known().tokens.get(app_id, item_id) {
        return Ok(known);
    }
    let mut query = select("");
    query.push(" WHERE t.collection_id IS NOT NULL AND t.app_id = ").push_bind(app_id);
    query.push(" AND t.id = ").push_bind(item_id);
    let row = query.build().fetch_optional(db.reader()).await?.ok_or_else(|| Error::not_found("item"))?;
    let known = token_ref(&row, &from_row(&row)?)?;
    db.known().tokens.keep(app_id, item_id, known.clone());
    Ok(known)
}

/// A number that nobody has: 53 random bits, so that a JavaScript number holds it.
fn free_number() -> U256 {
    U256::from(u64::from_be_bytes(*crate::auth::random_bytes::<8>()) >> 11)
}

/// How many, where one is meant when nothing is said.
///
/// # Errors
/// A field error for nothing, and for more than one of a unique item.
pub(super) fn amount_of(token: &TokenRef, amount: Option<Amount>) -> Result<U256> {
    let amount = amount.unwrap_or(Amount(U256::from(1)));
    require_positive("amount", amount)?;
    if token.asset.standard == Standard::Erc721 && amount.0 != U256::from(1) {
        return Err(Error::field("amount", "range", "must be 1: the item is unique"));
    }
    Ok(amount.0)
}

fn validate(standard: CollectionStandard, body: &CreateItem) -> Result<()> {
    let mut faults = Vec::new();
    faults.extend(name_fault("name", &body.name, 64));
    faults.extend(body.uri.as_deref().and_then(|uri| uri_fault("uri", uri)));
    faults.extend(body.media.as_deref().and_then(|media| uri_fault("media", media)));
    faults.extend(body.rarity.as_deref().and_then(|rarity| name_fault("rarity", rarity, 32)));
    faults.extend(trait_faults(&body.traits));
    if body.cap.is_some_and(Amount::is_zero) {
        faults.push(FieldError::new("cap", "range", "must be more than 0; leave it out for no cap"));
    }
    if standard == CollectionStandard::Erc721 && body.cap.is_some() {
        faults.push(FieldError::new("cap", "standard", "is for items of an erc1155 collection"));
    }
    if standard == CollectionStandard::Erc1155 && body.to.is_some() {
        faults.push(FieldError::new("to", "standard", "is for items of an erc721 collection; mint this one"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::fields(faults)) }
}

/// What is wrong with an item's traits.
pub fn trait_faults(traits: &[Trait]) -> Vec<FieldError> {
    let mut faults = Vec::new();
    if traits.len() > MAX_TRAITS {
        faults.push(FieldError::new("traits", "length", format!("must have at most {MAX_TRAITS} entries")));
    }
    for (index, Trait { name, value }) in traits.iter().take(MAX_TRAITS).enumerate() {
        faults.extend(name_fault(&format!("traits[{index}].name"), name, 64));
        faults.extend(name_fault(&format!("traits[{index}].value"), value, 64));
    }
    faults
}
