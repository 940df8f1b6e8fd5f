//! Databases for tests: SQLite in a temporary folder, and PostgreSQL when `HANSE_TEST_POSTGRES_URL` names a server.

use super::{Db, Settings};
use std::time::Duration;

/// A database that vanishes with the value.
pub struct TestDb {
    /// The handle.
    pub db: Db,
    /// Which engine, for messages.
    pub name: &'static str,
    _folder: Option<tempfile::TempDir>,
}

/// A fresh SQLite database.
pub async fn sqlite() -> TestDb {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.sqlite").display());
    let settings = Settings { url, max_connections: 4, acquire_timeout: Duration::from_secs(5) };
    TestDb { db: Db::open(&settings).await.unwrap(), name: "sqlite", _folder: Some(folder) }
}

/// A fresh schema on PostgreSQL; `None`, said loudly, when no server is named.
pub async fn postgres() -> Option<TestDb> {
    let Ok(url) = std::env::var("HANSE_TEST_POSTGRES_URL") else {
        eprintln!("SKIPPED the PostgreSQL half: HANSE_TEST_POSTGRES_URL is not set");
        return None;
    };
    sqlx::any::install_default_drivers();
    let schema = format!("test_{}", uuid::Uuid::now_v7().simple());
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&pool).await.unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options=-c%20search_path%3D{schema}");
    let settings = Settings { url, max_connections: 8, acquire_timeout: Duration::from_secs(5) };
    Some(TestDb { db: Db::open(&settings).await.unwrap(), name: "postgres", _folder: None })
}

/// Every engine that there is.
pub async fn all() -> Vec<TestDb> {
    let mut all = vec![sqlite().await];
    all.extend(postgres().await);
    all
}
