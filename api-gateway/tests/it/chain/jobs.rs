//! Jobs: every line has its outcome, once, whatever happens in between.

use super::{Shop, node_or_skip, settings};
use crate::support::{Gateway, text, unique};
use serde_json::{Value, json};
use std::time::Duration;

impl Shop {
    async fn start_job(&self, path: &str, key: &str, body: &Value) -> Value {
        self.gateway.post(path).bearer(&self.tenant.key).key(key).json(body).send().await.expect(202)
    }

    async fn job(&self, job: &Value) -> Value {
        let path = format!("/jobs/{}", text(&job["id"]));
        self.gateway.get(&path).bearer(&self.tenant.key).send().await.expect(200)
    }

    async fn finished(&self, job: &Value) -> Value {
        let mut last = Value::Null;
        for _ in 0..1_200 {
            last = self.job(job).await;
            if last["status"] == "finished" {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("does not finish: {last}");
    }

    async fn lines(&self, job: &Value, query: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/jobs/{}/lines?limit=200{query}{cursor}", text(&job["id"]));
            let page = self.gateway.get(&path).bearer(&self.tenant.key).send().await.expect(200);
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    async fn balance_of(&self, holder: &str) -> String {
        text(&self.balance(holder).await["confirmed"]["finalized"])
    }
}

fn address(index: usize) -> String {
    format!("0x{index:040x}", index = index + 0x00c0_ffee)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_transfer_has_its_own_outcome() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let (ana, ben) = (shop.user().await, shop.user().await);
    let path = shop.path("/freeze");
    let freeze = shop.gateway.post(&path).bearer(&shop.tenant.key).once().json(&json!({ "account": ben["id"] }));
    shop.wait(&freeze.send().await.expect(202), "finalized").await;
    let mut transfers: Vec<Value> = (0..600).map(|index| json!({ "to": address(index), "amount": "2" })).collect();
    transfers[100] = json!({ "to": ana["id"], "amount": "7", "memo": "wages" });
    transfers[200] = json!({ "to": format!("usr_{}", "0".repeat(32)), "amount": "1" });
    transfers[300] = json!({ "to": ben["id"], "amount": "1" });
    let body = json!({ "transfers": transfers });
    let path = shop.path("/transfers/jobs");
    let job = shop.start_job(&path, "wages-11", &body).await;
    assert_eq!((&job["kind"], &job["total"]), (&json!("transfers"), &json!(600)));
    assert_eq!(shop.start_job(&path, "wages-11", &body).await["id"], job["id"], "a repeat is the same job");
    let other = json!({ "transfers": [{ "to": ana["id"], "amount": "1" }] });
    let call = shop.gateway.post(&path).bearer(&shop.tenant.key).key("wages-11").json(&other);
    call.send().await.expect_problem(409, "idempotency_key_reused");

    let done = shop.finished(&job).await;
    let counts = json!({ "waiting": 0, "underway": 0, "included": 0, "finalized": 598, "failed": 2, "cancelled": 0 });
    assert_eq!(done["counts"], counts);
    let failed = shop.lines(&job, "&status=failed").await;
    let told: Vec<_> = failed.iter().map(|line| (&line["line"], &line["error"]["code"])).collect();
    assert_eq!(told, [(&json!(200), &json!("validation_failed")), (&json!(300), &json!("account_frozen"))]);
    assert_eq!(failed[0]["request"]["amount"], "1", "what was refused is still told");
    let lines = shop.lines(&job, "").await;
    assert!(lines.iter().enumerate().all(|(index, line)| line["line"] == index));
    assert_eq!(lines[100].get("request"), None, "the operation tells it now");
    let operation = shop.operation(&text(&lines[100]["operation"])).await;
    assert_eq!((&operation["memo"], &operation["amount"]), (&json!("wages"), &json!("7")));
    assert_eq!(shop.balance_of(&text(&ana["id"])).await, "7");
    assert_eq!(shop.balance_of(&address(599)).await, "2");
    let events = shop.gateway.get("/events?types=job.finished").bearer(&shop.tenant.key).send().await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    assert_eq!(events["items"][0]["data"]["id"], job["id"]);

    // More than there is: nothing begins.
    let body =
        json!({ "transfers": [{ "to": ana["id"], "amount": "900000" }, { "to": ana["id"], "amount": "900000" }] });
    let call = shop.gateway.post(&path).bearer(&shop.tenant.key).once().json(&body);
    call.send().await.expect_problem(422, "insufficient_balance");
    let body = json!({ "transfers": [{ "to": ana["id"], "amount": "1" }, { "to": "nobody", "amount": "0" }] });
    let call = shop.gateway.post(&path).bearer(&shop.tenant.key).once().json(&body);
    let problem = call.send().await.expect_problem(422, "validation_failed");
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|one| text(&one["field"])).collect();
    assert_eq!(fields, ["transfers[1].amount", "transfers[1].to"]);
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_are_made_and_taken_names_refused() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let mark = unique();
    let taken = format!("first{mark}@example.com");
    shop.gateway.user(&shop.tenant.key, &taken).await;
    let mut users: Vec<Value> = (0..90).map(|index| json!({ "externalId": format!("c{mark}-{index}") })).collect();
    users[40] = json!({ "email": taken });
    users[41] = json!({ "externalId": format!("c{mark}-7"), "displayName": "Again" });
    users[42] = json!({ "displayName": "Nameless" });
    let job = shop.start_job("/users/jobs", "import", &json!({ "users": users })).await;
    let done = shop.finished(&job).await;
    assert_eq!((&done["counts"]["finalized"], &done["counts"]["failed"]), (&json!(88), &json!(2)), "{done}");
    let failed = shop.lines(&job, "&status=failed").await;
    let told: Vec<_> =
        failed.iter().map(|line| (&line["line"], &line["error"]["code"], line.get("resource"))).collect();
    assert_eq!(told, [(&json!(40), &json!("already_exists"), None), (&json!(41), &json!("already_exists"), None)]);
    for line in shop.lines(&job, "&status=finalized").await {
        let path = format!("/users/{}", text(&line["resource"]));
        let user = shop.gateway.get(&path).bearer(&shop.tenant.key).send().await.expect(200);
        let wanted = &users[usize::try_from(line["line"].as_u64().unwrap()).unwrap()];
        assert_eq!(user.get("externalId"), wanted.get("externalId"));
        assert_eq!(shop.operation(&text(&line["operation"])).await["status"], "finalized");
    }
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_goes_on_after_every_stop_and_pays_once() {
    let node = node_or_skip!();
    let mut shop = Shop::open(&node, "open").await;
    let transfers: Vec<Value> = (0..1_500).map(|index| json!({ "to": address(index), "amount": "3" })).collect();
    let path = shop.path("/transfers/jobs");
    let job = shop.start_job(&path, "long", &json!({ "transfers": transfers })).await;
    let mut stops = 0;
    for _ in 0..4 {
        if shop.job(&job).await["counts"]["waiting"] == 0 {
            break;
        }
        shop.gateway.restart().await;
        stops += 1;
    }
    assert!(stops > 0, "it was over before it could be stopped");
    let done = shop.finished(&job).await;
    assert_eq!(done["counts"]["finalized"], 1_500, "{done}");
    let network = shop.settle().await;
    assert_eq!(network["mismatches"], 0);
    for index in (0..1_500).step_by(97) {
        assert_eq!(shop.balance_of(&address(index)).await, "3");
    }
    let path = format!("/apps/{}", shop.tenant.app);
    let app = shop.gateway.get(&path).bearer(&shop.tenant.owner_token).send().await.expect(200);
    let rest = shop.balance_of(&text(&app["treasury"]["id"])).await;
    assert_eq!(rest, (1_000_000 - 3 * 1_500).to_string(), "nothing was paid twice");
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_not_begun_can_be_cancelled() {
    let node = node_or_skip!();
    let shop = Shop::at(Gateway::start(&settings(&node)).await, "open").await;
    shop.wait(&shop.token["operation"], "finalized").await;
    let transfers: Vec<Value> = (0..5_000).map(|index| json!({ "to": address(index), "amount": "1" })).collect();
    let path = shop.path("/transfers/jobs");
    let job = shop.start_job(&path, "mistake", &json!({ "transfers": transfers })).await;
    let path = format!("/jobs/{}/cancel", text(&job["id"]));
    shop.gateway.post(&path).bearer(&shop.tenant.key).send().await.expect(200);
    let done = shop.finished(&job).await;
    let count = |name: &str| done["counts"][name].as_u64().unwrap();
    assert!(count("cancelled") > 0, "{done}");
    assert_eq!(count("cancelled") + count("finalized"), 5_000);
    shop.settle().await;
    let listed = shop.gateway.get("/jobs").bearer(&shop.tenant.key).send().await.expect(200);
    assert_eq!(listed["items"][0], done);
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_can_not_go_on_holds_up_no_other() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let db = shop.gateway.server().state().db.writer();
    // A row that no request makes: it does not say what it moves.
    let broken = json!({ "id": format!("job_{}", "0".repeat(32)) });
    sqlx::query(
        "INSERT INTO jobs (id, app_id, kind, status, total, request_key, body_hash, created_at_ms) \
         VALUES ($1, $2, 'transfers', 'running', 1, 'broken', '', 0)",
    )
    .bind(text(&broken["id"]))
    .bind(&shop.tenant.app)
    .execute(db)
    .await
    .unwrap();
    let line = json!({ "to": address(1), "amount": "1" }).to_string();
    sqlx::query("INSERT INTO job_lines (job_id, line, status, payload) VALUES ($1, 0, 'waiting', $2)")
        .bind(text(&broken["id"]))
        .bind(line)
        .execute(db)
        .await
        .unwrap();
    let body = json!({ "transfers": [{ "to": address(2), "amount": "1" }] });
    let job = shop.start_job(&shop.path("/transfers/jobs"), "good", &body).await;
    assert_eq!(shop.finished(&job).await["counts"]["finalized"], 1);
    assert_eq!(shop.job(&broken).await["counts"]["waiting"], 1);
    let path = format!("/jobs/{}/cancel", text(&broken["id"]));
    shop.gateway.post(&path).bearer(&shop.tenant.key).send().await.expect(200);
    assert_eq!(shop.finished(&broken).await["counts"]["cancelled"], 1);
    shop.gateway.stop().await;
}
