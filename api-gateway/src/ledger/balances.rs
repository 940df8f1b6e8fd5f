//! The cache of balances: rows loaded, changed in memory and stored inside the transaction of their cause.
//!
//! Amounts are U256 and fit no SQL type of both engines, so the arithmetic is here. [`Table::load`] locks the rows
//! (and makes those that are missing) in the order of their keys, which keeps several gateways on one PostgreSQL
//! from deadlocking.
//!
//! Sums of a right cache never overflow. Should the cache be wrong, wrapping arithmetic keeps additions and
//! subtractions exact inverses, so that the verifier's correction makes it right again.

use super::effects::PendingDelta;
use super::intent::TokenRef;
use super::types::{Balance, Confirmed};
use crate::db::{Amount, Asset, Db, QueryBuilder, ROWS_MAX};
use crate::error::{Error, Result};
use alloy::primitives::U256;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeSet, HashMap};

/// Token id and address.
pub(crate) type Key = (String, String);

/// One row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub included: U256,
    pub finalized: U256,
    pub pending_in: U256,
    pub pending_own_in: U256,
    pub pending_out: U256,
}

impl Entry {
    /// What may be spent now.
    pub fn available(&self) -> U256 {
        self.included.saturating_add(self.pending_own_in).saturating_sub(self.pending_out)
    }

    /// `included` once everything pending has succeeded.
    pub fn expected(&self) -> U256 {
        self.included.saturating_add(self.pending_in).saturating_sub(self.pending_out)
    }

    /// An accepted operation will do this.
    pub fn add_pending(&mut self, delta: &PendingDelta) {
        self.pending_in = self.pending_in.wrapping_add(delta.incoming);
        self.pending_own_in = self.pending_own_in.wrapping_add(delta.own_incoming);
        self.pending_out = self.pending_out.wrapping_add(delta.outgoing);
    }

    /// It has done it, or never will.
    pub fn take_back_pending(&mut self, delta: &PendingDelta) {
        self.pending_in = self.pending_in.wrapping_sub(delta.incoming);
        self.pending_own_in = self.pending_own_in.wrapping_sub(delta.own_incoming);
        self.pending_out = self.pending_out.wrapping_sub(delta.outgoing);
    }

    pub fn to_balance(self, token: &TokenRef, address: &str) -> Balance {
        Balance {
            token: token.id.clone(),
            symbol: token.symbol.clone(),
            decimals: token.decimals,
            address: address.to_owned(),
            confirmed: Confirmed { included: Amount(self.included), finalized: Amount(self.finalized) },
            pending: Amount(self.expected()),
            available: Amount(self.available()),
        }
    }
}

/// The rows that one transaction works on.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: HashMap<Key, Entry>,
    app_ids: HashMap<String, String>,
    changed: BTreeSet<Key>,
}

impl Table {
    /// Loads the rows of `keys` for change; `app_ids` tells each token's app for rows that have to be made.
    pub async fn load(
        db: &Db,
        connection: &mut AnyConnection,
        keys: BTreeSet<Key>,
        app_ids: HashMap<String, String>,
    ) -> Result<Self> {
        let mut table = Self { app_ids, ..Self::default() };
        table.read(db, connection, &keys).await?;
        let missing: BTreeSet<Key> = keys.into_iter().filter(|key| !table.rows.contains_key(key)).collect();
        if missing.is_empty() {
            return Ok(table);
        }
        if db.engine() == crate::db::Engine::Postgres {
            // Another gateway may be making the same row: make it first, then read whatever won.
            table.insert_empty(connection, &missing).await?;
            table.read(db, connection, &missing).await?;
        } else {
            table.rows.extend(missing.into_iter().map(|key| (key, Entry::default())));
        }
        Ok(table)
    }

    async fn read(&mut self, db: &Db, connection: &mut AnyConnection, keys: &BTreeSet<Key>) -> Result<()> {
        let keys: Vec<&Key> = keys.iter().collect();
        for chunk in keys.chunks(ROWS_MAX) {
            // A join: for `(token_id, address) IN (VALUES …)` SQLite would read the whole table.
            let mut query = QueryBuilder::new(
                "SELECT b.token_id, b.address, b.included, b.finalized, b.pending_in, b.pending_own_in, b.pending_out \
                 FROM (",
            );
            query.push_values(chunk, |mut row, (token, address)| {
                row.push_bind(token).push_bind(address);
            });
            query.push(") AS v JOIN balances b ON b.token_id = v.column1 AND b.address = v.column2 ");
            query.push("ORDER BY b.token_id, b.address").push(db.locking(" FOR UPDATE OF b"));
            for row in query.fetch_all(&mut *connection).await? {
                self.rows.insert((row.try_get(0)?, row.try_get(1)?), entry(&row)?);
            }
        }
        Ok(())
    }

