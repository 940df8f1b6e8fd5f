//! What writes and reads answer, without a node behind the gateway: everything is accepted and waits.

use crate::on_both_engines;
use crate::support::{Gateway, text};
use serde_json::{Value, json};

on_both_engines!(an_app_its_treasury_and_its_operation, |gateway| {
    let login = gateway.owner("ada@example.org").await;
    let token = text(&login["accessToken"]);
    let body = json!({ "name": "Corner shop", "description": "Bread", "url": "https://shop.example.org" });
    let answer = gateway.post("/apps").bearer(&token).once().json(&body).send().await;
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let app = answer.expect(202);
    let operation = &app["operation"];
    assert_eq!(location, format!("/api/v1/operations/{}", text(&operation["id"])));
    assert_eq!((operation["kind"].as_str(), operation["status"].as_str()), (Some("createApp"), Some("accepted")));
    assert_eq!(operation["sender"], app["treasury"]["address"]);
    assert_eq!(operation["resource"], app["id"]);
    assert_eq!(operation["nonce"], 0);
    assert_eq!(text(&operation["transactionHash"]).len(), 66);
    assert_eq!(text(&app["chainAppId"]).len(), 34);

    let mut without = app.clone();
    without.as_object_mut().unwrap().remove("operation");
    let path = format!("/apps/{}", text(&app["id"]));
    assert_eq!(gateway.get(&path).bearer(&token).send().await.expect(200), without);
    let list = gateway.get("/apps").bearer(&token).send().await.expect(200);
    assert_eq!(list, json!({ "items": [without] }));
    let read = gateway.get(&location).bearer(&token).app(&text(&app["id"])).send().await.expect(200);
    assert_eq!(&read, operation);
});

on_both_engines!(a_transfer_answers_at_once_with_both_balances, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let path = format!("/tokens/{token}/transfers");
    let body = json!({ "to": tenant.user, "amount": "250", "memo": "bread" });
    let moved = gateway.post(&path).bearer(&tenant.key).once().json(&body).send().await.expect(202);
    let operation = &moved["operation"];
    assert_eq!((operation["kind"].as_str(), operation["status"].as_str()), (Some("transfer"), Some("accepted")));
    assert_eq!((operation["amount"].as_str(), operation["decimals"].as_u64()), (Some("250"), Some(2)));
    assert_eq!((operation["token"].as_str(), operation["memo"].as_str()), (Some(token.as_str()), Some("bread")));
    // createApp, addUsers and createToken came before it: nonces are the treasury's, one after the other.
    assert_eq!(operation["nonce"], 3);
    let balances = moved["balances"].as_array().unwrap();
    let seen: Vec<_> = balances
        .iter()
        .map(|b| {
            (
                b["confirmed"]["included"].as_str().unwrap(),
                b["pending"].as_str().unwrap(),
                b["available"].as_str().unwrap(),
            )
        })
        .collect();
    // What the treasury's own earlier operation brings, it may spend; what a user is only promised, it may not.
    assert_eq!(seen, [("0", "999750", "999750"), ("0", "250", "0")]);

    let path = format!("/tokens/{token}/balances/{}", tenant.user);
    let balance = gateway.get(&path).bearer(&tenant.user_token).send().await.expect(200);
    assert_eq!(balance, balances[1]);
    let path = format!("/users/{}/balances", tenant.user);
    let page = gateway.get(&path).bearer(&tenant.user_token).send().await.expect(200);
    assert_eq!(page["items"][0], balances[1]);

    // The user can't spend it before the chain has it.
    let path = format!("/tokens/{token}/transfers");
    let body = json!({ "to": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "amount": "1" });
    let answer = gateway.post(&path).bearer(&tenant.user_token).once().json(&body).send().await;
    answer.expect_problem(422, "insufficient_balance");

    let path = format!("/operations/{}?wait=included&timeoutMs=100", text(&operation["id"]));
    let waited = gateway.get(&path).bearer(&tenant.key).send().await.expect(200);
    assert_eq!(waited["status"], "accepted");
});

on_both_engines!(lists_are_paged_newest_first, |gateway| {
    let tenant = gateway.tenant().await;
    let mut made = vec![tenant.user.clone()];
    for number in 0..6 {
        let body = json!({ "externalId": format!("c{number}") });
        let user = gateway.post("/users").bearer(&tenant.key).once().json(&body).send().await.expect(202);
        made.push(text(&user["id"]));
    }
    made.reverse();
    let mut seen = Vec::new();
    let mut path = "/users?limit=3".to_owned();
    loop {
        let page = gateway.get(&path).bearer(&tenant.key).send().await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|user| text(&user["id"])));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/users?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, made);
});

on_both_engines!(readiness_without_a_node_is_degraded, |gateway| {
    let live = gateway.get("/health/live").send().await.expect(200);
    assert_eq!(live["status"], "live");
    let ready = gateway.get("/health/ready").send().await.expect(200);
    assert_eq!(
        (&ready["status"], &ready["database"], &ready["node"]),
        (&json!("degraded"), &json!(true), &json!(false))
    );
});

#[tokio::test]
async fn metrics_have_their_own_port() {
    let gateway = Gateway::start("[metrics]\nlisten = \"127.0.0.1:0\"").await;
    gateway.get("/owners/me").send().await;
    let address = gateway.server().metrics_address.expect("metrics are on");
    let text = gateway.client.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
    for name in
        ["hanse_gateway_http_requests_total", "hanse_gateway_http_request_seconds", "route=\"/api/v1/owners/me\""]
    {
        assert!(text.contains(name), "{name} in:\n{text}");
    }
    gateway.get("/metrics").send().await.expect_problem(404, "route_not_found");
    gateway.stop().await;
}

#[tokio::test]
async fn the_database_closed_means_unavailable() {
    let gateway = Gateway::start("").await;
    gateway.server().state().db.close().await;
    let ready: Value = gateway.get("/health/ready").send().await.expect(503);
    assert_eq!(ready["status"], "unavailable");
    let body = json!({ "email": "ada@example.org", "password": crate::support::PASSWORD });
    gateway.post("/owners").json(&body).send().await.expect_problem(503, "unavailable");
    gateway.stop().await;
}

#[tokio::test]
async fn browsers_of_named_origins_may_call() {
    let gateway = Gateway::start("[server]\ncors_origins = [\"https://dash.example.org\"]").await;
    let preflight = |origin: &str| {
        let call = gateway.call(reqwest::Method::OPTIONS, "/users").header("origin", origin);
        let call = call.header("access-control-request-method", "POST");
        call.header("access-control-request-headers", "authorization,hanse-app,idempotency-key").send()
    };
    let allowed = preflight("https://dash.example.org").await;
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://dash.example.org");
    let headers = allowed.headers["access-control-allow-headers"].to_str().unwrap();
    assert!(["authorization", "hanse-app", "idempotency-key"].iter().all(|name| headers.contains(name)), "{headers}");
    let other = preflight("https://evil.example.org").await;
    assert!(other.headers.get("access-control-allow-origin").is_none());
    gateway.stop().await;
}

#[tokio::test]
async fn answers_are_not_to_be_stored_or_guessed_at() {
    let gateway = Gateway::start("").await;
    let tenant = gateway.tenant().await;
    for answer in [
        gateway.get("/users").bearer(&tenant.key).send().await,
        gateway.get("/users").send().await,
        gateway.get("/api/v1/nothing").send().await,
    ] {
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    gateway.stop().await;
}
