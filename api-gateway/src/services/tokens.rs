//! Tokens: issue, read, mint, burn.

use super::{Actor, Moved, appearance, collections::name_fault, defaults, parties};
use crate::db::{
    Amount, Asset, Db, Id, OrderedPageQuery, Page, QueryBuilder, Standard, Statement, UnixMs, new_id, now_ms,
};
use crate::error::{Error, FieldError, Result};
use crate::ledger::contracts::{ChainAppId, address_text, hash_text, issued_address};
use crate::ledger::{Confirmed, Control, Intent, Ledger, Operation, RequestKey, Submission, TokenRef};
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// Who may hold a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Anybody on the chain.
    #[default]
    Open,
    /// The app's active users, its admins and its owner.
    Closed,
}

impl Policy {
    /// From the column `closed`.
    pub(super) fn of(closed: i64) -> Self {
        if closed == 1 { Self::Closed } else { Self::Open }
    }
}

/// Body of `POST /tokens`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateToken {
    /// 1 to 64 bytes of UTF-8.
    #[schema(example = "Euro voucher", min_length = 1, max_length = 64)]
    pub name: String,
    /// 1 to 16 bytes of UTF-8.
    #[schema(example = "EURV", min_length = 1, max_length = 16)]
    pub symbol: String,
    /// 0 to 36: one unit is shown as 10^-decimals.
    #[schema(example = 2, maximum = 36)]
    pub decimals: u8,
    /// Highest total supply in the smallest unit; none when absent.
    #[serde(default)]
    pub cap: Option<Amount>,
    /// Minted to the app's treasury at once.
    #[serde(default)]
    pub initial_supply: Option<Amount>,
    /// As the app's defaults say when absent.
    #[serde(default)]
    pub policy: Option<Policy>,
    /// What it is: at most 500 characters, kept off chain.
    #[serde(default)]
    #[schema(example = "Good for one euro in every shop of the harbour", min_length = 1, max_length = 500)]
    pub description: Option<String>,
    /// Where its picture is: https, http or ipfs; kept off chain.
    #[serde(default)]
    #[schema(example = "https://shop.example.org/voucher.svg", max_length = 500)]
    pub icon: Option<String>,
}

/// Body of `POST /tokens/{token}/mint`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mint {
    /// `usr_…`, `wal_…` or a 0x address.
    pub to: String,
    /// More than 0.
    pub amount: Amount,
}

/// Body of `POST /tokens/{token}/burn`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Burn {
    /// More than 0.
    pub amount: Amount,
    /// Whose units: a user or wallet of the app; the treasury when absent.
    #[serde(default)]
    pub from: Option<String>,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// `tok_…`
    pub id: String,
    /// Its ERC-20 address.
    pub address: String,
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: String,
    /// Its decimals.
    pub decimals: u8,
    /// Highest total supply; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<Amount>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where its picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Who may hold it.
    pub policy: Policy,
    /// Whether all its movements are stopped, as the best block says.
    #[serde(default)]
    pub paused: bool,
    /// What exists of it on chain.
    pub total_supply: Confirmed,
    /// The operation that issues it.
    pub operation_id: String,
    /// When the gateway stored it.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// The answer to `POST /tokens`: 202.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenCreated {
    /// The token; its address is known at once.
    #[serde(flatten)]
    pub token: Token,
    /// The operation that issues it on chain.
    pub operation: Operation,
}

