//! A custodial wallet's key, handed to who runs the app: encrypted under a passphrase of his, and after his second factor.

use crate::auth::access::Role;
use crate::custody::{Keystore, SealedWallet};
use crate::db::Db;
use crate::error::{Code, Error, Result};
use crate::services::members::By;
use crate::services::second_factor::SecondFactors;
use sqlx::Row as _;
use zeroize::Zeroizing;

/// The wallet's key under the passphrase. The wallet stays what it was: the gateway goes on signing with it.
///
/// # Errors
/// 403 for less than an admin, and less than the owner for the treasury; `second_factor_required` for an owner without one;
/// what [`SecondFactors::check`] answers; 404.
pub async fn export(
    factors: &SecondFactors<'_>,
    app: &str,
    by: By<'_>,
    wallet: &str,
    code: &str,
    passphrase: Zeroizing<String>,
) -> Result<Keystore> {
    by.role.require(Role::Admin)?;
    let (sealed, treasury) = sealed(factors.db, app, wallet).await?;
    if treasury {
        by.role.require(Role::Owner)?;
    }
    if !factors.is_on(by.owner).await? {
        return Err(Error::new(
            Code::SecondFactorRequired,
            "keys are given to owners with a second factor alone: set one up with POST /owners/me/totp",
        ));
    }
    factors.check(by.owner, Some(code)).await?;
    let custody = factors.custody.clone();
    let exported = tokio::task::spawn_blocking(move || custody.export(&sealed, &passphrase)).await;
    let keystore = exported.map_err(Error::internal)??;
    tracing::warn!(app, wallet, owner = by.owner, "a wallet's key was exported");
    Ok(keystore)
}

/// The wallet, and whether it is the app's treasury.
async fn sealed(db: &Db, app: &str, wallet: &str) -> Result<(SealedWallet, bool)> {
    let row = sqlx::query(
        "SELECT w.id, w.app_id, w.address, w.sealed_data_key, w.sealed_key, a.sealed_app_key, a.root_key_id, \
         CASE WHEN a.treasury_wallet_id = w.id THEN 1 ELSE 0 END AS treasury \
         FROM wallets w JOIN apps a ON a.id = w.app_id WHERE w.app_id = $1 AND w.id = $2",
    )
    .bind(app)
    .bind(wallet)
    .fetch_optional(db.reader())
    .await?
    .ok_or_else(|| Error::not_found("wallet"))?;
    Ok((SealedWallet::from_row(&row)?, row.try_get::<i64, _>("treasury")? == 1))
}
