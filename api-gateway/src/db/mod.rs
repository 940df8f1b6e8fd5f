//! The database: SQLite by default, PostgreSQL by its URL; one schema, one set of queries.
//!
//! ```text
//!  Db ── reader ─► many connections
//!     └─ writer ─► SQLite: one connection, BEGIN IMMEDIATE; PostgreSQL: the same pool as the readers
//! ```
//!
//! SQLite has one writer at a time. Giving the pool of writers one connection makes waiting for it a fair queue
//! in this process instead of busy loops inside SQLite. On PostgreSQL several gateways may write at once; what
//! must not interleave takes row locks in the order of the rows' keys (`Db::for_update`).
//!
//! Rules:
//! - SQL that differs between the engines lives in this module only.
//! - Statements are `&'static str` with `$n` parameters. The few with a varying number of rows go through
//!   [`QueryBuilder`].
//! - Writes that a crash may not split happen in one transaction from [`Db::write`].
//! - `synchronous = FULL`: once a commit returns, a power cut does not undo it. The gateway promises that.
//!
//! How it fails: an unreachable database is [`sqlx::Error`], mapped in one place (`error.rs`) to 503; a broken
//! migration stops the start.

mod amount;
mod asset;
mod builder;
mod ids;
mod known;
mod page;
mod patch;
mod statement;
mod time;

pub use amount::{Amount, NotAnAmount};
pub use asset::{Asset, Standard, locator};
pub use builder::{QueryBuilder, ROWS_MAX};
pub use ids::{Id, new_id};
pub use known::{KnownRows, KnownToken, KnownWallet, SealedWallet};
pub use page::{Order, OrderedPageQuery, Page, PageQuery, cursor};
pub use patch::Patch;
pub use statement::{Statement, Value, is_away, is_unique_violation, is_write_conflict, taken_field};
pub use time::{DAY_MS, UnixMs, day_of, now_ms};

use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyPool, Transaction};
use std::sync::Arc;
use std::time::Duration;

/// Where the data lives.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:<path>` (the file is made when missing) or `postgres://user:password@host/database`.
    pub url: String,
    /// Connections for reading (SQLite) or in all (PostgreSQL).
    pub max_connections: u32,
    /// How long to wait for a free connection.
    pub acquire_timeout: Duration,
}

/// Which engine is behind the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, one file.
    Sqlite,
    /// A server, several gateways.
    Postgres,
}

/// The handle to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    reader: AnyPool,
    writer: AnyPool,
    known: Arc<KnownRows>,
}

/// What every SQLite connection is set to.
const PRAGMAS: [&str; 6] = [
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    // Pages. Only when `Db::maintain` does not keep up does a commit have to move the log itself.
    "PRAGMA wal_autocheckpoint = 20000",
];

/// Page cache of the writer: 64 MiB, negative because SQLite counts that in KiB.
const WRITER_CACHE: &str = "PRAGMA cache_size = -65536";

/// Page cache of each reader: 8 MiB. There are many of them, and the operating system keeps the file in memory too.
const READER_CACHE: &str = "PRAGMA cache_size = -8192";

/// Keys and password hashes are in the file: it is its owner's alone, also in a folder that others may read. SQLite gives
/// the files beside it the same permissions.
fn make_private(url: &str) -> std::io::Result<()> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" {
        return Ok(());
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

impl Db {
    /// Opens the database, makes it when it is a missing SQLite file, and applies the migrations.
    ///
    /// # Errors
    /// When the URL is neither SQLite's nor PostgreSQL's, the engine can't be reached, or a migration fails.
    pub async fn open(settings: &Settings) -> Result<Self, sqlx::Error> {
        sqlx::any::install_default_drivers();
        let db = if settings.url.starts_with("sqlite:") {
            Self::open_sqlite(settings).await?
        } else {
            Self::open_postgres(settings).await?
        };
        sqlx::migrate!("./migrations").run(&db.writer).await?;
        Ok(db)
    }

