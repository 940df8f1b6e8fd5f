//! Pauses and freezes, as accepted, as executed, and as shown.

use super::{Shop, node_or_skip};
use crate::support::text;
use serde_json::{Value, json};

impl Shop {
    async fn control(&self, what: &str, body: Option<Value>) -> Value {
        let path = self.path(what);
        let mut call = self.gateway.post(&path).bearer(&self.tenant.key).once();
        if let Some(body) = body {
            call = call.json(&body);
        }
        let operation = call.send().await.expect(202);
        self.wait(&operation, "finalized").await
    }

    async fn shown(&self) -> Value {
        self.gateway.get(&self.path("")).bearer(&self.tenant.key).send().await.expect(200)
    }

    async fn holders(&self, query: &str) -> Value {
        let path = self.path(&format!("/holders{query}"));
        self.gateway.get(&path).bearer(&self.tenant.key).send().await.expect(200)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stopped_does_not_move_and_is_shown() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let (ana, ben) = (shop.user().await, shop.user().await);
    for user in [&ana, &ben] {
        let moved = shop.transfer(&json!({ "to": user["id"], "amount": "50" })).await;
        shop.wait(&moved["operation"], "finalized").await;
    }
    let paused = shop.control("/pause", None).await;
    assert_eq!(paused["kind"], "pause");
    assert_eq!(shop.shown().await["paused"], true);
    let refused = shop.transfer(&json!({ "from": ana["id"], "to": ben["id"], "amount": "1" })).await;
    let failed = shop.wait_for(text(&refused["operation"]["id"]), "failed".into()).await;
    assert_eq!(failed["error"]["code"], "token_paused");
    for (what, body) in [("/mint", json!({ "to": ana["id"], "amount": "1" })), ("/burn", json!({ "amount": "1" }))] {
        let call = shop.gateway.post(&shop.path(what)).bearer(&shop.tenant.key).once().json(&body);
        let refused = call.send().await.expect(202);
        let failed = shop.wait_for(text(&refused["operation"]["id"]), "failed".into()).await;
        assert_eq!(failed["error"]["code"], "token_paused", "{what}");
    }
    shop.control("/unpause", None).await;
    assert_eq!(shop.shown().await["paused"], false);

    shop.control("/freeze", Some(json!({ "account": ana["id"] }))).await;
    let refused = shop.transfer(&json!({ "from": ana["id"], "to": ben["id"], "amount": "1" })).await;
    let failed = shop.wait_for(text(&refused["operation"]["id"]), "failed".into()).await;
    assert_eq!(failed["error"]["code"], "account_frozen");
    let refused = shop.transfer(&json!({ "to": ana["id"], "amount": "1" })).await;
    let failed = shop.wait_for(text(&refused["operation"]["id"]), "failed".into()).await;
    assert_eq!(failed["error"]["code"], "account_frozen", "nor does it receive");
    let frozen: Vec<_> = shop.holders("").await["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|holder| holder["frozen"] == true)
        .map(|holder| holder["user"].clone())
        .collect();
    assert_eq!(frozen, [ana["id"].clone()]);
    shop.control("/unfreeze", Some(json!({ "account": ana["wallet"]["address"] }))).await;
    let moved = shop.transfer(&json!({ "from": ana["id"], "to": ben["id"], "amount": "50" })).await;
    shop.wait(&moved["operation"], "finalized").await;

    // The same as a table, every movement a line.
    let path = shop.path("/statement");
    let table = shop.gateway.get(&path).bearer(&shop.tenant.key).send().await;
    assert_eq!(
        (table.status.as_u16(), &table.headers["content-type"]),
        (200, &"text/csv; charset=utf-8".parse().unwrap())
    );
    let lines: Vec<_> = table.text.split("\r\n").collect();
    assert_eq!((lines.len(), lines[5]), (6, ""), "head, supply, three transfers: {}", table.text);
    let amounts: Vec<_> = lines[1..5].iter().map(|line| line.split(',').nth(4).unwrap()).collect();
    assert_eq!(amounts, ["1000000", "50", "50", "50"]);
    let table = shop.gateway.get(&format!("{path}?until=2020-01-01T00:00:00Z")).bearer(&shop.tenant.key).send().await;
    assert_eq!(table.text.lines().count(), 1);

    // Who has nothing left is no holder; pages have each once.
    let mut seen = Vec::new();
    let mut page = shop.holders("?limit=1").await;
    loop {
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        page = shop.holders(&format!("?limit=1&cursor={cursor}")).await;
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
    let bens = seen.iter().find(|holder| holder["user"] == ben["id"]).unwrap();
    assert_eq!(bens["balance"], json!({ "included": "100", "finalized": "100" }));
    assert_eq!(shop.settle().await["mismatches"], 0);
    shop.gateway.stop().await;
}
