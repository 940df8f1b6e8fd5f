//! Wallet keys: made here, encrypted at rest, used for signing, given out only under a passphrase.
//!
//! ```text
//!  root key (environment, 0600 file, or wrapped by a keeper: keeper/)
//!    └─ seals ─► app key      (apps.sealed_app_key,       associated data: app id)
//!                  └─ seals ─► data key (wallets.sealed_data_key, associated data: wallet id)
//!                                └─ seals ─► private key (wallets.sealed_key, associated data: wallet id)
//! ```
//!
//! Sealing is AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D). Each key seals few messages: an app key one
//! for each wallet, a data key exactly one, so that nonces can't collide by chance. The associated data binds
//! every ciphertext to its row: a key copied to another row does not open.
//!
//! Invariants:
//! - Plain keys exist in memory only as [`Zeroizing`] bytes or in a [`Signer`], which wipes its own, no longer than one call; app
//!   keys are cached so.
//! - Nothing here implements `Serialize`, and `Debug` shows no secret.
//! - The database names the root key by a fingerprint. Starting with another root key fails at once with a clear
//!   error instead of at the first signature.
//!
//! Rotation: give the new root key and, beside it, the old one as `previous`; [`Custody::rewrap`] seals the app keys
//! anew while the gateway runs. Wallets are untouched by that, since their data keys hang on the app key.
//!
//! How it fails: a damaged or foreign ciphertext is [`CustodyError::Damaged`]; no operation is accepted for that
//! wallet and nothing else is affected.

mod fingerprint;
mod keeper;
mod keystore;
mod root;
mod seal;
mod signer;
mod wallet;

pub use keystore::{CipherParameters, KdfParameters, Keystore, KeystoreCrypto};
pub use root::RootKey;
pub use signer::Signer;
pub use wallet::{NewWallet, SealedWallet};

use crate::config;
use crate::db::{Db, Id, new_id};
use root::RootKeySource;
use seal::{open, seal};
use sqlx::Row as _;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, RwLock};
use zeroize::Zeroizing;

