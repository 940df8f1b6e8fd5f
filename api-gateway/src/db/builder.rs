//! Statements with a varying number of rows. sqlx's own builder writes `?` for its `Any` driver, which PostgreSQL
//! does not take; this one writes `$n`, which both engines take.

use super::Value;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

/// Collects text of the program (`&'static str` alone, so that no outside text becomes SQL) and parameters.
#[derive(Debug)]
pub struct QueryBuilder {
    sql: String,
    values: Vec<Value>,
}

impl QueryBuilder {
    /// Begins a statement.
    pub fn new(sql: &'static str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    /// Adds text.
    pub fn push(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds a parameter.
    pub fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.sql.push('$');
        self.sql.push_str(&self.values.len().to_string());
        self
    }

    /// Adds parameters with commas between.
    pub fn push_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.sql.push_str(", ");
            }
            self.push_bind(value);
        }
        self
    }

    /// Adds `VALUES (…), (…)`; `fill` writes one row.
    pub fn push_values<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(Row<'_>, T),
    ) -> &mut Self {
        self.sql.push_str("VALUES ");
        for (index, item) in items.into_iter().enumerate() {
            self.sql.push_str(if index > 0 { ", (" } else { "(" });
            fill(Row { builder: self, first: true }, item);
            self.sql.push(')');
        }
        self
    }

    /// The finished statement.
    pub fn build(self) -> Query<'static, Any, AnyArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.sql));
        for value in self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Int(int) => query.bind(int),
            };
        }
        query
    }
}

/// One row of `VALUES`.
#[derive(Debug)]
pub struct Row<'a> {
    builder: &'a mut QueryBuilder,
    first: bool,
}

impl Row<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.builder.sql.push_str(", ");
        }
    }

    /// Adds a parameter.
    pub fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.separate();
        self.builder.push_bind(value);
        self
    }

    /// Adds text.
    pub fn push(&mut self, sql: &'static str) -> &mut Self {
        self.separate();
        self.builder.push(sql);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        let mut query = QueryBuilder::new("SELECT 1 WHERE a IN (");
        query.push_list(["x", "y"]).push(") AND b = ").push_bind(1_i64).push(" ");
        query.push_values([1_i64, 2], |mut row, item| {
            row.push_bind(item).push("'0'");
        });
        assert_eq!(query.sql, "SELECT 1 WHERE a IN ($1, $2) AND b = $3 VALUES ($4, '0'), ($5, '0')");
        assert_eq!(query.values.len(), 5);
    }
}
