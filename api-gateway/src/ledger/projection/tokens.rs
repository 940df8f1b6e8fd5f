//! Known tokens and items by where they are on chain, and their supplies.

use super::super::balances::u256;
use crate::db::{Db, Id, QueryBuilder, ROWS_MAX, locator, new_id, now_ms};
use crate::error::Result;
use alloy::primitives::{Address, U256};
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Changes of tokens' supplies: included and finalized, modulo 2^256.
pub(super) type Supplies = BTreeMap<String, (U256, U256)>;

/// A known token, collection or item: its id and its app.
pub(super) type TokenOwner = (String, String);

/// A contract, and the number of an item.
pub(super) type Place = (Address, Option<U256>);

/// Tokens, collections and items. They never change, so what was found once is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenCache {
    known: HashMap<Place, TokenOwner>,
}

impl TokenCache {
    /// What is known to be there.
    pub(super) fn get(&self, place: &Place) -> Option<&TokenOwner> {
        self.known.get(place)
    }

    /// Looks up those that are not known yet. What another gateway's apps have issued is asked for each time: it may come to
    /// be known at any moment. An item of a known collection that somebody made without the gateway becomes known here.
    pub(super) async fn learn(&mut self, connection: &mut AnyConnection, places: BTreeSet<Place>) -> Result<()> {
        self.look_up(connection, places.iter().copied()).await?;
        let missing: Vec<Place> =
            places.into_iter().filter(|place| place.1.is_some() && !self.known.contains_key(place)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.look_up(connection, missing.iter().map(|(contract, _)| (*contract, None))).await?;
        let made: Vec<_> = missing
            .iter()
            .filter_map(|place| Some((place, place.1?, self.known.get(&(place.0, None))?.0.clone())))
            .collect();
        for chunk in made.chunks(ROWS_MAX) {
            let mut query = QueryBuilder::new(
                "INSERT INTO tokens (id, app_id, address, salt, name, symbol, decimals, cap, initial_supply, closed, \
                 included_supply, finalized_supply, operation_id, created_at_ms, standard, collection_id, item) \
                 SELECT v.column1, c.app_id, v.column2, c.salt, v.column3, c.symbol, 0, '0', '0', c.closed, '0', '0', '', ",
            );
            query.push_bind(now_ms()).push(", c.standard, c.id, v.column4 FROM (");
            query.push_values(chunk, |mut row, ((contract, _), number, collection)| {
                row.push_bind(new_id(Id::Item))
                    .push_bind(locator(*contract, Some(*number)))
                    .push_bind(format!("#{number}"))
                    .push_bind(number.to_string())
                    .push_bind(collection.clone());
            });
            query.push(") AS v JOIN tokens c ON c.id = v.column5 WHERE true ON CONFLICT (address) DO NOTHING");
            query.execute(&mut *connection).await?;
        }
        self.look_up(connection, made.iter().map(|(place, _, _)| **place)).await
    }

    async fn look_up(&mut self, connection: &mut AnyConnection, places: impl Iterator<Item = Place>) -> Result<()> {
        let unknown: BTreeMap<String, Place> = places
            .filter(|place| !self.known.contains_key(place))
            .map(|place| (locator(place.0, place.1), place))
            .collect();
        let locators: Vec<&String> = unknown.keys().collect();
        for chunk in locators.chunks(ROWS_MAX) {
            let mut query = QueryBuilder::new("SELECT address, id, app_id FROM tokens WHERE address IN (");
            query.push_list(chunk.iter().map(|locator| (*locator).clone()));
            query.push(")");
            for row in query.fetch_all(&mut *connection).await? {
                let locator: String = row.try_get(0)?;
                if let Some(place) = unknown.get(&locator) {
                    self.known.insert(*place, (row.try_get(1)?, row.try_get(2)?));
                }
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
