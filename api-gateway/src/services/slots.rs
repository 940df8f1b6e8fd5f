//! Sale slots: items that wait with their collection for whoever pays the price. The chain splits what is paid.

use super::tokens::submission;
use super::{Actor, Moved, collections, items, parties, tokens};
use crate::db::{
    Amount, Db, Id, Order, OrderedPageQuery, Page, PageQuery, QueryBuilder, Standard, Statement, UnixMs, new_id, now_ms,
};
use crate::error::{Error, FieldError, Result};
use crate::ledger::contracts::{MAX_BASIS_POINTS, MAX_SHARES, address_text, hash_text};
use crate::ledger::{Accepted, Intent, Ledger, Operation, RequestKey, SlotOffer, SlotShare, Submission};
use alloy::primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::{IntoParams, ToSchema};

/// Body of `POST /items/{item}/slots`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenSlot {
    /// Whose: a user (`usr_…`) or wallet (`wal_…`, 0x…) of the app. When absent: the treasury's with a server key, the
    /// user's own with a user's token.
    #[serde(default)]
    pub from: Option<String>,
    /// How many; 1 when absent, and always of an ERC-721 item.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// `tok_…`: what is paid with.
    pub currency: String,
    /// Of one, in the currency's smallest unit. 0: a gift to whoever takes it.
    pub price: Amount,
    /// Beside the collection's royalty, which every sale pays; what is left is the seller's.
    #[serde(default, deserialize_with = "crate::strict::objects")]
    #[schema(max_items = 10)]
    pub shares: Vec<WantedShare>,
}

/// A beneficiary of a sale, as it is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WantedShare {
    /// `usr_…`, `wal_…` or a 0x address.
    pub to: String,
    /// Hundredths of a percent: 1 to 10000, all together with the royalty at most 10000.
    #[schema(minimum = 1, maximum = 10000)]
    pub basis_points: u16,
}

/// Body of `POST /slots/{slot}/buy`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BuyItem {
    /// Who pays and receives: a user or wallet of the app; the treasury when absent, the user himself with a user's token.
    #[serde(default)]
    pub from: Option<String>,
    /// How many; 1 when absent.
    #[serde(default)]
    pub amount: Option<Amount>,
}

/// How a slot is, as the best block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SlotStatus {
    /// Accepted, and not in a block yet.
    Pending,
    /// For sale.
    Open,
    /// Nothing is left.
    Sold,
    /// What was left is the seller's again.
    Closed,
    /// It was never opened: see its operation.
    Failed,
}

crate::named::named!(SlotStatus:
    Pending = "pending", Open = "open", Sold = "sold", Closed = "closed",
    Failed = "failed");

/// Items for sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// `slt_…`
    pub id: String,
    /// `itm_…`
    pub item: String,
    /// The slot's id on chain: the hash of its terms.
    pub name: String,
    /// How it is.
    pub status: SlotStatus,
    /// Who sells.
    pub seller: String,
    /// `tok_…`: what is paid with; absent when it is no token of this app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The address of what is paid with.
    pub currency_address: String,
    /// Of one, in the currency's smallest unit.
    pub price: Amount,
    /// Who gets a part of it, beside the collection's royalty.
    pub shares: Vec<SlotShare>,
    /// How many were offered.
    pub amount: Amount,
    /// How many are left, as the best block says.
    pub left: Amount,
    /// The operation that opens it; absent when it was opened without this gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// When the gateway stored it.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// Somebody has bought out of a slot.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sale {
    /// Its address.
    pub buyer: String,
    /// How many.
    pub amount: Amount,
    /// For all of them, in the currency's smallest unit.
    pub payment: Amount,
    /// On chain.
    pub transaction_hash: String,
    /// Where.
    pub block_number: u64,
    /// The block's time.
    #[schema(value_type = String, format = DateTime)]
    pub at: UnixMs,
}

/// Which slots.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SlotFilter {
    /// Only slots of this item (`itm_…`).
    pub item: Option<String>,
    /// Only slots that are so.
    pub status: Option<SlotStatus>,
    /// `newest` first when absent.
    #[param(inline)]
    pub order: Option<Order>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// Offers an item for sale.
