//! The scene that most tests begin with: a node, a gateway, an app with its server key, users, and a token.

use crate::erc20::Erc20;
use crate::{Database, Gateway, Node, Rest, new_key};
use alloy::primitives::Address;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A user of the app, with a custodial wallet.
#[derive(Clone, Debug)]
pub struct User {
    /// `usr_…`
    pub id: String,
    /// The wallet's address on chain.
    pub address: Address,
}

/// Everything that runs, and the handles to it.
#[derive(Debug)]
pub struct Stage {
    /// The chain.
    pub node: Node,
    /// The gateway.
    pub gateway: Gateway,
    /// A client with the app's server key.
    pub server: Rest,
    /// The app as the API gave it.
    pub app: Value,
    /// The app's users.
    pub users: Vec<User>,
    /// `tok_…`
    pub token: String,
    /// The token's address on chain.
    pub token_address: Address,
    /// Its supply in the smallest unit.
    pub supply: u128,
}

impl Stage {
    /// A node and a gateway on SQLite, `users` users, and a token of which each user holds `each` (smallest unit) and
    /// the app's treasury as much as all of them together.
    pub async fn set(users: usize, each: u64) -> Result<Self> {
        Self::set_on(Database::Sqlite, users, each).await
    }

    /// The same on the given database.
    pub async fn set_on(database: Database, users: usize, each: u64) -> Result<Self> {
        Self::set_with(Node::start().await?, database, users, each).await
    }

    /// The same with a running node, of a network for instance.
    pub async fn set_with(node: Node, database: Database, users: usize, each: u64) -> Result<Self> {
        Self::set_up(node, database, &[], users, each).await
    }

    /// The same with a gateway of these settings (see [`Gateway::start_with`]).
    pub async fn set_up(
        node: Node,
        database: Database,
        settings: &[(&str, &str)],
        users: usize,
        each: u64,
    ) -> Result<Self> {
        let gateway = Gateway::start_with(node.url(), database, settings).await?;
        let (app, server, _) = register_app(&gateway.rest()).await?;

        let mut created = Vec::new();
        for number in 0..users {
            created.push(server.post("/users", json!({ "externalId": format!("user-{number}") })).await?);
        }
        let supply = u128::from(each) * users as u128 * 2;
        let token = server
            .settle(
                "/tokens",
                json!({
                    "name": "Harbour Credit", "symbol": "HARB", "decimals": 2,
                    "initialSupply": supply.to_string(), "policy": "open",
                }),
            )
            .await?;
        let mut stage = Self {
            node,
            gateway,
            server,
            app,
            users: Vec::new(),
            token: text(&token, "id")?,
            token_address: text(&token, "address")?.parse()?,
            supply,
        };
        for user in &created {
            stage.server.finalized(user).await?;
            stage.users.push(User { id: text(user, "id")?, address: text(&user["wallet"], "address")?.parse()? });
        }
        for chunk in stage.users.chunks(1000) {
            let transfers: Vec<Value> =
                chunk.iter().map(|user| json!({ "to": user.id, "amount": each.to_string() })).collect();
            let path = format!("/tokens/{}/transfers/bulk", stage.token);
            stage.server.settle(&path, json!({ "transfers": transfers })).await?;
        }
        Ok(stage)
    }

    /// Path of the token's transfers.
    pub fn transfers_path(&self) -> String {
        format!("/tokens/{}/transfers", self.token)
    }

    /// The token through Ethereum's door.
    pub fn erc20(&self) -> Erc20 {
        Erc20::at(self.node.rpc(), self.token_address)
    }
}

/// Registers an owner with one app and a server key. Returns the app, a client with the key, and one with the owner's
/// access token. The app is final on chain.
pub async fn register_app(rest: &Rest) -> Result<(Value, Rest, Rest)> {
    let unique = new_key();
    let credentials =
        json!({ "email": format!("owner-{unique}@example.com"), "password": format!("a long one {unique}") });
    rest.post("/owners", credentials.clone()).await?;
    let session = rest.post("/sessions", credentials).await?;
    let owner = rest.bearer(&text(&session, "accessToken")?);
    let app = owner.post("/apps", json!({ "name": "Harbour" })).await?;
    let key = owner.post(&format!("/apps/{}/keys", text(&app, "id")?), json!({ "name": "tests" })).await?;
    let server = rest.bearer(&text(&key, "secret")?);
    server.finalized(&app).await?;
    Ok((app, server, owner))
}

fn text(of: &Value, field: &str) -> Result<String> {
    Ok(of[field].as_str().with_context(|| format!("no {field} in {of}"))?.to_owned())
}
