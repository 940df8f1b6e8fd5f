//! Limits of size, time and number, and a shutdown that finishes what it began.

use crate::on_both_engines;
use crate::support::{Answer, Gateway, PASSWORD, Tenant, unique};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

on_both_engines!(a_body_beyond_the_limit, |gateway| {
    let body = json!({ "email": "a".repeat(300_000), "password": PASSWORD }).to_string();
    let answer = gateway.post("/owners").raw("application/json", body.clone()).send().await;
    let problem = answer.expect_problem(413, "body_too_large");
    assert!(problem["detail"].as_str().unwrap().contains("262144"));
    // The same without a Content-Length.
    let mut stream = connect(&gateway).await;
    let head = "POST /api/v1/owners HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    // The gateway may answer and close before it has taken everything.
    let _ = stream.write_all(chunk.as_bytes()).await;
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
});

/// Asks again and again, until the answer has this status.
async fn until<F: Future<Output = Answer>>(status: u16, ask: impl Fn() -> F) -> Answer {
    for _ in 0..200 {
        let answer = ask().await;
        if answer.status == status {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("no {status} came");
}

async fn connect(gateway: &Gateway) -> TcpStream {
    TcpStream::connect(gateway.server().api_address).await.unwrap()
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset after the answer is the peer's right.
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_body_that_dawdles() {
    let gateway = Gateway::start("[server]\nbody_timeout_ms = 200").await;
    let mut stream = connect(&gateway).await;
    let head = "POST /api/v1/owners HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{answer}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_head_that_dawdles() {
    let gateway = Gateway::start("[server]\nheader_timeout_ms = 200").await;
    let mut stream = connect(&gateway).await;
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost").await.unwrap();
    let since = Instant::now();
    read_all(&mut stream).await;
    assert!(since.elapsed() < Duration::from_secs(5), "the connection was not closed");
    gateway.stop().await;
}

#[tokio::test]
async fn garbage_instead_of_http() {
    let gateway = Gateway::start("").await;
    for garbage in [&b"\x16\x03\x01\x02\x00\x01"[..], b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0\0\0\0\r\n\r\n"] {
        let mut stream = connect(&gateway).await;
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    gateway.get("/health/live").send().await.expect(200);
    gateway.stop().await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long() {
    let gateway = Gateway::start("[server]\nrequest_timeout_ms = 300").await;
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let body = json!({ "to": tenant.user, "amount": "1" });
    let path = format!("/tokens/{token}/transfers");
    let moved = gateway.post(&path).bearer(&tenant.key).once().json(&body).send().await.expect(202);
    // No node is there, so it won't be final within the limit.
    let path = format!("/operations/{}?wait=finalized&timeoutMs=5000", moved["operation"]["id"].as_str().unwrap());
    gateway.get(&path).bearer(&tenant.key).send().await.expect_problem(504, "timeout");
    gateway.stop().await;
}

#[tokio::test]
async fn more_requests_than_the_limit() {
    let gateway = Gateway::start("[server]\nconcurrency_limit = 1\nbody_timeout_ms = 5000").await;
    let tenant = gateway.tenant().await;
    // One request holds the only place: its body never ends.
    let mut slow = connect(&gateway).await;
    let head = format!(
        "POST /api/v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: slow\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        tenant.key
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    let answer = until(503, || gateway.get("/owners/me").send()).await;
    assert_eq!(answer.headers["retry-after"], "1");
    answer.expect_problem(503, "unavailable");
    // The load balancer's question is answered all the same.
    gateway.get("/health/live").send().await.expect(200);
    drop(slow);
    until(401, || gateway.get("/owners/me").send()).await.expect_problem(401, "token_missing");
    gateway.stop().await;
}

#[tokio::test]
async fn strangers_take_no_places_of_others() {
    let limits = "[server]\nconcurrency_limit = 1\nopen_concurrency_limit = 1\nbody_timeout_ms = 5000";
    let gateway = Gateway::start(limits).await;
    let tenant = gateway.tenant().await;
    let mut slow = connect(&gateway).await;
    let head =
        "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    // A bearer token doesn't turn a stranger's request into another one.
    let body = || json!({ "email": format!("ada{}@example.org", unique()), "password": PASSWORD });
    let answer = until(503, || gateway.post("/owners").bearer(&tenant.key).json(&body()).send()).await;
    assert_eq!(answer.headers["retry-after"], "1");
    answer.expect_problem(503, "unavailable");
    gateway.get("/users").bearer(&tenant.key).send().await.expect(200);
    gateway.stop().await;
}

#[tokio::test]
async fn waiting_for_the_chain_takes_no_place() {
    let gateway = Gateway::start("[server]\nconcurrency_limit = 1").await;
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let path = format!("/tokens/{token}/transfers");
    let body = json!({ "to": tenant.user, "amount": "1" });
    let moved = gateway.post(&path).bearer(&tenant.key).once().json(&body).send().await.expect(202);
    let path = format!("/operations/{}?wait=included&timeoutMs=2000", moved["operation"]["id"].as_str().unwrap());
    let waiting = gateway.get(&path).bearer(&tenant.key).send();
    let working = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        gateway.get("/users").bearer(&tenant.key).send().await.expect(200);
        Instant::now()
    };
    let (waited, worked_at) = tokio::join!(async { (waiting.await.expect(200), Instant::now()) }, working);
    assert!(worked_at < waited.1, "the one request had to wait for the other");
    gateway.stop().await;
}

#[tokio::test]
async fn a_shutdown_lets_requests_finish() {
    let gateway = Gateway::start("").await;
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let path = format!("/tokens/{token}/transfers");
    let body = json!({ "to": tenant.user, "amount": "1" });
    let moved = gateway.post(&path).bearer(&tenant.key).once().json(&body).send().await.expect(202);
    let url = format!(
        "{}/api/v1/operations/{}?wait=included&timeoutMs=1500",
        gateway.base,
        moved["operation"]["id"].as_str().unwrap()
    );
    let waiting = tokio::spawn(gateway.client.get(url).bearer_auth(&tenant.key).send());
    tokio::time::sleep(Duration::from_millis(300)).await;
    gateway.stop().await;
    assert_eq!(waiting.await.unwrap().expect("an answer").status(), 200);
}

on_both_engines!(a_caller_has_a_rate_of_his_own, |gateway| {
    gateway.configure("[limits.user]\nper_second = 1\nburst = 3\n");
    gateway.restart().await;
    let tenant = gateway.tenant().await;
    let ask = async |token: &str| gateway.get("/network").bearer(token).send().await;
    let mut told = Vec::new();
    let refused = loop {
        let answer = ask(&tenant.user_token).await;
        if !answer.status.is_success() {
            break answer;
        }
        assert_eq!(answer.headers["ratelimit-policy"], "\"user\";q=3;w=3");
        told.push(answer.headers["ratelimit"].to_str().unwrap().to_owned());
        assert!(told.len() < 10, "{told:?}");
    };
    assert!(told[0].starts_with("\"user\";r=2;t="), "{told:?}");
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    refused.expect_problem(429, "rate_limited");
    // Others are not held back by him.
    ask(&tenant.key).await.expect(200);
    ask(&tenant.owner_token).await.expect(200);
});

on_both_engines!(strangers_are_held_back_by_where_they_come_from, |gateway| {
    let tenant = gateway.tenant().await;
    gateway.configure(
        "[server]\nclient_address_header = \"x-forwarded-for\"\n[limits.address]\nper_second = 1\nburst = 4\n",
    );
    gateway.restart().await;
    let login = |address: &'static str| {
        let body = serde_json::json!({ "email": "nobody@example.org", "password": "wrong wrong wrong" });
        gateway.post("/sessions").header("x-forwarded-for", address).json(&body).send()
    };
    let guess =
        |address: &'static str| gateway.get("/network").bearer("hk_guessed").header("x-forwarded-for", address).send();
    for _ in 0..2 {
        login("192.0.2.1").await.expect_problem(401, "credentials_invalid");
        guess("203.0.113.1, 192.0.2.1").await.expect_problem(401, "token_invalid");
    }
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(login("192.0.2.1").await);
        answers.push(guess("192.0.2.1").await);
    }
    // One place comes back each second; whoever asks eight times at once gets no eight answers.
    let refused = answers.iter().find(|answer| answer.status == 429).expect("a refusal");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(refused.body["code"], "rate_limited");
    // Another address, and who has a token that holds.
    guess("192.0.2.2").await.expect_problem(401, "token_invalid");
    gateway.get("/network").bearer(&tenant.key).header("x-forwarded-for", "192.0.2.1").send().await.expect(200);
});

async fn make(gateway: &Gateway, tenant: &Tenant, key: &str) -> Answer {
    gateway.post("/users").bearer(&tenant.key).key(key).json(&json!({})).send().await
}

on_both_engines!(an_apps_day_has_so_many_operations, |gateway| {
    gateway.configure("[ledger]\napp_operations_per_day = 5\n");
    gateway.restart().await;
    // Two operations each: the app itself and a user.
    let (ours, theirs) = (gateway.tenant().await, gateway.tenant().await);
    for key in ["one", "two", "three"] {
        make(&gateway, &ours, key).await.expect(202);
    }
    let refused = make(&gateway, &ours, "four").await;
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    refused.expect_problem(429, "quota_exceeded");
    // What was accepted is answered again, and another app has its own.
    make(&gateway, &ours, "three").await.expect(202);
    make(&gateway, &theirs, "one").await.expect(202);
    // Another gateway, or this one after a restart, counts what is there.
    gateway.restart().await;
    make(&gateway, &ours, "four").await.expect_problem(429, "quota_exceeded");
});

on_both_engines!(the_operator_gives_an_app_a_quota_of_its_own, |gateway| {
    let (ours, theirs) = (gateway.tenant().await, gateway.tenant().await);
    async fn make(gateway: &Gateway, tenant: &Tenant) -> Answer {
        gateway.post("/users").bearer(&tenant.key).once().json(&json!({})).send().await
    }
    async fn quota(gateway: &Gateway, tenant: &Tenant) -> serde_json::Value {
        let path = format!("/apps/{}/quotas", tenant.app);
        gateway.get(&path).bearer(&tenant.owner_token).send().await.expect(200)["operationsPerDay"].clone()
    }
    let before = quota(&gateway, &ours).await;
    assert_eq!((before.get("limit"), &before["used"]), (None, &json!(2)), "createApp and addUsers");
    let db = gateway.server().state().db.clone();
    hanse_gateway::services::quotas::set_operations_per_day(&db, &ours.app, Some(3)).await.unwrap();
    let unknown = hanse_gateway::services::quotas::set_operations_per_day(&db, "app_none", Some(1)).await;
    assert_eq!(unknown.unwrap_err().code().as_str(), "not_found");
    let audit = gateway.get(&format!("/apps/{}/audit", ours.app)).bearer(&ours.owner_token).send().await.expect(200);
    let told = &audit["items"][0];
    assert_eq!((&told["actorKind"], &told["action"]), (&json!("operator"), &json!("set-quota")));
    assert_eq!(told["path"], json!(format!("{} --operations-per-day 3", ours.app)));
    // A gateway that has just started looks at once.
    gateway.restart().await;
    make(&gateway, &ours).await.expect(202);
    make(&gateway, &ours).await.expect_problem(429, "quota_exceeded");
    let after = quota(&gateway, &ours).await;
    assert_eq!((&after["limit"], &after["used"]), (&json!(3), &json!(3)));
    make(&gateway, &theirs).await.expect(202);
    // One that runs believes what it has counted for ten seconds.
    let db = gateway.server().state().db.clone();
    hanse_gateway::services::quotas::set_operations_per_day(&db, &ours.app, Some(4)).await.unwrap();
    hanse_tests::until("the new quota", Duration::from_secs(30), || async {
        Ok((make(&gateway, &ours).await.status == 202).then_some(()))
    })
    .await
    .unwrap();
    make(&gateway, &ours).await.expect_problem(429, "quota_exceeded");
});
