//! What a user's custodial wallet may do: to whom it sends, how much in a time, and what it signs.
//!
//! The app's people set it; the ledger holds each write against it (`ledger::accept::policies`). Who has no policy may send
//! anything to anybody, as before, and signs nothing but transactions.

use super::{Actor, parties, tokens, users};
use crate::custody::{Custody, SealedWallet};
use crate::db::{Amount, Db, Id, Statement, now_ms};
use crate::error::{Code, Error, FieldError, Result};
use crate::ledger::Period;
use crate::ledger::contracts::address_text;
use alloy::dyn_abi::TypedData;
use alloy::primitives::eip191_hash_message;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Receivers of an allow-list at most.
const MAX_ALLOWED: usize = 1_000;

/// Limits of a wallet at most.
const MAX_LIMITS: usize = 20;

/// Bytes of a message at most.
const MAX_MESSAGE_BYTES: usize = 10_000;

/// Types of typed data at most, and members of one.
const MAX_TYPES: usize = 100;

/// What a wallet signs beside its transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signing {
    /// Nothing.
    #[default]
    None,
    /// Messages (EIP-191), with which one shows who one is.
    Messages,
    /// Typed data, too (EIP-712), by which units can be given away.
    All,
}

crate::named::named!(Signing: None = "none", Messages = "messages", All = "all");

/// The most of a token that a wallet may send in a time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpendingLimit {
    /// `tok_…`
    pub token: String,
    /// In the token's smallest unit.
    pub amount: Amount,
    /// In which time.
    pub period: Period,
}

/// Body of `PUT /users/{user}/wallet/policy`. What is absent limits nothing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPolicy {
    /// To whom alone it may send, and which contracts it may call: `usr_…`, `wal_…` or addresses; at most 1,000. Everybody
    /// when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    pub allow: Option<Vec<String>>,
    /// At most 20, one for a token and a period.
    #[serde(default, deserialize_with = "crate::strict::objects")]
    #[schema(max_items = 20)]
    pub limits: Vec<SpendingLimit>,
    /// What it signs beside its transactions; nothing when absent. Not `all` together with limits or an allow-list: typed
    /// data could pass by them.
    #[serde(default)]
    pub signing: Signing,
}

/// What a wallet may do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WalletPolicy {
    /// To whom alone it may send, and which contracts it may call: addresses. Everybody when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<BTreeSet<String>>,
    /// The most that it may send in a time.
    pub limits: Vec<UsedLimit>,
    /// What it signs beside its transactions.
    pub signing: Signing,
}

/// A limit, and what was accepted of it in the present period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsedLimit {
    /// `tok_…`
    pub token: String,
    /// In the token's smallest unit.
    pub amount: Amount,
    /// In which time.
    pub period: Period,
    /// Sent in the present period.
    pub spent: Amount,
}

/// The policy of a user's wallet. A user sees his own.
///
/// # Errors
/// 403, 404.
pub async fn get(db: &Db, app: &str, actor: &Actor, user: &str) -> Result<WalletPolicy> {
    actor.require_self(user)?;
    let wallet = users::get(db, app, user).await?.wallet.id;
    let row: Option<(Option<String>, String)> =
        sqlx::query_as("SELECT allowed, signing FROM wallet_policies WHERE wallet_id = $1")
            .bind(&wallet)
            .fetch_optional(db.reader())
            .await?;
    let (allowed, signing) = row.unwrap_or_else(|| (None, Signing::None.as_str().to_owned()));
    let rows = sqlx::query(
        "SELECT token_id, amount, period, spent, period_number FROM wallet_limits WHERE wallet_id = $1 \
         ORDER BY token_id, period",
    )
    .bind(&wallet)
    .fetch_all(db.reader())
    .await?;
    let now = now_ms();
    let mut limits = Vec::with_capacity(rows.len());
    for row in rows {
        let period = Period::parse(&row.try_get::<String, _>(2)?)?;
        let present = row.try_get::<i64, _>(4)? == period.number(now);
        let spent = if present { Amount::read(&row, 3)? } else { Amount::default() };
        limits.push(UsedLimit { token: row.try_get(0)?, amount: Amount::read(&row, 1)?, period, spent });
    }
    let allow = allowed.map(|json| serde_json::from_str(&json)).transpose().map_err(Error::internal)?;
    Ok(WalletPolicy { allow, limits, signing: Signing::parse(&signing)? })
}