///
/// # Errors
/// 404, field errors, 403 when a user names another seller, 422 `insufficient_balance`, what [`Ledger::submit`] answers.
pub async fn open(
    ledger: &Ledger,
    app_id: &str,
    actor: &Actor,
    item_id: &str,
    body: OpenSlot,
    request: RequestKey,
) -> Result<Accepted> {
    let db = ledger.db();
    let item = items::reference(db, app_id, item_id).await?;
    let amount = items::amount_of(&item, body.amount)?;
    let royalty = collections::royalty_of(db, app_id, item_id).await?;
    validate(&body, amount, royalty)?;
    let currency = tokens::token_ref(db, app_id, &body.currency)
        .await
        .map_err(|_| Error::field("currency", "not_found", "must be a token of the app, tok_…"))?;
    if currency.asset.standard != Standard::Erc20 {
        return Err(Error::field("currency", "not_found", "must be a token of the app, tok_…"));
    }
    let seller = parties::payer(db, app_id, actor, body.from.as_deref()).await?;
    let beneficiaries = body.shares.iter().map(|share| share.to.as_str());
    let beneficiaries = parties::receivers(db, app_id, "shares", beneficiaries).await?;
    let shares = beneficiaries.into_iter().zip(body.shares.iter().map(|share| share.basis_points)).collect();
    let salt = B256::from(*crate::auth::random_bytes::<32>());
    let offer = SlotOffer { currency: currency.asset.contract, price: body.price.0, shares, salt };
    let slot = Slot {
        id: new_id(Id::Slot),
        item: item.id.clone(),
        name: hash_text(offer.name(seller.address, item.asset.item.unwrap_or_default())),
        status: SlotStatus::Pending,
        seller: address_text(seller.address),
        currency: Some(currency.id),
        currency_address: address_text(offer.currency),
        price: body.price,
        shares: offer.shares.iter().map(|(to, points)| SlotShare::new(*to, *points)).collect(),
        amount: Amount(amount),
        left: Amount::ZERO,
        operation_id: Some(new_id(Id::Operation)),
        created_at: UnixMs(now_ms()),
    };
    let operation_id = slot.operation_id.clone().unwrap_or_default();
    let insert = Statement::new(
        "INSERT INTO slots (id, app_id, item_id, contract, name, seller, currency, price, shares, amount, operation_id, \
         created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(&slot.id)
    .bind(app_id)
    .bind(&slot.item)
    .bind(address_text(item.asset.contract))
    .bind(&slot.name)
    .bind(&slot.seller)
    .bind(&slot.currency_address)
    .bind(slot.price.to_string())
    .bind(serde_json::to_string(&slot.shares).map_err(Error::internal)?)
    .bind(slot.amount.to_string())
    .bind(&operation_id)
    .bind(slot.created_at.0);
    let intent = Intent::OpenSlot { item, offer, amount };
    ledger
        .submit(Submission {
            rows: vec![insert],
            operation_id,
            resource_id: Some(slot.id.clone()),
            resource: serde_json::to_value(&slot).map_err(Error::internal)?,
            ..submission(app_id, seller.id, intent, request, actor, None)
        })
        .await
}

/// Buys out of a slot. Whether enough is left is for the ledger to say.
///
/// # Errors
/// 404, field errors, 403 when a user names another buyer, 422 `insufficient_balance` of the currency or
/// `ledger_rule_violated` when the collection has no more of it, what [`Ledger::submit`] answers.
pub async fn buy(
    ledger: &Ledger,
    app_id: &str,
    actor: &Actor,
    slot_id: &str,
    body: BuyItem,
    request: RequestKey,
) -> Result<Moved> {
    let db = ledger.db();
    let slot = get(db, app_id, slot_id).await?;
    let item = items::reference(db, app_id, &slot.item).await?;
    let amount = items::amount_of(&item, body.amount)?;
    let Some(currency) = &slot.currency else {
        return Err(Error::field("path.slot", "currency", "is paid with a token that isn't the app's"));
    };
    let currency = tokens::token_ref(db, app_id, currency).await?;
    let payment = slot
        .price
        .0
        .checked_mul(amount)
        .ok_or_else(|| Error::field("amount", "range", "the payment would be more than 2^256 - 1"))?;
    let royalty = collections::royalty_of(db, app_id, &slot.item).await?;
    let payments = payments(&slot, royalty, payment)?;
    let buyer = parties::payer(db, app_id, actor, body.from.as_deref()).await?;
    let name = slot.name.parse().map_err(Error::internal)?;
    let intent = Intent::BuyItem { item, slot: name, amount, currency, payments };
    let submission =
        Submission { resource_id: Some(slot.id), ..submission(app_id, buyer.id, intent, request, actor, None) };
    Ok(ledger.submit(submission).await?.into())
}

/// Takes back what a slot has left: the seller, or for the app whoever the seller is.
///
/// # Errors
/// 404, 403 for a user who isn't the seller, what [`Ledger::submit`] answers.
pub async fn close(
    ledger: &Ledger,
    app_id: &str,
    actor: &Actor,
    slot_id: &str,
    request: RequestKey,
) -> Result<Operation> {
    let db = ledger.db();
    let slot = get(db, app_id, slot_id).await?;
    let item = items::reference(db, app_id, &slot.item).await?;
    let closer = match actor {
        Actor::App => collections::issuer_of_item(db, app_id, &slot.item).await?,
        Actor::User(_) => parties::payer(db, app_id, actor, Some(&slot.seller)).await?,
    };
    let intent = Intent::CloseSlot { item, slot: slot.name.parse().map_err(Error::internal)? };
    let submission =
        Submission { resource_id: Some(slot.id), ..submission(app_id, closer.id, intent, request, actor, None) };
    Ok(ledger.submit(submission).await?.operation)
}

/// One slot.
///
/// # Errors
/// 404 when the app has no such slot.
pub async fn get(db: &Db, app_id: &str, id: &str) -> Result<Slot> {
    let mut query = select(app_id);
    query.push(" AND s.id = ").push_bind(id).push(") q");
    let row = query.build().fetch_optional(db.reader()).await?;
    from_row(&row.ok_or_else(|| Error::not_found("slot"))?)
}

/// The app's slots, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app_id: &str, filter: &SlotFilter) -> Result<Page<Slot>> {
    let page = OrderedPageQuery { order: filter.order, limit: filter.limit, cursor: filter.cursor.clone() };
    let mut query = select(app_id);
    if let Some(item) = &filter.item {
        query.push(" AND s.item_id = ").push_bind(item);
    }
    query.push(") q WHERE (operation_id <> '' OR status <> 'pending')");
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    let limit = page.push_ids(&mut query, "id")?;
    let rows = query.build().fetch_all(db.reader()).await?;
    let slots = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(slots, limit, |slot| slot.id.clone()))
}