/// Issues a token; the initial supply goes to the app's treasury.
///
/// # Errors
/// Field errors; what [`Ledger::submit`] answers.
pub async fn create(ledger: &Ledger, app_id: &str, body: CreateToken, request: RequestKey) -> Result<TokenCreated> {
    validate(&body)?;
    let treasury = parties::treasury(ledger.db(), app_id).await?;
    let chain_app: ChainAppId = chain_app(ledger.db(), app_id).await?;
    let salt = B256::from(*crate::auth::random_bytes::<32>());
    let contract = issued_address(Standard::Erc20, chain_app, salt);
    let cap = body.cap.unwrap_or_default();
    let initial_supply = body.initial_supply.unwrap_or_default();
    let token = Token {
        id: new_id(Id::Token),
        address: address_text(contract),
        name: body.name,
        symbol: body.symbol,
        decimals: body.decimals,
        cap: Some(cap).filter(|cap| !cap.is_zero()),
        description: body.description,
        icon: body.icon,
        policy: defaults::token_policy(ledger.db(), app_id, body.policy).await?,
        paused: false,
        total_supply: Confirmed { included: Amount::ZERO, finalized: Amount::ZERO },
        operation_id: new_id(Id::Operation),
        created_at: UnixMs(now_ms()),
    };
    let insert = Statement::new(
        "INSERT INTO tokens (id, app_id, address, salt, name, symbol, decimals, cap, initial_supply, closed, \
         included_supply, finalized_supply, operation_id, created_at_ms, description, icon) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '0', '0', $11, $12, $13, $14)",
    )
    .bind(&token.id)
    .bind(app_id)
    .bind(&token.address)
    .bind(hash_text(salt))
    .bind(&token.name)
    .bind(&token.symbol)
    .bind(i64::from(token.decimals))
    .bind(cap.to_string())
    .bind(initial_supply.to_string())
    .bind(token.policy == Policy::Closed)
    .bind(&token.operation_id)
    .bind(token.created_at.0)
    .bind(token.description.clone())
    .bind(token.icon.clone());
    let accepted = ledger
        .submit(Submission {
            app_id: app_id.to_owned(),
            sender_wallet_id: treasury.id,
            intent: Intent::CreateToken {
                app: chain_app,
                salt,
                token: TokenRef {
                    id: token.id.clone(),
                    asset: Asset::token(contract),
                    symbol: token.symbol.clone(),
                    decimals: token.decimals,
                },
                name: token.name.clone(),
                cap: cap.0,
                initial_supply: initial_supply.0,
                closed: token.policy == Policy::Closed,
            },
            request,
            rows: vec![insert],
            operation_id: token.operation_id.clone(),
            resource_id: Some(token.id.clone()),
            user_id: None,
            memo: None,
            resource: serde_json::to_value(&token).map_err(Error::internal)?,
        })
        .await?;
    // From the answer, not from above: a repeat gets the token of the first request.
    Ok(TokenCreated {
        token: serde_json::from_value(accepted.resource).map_err(Error::internal)?,
        operation: accepted.operation,
    })
}

/// Creates units.
///
/// # Errors
/// 404, field errors, what [`Ledger::submit`] answers.
pub async fn mint(ledger: &Ledger, app_id: &str, token_id: &str, body: Mint, request: RequestKey) -> Result<Moved> {
    require_positive("amount", body.amount)?;
    let token = token_ref(ledger.db(), app_id, token_id).await?;
    let to = parties::receiver(ledger.db(), app_id, "to", &body.to).await?;
    let treasury = parties::treasury(ledger.db(), app_id).await?;
    let intent = Intent::Mint { token, to, amount: body.amount.0 };
    Ok(ledger.submit(submission(app_id, treasury.id, intent, request, &Actor::App, None)).await?.into())
}

/// Destroys units of the treasury, or of a user or wallet of the app. A user destroys its own.
///
/// # Errors
/// 404, field errors, 403 when a user names another holder, 422 `insufficient_balance`, what [`Ledger::submit`] answers.
pub async fn burn(
    ledger: &Ledger,
    app_id: &str,
    actor: &Actor,
    token_id: &str,
    body: Burn,
    request: RequestKey,
) -> Result<Moved> {
    require_positive("amount", body.amount)?;
    let token = token_ref(ledger.db(), app_id, token_id).await?;
    let payer = parties::payer(ledger.db(), app_id, actor, body.from.as_deref()).await?;
    let intent = Intent::Burn { token, amount: body.amount.0 };
    Ok(ledger.submit(submission(app_id, payer.id, intent, request, actor, None)).await?.into())
}

/// Stopping a token's units, all or those of an account: `usr_…`, `wal_…` or an address.
#[derive(Clone, Debug)]
pub enum Stop {
    /// All of them.
    Pause,
    /// All of them may move again.
    Unpause,
    /// Those of the account.
    Freeze(String),
    /// Those of the account may move again.
    Unfreeze(String),
}

/// Stops a token's units or lets them move again.
///
/// # Errors
/// 404, field errors, what [`Ledger::submit`] answers.
pub async fn control(
    ledger: &Ledger,
    app_id: &str,
    token_id: &str,
    stop: Stop,
    request: RequestKey,
) -> Result<Operation> {
    let token = token_ref(ledger.db(), app_id, token_id).await?;
    let account = async |text: &str| parties::receiver(ledger.db(), app_id, "account", text).await;
    let control = match &stop {
        Stop::Pause => Control::Pause,
        Stop::Unpause => Control::Unpause,
        Stop::Freeze(text) => Control::Freeze(account(text).await?),
        Stop::Unfreeze(text) => Control::Unfreeze(account(text).await?),
    };
    let treasury = parties::treasury(ledger.db(), app_id).await?;
    let intent = Intent::Control { token, control };
    Ok(ledger.submit(submission(app_id, treasury.id, intent, request, &Actor::App, None)).await?.operation)
}

/// Changes how a token looks to people.
///
/// # Errors
/// 404 when the app has no such token.
pub async fn update(db: &Db, app_id: &str, token_id: &str, change: appearance::Change) -> Result<Token> {
    get(db, app_id, token_id).await?;
    appearance::store(db, app_id, token_id, change).await?;
    get(db, app_id, token_id).await
}