    async fn open_sqlite(settings: &Settings) -> Result<Self, sqlx::Error> {
        make_private(&settings.url)?;
        let mode = if settings.url.contains('?') { "&mode=rwc" } else { "?mode=rwc" };
        let url = format!("{}{mode}", settings.url);
        let options = |max, cache: &'static str| {
            AnyPoolOptions::new()
                .max_connections(max)
                .acquire_timeout(settings.acquire_timeout)
                // A file does not hang up: asking before each use would only cost time.
                .test_before_acquire(false)
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        for pragma in PRAGMAS.into_iter().chain([cache]) {
                            sqlx::query(pragma).execute(&mut *connection).await?;
                        }
                        Ok(())
                    })
                })
        };
        // The writer first: it makes the file and switches it to WAL before a reader looks.
        let writer = options(1, WRITER_CACHE)
            // A relaxed transaction may have been there. Not before the next use, whose caller would wait for it.
            .after_release(|connection, _| {
                Box::pin(async move {
                    sqlx::query("PRAGMA synchronous = FULL").execute(&mut *connection).await?;
                    Ok(true)
                })
            })
            .connect(&url)
            .await?;
        let reader = options(settings.max_connections.max(1), READER_CACHE).connect(&url).await?;
        Ok(Self { engine: Engine::Sqlite, reader, writer, known: Arc::default() })
    }

    async fn open_postgres(settings: &Settings) -> Result<Self, sqlx::Error> {
        let pool = AnyPoolOptions::new()
            .max_connections(settings.max_connections.max(4))
            .acquire_timeout(settings.acquire_timeout)
            .connect(&settings.url)
            .await?;
        Ok(Self { engine: Engine::Postgres, reader: pool.clone(), writer: pool, known: Arc::default() })
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Rows that never change, kept in memory.
    pub fn known(&self) -> &KnownRows {
        &self.known
    }

    /// For queries that only read.
    pub fn reader(&self) -> &AnyPool {
        &self.reader
    }

    /// For a single writing statement outside a transaction.
    pub fn writer(&self) -> &AnyPool {
        &self.writer
    }

    /// Begins a transaction that will write. Dropping it rolls back.
    ///
    /// # Errors
    /// When no connection gets free in time, or the database is away.
    pub async fn write(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.engine {
            // Taking the write lock at the beginning: a deferred lock could fail half-way.
            Engine::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await,
            Engine::Postgres => self.begin("BEGIN").await,
        }
    }

    /// Begins a transaction that will write what can be derived again after a power cut: sending states and the
    /// projection of the chain. Its commit does not wait for the disk, and a later [`Db::write`] makes it durable too.
    /// A mere crash of the process loses nothing of it either way.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_relaxed(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.engine {
            Engine::Sqlite => self.writer.begin_with("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE").await,
            Engine::Postgres => self.begin("BEGIN; SET LOCAL synchronous_commit = off").await,
        }
    }

    /// Moves SQLite's write-ahead log into the database file, beside the writers instead of inside one unlucky commit.
    /// To be called several times a second; does nothing on PostgreSQL.
    pub async fn maintain(&self) {
        if self.engine == Engine::Sqlite
            && let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&self.reader).await
        {
            tracing::warn!(%error, "the write-ahead log could not be moved into the database");
        }
    }

    /// Begins a transaction that reads several things as of one moment.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn snapshot(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.engine {
            Engine::Sqlite => self.reader.begin().await,
            Engine::Postgres => self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await,
        }
    }

    /// Begins in a task of its own, which goes on when the caller is dropped, as a request's handler is when its client
    /// hangs up. sqlx would put a connection whose BEGIN is on its way back into the pool, inside that transaction: what
    /// the next one writes with it is committed by nobody. (SQLite's worker takes such a BEGIN back.)
    async fn begin(&self, statement: &'static str) -> Result<Transaction<'static, Any>, sqlx::Error> {
        let pool = self.writer.clone();
        tokio::spawn(async move { pool.begin_with(statement).await }).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// What to put behind a SELECT whose rows will be updated in the same transaction. SQLite's writer is alone.
    pub fn for_update(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "",
            Engine::Postgres => " FOR UPDATE",
        }
    }

    /// `clause` where several may write at once: for joins, whose locks have to name their table.
    pub fn locking(&self, clause: &'static str) -> &'static str {
        match self.engine {
            Engine::Sqlite => "",
            Engine::Postgres => clause,
        }
    }

    /// True when the database answers a trivial query.
    pub async fn is_alive(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.reader).await.is_ok()
    }

    /// Waits for running queries and closes all connections.
    pub async fn close(&self) {
        self.writer.close().await;
        self.reader.close().await;
    }
}

#[cfg(test)]
pub mod testing;

#[cfg(test)]
mod tests;
