//! A writing statement as a value, so that a service can hand its own rows to the ledger's transaction.

use sqlx::AnyConnection;
use sqlx::any::AnyQueryResult;

/// A parameter.
#[derive(Clone, Debug)]
pub enum Value {
    /// TEXT, or NULL.
    Text(Option<String>),
    /// BIGINT, or NULL.
    Int(Option<i64>),
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

/// One INSERT or UPDATE with its parameters, to be run later in somebody else's transaction.
#[derive(Clone, Debug)]
pub struct Statement {
    sql: &'static str,
    values: Vec<Value>,
}

impl Statement {
    /// A statement with `$1`, `$2`, … for its parameters.
    pub fn new(sql: &'static str) -> Self {
        Self { sql, values: Vec::new() }
    }

    /// Adds the next parameter.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// What the database says; see [`is_unique_violation`].
    pub async fn execute(&self, connection: &mut AnyConnection) -> Result<AnyQueryResult, sqlx::Error> {
        let mut query = sqlx::query(self.sql);
        for value in &self.values {
            query = match value {
                Value::Text(text) => query.bind(text.clone()),
                Value::Int(int) => query.bind(*int),
            };
        }
        query.execute(connection).await
    }
}

/// Whether the statement failed because a unique value exists already.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Unique columns that callers fill, and the fields of the API behind them.
const UNIQUE_FIELDS: [(&str, &str); 4] = [
    ("external_id", "externalId"),
    ("email", "email"),
    // Where an item is: the number in its collection.
    ("tokens.address", "number"),
    ("tokens_address", "number"),
];

/// The field whose value exists already; `None` when it is none of the caller's. PostgreSQL names the constraint
/// (`users_app_id_email_key`), SQLite the columns (`UNIQUE constraint failed: users.app_id, users.email`).
pub fn taken_field(error: &sqlx::Error) -> Option<&'static str> {
    let error = error.as_database_error().filter(|error| error.is_unique_violation())?;
    let said = error.constraint().unwrap_or_else(|| error.message());
    UNIQUE_FIELDS.iter().find(|(column, _)| said.contains(column)).map(|(_, field)| *field)
}

/// PostgreSQL's words (SQLSTATE) for: it shuts down, it crashed, it starts up, it has no connection left.
const AWAY: [&str; 4] = ["57P01", "57P02", "57P03", "53300"];

/// PostgreSQL's words for: another transaction was in the way, or each waited for the other.
const WRITE_CONFLICTS: [&str; 2] = ["40001", "40P01"];

/// Whether the database can't be reached or doesn't take work just now.
pub fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => true,
        other => has_code(other, &AWAY),
    }
}

/// Whether the transaction was undone for the sake of another one: the same once more may succeed at once.
pub fn is_write_conflict(error: &sqlx::Error) -> bool {
    has_code(error, &WRITE_CONFLICTS)
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| codes.contains(&&*code))
}
