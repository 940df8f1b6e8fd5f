//! How much an app may do in a day. The operator says it, for all apps in the settings, for one by the command line.

use crate::audit::{self, Entry};
use crate::db::{DAY_MS, Db, UnixMs, day_of, now_ms};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use serde::Serialize;
use utoipa::ToSchema;

/// An app's quotas.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppQuotas {
    /// Operations that may be accepted in a day (UTC).
    pub operations_per_day: UsedQuota,
}

/// A quota, and what was used of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsedQuota {
    /// The most; absent: as many as the app likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Used since the day began.
    pub used: u64,
    /// When the day ends.
    #[schema(value_type = String, format = DateTime)]
    pub resets_at: UnixMs,
}

/// An app's quotas, and what it has used of them.
///
/// # Errors
/// 404 when there is no such app.
pub async fn get(ledger: &Ledger, app: &str) -> Result<AppQuotas> {
    let (limit, used) = ledger.operations_today(app).await?;
    let resets_at = UnixMs((day_of(now_ms()) + 1) * DAY_MS);
    Ok(AppQuotas { operations_per_day: UsedQuota { limit, used, resets_at } })
}

/// Sets how many operations an app may have accepted in a day: 0 for as many as it likes, `None` for as many as the settings
/// say for all. Gateways take it up within ten seconds. It stands in the app's audit log.
///
/// # Errors
/// 404 when there is no such app.
pub async fn set_operations_per_day(db: &Db, app: &str, limit: Option<u64>) -> Result<()> {
    let limit = limit.map(i64::try_from).transpose().map_err(Error::internal)?;
    let mut tx = db.write().await?;
    let done = sqlx::query("UPDATE apps SET operations_per_day = $1 WHERE id = $2")
        .bind(limit)
        .bind(app)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 {
        return Err(Error::not_found("app"));
    }
    let argument = limit.map_or_else(|| "default".to_owned(), |limit| limit.to_string());
    let entry = Entry {
        app_id: Some(app.to_owned()),
        owner_id: None,
        actor_kind: "operator",
        actor_id: "hanse-gateway".to_owned(),
        action: "set-quota".to_owned(),
        path: format!("{app} --operations-per-day {argument}"),
        status: 200,
        request_id: String::new(),
        address: None,
    };
    audit::append(db, &mut tx, &[entry]).await?;
    tx.commit().await?;
    Ok(())
}