/// Why custody can't serve. The texts hold no secret.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// A ciphertext does not open: damaged, moved to another row, or sealed under another key.
    #[error("the sealed {0} does not open under its key")]
    Damaged(&'static str),
    /// The database was written under another root key.
    #[error("the database's keys are sealed under root key {expected}, this is root key {given}")]
    WrongRootKey {
        /// Fingerprint in the database.
        expected: String,
        /// Fingerprint of the key given.
        given: String,
    },
    /// The root key can't be read or made.
    #[error("root key: {0}")]
    RootKey(String),
    /// The operating system gives no random numbers.
    #[error("no random numbers from the operating system")]
    Random,
    /// The database is away.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<CustodyError> for crate::error::Error {
    fn from(error: CustodyError) -> Self {
        match error {
            CustodyError::Database(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

/// An app's key, opened.
type AppKey = Arc<Zeroizing<[u8; 32]>>;

/// The keeper of keys. Cheap to clone.
#[derive(Clone)]
pub struct Custody {
    root: Arc<RootKey>,
    previous: Option<Arc<RootKey>>,
    /// By app id and ciphertext.
    app_keys: Arc<RwLock<HashMap<(String, String), AppKey>>>,
}

impl std::fmt::Debug for Custody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Custody").field("root", &self.root.id()).finish_non_exhaustive()
    }
}

/// A new app's key, sealed: the columns `sealed_app_key` and `root_key_id` of `apps`.
#[derive(Clone, Debug)]
pub struct SealedAppKey {
    /// For `apps.sealed_app_key`.
    pub sealed: String,
    /// For `apps.root_key_id`.
    pub root_key_id: String,
}

impl Custody {
    /// The keeper that the configuration asks for, on this database. `root_key_file` is where a root key of this machine's own
    /// is, or is to be.
    ///
    /// # Errors
    /// [`CustodyError::RootKey`]; [`CustodyError::WrongRootKey`] when the database was written under another.
    pub async fn open(settings: &config::Custody, root_key_file: &Path, db: &Db) -> Result<Self, CustodyError> {
        let given = settings.root_key.expose();
        let root = if settings.provider == config::RootKeyProvider::Local {
            let (root, source) = RootKey::load(given, root_key_file)?;
            match source {
                RootKeySource::Made => tracing::warn!(
                    file = %root_key_file.display(), root_key = root.id(),
                    "made a root key; back it up apart from the database: without it no wallet can be opened"
                ),
                other => tracing::info!(root_key = root.id(), source = ?other, "root key loaded"),
            }
            root
        } else {
            let root = keeper::load(settings, db, || RootKey::find(given, root_key_file)).await?;
            tracing::info!(root_key = root.id(), provider = ?settings.provider, "root key unwrapped");
            root
        };
        let previous = match settings.previous_root_key.expose() {
            "" => None,
            hex => Some(RootKey::from_hex(hex)?),
        };
        let custody = Self::new(root, previous);
        custody.check(db).await?;
        Ok(custody)
    }

    /// A keeper under `root`; `previous` still opens what an earlier root key has sealed.
    pub fn new(root: RootKey, previous: Option<RootKey>) -> Self {
        Self { root: Arc::new(root), previous: previous.map(Arc::new), app_keys: Arc::default() }
    }

    /// Checks that every app in the database can be opened, so that a wrong root key shows at start.
    ///
    /// # Errors
    /// [`CustodyError::WrongRootKey`] or a database error.
    pub async fn check(&self, db: &Db) -> Result<(), CustodyError> {
        let rows = sqlx::query("SELECT DISTINCT root_key_id FROM apps").fetch_all(db.reader()).await?;
        for row in rows {
            let expected: String = row.try_get(0)?;
            if self.root_by_id(&expected).is_none() {
                return Err(CustodyError::WrongRootKey { expected, given: self.root.id().to_owned() });
            }
        }
        Ok(())
    }

    /// Seals under the present root key every app key that hangs on the previous one. Safe to run while the gateway
    /// works and to stop half-way. Returns how many it has sealed anew.
    ///
    /// # Errors
    /// A damaged app key or a database error; what was done until then stays.
    pub async fn rewrap(&self, db: &Db) -> Result<u64, CustodyError> {
        let rows = sqlx::query("SELECT id, sealed_app_key, root_key_id FROM apps WHERE root_key_id <> $1")
            .bind(self.root.id())
            .fetch_all(db.reader())
            .await?;
        let mut count = 0;
        for row in rows {
            let (app_id, sealed, root_key_id): (String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let key = self.open_app_key(&app_id, &sealed, &root_key_id)?;
            let anew = seal(self.root.key(), app_id.as_bytes(), key.as_slice())?;
            let done =
                sqlx::query("UPDATE apps SET sealed_app_key = $1, root_key_id = $2 WHERE id = $3 AND root_key_id = $4")
                    .bind(anew)
                    .bind(self.root.id())
                    .bind(&app_id)
                    .bind(&root_key_id)
                    .execute(db.writer())
                    .await?;
            count += done.rows_affected();
        }
        Ok(count)
    }

    /// Makes the key of a new app.
    ///
    /// # Errors
    /// When the operating system gives no random numbers.
    pub fn create_app_key(&self, app_id: &str) -> Result<SealedAppKey, CustodyError> {
        let key = seal::random_key()?;
        let sealed = seal(self.root.key(), app_id.as_bytes(), key.as_slice())?;
        Ok(SealedAppKey { sealed, root_key_id: self.root.id().to_owned() })
    }

    /// Makes a wallet of an app. `app_key` is a new app's [`SealedAppKey`] or the columns of its row. The service
    /// stores it with [`NewWallet::insert`] among its rows.
    ///
    /// # Errors
    /// [`CustodyError::Damaged`] when the app key does not open.
    pub fn create_wallet(&self, app_id: &str, app_key: &SealedAppKey) -> Result<NewWallet, CustodyError> {
        let app_key = self.open_app_key(app_id, &app_key.sealed, &app_key.root_key_id)?;
        let id = new_id(Id::Wallet);
        let data_key = seal::random_key()?;
        // Practically every 32 bytes are a secp256k1 key; those few that are not are drawn again.
        let (secret, signer) = loop {
            let secret = seal::random_key()?;
            if let Ok(signer) = Signer::new(secret.as_slice()) {
                break (secret, signer);
            }
        };
        Ok(NewWallet {
            address: signer.address(),
            sealed_data_key: seal(&app_key, id.as_bytes(), data_key.as_slice())?,
            sealed_key: seal(&data_key, id.as_bytes(), secret.as_slice())?,
            app_id: app_id.to_owned(),
            id,
        })
    }

    /// Makes a wallet of an app that exists: reads the app's key and calls [`Custody::create_wallet`].
    ///
    /// # Errors
    /// A damaged app key or a database error; `RowNotFound` for an unknown app.
    pub async fn create_wallet_for(&self, db: &Db, app_id: &str) -> Result<NewWallet, CustodyError> {
        let row = sqlx::query("SELECT sealed_app_key, root_key_id FROM apps WHERE id = $1")
            .bind(app_id)
            .fetch_one(db.reader())
            .await?;
        let key = SealedAppKey { sealed: row.try_get(0)?, root_key_id: row.try_get(1)? };
        self.create_wallet(app_id, &key)
    }

    /// Opens a wallet for signing. The signer wipes its key when dropped.
    ///
    /// # Errors
    /// [`CustodyError::Damaged`], also when the key is another address's.
    pub fn signer(&self, wallet: &SealedWallet) -> Result<Signer, CustodyError> {
        let app_key = self.open_app_key(&wallet.app_id, &wallet.sealed_app_key, &wallet.root_key_id)?;
        let data_key = open(&app_key, wallet.id.as_bytes(), &wallet.sealed_data_key)
            .and_then(|bytes| seal::to_key(&bytes))
            .ok_or(CustodyError::Damaged("data key"))?;
        let secret =
            open(&data_key, wallet.id.as_bytes(), &wallet.sealed_key).ok_or(CustodyError::Damaged("private key"))?;
        let signer = Signer::new(&secret)?;
        if signer.address() == wallet.address { Ok(signer) } else { Err(CustodyError::Damaged("private key")) }
    }

    /// A wallet's key under a passphrase. Takes its time: not for an async thread.
    ///
    /// # Errors
    /// As [`Custody::signer`].
    pub fn export(&self, wallet: &SealedWallet, passphrase: &str) -> Result<Keystore, CustodyError> {
        keystore::encrypt(wallet.address, &self.signer(wallet)?.secret(), passphrase)
    }

    /// Seals another secret of the gateway (the key that signs access tokens) under the root key. `name` is bound
    /// to it as associated data.
    ///
    /// # Errors
    /// When the operating system gives no random numbers.
    pub fn seal_secret(&self, name: &str, secret: &[u8]) -> Result<String, CustodyError> {
        let sealed = seal(self.root.key(), name.as_bytes(), secret)?;
        Ok(format!("{}:{sealed}", self.root.id()))
    }

    /// Opens what [`Custody::seal_secret`] made.
    ///
    /// # Errors
    /// [`CustodyError::WrongRootKey`] or [`CustodyError::Damaged`].
    pub fn open_secret(&self, name: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, CustodyError> {
        let (id, sealed) = sealed.split_once(':').ok_or(CustodyError::Damaged("secret"))?;
        let root = self
            .root_by_id(id)
            .ok_or_else(|| CustodyError::WrongRootKey { expected: id.to_owned(), given: self.root.id().to_owned() })?;
        open(root.key(), name.as_bytes(), sealed).ok_or(CustodyError::Damaged("secret"))
    }

    fn root_by_id(&self, id: &str) -> Option<&RootKey> {
        std::iter::once(&self.root).chain(&self.previous).map(Arc::as_ref).find(|root| root.id() == id)
    }

    fn open_app_key(&self, app_id: &str, sealed: &str, root_key_id: &str) -> Result<AppKey, CustodyError> {
        // By both, as the ciphertext is bound to its app: what wouldn't open in a row is not served to it from here.
        let name = (app_id.to_owned(), sealed.to_owned());
        if let Some(key) = self.app_keys.read().ok().and_then(|keys| keys.get(&name).cloned()) {
            return Ok(key);
        }
        let root = self.root_by_id(root_key_id).ok_or_else(|| CustodyError::WrongRootKey {
            expected: root_key_id.to_owned(),
            given: self.root.id().to_owned(),
        })?;
        let key = open(root.key(), app_id.as_bytes(), sealed)
            .and_then(|bytes| seal::to_key(&bytes))
            .ok_or(CustodyError::Damaged("app key"))?;
        let key = Arc::new(key);
        if let Ok(mut keys) = self.app_keys.write() {
            // Bounded, because a gateway may hold many apps.
            if keys.len() >= 10_000 {
                keys.clear();
            }
            keys.insert(name, key.clone());
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests;
