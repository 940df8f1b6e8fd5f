//! Changes to one row of which each may be there or not, as those of a merge patch (RFC 7396).

use super::{Db, QueryBuilder, Value};

/// `UPDATE … SET` with the columns that change. Without any, nothing is done.
#[derive(Debug)]
pub struct Patch {
    query: QueryBuilder,
    changes: bool,
}

impl Patch {
    /// Begins with `UPDATE table SET `.
    pub fn new(update: &'static str) -> Self {
        Self { query: QueryBuilder::new(update), changes: false }
    }

    /// Changes a column, given as `column = `, unless there is no value. NULL is `Some(None)`.
    #[must_use]
    pub fn set(mut self, column: &'static str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            if std::mem::replace(&mut self.changes, true) {
                self.query.push(", ");
            }
            self.query.push(column).push_bind(value);
        }
        self
    }

    /// Says which row, after all columns: `WHERE id = `, then ` AND …`.
    #[must_use]
    pub fn only(mut self, condition: &'static str, value: impl Into<Value>) -> Self {
        self.query.push(condition).push_bind(value);
        self
    }

    /// Writes it.
    ///
    /// # Errors
    /// The database's.
    pub async fn execute(self, db: &Db) -> Result<(), sqlx::Error> {
        if self.changes {
            self.query.build().execute(db.writer()).await?;
        }
        Ok(())
    }
}