/// Sets the policy of a user's wallet. What was spent of a limit that stays, stays spent.
///
/// # Errors
/// 404; field errors.
pub async fn set(db: &Db, app: &str, user: &str, mut policy: NewPolicy) -> Result<WalletPolicy> {
    let wallet = users::get(db, app, user).await?.wallet.id;
    resolve(db, app, "", &mut policy).await?;
    let mut tx = db.write().await?;
    // The wallet's row first, as who accepts a write does.
    for statement in head(app, &wallet, &policy)? {
        statement.execute(&mut tx).await?;
    }
    let kept: BTreeSet<(String, &str)> =
        policy.limits.iter().map(|limit| (limit.token.clone(), limit.period.as_str())).collect();
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT token_id, period FROM wallet_limits WHERE wallet_id = $1")
        .bind(&wallet)
        .fetch_all(&mut *tx)
        .await?;
    for (token, period) in rows.into_iter().filter(|(token, period)| !kept.contains(&(token.clone(), period.as_str())))
    {
        Statement::new("DELETE FROM wallet_limits WHERE wallet_id = $1 AND token_id = $2 AND period = $3")
            .bind(&wallet)
            .bind(token)
            .bind(period)
            .execute(&mut tx)
            .await?;
    }
    for limit in &policy.limits {
        insert_limit(&wallet, limit).execute(&mut tx).await?;
    }
    tx.commit().await?;
    get(db, app, &Actor::App, user).await
}

/// The rows that give a new wallet, whose own row comes before them, a policy that has been [`resolve`]d.
///
/// # Errors
/// None that a caller could mend.
pub(super) fn rows(app: &str, wallet: &str, policy: &NewPolicy) -> Result<Vec<Statement>> {
    let mut rows = Vec::from(head(app, wallet, policy)?);
    rows.extend(policy.limits.iter().map(|limit| insert_limit(wallet, limit)));
    Ok(rows)
}

/// All but the limits.
fn head(app: &str, wallet: &str, policy: &NewPolicy) -> Result<[Statement; 2]> {
    let allowed = policy.allow.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let guarded = allowed.is_some() || !policy.limits.is_empty();
    let guard = Statement::new("UPDATE wallets SET guarded = $1 WHERE id = $2").bind(guarded).bind(wallet);
    let policy = Statement::new(
        "INSERT INTO wallet_policies (wallet_id, app_id, allowed, signing, updated_at_ms) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (wallet_id) DO UPDATE SET allowed = excluded.allowed, signing = excluded.signing, \
         updated_at_ms = excluded.updated_at_ms",
    )
    .bind(wallet)
    .bind(app)
    .bind(allowed)
    .bind(policy.signing.as_str())
    .bind(now_ms());
    Ok([guard, policy])
}

fn insert_limit(wallet: &str, limit: &SpendingLimit) -> Statement {
    Statement::new(
        "INSERT INTO wallet_limits (wallet_id, token_id, period, amount, spent, period_number) \
         VALUES ($1, $2, $3, $4, '0', 0) \
         ON CONFLICT (wallet_id, token_id, period) DO UPDATE SET amount = excluded.amount",
    )
    .bind(wallet)
    .bind(&limit.token)
    .bind(limit.period.as_str())
    .bind(limit.amount.to_string())
}

/// Checks a policy and makes addresses, each once, of those who may receive. `within` stands before the names of its fields.
///
/// # Errors
/// Field errors.
pub(super) async fn resolve(db: &Db, app: &str, within: &str, policy: &mut NewPolicy) -> Result<()> {
    check(within, policy)?;
    if let Some(allow) = &policy.allow {
        let mut addresses = BTreeSet::new();
        for (index, text) in allow.iter().enumerate() {
            let address = parties::receiver(db, app, &format!("{within}allow[{index}]"), text).await?;
            addresses.insert(address_text(address));
        }
        policy.allow = Some(addresses.into_iter().collect());
    }
    for (index, limit) in policy.limits.iter().enumerate() {
        let found = tokens::get(db, app, &limit.token).await;
        found.map_err(|error| match error.code() {
            Code::NotFound => Error::field(format!("{within}limits[{index}].token"), "not_found", "no such token"),
            _ => error,
        })?;
    }
    Ok(())
}

fn check(within: &str, policy: &NewPolicy) -> Result<()> {
    let mut broken = Vec::new();
    if policy.allow.as_ref().is_some_and(|allow| allow.len() > MAX_ALLOWED) {
        broken.push(FieldError::new(
            format!("{within}allow"),
            "length",
            format!("must have at most {MAX_ALLOWED} entries"),
        ));
    }
    if policy.limits.len() > MAX_LIMITS {
        broken.push(FieldError::new(
            format!("{within}limits"),
            "length",
            format!("must have at most {MAX_LIMITS} entries"),
        ));
    }
    let mut seen = BTreeSet::new();
    for (index, limit) in policy.limits.iter().enumerate().take(MAX_LIMITS) {
        if !Id::Token.matches(&limit.token) {
            let rule = "must be tok_ and 32 lowercase hex digits";
            broken.push(FieldError::new(format!("{within}limits[{index}].token"), "format", rule));
        }
        if !seen.insert((&limit.token, limit.period)) {
            let rule = "the token has a limit for this period already";
            broken.push(FieldError::new(format!("{within}limits[{index}]"), "duplicate", rule));
        }
    }
    if policy.signing == Signing::All && (policy.allow.is_some() || !policy.limits.is_empty()) {
        let rule = "must not be all beside limits or an allow-list: typed data could pass by them";
        broken.push(FieldError::new(format!("{within}signing"), "range", rule));
    }
    if broken.is_empty() { Ok(()) } else { Err(Error::fields(broken)) }
}