/// What was bought out of a slot, newest first, whoever bought it.
///
/// # Errors
/// 404; a bad page query.
pub async fn sales(db: &Db, app_id: &str, id: &str, page: &PageQuery) -> Result<Page<Sale>> {
    get(db, app_id, id).await?;
    let limit = page.limit()?;
    let mut query = QueryBuilder::new(
        "SELECT c.buyer, c.amount, c.payment, c.tx_hash, c.block_number, c.log_index, c.timestamp_ms FROM slot_changes c \
         JOIN slots s ON s.contract = c.contract AND s.name = c.name WHERE c.kind = 'sold' AND s.id = ",
    );
    query.push_bind(id);
    let [block, log] = page.position()?;
    query.push(" AND (c.block_number, c.log_index) < (").push_bind(block).push(", ").push_bind(log).push(")");
    query.push(" ORDER BY c.block_number DESC, c.log_index DESC LIMIT ").push_bind(limit + 1);
    let mut sales = Vec::new();
    for row in query.build().fetch_all(db.reader()).await? {
        let (block, log): (i64, i64) = (row.try_get(4)?, row.try_get(5)?);
        let sale = Sale {
            buyer: row.try_get(0)?,
            amount: Amount::read(&row, 1)?,
            payment: Amount::read(&row, 2)?,
            transaction_hash: row.try_get(3)?,
            block_number: u64::try_from(block).map_err(Error::internal)?,
            at: UnixMs(row.try_get(6)?),
        };
        sales.push((sale, format!("{block}.{log}")));
    }
    let page = Page::cut(sales, limit, |(_, position)| position.clone());
    Ok(Page { items: page.items.into_iter().map(|(sale, _)| sale).collect(), next_cursor: page.next_cursor })
}