/// One token.
///
/// # Errors
/// 404 when the app has no such token.
pub async fn get(db: &Db, app_id: &str, token_id: &str) -> Result<Token> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(app_id).push(" AND id = ").push_bind(token_id);
    let row = query.build().fetch_optional(db.reader()).await?;
    from_row(&row.ok_or_else(|| Error::not_found("token"))?)
}

/// The app's tokens, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app_id: &str, page: &OrderedPageQuery) -> Result<Page<Token>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(app_id);
    let limit = page.push_ids(&mut query, "id")?;
    let rows = query.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |token| token.id.clone()))
}

const SELECT: &str = "SELECT id, address, name, symbol, decimals, cap, closed, description, icon, included_supply, \
    finalized_supply, operation_id, created_at_ms, (SELECT c.active FROM token_controls c WHERE c.token_id = tokens.id AND c.account = '' \
    ORDER BY c.block_number DESC, c.log_index DESC LIMIT 1) AS paused FROM tokens \
    WHERE standard = 'erc20' AND app_id = ";

fn from_row(row: &AnyRow) -> Result<Token> {
    let cap = Amount::read(row, "cap")?;
    Ok(Token {
        id: row.try_get("id")?,
        address: row.try_get("address")?,
        name: row.try_get("name")?,
        symbol: row.try_get("symbol")?,
        decimals: u8::try_from(row.try_get::<i64, _>("decimals")?).map_err(Error::internal)?,
        cap: Some(cap).filter(|cap| !cap.is_zero()),
        description: row.try_get("description")?,
        icon: row.try_get("icon")?,
        policy: Policy::of(row.try_get("closed")?),
        paused: row.try_get::<Option<i64>, _>("paused")? == Some(1),
        total_supply: Confirmed {
            included: Amount::read(row, "included_supply")?,
            finalized: Amount::read(row, "finalized_supply")?,
        },
        operation_id: row.try_get("operation_id")?,
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}

/// What the ledger needs of a token.
///
/// # Errors
/// 404 when the app has no such token.
pub async fn token_ref(db: &Db, app_id: &str, token_id: &str) -> Result<TokenRef> {
    if let Some(known) = db.known().tokens.get(app_id, token_id) {
        return Ok(known);
    }
    let token = get(db, app_id, token_id).await?;
    let token = TokenRef {
        asset: Asset::token(token.address.parse().map_err(Error::internal)?),
        id: token.id,
        symbol: token.symbol,
        decimals: token.decimals,
    };
    db.known().tokens.keep(app_id, token_id, token.clone());
    Ok(token)
}

pub(super) async fn chain_app(db: &Db, app_id: &str) -> Result<ChainAppId> {
    let row = sqlx::query("SELECT chain_app_id FROM apps WHERE id = $1").bind(app_id).fetch_one(db.reader()).await?;
    row.try_get::<String, _>(0)?.parse().map_err(Error::internal)
}

pub(super) fn require_positive(field: &str, amount: Amount) -> Result<()> {
    if amount.is_zero() { Err(Error::field(field, "range", "must be more than 0")) } else { Ok(()) }
}

/// A submission without rows of its own.
pub(crate) fn submission(
    app_id: &str,
    wallet_id: String,
    intent: Intent,
    request: RequestKey,
    actor: &Actor,
    memo: Option<String>,
) -> Submission {
    Submission {
        app_id: app_id.to_owned(),
        sender_wallet_id: wallet_id,
        intent,
        request,
        rows: Vec::new(),
        operation_id: new_id(Id::Operation),
        resource_id: None,
        user_id: actor.user_id().map(str::to_owned),
        memo,
        resource: serde_json::Value::Null,
    }
}

/// The limits of `contracts/ITokens.sol`, told before the chain would.
fn validate(body: &CreateToken) -> Result<()> {
    let mut faults = Vec::new();
    for (field, text, most) in [("name", &body.name, 64), ("symbol", &body.symbol, 16)] {
        faults.extend(name_fault(field, text, most));
    }
    faults.extend(body.description.as_deref().and_then(|text| appearance::description("description", text).err()));
    faults.extend(body.icon.as_deref().and_then(|text| appearance::picture("icon", text).err()));
    if body.decimals > 36 {
        faults.push(FieldError::new("decimals", "range", "must be 0 to 36"));
    }
    if let Some(cap) = body.cap {
        if cap.is_zero() {
            faults.push(FieldError::new("cap", "range", "must be more than 0; leave it out for no cap"));
        } else if body.initial_supply.is_some_and(|supply| supply > cap) {
            faults.push(FieldError::new("initialSupply", "range", "must not exceed cap"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::fields(faults)) }
}
