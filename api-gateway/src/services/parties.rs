//! Who pays and who receives: `usr_…`, `wal_…` or a 0x address, resolved to an address on chain.

use crate::db::{Db, Id, QueryBuilder, ROWS_MAX};
use crate::error::{Code, Error, Result};
use crate::ledger::contracts::address_text;
use crate::services::Actor;
use crate::services::address;
use alloy::primitives::Address;
use sqlx::Row as _;
use std::collections::{BTreeSet, HashMap};

pub use crate::db::KnownWallet as Wallet;

/// Reads a 0x address; see [`address::parse_address`].
fn parse_address(field: &str, text: &str) -> Result<Address> {
    address::parse_address(field, text).map_err(|fault| Error::fields(vec![fault]))
}

/// The address behind a receiver: any account on the chain may receive.
///
/// # Errors
/// A field error when it has no valid form or names nobody in this app.
pub async fn receiver(db: &Db, app_id: &str, field: &str, text: &str) -> Result<Address> {
    if text.starts_with("0x") {
        return parse_address(field, text);
    }
    Ok(wallet(db, app_id, field, text).await?.address)
}

/// The addresses behind the receivers of a list (`field`), in order. Few queries, however many receivers.
///
/// # Errors
/// A field error that names the first bad entry: `transfers[3].to`.
pub async fn receivers(db: &Db, app_id: &str, field: &str, texts: impl Iterator<Item = &str>) -> Result<Vec<Address>> {
    let texts: Vec<&str> = texts.collect();
    let mut known: HashMap<String, Address> = HashMap::new();
    for (id, sql) in [
        (Id::User, "SELECT u.id, w.address FROM users u JOIN wallets w ON w.id = u.wallet_id WHERE u.app_id = "),
        (Id::Wallet, "SELECT u.id, u.address FROM wallets u WHERE u.app_id = "),
    ] {
        let ids: BTreeSet<&str> = texts.iter().copied().filter(|text| id.matches(text)).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        for chunk in ids.chunks(ROWS_MAX) {
            let mut query = QueryBuilder::new(sql);
            query.push_bind(app_id.to_owned()).push(" AND u.id IN (");
            query.push_list(chunk.iter().map(|id| (*id).to_owned()));
            query.push(")");
            for row in query.build().fetch_all(db.reader()).await? {
                let address: String = row.try_get(1)?;
                known.insert(row.try_get(0)?, address.parse().map_err(Error::internal)?);
            }
        }
    }
    let resolve = |(index, text): (usize, &&str)| match known.get(*text) {
        Some(address) => Ok(*address),
        None if Id::User.matches(text) || Id::Wallet.matches(text) => {
            Err(Error::field(format!("{field}[{index}].to"), "not_found", format!("no such user or wallet: {text}")))
        }
        None => parse_address(&format!("{field}[{index}].to"), text),
    };
    texts.iter().enumerate().map(resolve).collect()
}

/// The wallet behind a payer: it has to be one of the app's own, because the gateway signs for it.
///
/// # Errors
/// A field error when it has no valid form or is no wallet of this app.
pub async fn wallet(db: &Db, app_id: &str, field: &str, text: &str) -> Result<Wallet> {
    if let Some(known) = db.known().wallets.get(app_id, text) {
        return Ok(known);
    }
    let row = if Id::User.matches(text) {
        sqlx::query(
            "SELECT w.id, w.address, w.user_id FROM users u JOIN wallets w ON w.id = u.wallet_id \
             WHERE u.app_id = $1 AND u.id = $2",
        )
        .bind(app_id)
        .bind(text)
    } else if Id::Wallet.matches(text) {
        sqlx::query("SELECT id, address, user_id FROM wallets WHERE app_id = $1 AND id = $2").bind(app_id).bind(text)
    } else {
        let address = address_text(parse_address(field, text)?);
        sqlx::query("SELECT id, address, user_id FROM wallets WHERE app_id = $1 AND address = $2")
            .bind(app_id)
            .bind(address)
    };
    let row = row.fetch_optional(db.reader()).await?;
    let row = row.ok_or_else(|| Error::field(field, "not_found", format!("no such user or wallet: {text}")))?;
    let address: String = row.try_get(1)?;
    let wallet =
        Wallet { id: row.try_get(0)?, address: address.parse().map_err(Error::internal)?, user_id: row.try_get(2)? };
    db.known().wallets.keep(app_id, text, wallet.clone());
    Ok(wallet)
}

/// The app's treasury: the wallet that owns the app on chain.
///
/// # Errors
/// Not found when there is no such app.
pub async fn treasury(db: &Db, app_id: &str) -> Result<Wallet> {
    if let Some(known) = db.known().wallets.get(app_id, "treasury") {
        return Ok(known);
    }
    let row =
        sqlx::query("SELECT w.id, w.address FROM apps a JOIN wallets w ON w.id = a.treasury_wallet_id WHERE a.id = $1")
            .bind(app_id)
            .fetch_optional(db.reader())
            .await?
            .ok_or_else(|| Error::not_found("app"))?;
    let address: String = row.try_get(1)?;
    let wallet = Wallet { id: row.try_get(0)?, address: address.parse().map_err(Error::internal)?, user_id: None };
    db.known().wallets.keep(app_id, "treasury", wallet.clone());
    Ok(wallet)
}

/// The wallet that pays: what the body says, otherwise the treasury for the app and the user's own for a user.
///
/// # Errors
/// 403 when a user names another payer than himself; a field error for an unknown payer.
pub async fn payer(db: &Db, app_id: &str, actor: &Actor, from: Option<&str>) -> Result<Wallet> {
    match (actor, from) {
        (Actor::App, None) => treasury(db, app_id).await,
        (Actor::App, Some(from)) => wallet(db, app_id, "from", from).await,
        (Actor::User(user), None) => wallet(db, app_id, "from", user).await,
        (Actor::User(user), Some(from)) => {
            match wallet(db, app_id, "from", from).await {
                Ok(wallet) if wallet.user_id.as_deref() == Some(user) => Ok(wallet),
                Err(error) if error.code() != Code::ValidationFailed => Err(error),
                // Whether somebody else's wallet exists is none of his business.
                _ => Err(Error::new(Code::Forbidden, "a user may move only what is his own")),
            }
        }
    }
}