    async fn insert_empty(&self, connection: &mut AnyConnection, keys: &BTreeSet<Key>) -> Result<()> {
        let keys: Vec<&Key> = keys.iter().collect();
        QueryBuilder::insert_all(
            connection,
            INSERT,
            &keys,
            " ON CONFLICT (token_id, address) DO NOTHING",
            |mut row, (token, address)| {
                row.push_bind(token.clone()).push_bind(address.clone()).push_bind(self.app_id(token));
                for _ in 0..5 {
                    row.push("'0'");
                }
            },
        )
        .await?;
        Ok(())
    }

    fn app_id(&self, token: &str) -> String {
        self.app_ids.get(token).cloned().unwrap_or_default()
    }

    /// A row as it stands now.
    pub fn get(&self, token: &str, address: &str) -> Entry {
        self.rows.get(&(token.to_owned(), address.to_owned())).copied().unwrap_or_default()
    }

    /// Changes a row; it is written by [`Table::store`].
    pub fn change(&mut self, token: &str, address: &str, change: impl FnOnce(&mut Entry)) {
        let key = (token.to_owned(), address.to_owned());
        let entry = self.rows.entry(key.clone()).or_default();
        let before = *entry;
        change(entry);
        if *entry != before {
            self.changed.insert(key);
        }
    }

    /// Writes the changed rows.
    pub async fn store(&self, connection: &mut AnyConnection) -> Result<()> {
        let changed: Vec<&Key> = self.changed.iter().collect();
        QueryBuilder::insert_all(
            connection,
            INSERT,
            &changed,
            " ON CONFLICT (token_id, address) DO UPDATE SET included = excluded.included, \
                 finalized = excluded.finalized, pending_in = excluded.pending_in, \
                 pending_own_in = excluded.pending_own_in, pending_out = excluded.pending_out",
            |mut row, key| {
                let entry = self.rows.get(*key).copied().unwrap_or_default();
                row.push_bind(key.0.clone()).push_bind(key.1.clone()).push_bind(self.app_id(&key.0));
                for amount in
                    [entry.included, entry.finalized, entry.pending_in, entry.pending_own_in, entry.pending_out]
                {
                    row.push_bind(amount.to_string());
                }
            },
        )
        .await?;
        Ok(())
    }
}

const INSERT: &str = "INSERT INTO balances \
    (token_id, address, app_id, included, finalized, pending_in, pending_own_in, pending_out) ";

fn entry(row: &AnyRow) -> Result<Entry> {
    Ok(Entry {
        included: u256(row, "included")?,
        finalized: u256(row, "finalized")?,
        pending_in: u256(row, "pending_in")?,
        pending_own_in: u256(row, "pending_own_in")?,
        pending_out: u256(row, "pending_out")?,
    })
}

/// From a row with the five amounts of a balance.
pub(crate) fn from_row(row: &AnyRow, token: &TokenRef, address: &str) -> Result<Balance> {
    Ok(entry(row)?.to_balance(token, address))
}

/// An amount column.
pub(crate) fn u256(row: &AnyRow, column: &str) -> Result<U256> {
    let text: String = row.try_get(column)?;
    U256::from_str_radix(&text, 10).map_err(Error::internal)
}

/// The balances of an address in an app's tokens, ordered by token id; at most `limit`, after the token `after`.
pub(crate) async fn of_address(
    db: &Db,
    app_id: &str,
    address: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Balance>> {
    let rows = sqlx::query(
        "SELECT b.included, b.finalized, b.pending_in, b.pending_own_in, b.pending_out, t.id, t.symbol, t.decimals, \
         t.address FROM balances b JOIN tokens t ON t.id = b.token_id \
         WHERE b.app_id = $1 AND b.address = $2 AND b.token_id > $3 AND t.item IS NULL ORDER BY b.token_id LIMIT $4",
    )
    .bind(app_id)
    .bind(address)
    .bind(after.unwrap_or(""))
    .bind(limit)
    .fetch_all(db.reader())
    .await?;
    rows.iter()
        .map(|row| {
            let token_address: String = row.try_get("address")?;
            let token = TokenRef {
                id: row.try_get("id")?,
                asset: Asset::token(token_address.parse().map_err(Error::internal)?),
                symbol: row.try_get("symbol")?,
                decimals: u8::try_from(row.try_get::<i64, _>("decimals")?).map_err(Error::internal)?,
            };
            from_row(row, &token, address)
        })
        .collect()
}

/// What one address has of one token; zero when nothing is known.
pub(crate) async fn of_token(db: &Db, app_id: &str, token: &TokenRef, address: &str) -> Result<Balance> {
    let row = sqlx::query(
        "SELECT included, finalized, pending_in, pending_own_in, pending_out FROM balances \
         WHERE app_id = $1 AND token_id = $2 AND address = $3",
    )
    .bind(app_id)
    .bind(&token.id)
    .bind(address)
    .fetch_optional(db.reader())
    .await?;
    let entry = row.as_ref().map(entry).transpose()?.unwrap_or_default();
    Ok(entry.to_balance(token, address))
}
