//! What a user has done and has, in numbers.

use super::{Actor, balances, parties};
use crate::db::{Db, UnixMs, now_ms};
use crate::error::{Error, Result};
use crate::ledger::contracts::address_text;
use serde::Serialize;
use sqlx::Row as _;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A user in numbers, as the best block and the gateway's own rows say.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserStatistics {
    /// Operations that its wallet has sent.
    pub operations: u64,
    /// Those by their kind.
    pub kinds: BTreeMap<String, u64>,
    /// Movements of the app's tokens and items out of its wallet, whoever sent them.
    pub outgoing: u64,
    /// Movements into it.
    pub incoming: u64,
    /// Tokens of which it has some.
    pub tokens: u64,
    /// Items of which it has some.
    pub items: u64,
    /// Sessions that are open.
    pub sessions: u64,
    /// When its wallet last asked for an operation; absent when it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_operation_at: Option<UnixMs>,
}

/// A user in numbers. A user sees its own alone.
///
/// # Errors
/// 404 for an unknown user, 403 for a user who asks about another.
pub async fn of_user(db: &Db, app_id: &str, actor: &Actor, user_id: &str) -> Result<UserStatistics> {
    actor.require_self(user_id)?;
    let wallet =
        parties::wallet(db, app_id, "path.user", user_id).await.map_err(|error| balances::not_found(error, "user"))?;
    let address = address_text(wallet.address);
    let mut kinds = BTreeMap::new();
    let mut last_operation_at = None;
    let rows = sqlx::query(
        "SELECT kind, COUNT(*), MAX(created_at_ms) FROM operations WHERE wallet_id = $1 AND kind <> 'cancel' GROUP BY kind",
    )
    .bind(&wallet.id)
    .fetch_all(db.reader())
    .await?;
    for row in rows {
        kinds.insert(row.try_get(0)?, number(row.try_get(1)?)?);
        last_operation_at = last_operation_at.max(row.try_get::<Option<i64>, _>(2)?);
    }
    let count = async |sql: &'static str| -> Result<u64> {
        let row = sqlx::query(sql).bind(&address).bind(app_id).fetch_one(db.reader()).await?;
        number(row.try_get(0)?)
    };
    let outgoing = count("SELECT COUNT(*) FROM transfers WHERE from_address = $1 AND app_id = $2").await?;
    let incoming = count("SELECT COUNT(*) FROM transfers WHERE to_address = $1 AND app_id = $2").await?;
    let tokens = count(
        "SELECT COUNT(*) FROM balances b JOIN tokens t ON t.id = b.token_id WHERE b.address = $1 AND b.app_id = $2 \
         AND b.included <> '0' AND t.item IS NULL",
    )
    .await?;
    let items = count(
        "SELECT COUNT(*) FROM balances b JOIN tokens t ON t.id = b.token_id WHERE b.address = $1 AND b.app_id = $2 \
         AND b.included <> '0' AND t.item IS NOT NULL",
    )
    .await?;
    let sessions = sqlx::query(
        "SELECT COUNT(*) FROM sessions WHERE principal_id = $1 AND revoked_at_ms IS NULL AND expires_at_ms > $2",
    )
    .bind(user_id)
    .bind(now_ms())
    .fetch_one(db.reader())
    .await?;
    Ok(UserStatistics {
        operations: kinds.values().sum(),
        kinds,
        outgoing,
        incoming,
        tokens,
        items,
        sessions: number(sessions.try_get(0)?)?,
        last_operation_at: last_operation_at.map(UnixMs),
    })
}

fn number(count: i64) -> Result<u64> {
    u64::try_from(count).map_err(Error::internal)
}
