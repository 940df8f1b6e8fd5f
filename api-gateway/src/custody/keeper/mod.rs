//! Keepers of a key that never leaves them, under which the root key is wrapped. The database has the wrapped root key; the
//! keeper is asked once, at the start, and each start shows in its log.
//!
//! ```text
//!  AWS KMS, or Vault's transit engine
//!    └─ wraps ─► root key (root_keys.wrapped) ─ in memory while the gateway runs ─► all that hangs on it
//! ```
//!
//! What is wrapped at the first start under a keeper's key is the root key that there is: another keeper's, the one of
//! `custody.root_key`, or that of its file; and only where there is none, a new one. So a change of keepers changes no
//! ciphertext but this one.

mod kms;
mod vault;

use super::{CustodyError, RootKey};
use crate::config::{self, RootKeyProvider};
use crate::db::{Db, now_ms};
use kms::Kms;
use std::time::Duration;
use vault::Vault;
use zeroize::Zeroizing;

/// What is bound to the wrapped key (KMS' encryption context, Vault's associated data).
const PURPOSE: &str = "hanse root key";

/// How keepers are named in the database, before their key.
const KMS: &str = "aws-kms";
const VAULT: &str = "vault";

/// Time for one answer of a keeper.
const TIMEOUT: Duration = Duration::from_secs(15);

enum Keeper {
    Kms(Kms),
    Vault(Vault),
}

impl Keeper {
    /// The one that the settings name.
    async fn of(settings: &config::Custody) -> Result<Self, CustodyError> {
        match settings.provider {
            RootKeyProvider::AwsKms => Ok(Self::Kms(Kms::new(&settings.kms).await)),
            RootKeyProvider::Vault => Vault::new(&settings.vault).map(Self::Vault),
            RootKeyProvider::Local => Err(CustodyError::RootKey("it has no keeper".to_owned())),
        }
    }

    /// The one of this name, where the settings say how to reach such keepers.
    async fn named(settings: &config::Custody, name: &str) -> Result<Option<Self>, CustodyError> {
        Ok(match name.split_once(' ') {
            Some((KMS, key)) if !settings.kms.key.is_empty() => {
                let settings = config::Kms { key: key.to_owned(), ..settings.kms.clone() };
                Some(Self::Kms(Kms::new(&settings).await))
            }
            Some((VAULT, path)) if !settings.vault.url.is_empty() => {
                let (mount, key) = path.rsplit_once('/').ok_or(CustodyError::Damaged("root key"))?;
                let (mount, key) = (mount.to_owned(), key.to_owned());
                Some(Self::Vault(Vault::new(&config::Vault { mount, key, ..settings.vault.clone() })?))
            }
            _ => None,
        })
    }

    /// Which key of which keeper.
    fn name(&self) -> String {
        match self {
            Self::Kms(kms) => format!("{KMS} {}", kms.key),
            Self::Vault(vault) => format!("{VAULT} {}/{}", vault.mount, vault.key),
        }
    }

    async fn wrap(&self, key: &[u8; 32]) -> Result<String, CustodyError> {
        match self {
            Self::Kms(kms) => kms.wrap(key).await,
            Self::Vault(vault) => vault.wrap(key).await,
        }
    }

    async fn unwrap(&self, wrapped: &str) -> Result<RootKey, CustodyError> {
        let bytes: Zeroizing<Vec<u8>> = match self {
            Self::Kms(kms) => kms.unwrap(wrapped).await?,
            Self::Vault(vault) => vault.unwrap(wrapped).await?,
        };
        let key = super::seal::to_key(&bytes).ok_or(CustodyError::Damaged("root key"))?;
        Ok(RootKey::from_key(key))
    }
}

/// The root key that the configured keeper has wrapped; at its first start the one to be wrapped.
///
/// # Errors
/// [`CustodyError::RootKey`] when the keeper does not answer or refuses, and when the database has apps whose root key is not
/// there to be wrapped.
pub(super) async fn load(
    settings: &config::Custody,
    db: &Db,
    local: impl FnOnce() -> Result<Option<RootKey>, CustodyError>,
) -> Result<RootKey, CustodyError> {
    let keeper = Keeper::of(settings).await?;
    let name = keeper.name();
    if let Some(wrapped) = stored(db, &name).await? {
        return keeper.unwrap(&wrapped).await;
    }
    let root = match of_another(settings, db, &name).await? {
        Some(root) => root,
        None => match local()? {
            Some(root) => root,
            None if has_apps(db).await? => {
                return Err(CustodyError::RootKey(format!(
                    "nothing is wrapped by {name}, and the database has apps: give their root key for this one start \
                     (custody.root_key, or its file)"
                )));
            }
            None => RootKey::from_key(super::seal::random_key()?),
        },
    };
    let wrapped = keeper.wrap(root.key()).await?;
    sqlx::query("INSERT INTO root_keys (keeper, wrapped, created_at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(&name)
        .bind(&wrapped)
        .bind(now_ms())
        .execute(db.writer())
        .await?;
    // Another gateway on the same database may have been first: what is stored counts, and opens.
    let stored = stored(db, &name).await?.ok_or(CustodyError::Damaged("root key"))?;
    let root = keeper.unwrap(&stored).await?;
    tracing::warn!(keeper = name, root_key = root.id(), "the root key is wrapped; it is needed nowhere else");
    Ok(root)
}

/// What another keeper's key has wrapped, or another key of the same, where the settings say how to reach it.
async fn of_another(settings: &config::Custody, db: &Db, name: &str) -> Result<Option<RootKey>, CustodyError> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT keeper, wrapped FROM root_keys WHERE keeper <> $1 ORDER BY created_at_ms DESC")
            .bind(name)
            .fetch_all(db.writer())
            .await?;
    for (other, wrapped) in rows {
        if let Some(keeper) = Keeper::named(settings, &other).await? {
            return keeper.unwrap(&wrapped).await.map(Some);
        }
    }
    Ok(None)
}

async fn stored(db: &Db, keeper: &str) -> Result<Option<String>, CustodyError> {
    let row: Option<(String,)> = sqlx::query_as("SELECT wrapped FROM root_keys WHERE keeper = $1")
        .bind(keeper)
        .fetch_optional(db.writer())
        .await?;
    Ok(row.map(|(wrapped,)| wrapped))
}

async fn has_apps(db: &Db) -> Result<bool, CustodyError> {
    Ok(sqlx::query("SELECT 1 FROM apps LIMIT 1").fetch_optional(db.reader()).await?.is_some())
}

fn fault(keeper: &str, what: impl std::fmt::Display) -> CustodyError {
    CustodyError::RootKey(format!("{keeper}: {what}"))
}