/// The app's slots `s`, each with what became of it; to be closed with `) q`.
fn select(app_id: &str) -> QueryBuilder {
    let mut query = QueryBuilder::new(
        "SELECT * FROM (SELECT s.id, s.item_id, s.name, s.seller, s.currency, s.price, s.shares, s.amount, \
         s.operation_id, s.created_at_ms, t.id AS currency_id, COALESCE(c.left_amount, '0') AS left_amount, \
         CASE WHEN c.kind IS NULL AND o.status = 'failed' THEN 'failed' WHEN c.kind IS NULL THEN 'pending' \
         WHEN c.left_amount <> '0' THEN 'open' ELSE c.kind END AS status FROM slots s \
         LEFT JOIN tokens t ON t.address = s.currency AND t.app_id = s.app_id \
         LEFT JOIN operations o ON o.id = s.operation_id \
         LEFT JOIN slot_changes c ON (c.block_number, c.log_index) = (SELECT d.block_number, d.log_index \
         FROM slot_changes d WHERE d.contract = s.contract AND d.name = s.name \
         ORDER BY d.block_number DESC, d.log_index DESC LIMIT 1) WHERE s.app_id = ",
    );
    query.push_bind(app_id);
    query
}

fn from_row(row: &AnyRow) -> Result<Slot> {
    let operation_id: String = row.try_get("operation_id")?;
    Ok(Slot {
        id: row.try_get("id")?,
        item: row.try_get("item_id")?,
        name: row.try_get("name")?,
        status: SlotStatus::parse(&row.try_get::<String, _>("status")?)?,
        seller: row.try_get("seller")?,
        currency: row.try_get("currency_id")?,
        currency_address: row.try_get("currency")?,
        price: Amount::read(row, "price")?,
        shares: serde_json::from_str(&row.try_get::<String, _>("shares")?).map_err(Error::internal)?,
        amount: Amount::read(row, "amount")?,
        left: Amount::read(row, "left_amount")?,
        operation_id: Some(operation_id).filter(|id| !id.is_empty()),
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}

/// Who gets how much of a payment, as the chain reckons it: each share rounded down, the rest the seller's.
fn payments(slot: &Slot, royalty: Option<(Address, u16)>, payment: U256) -> Result<Vec<(Address, U256)>> {
    let mut shares: Vec<(Address, u16)> = royalty.into_iter().collect();
    for SlotShare { to, basis_points } in &slot.shares {
        shares.push((to.parse().map_err(Error::internal)?, *basis_points));
    }
    let mut rest = payment;
    let mut payments = Vec::with_capacity(shares.len() + 1);
    for (to, basis_points) in shares {
        let part = share_of(payment, basis_points);
        rest = rest.saturating_sub(part);
        payments.push((to, part));
    }
    payments.push((slot.seller.parse().map_err(Error::internal)?, rest));
    payments.retain(|(_, part)| !part.is_zero());
    Ok(payments)
}

/// Rounded down; without a product that might not fit.
fn share_of(payment: U256, basis_points: u16) -> U256 {
    let (whole, points) = (U256::from(MAX_BASIS_POINTS), U256::from(basis_points));
    let (quotient, rest) = payment.div_rem(whole);
    quotient * points + rest * points / whole
}

fn validate(body: &OpenSlot, amount: U256, royalty: Option<(Address, u16)>) -> Result<()> {
    let mut faults = Vec::new();
    if body.price.0.checked_mul(amount).is_none() {
        faults.push(FieldError::new("price", "range", "the payment for all would be more than 2^256 - 1"));
    }
    if body.shares.len() > MAX_SHARES {
        faults.push(FieldError::new("shares", "length", format!("must have at most {MAX_SHARES} entries")));
    }
    for (index, share) in body.shares.iter().enumerate() {
        if !(1..=MAX_BASIS_POINTS).contains(&share.basis_points) {
            let field = format!("shares[{index}].basisPoints");
            faults.push(FieldError::new(field, "range", format!("must be 1 to {MAX_BASIS_POINTS}")));
        }
    }
    let royalty = royalty.map_or(0, |(_, points)| u32::from(points));
    let whole: u32 = royalty + body.shares.iter().map(|share| u32::from(share.basis_points)).sum::<u32>();
    if faults.is_empty() && whole > u32::from(MAX_BASIS_POINTS) {
        let rule = format!("with the royalty of {royalty} they are {whole}; at most {MAX_BASIS_POINTS}");
        faults.push(FieldError::new("shares", "range", rule));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::fields(faults)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_are_rounded_down(payment in any::<[u64; 4]>(), points in 0..=MAX_BASIS_POINTS) {
            let payment = U256::from_limbs(payment);
            let exact = payment.widening_mul::<256, 4, 512, 8>(U256::from(points)) / alloy::primitives::U512::from(MAX_BASIS_POINTS);
            prop_assert_eq!(alloy::primitives::U512::from(share_of(payment, points)), exact);
        }
    }
}
