//! From which web pages browsers may call (CORS): those that the operator names, for everybody, and those that an app names,
//! for its users and its server keys.
//!
//! A preflight says from where and not for whom, so it is answered for what any app has named; whose page it is, is looked at
//! when somebody is known to call. Another replica's changes are taken up within a minute.

use crate::db::Db;
use crate::error::{Code, Error, Result};
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use sqlx::Row as _;
use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

/// The origins of all apps.
#[derive(Debug, Default)]
pub struct Origins {
    operators: HashSet<String>,
    /// Origin, and the apps that name it.
    apps: RwLock<HashMap<String, HashSet<String>>>,
}

impl Origins {
    /// With those that hold for everybody.
    pub fn new(operators: &[String]) -> Self {
        Self { operators: operators.iter().cloned().collect(), apps: RwLock::default() }
    }

    /// Reads those of the apps.
    ///
    /// # Errors
    /// When the database is away; what was read before stays.
    pub async fn load(&self, db: &Db) -> Result<()> {
        let rows = sqlx::query("SELECT id, cors_origins FROM apps WHERE cors_origins IS NOT NULL")
            .fetch_all(db.reader())
            .await?;
        let mut apps: HashMap<String, HashSet<String>> = HashMap::new();
        for row in rows {
            let (app, json): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            for origin in serde_json::from_str::<Vec<String>>(&json).map_err(Error::internal)? {
                apps.entry(origin).or_default().insert(app.clone());
            }
        }
        *self.apps.write().unwrap_or_else(PoisonError::into_inner) = apps;
        Ok(())
    }

    /// Whether anybody's page may be there.
    pub fn knows(&self, origin: &str) -> bool {
        self.operators.contains(origin) || self.apps().contains_key(origin)
    }

    /// Refuses a call from a page that this app has not named, or, by an owner, one that the operator has not. Programs that are no browsers name none, and the gateway's own
    /// pages are its own.
    ///
    /// # Errors
    /// 403.
    pub fn require(&self, parts: &Parts, app: Option<&str>) -> Result<()> {
        let Some(origin) = parts.headers.get(ORIGIN) else { return Ok(()) };
        let origin = origin.to_str().unwrap_or_default();
        let own = host(parts).is_some_and(|host| origin.split_once("://").is_some_and(|(_, named)| named == host));
        let named = || app.is_some_and(|app| self.apps().get(origin).is_some_and(|apps| apps.contains(app)));
        if own || self.operators.contains(origin) || named() {
            return Ok(());
        }
        Err(Error::new(Code::Forbidden, "pages of this origin may not call here; see the app's corsOrigins"))
    }

    fn apps(&self) -> std::sync::RwLockReadGuard<'_, HashMap<String, HashSet<String>>> {
        self.apps.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host, with its port, to which the request was sent.
fn host(parts: &Parts) -> Option<&str> {
    parts.headers.get(HOST).and_then(|host| host.to_str().ok())
}
