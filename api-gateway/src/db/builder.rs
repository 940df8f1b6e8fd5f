//! Statements with a varying number of rows. sqlx's own builder writes `?` for its `Any` driver, which PostgreSQL
//! does not take; this one writes `$n`, which both engines take.

use super::Value;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

/// Statements with more parameters than this are not kept prepared.
const KEPT_PARAMETERS: usize = 32;

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
        self.push_value(value.into());
        self
    }

    fn push_value(&mut self, value: Value) {
        self.values.push(value);
        self.sql.push('$');
        self.sql.push_str(&self.values.len().to_string());
    }

    /// Adds parameters with commas between, for `IN (…)`. The last one is repeated up to the next power of two: a list
    /// means the same with it twice, and the connection has few different statements to keep.
    pub fn push_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if let Some(last) = values.last().cloned() {
            values.resize(values.len().next_power_of_two(), last);
        }
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.sql.push_str(", ");
            }
            self.push_value(value);
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

    /// The finished statement. A connection keeps it prepared only when it is small: large ones come in so many lengths
    /// that they would push each other out.
    pub fn build(self) -> Query<'static, Any, AnyArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.sql)).persistent(self.values.len() <= KEPT_PARAMETERS);
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

    #[test]
    fn lists_are_padded_to_few_lengths() {
        let mut query = QueryBuilder::new("");
        query.push_list([1_i64, 2, 3, 4, 5]);
        assert_eq!(query.sql, "$1, $2, $3, $4, $5, $6, $7, $8");
        assert!(matches!(query.values[7], Value::Int(Some(5))));
        query.push_list(Vec::<i64>::new());
        assert_eq!(query.values.len(), 8);
    }
}
