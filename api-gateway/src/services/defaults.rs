//! An app's defaults: what its new tokens and users get when nothing is said.

use super::profiles::Visibility;
use super::tokens::Policy;
use super::wallet_policies::{self, NewPolicy};
use crate::db::Db;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use utoipa::ToSchema;

/// What is meant when nothing is said. It holds for what is made from then on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defaults {
    /// Who may hold a new token, or the items of a new collection; `open` when absent.
    #[serde(default)]
    pub token_policy: Policy,
    /// What a new user shows of himself to the others; `private` when absent.
    #[serde(default)]
    pub profile: Visibility,
    /// What a new user's custodial wallet may do; when absent it sends anything to anybody, and signs nothing but transactions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_policy: Option<NewPolicy>,
}

impl Defaults {
    /// Out of the column `apps.defaults`.
    pub(super) fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(Error::internal)
    }
}

/// An app's defaults.
///
/// # Errors
/// 404 when there is no such app.
pub async fn get(db: &Db, app: &str) -> Result<Defaults> {
    let row = sqlx::query("SELECT defaults FROM apps WHERE id = $1").bind(app).fetch_optional(db.reader()).await?;
    Defaults::parse(row.ok_or_else(|| Error::not_found("app"))?.try_get(0)?)
}

/// Replaces them. Receivers are kept as addresses.
///
/// # Errors
/// Field errors.
pub async fn set(db: &Db, app: &str, mut defaults: Defaults) -> Result<Defaults> {
    if let Some(policy) = &mut defaults.wallet_policy {
        wallet_policies::resolve(db, app, "walletPolicy.", policy).await?;
    }
    sqlx::query("UPDATE apps SET defaults = $1 WHERE id = $2")
        .bind(serde_json::to_string(&defaults).map_err(Error::internal)?)
        .bind(app)
        .execute(db.writer())
        .await?;
    Ok(defaults)
}

/// Who may hold a new token of the app: what the request says, or else the app's default.
pub(super) async fn token_policy(db: &Db, app: &str, asked: Option<Policy>) -> Result<Policy> {
    match asked {
        Some(policy) => Ok(policy),
        None => Ok(get(db, app).await?.token_policy),
    }
}
