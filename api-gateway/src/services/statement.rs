//! A token's movements as a table for accountants (CSV, RFC 4180), oldest first, read piece by piece.

use super::{tokens, transactions};
use crate::db::{Db, UnixMs};
use crate::error::Result;
use crate::ledger::Transaction;

/// Movements read at once.
const PIECE: i64 = 500;

/// The first line.
pub const HEAD: &str = "time,status,from,to,amount,decimals,transactionHash,logIndex,blockNumber,operation,memo\r\n";

/// A table that is being written.
pub struct TokenStatement {
    db: Db,
    app: String,
    token: String,
    since: UnixMs,
    until: UnixMs,
    /// Block and log index of the last row.
    after: (i64, i64),
}

impl TokenStatement {
    /// The movements of a token in a range of time.
    ///
    /// # Errors
    /// 404.
    pub async fn begin(db: &Db, app: &str, token: &str, since: UnixMs, until: UnixMs) -> Result<Self> {
        tokens::get(db, app, token).await?;
        Ok(Self { db: db.clone(), app: app.to_owned(), token: token.to_owned(), since, until, after: (-1, -1) })
    }

    /// The next lines; `None` at the end.
    ///
    /// # Errors
    /// When the database is away: the table is cut short.
    pub async fn next(&mut self) -> Result<Option<String>> {
        let range = (self.since, self.until);
        let page = transactions::forwards(&self.db, &self.app, &self.token, range, self.after, PIECE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.after = (number(last.block_number), number(last.log_index));
        Ok(Some(page.iter().map(line).collect()))
    }
}

fn line(transaction: &Transaction) -> String {
    let fields = [
        transaction.timestamp.to_rfc3339(),
        transaction.status.as_str().to_owned(),
        transaction.from.clone(),
        transaction.to.clone(),
        transaction.amount.to_string(),
        transaction.decimals.to_string(),
        transaction.transaction_hash.clone(),
        transaction.log_index.to_string(),
        transaction.block_number.to_string(),
        transaction.operation.clone().unwrap_or_default(),
        transaction.memo.as_deref().map(text).unwrap_or_default(),
    ];
    fields.join(",") + "\r\n"
}

/// Text of people's own: quoted, and never a formula in a spreadsheet.
fn text(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peoples_text_is_quoted_and_no_formula() {
        for (given, written) in [
            ("berth 4", "\"berth 4\""),
            ("a,b", "\"a,b\""),
            ("say \"ahoy\"\n", "\"say \"\"ahoy\"\"\n\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("-1", "\"'-1\""),
        ] {
            assert_eq!(text(given), written);
        }
    }
}