/// Body of `POST /users/{user}/wallet/signatures`: one of the two.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignatureRequest {
    /// A message of at most 10,000 bytes, signed as `personal_sign` does (EIP-191).
    #[schema(max_length = 10000)]
    pub message: Option<String>,
    /// Typed data as `eth_signTypedData_v4` takes it (EIP-712).
    #[schema(value_type = Option<Object>)]
    pub typed_data: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A signature of a user's custodial wallet.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WalletSignature {
    /// Who signed.
    pub address: String,
    /// What was hashed and signed.
    pub hash: String,
    /// 65 bytes: r, s, v.
    pub signature: String,
}

/// Has a user's custodial wallet sign, as far as its policy lets it. A user has his own sign.
///
/// # Errors
/// 403, also for a user who is suspended; 404; `wallet_policy_violated`; field errors.
pub async fn sign(
    db: &Db,
    custody: &Custody,
    app: &str,
    actor: &Actor,
    user: &str,
    request: SignatureRequest,
) -> Result<WalletSignature> {
    let policy = get(db, app, actor, user).await?;
    let needed = if request.typed_data.is_some() { Signing::All } else { Signing::Messages };
    let hash = match (request.message, request.typed_data) {
        (Some(message), None) if message.len() <= MAX_MESSAGE_BYTES => eip191_hash_message(message),
        (Some(_), None) => {
            return Err(Error::field("message", "length", format!("must have at most {MAX_MESSAGE_BYTES} bytes")));
        }
        (None, Some(data)) => typed_data_hash(data)?,
        _ => return Err(Error::field("message", "required", "give either message or typedData")),
    };
    let signs = match policy.signing {
        Signing::None => false,
        Signing::Messages => needed == Signing::Messages,
        Signing::All => true,
    };
    if !signs {
        return Err(Error::new(Code::WalletPolicyViolated, "the wallet's policy does not let it sign this"));
    }
    let wallet = sealed(db, app, user).await?;
    let signature = custody.signer(&wallet)?.sign(&hash);
    Ok(WalletSignature {
        address: address_text(wallet.address),
        hash: hash.to_string(),
        signature: format!("0x{}", hex::encode(signature.as_bytes())),
    })
}

fn typed_data_hash(data: serde_json::Map<String, serde_json::Value>) -> Result<alloy::primitives::B256> {
    let wrong = |error: &dyn std::fmt::Display| {
        Error::field("typedData", "format", format!("must be typed data (EIP-712): {error}"))
    };
    let types = data.get("types").and_then(serde_json::Value::as_object);
    let many = |types: &serde_json::Map<String, serde_json::Value>| {
        types.len() > MAX_TYPES
            || types.values().any(|members| members.as_array().is_some_and(|all| all.len() > MAX_TYPES))
    };
    if types.is_some_and(many) {
        return Err(Error::field(
            "typedData",
            "length",
            format!("may have {MAX_TYPES} types with {MAX_TYPES} members"),
        ));
    }
    let data: TypedData = serde_json::from_value(data.into()).map_err(|error| wrong(&error))?;
    data.eip712_signing_hash().map_err(|error| wrong(&error))
}

async fn sealed(db: &Db, app: &str, user: &str) -> Result<SealedWallet> {
    let row = sqlx::query(
        "SELECT w.id, w.app_id, w.address, w.sealed_data_key, w.sealed_key, w.suspended, a.sealed_app_key, a.root_key_id \
         FROM users u JOIN wallets w ON w.id = u.wallet_id JOIN apps a ON a.id = w.app_id \
         WHERE u.app_id = $1 AND u.id = $2",
    )
    .bind(app)
    .bind(user)
    .fetch_optional(db.reader())
    .await?
    .ok_or_else(|| Error::not_found("user"))?;
    if row.try_get::<i64, _>("suspended")? == 1 {
        return Err(Error::new(Code::UserSuspended, "the wallet's user is suspended"));
    }
    SealedWallet::from_row(&row)
}
