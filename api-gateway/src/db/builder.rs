//! Statements with a varying number of rows. sqlx's own builder writes `?` for its `Any` driver, which PostgreSQL
//! does not take. This one writes `$n`, which both engines take, and `?` where it knows that SQLite reads it: `$n` is a
//! name there, which SQLite looks for in the list of all names, each time one is read or bound.

use super::Value;
use sqlx::any::{AnyArguments, AnyQueryResult, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};

/// Rows in one statement: few enough for the parameters that either engine takes.
pub const ROWS_MAX: usize = 500;

/// Statements with more parameters than this are not kept prepared.
const KEPT_PARAMETERS: usize = 32;

/// Collects text of the program (`&'static str` alone, so that no outside text becomes SQL) and parameters.
#[derive(Debug)]
pub struct QueryBuilder {
    /// Without the parameters.
    sql: String,
    /// In their order, each with where it stands in `sql`.
    values: Vec<(usize, Value)>,
}

/// How a parameter is written.
#[derive(Clone, Copy, PartialEq)]
enum Placeholder {
    /// `$n`
    Numbered,
    /// `?`
    Plain,
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
        self.values.push((self.sql.len(), value));
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

    /// Inserts as many rows as there are, with as few statements: `insert`, their values, `then`. `fill` writes one row.
    ///
    /// # Errors
    /// The database's.
    pub async fn insert_all<T>(
        connection: &mut AnyConnection,
        insert: &'static str,
        rows: &[T],
        then: &'static str,
        mut fill: impl FnMut(Row<'_>, &T),
    ) -> Result<(), sqlx::Error> {
        for chunk in rows.chunks(ROWS_MAX) {
            let mut query = Self::new(insert);
            query.push_values(chunk, &mut fill).push(then);
            query.execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// The finished statement. A connection keeps it prepared only when it is small: large ones come in so many lengths
    /// that they would push each other out.
    pub fn build(self) -> Query<'static, Any, AnyArguments> {
        self.build_with(Placeholder::Numbered)
    }

    /// Runs a statement that may have many parameters.
    ///
    /// # Errors
    /// The database's.
    pub async fn execute(self, connection: &mut AnyConnection) -> Result<AnyQueryResult, sqlx::Error> {
        self.build_for(connection).execute(connection).await
    }

    /// The rows of a query that may have many parameters.
    ///
    /// # Errors
    /// The database's.
    pub async fn fetch_all(self, connection: &mut AnyConnection) -> Result<Vec<AnyRow>, sqlx::Error> {
        self.build_for(connection).fetch_all(connection).await
    }

    fn build_for(self, connection: &AnyConnection) -> Query<'static, Any, AnyArguments> {
        let is_sqlite = connection.backend_name() == "SQLite";
        self.build_with(if is_sqlite { Placeholder::Plain } else { Placeholder::Numbered })
    }

    fn build_with(self, placeholder: Placeholder) -> Query<'static, Any, AnyArguments> {
        let sql = self.text(placeholder);
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(self.values.len() <= KEPT_PARAMETERS);
        for (_, value) in self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Int(int) => query.bind(int),
            };
        }
        query
    }

    fn text(&self, placeholder: Placeholder) -> String {
        let mut text = String::with_capacity(self.sql.len() + 5 * self.values.len());
        let mut done = 0;
        for (number, (place, _)) in (1..).zip(&self.values) {
            text.push_str(&self.sql[done..*place]);
            match placeholder {
                Placeholder::Numbered => text.push_str(&format!("${number}")),
                Placeholder::Plain => text.push('?'),
            }
            done = *place;
        }
        text.push_str(&self.sql[done..]);
        text
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
        let numbered = query.text(Placeholder::Numbered);
        assert_eq!(numbered, "SELECT 1 WHERE a IN ($1, $2) AND b = $3 VALUES ($4, '0'), ($5, '0')");
        assert_eq!(query.text(Placeholder::Plain), "SELECT 1 WHERE a IN (?, ?) AND b = ? VALUES (?, '0'), (?, '0')");
        assert_eq!(query.values.len(), 5);
    }

    #[test]
    fn lists_are_padded_to_few_lengths() {
        let mut query = QueryBuilder::new("");
        query.push_list([1_i64, 2, 3, 4, 5]);
        assert_eq!(query.text(Placeholder::Numbered), "$1, $2, $3, $4, $5, $6, $7, $8");
        assert!(matches!(query.values[7], (_, Value::Int(Some(5)))));
        query.push_list(Vec::<i64>::new());
        assert_eq!(query.values.len(), 8);
    }
}
