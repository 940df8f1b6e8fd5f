//! The databases that a test runs on: always SQLite, and PostgreSQL where `HANSE_TEST_POSTGRES_URL` names a server.

use anyhow::{Context, Result, ensure};
use hanse_tests::{Database, new_key};
use std::process::Command;

/// A new, empty PostgreSQL database on the test server, or `None` with a loud word where there is no server.
pub fn new_postgres() -> Result<Option<Database>> {
    let Ok(url) = std::env::var("HANSE_TEST_POSTGRES_URL") else {
        eprintln!(
            "SKIPPED: the PostgreSQL half of this test (HANSE_TEST_POSTGRES_URL is not set; scripts/test sets it)"
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
    Ok(Some(Database::Postgres(format!("{server}/{name}"))))
}
