//! What becomes of users on chain, and what stays of them in the database.

use super::{Shop, node_or_skip};
use crate::support::text;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_user_is_suspended_on_chain_too() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "closed").await;
    let user = shop.user().await;
    let given = shop.transfer(&json!({ "to": user["id"], "amount": "5" })).await;
    shop.wait(&given["operation"], "finalized").await;
    for (what, fails) in [("suspend", true), ("activate", false)] {
        let path = format!("/users/{}/{what}", text(&user["id"]));
        let operation = shop.gateway.post(&path).bearer(&shop.tenant.key).once().send().await.expect(202);
        shop.wait(&operation, "finalized").await;
        let given = shop.transfer(&json!({ "to": user["id"], "amount": "5" })).await;
        if fails {
            let failed = shop.wait_for(text(&given["operation"]["id"]), "failed".into()).await;
            assert_eq!(failed["error"]["code"], "holder_not_allowed");
        } else {
            shop.wait(&given["operation"], "finalized").await;
        }
    }
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_about_an_erased_user_are_gone_wherever_they_stood() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let (erika, other) = (shop.user().await, shop.user().await);
    let paid = json!({ "to": erika["id"], "amount": "50", "memo": "rent of Mustermann" });
    let call = || shop.gateway.post(&shop.path("/transfers")).bearer(&shop.tenant.key).key("rent").json(&paid);
    let first = call().send().await.expect(202);
    shop.wait(&first["operation"], "finalized").await;
    let own = json!({ "from": erika["id"], "to": other["id"], "amount": "5", "memo": "Mustermann pays" });
    let own = shop.transfer(&own).await;
    shop.wait(&own["operation"], "finalized").await;
    // As one of many receivers, too.
    let many = json!({ "transfers": [{ "to": other["id"], "amount": "1" }, { "to": erika["id"], "amount": "1" }], "memo": "Mustermanns" });
    let call_many = shop.gateway.post(&shop.path("/transfers/bulk")).bearer(&shop.tenant.key).once().json(&many);
    let many = call_many.send().await.expect(202);
    shop.wait(&many["operation"], "finalized").await;
    let kept = json!({ "to": other["id"], "amount": "1", "memo": "nothing to do with her" });
    let kept = shop.transfer(&kept).await;
    shop.wait(&kept["operation"], "finalized").await;
    // Wherever a note can stand.
    const PLACES: [(&str, &str); 4] =
        [("operations", "memo"), ("operations", "effects"), ("idempotency_keys", "answer"), ("events", "data")];
    let db = &shop.gateway.server().state().db;
    let count = async |text: &str| {
        let mut all = Vec::new();
        for (table, column) in PLACES {
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE $1");
            let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(format!("%{text}%"));
            let (count,): (i64,) = query.fetch_one(db.reader()).await.unwrap();
            all.push(count);
        }
        all
    };
    let before = count("Mustermann").await;
    assert!(before[0] == 3 && before[2] == 3 && before[3] >= 6, "{before:?}");
    let path = format!("/users/{}", text(&erika["id"]));
    assert_eq!(shop.gateway.delete(&path).bearer(&shop.tenant.key).send().await.status, 204);
    assert_eq!(count("Mustermann").await, [0, 0, 0, 0]);
    let others = count("nothing to do").await;
    assert!(others[0] == 1 && others[2] == 1 && others[3] >= 2, "{others:?}");
    // The same request once more is still the same: nothing moves twice.
    let again = call().send().await.expect(202);
    assert_eq!(again["operation"]["id"], first["operation"]["id"]);
    shop.gateway.stop().await;
}
