//! The databases that a gateway runs on: SQLite, and PostgreSQL where `HANSE_TEST_POSTGRES_URL` names a server.

use crate::new_key;
use anyhow::{Context, Result, ensure};
use std::process::Command;

/// Where a gateway keeps its data.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Database {
    /// The embedded default.
    #[default]
    Sqlite,
    /// A URL of an empty PostgreSQL database.
    Postgres(String),
}

impl Database {
    /// A new, empty PostgreSQL database on the test server, or `None` with a loud word where there is no server.
    ///
    /// # Errors
    /// When the server does not make it.
    pub fn new_postgres() -> Result<Option<Self>> {
        let Ok(url) = std::env::var("HANSE_TEST_POSTGRES_URL") else {
            eprintln!(
                "SKIPPED: the PostgreSQL half (HANSE_TEST_POSTGRES_URL is not set; scripts/test and scripts/bench set it)"
            );
            return Ok(None);
        };
        let name = format!("hanse_{}", new_key());
        let made = Command::new("psql")
            .args(["--quiet", "--no-psqlrc", "--dbname", &url, "--command", &format!("CREATE DATABASE {name}")])
            .status()
            .context("psql")?;
        ensure!(made.success(), "psql could not make {name}");
        let (server, _) = url.rsplit_once('/').context("a URL with a database's name")?;
        Ok(Some(Self::Postgres(format!("{server}/{name}"))))
    }
}
