//! Known tokens by address, and their supplies.

use super::super::balances::u256;
use super::super::contracts::address_text;
use crate::db::{Db, QueryBuilder};
use crate::error::{Error, Result};
use alloy::primitives::{Address, U256};
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Changes of tokens' supplies: included and finalized, modulo 2^256.
pub(super) type Supplies = BTreeMap<String, (U256, U256)>;

/// A known token: its id and its app.
pub(super) type TokenOwner = (String, String);

/// Tokens by address. They never change, so what was found once is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenCache {
    pub(super) known: HashMap<Address, TokenOwner>,
}

impl TokenCache {
    /// Looks up those of the addresses that are not known yet. Foreign tokens are asked for each time: a token of
    /// ours may come to be known at any moment.
    pub(super) async fn learn(&mut self, connection: &mut AnyConnection, addresses: BTreeSet<Address>) -> Result<()> {
        let unknown: Vec<Address> = addresses.into_iter().filter(|address| !self.known.contains_key(address)).collect();
        for chunk in unknown.chunks(500) {
            let mut query = QueryBuilder::new("SELECT address, id, app_id FROM tokens WHERE address IN (");
            query.push_list(chunk.iter().map(|address| address_text(*address)));
            query.push(")");
            for row in query.build().fetch_all(&mut *connection).await? {
                let address: String = row.try_get(0)?;
                self.known.insert(address.parse().map_err(Error::internal)?, (row.try_get(1)?, row.try_get(2)?));
            }
        }
        Ok(())
    }
}

/// Adds to the tokens' supplies.
pub(super) async fn change_supplies(db: &Db, tx: &mut AnyConnection, supplies: Supplies) -> Result<()> {
    for (token, (included, finalized)) in supplies {
        let sql = match db.engine() {
            crate::db::Engine::Sqlite => "SELECT included_supply, finalized_supply FROM tokens WHERE id = $1",
            crate::db::Engine::Postgres => {
                "SELECT included_supply, finalized_supply FROM tokens WHERE id = $1 FOR UPDATE"
            }
        };
        let row = sqlx::query(sql).bind(&token).fetch_one(&mut *tx).await?;
        sqlx::query("UPDATE tokens SET included_supply = $1, finalized_supply = $2 WHERE id = $3")
            .bind(u256(&row, "included_supply")?.wrapping_add(included).to_string())
            .bind(u256(&row, "finalized_supply")?.wrapping_add(finalized).to_string())
            .bind(&token)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
