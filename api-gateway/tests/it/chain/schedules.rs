//! Transfers at a time to come.

use super::{Shop, node_or_skip};
use crate::on_both_engines;
use crate::support::{Answer, Gateway, text};
use hanse_tests::until;
use serde_json::{Value, json};
use std::time::Duration;

impl Shop {
    async fn schedule(&self, key: &str, body: &Value) -> Answer {
        self.gateway.post("/schedules").bearer(&self.tenant.key).key(key).json(body).send().await
    }

    async fn shown_schedule(&self, id: &str) -> Value {
        self.gateway.get(&format!("/schedules/{id}")).bearer(&self.tenant.key).send().await.expect(200)
    }

    /// As soon as so many are done.
    async fn settled_schedule(&self, id: &str, count: u64) -> Value {
        until("they are done", Duration::from_secs(30), async || {
            let shown = self.shown_schedule(id).await;
            Ok((shown["done"] == count).then_some(shown))
        })
        .await
        .unwrap()
    }
}

/// So many seconds ago, and at the next second's start.
fn ago(seconds: i64) -> String {
    hanse_gateway::db::UnixMs(hanse_gateway::db::now_ms() - seconds * 1_000).to_rfc3339()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_is_paid_once_and_what_is_not_waits() {
    let node = node_or_skip!();
    let mut shop = Shop::open(&node, "open").await;
    let user = shop.user().await;
    let token = text(&shop.token["id"]);
    let body = json!({ "token": token, "to": user["id"], "amount": "30", "memo": "rent" });
    let once = shop.schedule("once", &body).await.expect(201);
    let again = shop.schedule("once", &body).await.expect(201);
    assert_eq!(once["id"], again["id"]);
    shop.schedule("once", &json!({ "token": token, "to": user["id"], "amount": "31" }))
        .await
        .expect_problem(409, "idempotency_key_reused");
    let finished = shop.settled_schedule(&text(&once["id"]), 1).await;
    assert_eq!((&finished["status"], finished.get("nextAt")), (&json!("finished"), None));
    let operation = shop.wait_for(text(&finished["lastOperation"]), "finalized".into()).await;
    assert_eq!((&operation["amount"], &operation["memo"]), (&json!("30"), &json!("rent")));

    // Tomorrow's waits; what recurs goes on from its first time.
    let mut tomorrow = body.clone();
    tomorrow["startAt"] = json!(ago(-86_400));
    let tomorrow = shop.schedule("tomorrow", &tomorrow).await.expect(201);
    let mut monthly = body.clone();
    monthly["recurrence"] = json!({ "unit": "month", "every": 1 });
    monthly["occurrences"] = json!(3);
    let monthly = shop.schedule("monthly", &monthly).await.expect(201);
    let shown = shop.settled_schedule(&text(&monthly["id"]), 1).await;
    assert_eq!(shown["status"], "active");
    assert!(text(&shown["nextAt"]) > text(&shown["startAt"]), "{shown}");

    // What was due while no gateway ran is made up for, each once: the row is set back as if it had been so.
    let db = shop.gateway.server().state().db.clone();
    sqlx::query("UPDATE schedules SET start_ms = start_ms - $1, next_ms = 0 WHERE id = $2")
        .bind(100_i64 * 86_400_000)
        .bind(text(&monthly["id"]))
        .execute(db.writer())
        .await
        .unwrap();
    shop.gateway.restart().await;
    let shown = shop.settled_schedule(&text(&monthly["id"]), 3).await;
    assert_eq!(shown["status"], "finished");
    shop.settle().await;
    assert_eq!(shop.balance(&text(&user["id"])).await["confirmed"]["finalized"], "120");
    assert_eq!(shop.shown_schedule(&text(&tomorrow["id"])).await["done"], 0);
    let path = format!("/schedules/{}", text(&tomorrow["id"]));
    let cancelled = shop.gateway.delete(&path).bearer(&shop.tenant.key).send().await.expect(200);
    assert_eq!((&cancelled["status"], cancelled.get("nextAt")), (&json!("cancelled"), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_too_little_is_told_and_the_next_comes_all_the_same() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let (poor, friend) = (shop.user().await, shop.user().await);
    let body = json!({
        "token": shop.token["id"], "from": poor["id"], "to": friend["id"], "amount": "5",
        "recurrence": { "unit": "day", "every": 1 },
    });
    let schedule = text(&shop.schedule("poor", &body).await.expect(201)["id"]);
    let refused = shop.settled_schedule(&schedule, 1).await;
    assert_eq!((&refused["status"], &refused["lastError"]["code"]), (&json!("active"), &json!("insufficient_balance")));
    let events = shop.gateway.get("/events?types=schedule.*").bearer(&shop.tenant.key).send().await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "{events}");
    assert_eq!(
        (&events["items"][0]["data"]["id"], &events["items"][0]["data"]["occurrence"]),
        (&json!(schedule), &json!(0))
    );
    let moved = shop.transfer(&json!({ "to": poor["id"], "amount": "5" })).await;
    shop.wait(&moved["operation"], "finalized").await;
    let db = shop.gateway.server().state().db.clone();
    sqlx::query("UPDATE schedules SET next_ms = 0 WHERE id = $1").bind(&schedule).execute(db.writer()).await.unwrap();
    let paid = shop.settled_schedule(&schedule, 2).await;
    assert!(paid.get("lastError").is_none() && paid["lastOperation"].is_string(), "{paid}");
}

on_both_engines!(a_schedule_is_checked_and_its_users_own, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let good = json!({ "token": token, "to": tenant.user, "amount": "1", "startAt": "2030-01-01T00:00:00Z" });
    let post =
        async |bearer: &str, body: &Value| gateway.post("/schedules").bearer(bearer).once().json(body).send().await;
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (name, value, field, rule) in [
        ("amount", json!("0"), "amount", "range"),
        ("startAt", json!(ago(3_600)), "startAt", "range"),
        ("startAt", json!("2990-01-01T00:00:00Z"), "startAt", "range"),
        ("to", json!("usr_nobody"), "to", "format"),
        ("token", json!("tok_00000000000000000000000000000000"), "token", "not_found"),
        ("recurrence", json!({ "unit": "day", "every": 0 }), "recurrence.every", "range"),
        ("occurrences", json!(3), "occurrences", "range"),
        ("memo", json!("m".repeat(257)), "memo", "length"),
    ] {
        post(&tenant.key, &with(name, value)).await.expect_broken(field, rule);
    }
    post(&tenant.user_token, &with("from", json!("0x0101010101010101010101010101010101010101")))
        .await
        .expect_problem(403, "forbidden");
    let servers = text(&post(&tenant.key, &good).await.expect(201)["id"]);
    let own = text(&post(&tenant.user_token, &good).await.expect(201)["id"]);
    let list = async |bearer: &str| ids(&gateway, bearer).await;
    assert_eq!(list(&tenant.user_token).await, std::slice::from_ref(&own));
    assert_eq!(list(&tenant.key).await, [own, servers.clone()]);
    let path = format!("/schedules/{servers}");
    gateway.delete(&path).bearer(&tenant.user_token).send().await.expect_problem(404, "not_found");
});

async fn ids(gateway: &Gateway, bearer: &str) -> Vec<String> {
    let page = gateway.get("/schedules?status=active").bearer(bearer).send().await.expect(200);
    page["items"].as_array().unwrap().iter().map(|schedule| text(&schedule["id"])).collect()
}
