//! The index's file: opening it, and writing it anew when it is no use.

use super::{
    error::{IndexError, Result},
    journal, read,
    types::BlockRecord,
};
use alloy_primitives::B256;
use log::{info, warn};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// In the index's folder.
const NAME: &str = "index.sqlite";
/// The file itself and what SQLite keeps beside it.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];
/// With WAL, `NORMAL` survives the death of the process; after the death of the machine the follower fills in what is
/// missing.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384";
static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// What the file knew when it was opened.
pub struct Stored {
    /// The highest canonical block.
    pub head: Option<BlockRecord>,
    /// Height of the last block that was final.
    pub finalized: u64,
    /// From here on no block is missing.
    pub first: u64,
}

/// The file in `folder`.
pub fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// Opens the file for writing. A file of another chain is deleted, one that can't be read is put aside; either is
/// written anew.
///
/// # Errors
/// When SQLite or the file system fails.
pub async fn open(file: &Path, genesis: B256, best: u64) -> Result<(SqliteConnection, Stored)> {
    match try_open(file, genesis, best).await {
        Ok(Some(opened)) => return Ok(opened),
        Ok(None) => {
            info!(target: "index", "the index belongs to another chain; writing it anew");
            for suffix in SUFFIXES {
                let path = with_suffix(file, suffix);
                if path.exists() {
                    std::fs::remove_file(path)?;
                }
            }
        }
        Err(error) if error.is_damage() => {
            let aside = put_aside(file)?;
            warn!(target: "index", "writing the index anew, its file is no use: {error}; kept as {}", aside.display());
        }
        Err(error) => return Err(error),
    }
    try_open(file, genesis, best).await?.ok_or(IndexError::Damaged("a new file belongs to another chain"))
}

/// Opens the file, or makes it, and brings its schema up to date.
///
/// # Errors
/// When SQLite fails.
pub async fn connect(file: &Path) -> Result<SqliteConnection> {
    let mut connection = options(file).create_if_missing(true).connect().await?;
    match prepare(&mut connection).await {
        Ok(()) => Ok(connection),
        Err(error) => {
            close(connection).await;
            Err(error)
        }
    }
}

/// For a reader.
pub fn reader(file: &Path) -> SqliteConnectOptions {
    options(file).read_only(true).pragma("cache_size", "-16384")
}

/// Closes the connection before the file may be moved: SQLite finds the WAL by its name, and one that closes later
/// would take the WAL of the next file along.
pub async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        warn!(target: "index", "the index wasn't closed: {error}");
    }
}

/// Nothing of the file is read yet when a connection with these has been made.
fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(10)).disable_statement_logging()
}

async fn prepare(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::raw_sql(SETTINGS).execute(&mut *connection).await?;
    MIGRATOR.run(connection).await?;
    Ok(())
}

/// `None` when the file belongs to another chain.
async fn try_open(file: &Path, genesis: B256, best: u64) -> Result<Option<(SqliteConnection, Stored)>> {
    let mut connection = connect(file).await?;
    match stored(&mut connection, genesis, best).await {
        Ok(Some(stored)) => Ok(Some((connection, stored))),
        useless => {
            close(connection).await;
            useless.map(|_| None)
        }
    }
}

async fn stored(connection: &mut SqliteConnection, genesis: B256, best: u64) -> Result<Option<Stored>> {
    if !belongs_to(connection, genesis, best).await? {
        return Ok(None);
    }
    let head = read::below(connection, i64::MAX as u64).await?;
    let row = sqlx::query("SELECT finalized, first_height FROM chain").fetch_one(connection).await?;
    let finalized = row.try_get::<i64, _>("finalized")? as u64;
    let first = row.try_get::<i64, _>("first_height")? as u64;
    Ok(Some(Stored { head, finalized, first }))
}

/// Whether the file is of this chain; a new file is made to be. An index far above the chain belongs to one that was
/// deleted.
async fn belongs_to(connection: &mut SqliteConnection, genesis: B256, best: u64) -> Result<bool> {
    let of: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT genesis_hash FROM chain").fetch_optional(&mut *connection).await?;
    let head: Option<i64> =
        sqlx::query_scalar("SELECT MAX(number) FROM blocks WHERE canonical = 1").fetch_one(&mut *connection).await?;
    match of {
        Some(of) => {
            Ok(of == genesis.as_slice() && head.is_none_or(|head| head as u64 <= best + journal::JOURNAL_BLOCKS))
        }
        None => {
            sqlx::query("INSERT INTO chain (only, genesis_hash, finalized) VALUES (1, ?, 0)")
                .bind(genesis.as_slice())
                .execute(connection)
                .await?;
            Ok(true)
        }
    }
}

/// Renames the file, and says to what.
fn put_aside(file: &Path) -> Result<PathBuf> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let aside = with_suffix(file, &format!(".damaged-{}", now.as_secs()));
    for suffix in SUFFIXES {
        let from = with_suffix(file, suffix);
        if from.exists() {
            std::fs::rename(from, with_suffix(&aside, suffix))?;
        }
    }
    Ok(aside)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
