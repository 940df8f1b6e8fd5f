//! Bad input over REST: each a clear problem document, nothing half done, and the service goes on.

use anyhow::{Context, Result, ensure};
use hanse_tests::{Answer, Database, Gateway, Holding, Rest, Stage, new_key, register_app, until};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// A well-formed id of nothing, without its prefix.
const NOBODY: &str = "019a0000000070008000000000000000";

/// The answer is a problem document with this status and code.
fn check(what: &str, answer: &Answer, status: u16, code: &str) -> Result<()> {
    ensure!(answer.status == status && answer.code() == code, "{what}: expected {status} {code}, got {answer:?}");
    let media_type = answer.headers.get("content-type").and_then(|value| value.to_str().ok());
    ensure!(media_type == Some("application/problem+json"), "{what}: {media_type:?}");
    for field in ["type", "title", "detail", "requestId"] {
        ensure!(answer.body[field].as_str().is_some_and(|text| !text.is_empty()), "{what}: no {field}: {answer:?}");
    }
    Ok(())
}

/// A POST with a raw body.
async fn post_raw(rest: &Rest, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Result<Answer> {
    let request = rest.request(Method::POST, path).header("idempotency-key", new_key());
    rest.send(request.header("content-type", media_type).body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_refused_and_nothing_moves() -> Result<()> {
    let stage = Stage::set(2, 1000).await?;
    let (server, path) = (&stage.server, stage.transfers_path());
    let [ana, ben] = [stage.users[0].id.as_str(), stage.users[1].id.as_str()];
    let blocks_before = stage.node.rpc().number("eth_blockNumber", json!([])).await?;

    for (what, media_type, body, status, code) in [
        ("cut short", "application/json", r#"{"to":"#.to_owned(), 400, "malformed_json"),
        ("empty", "application/json", String::new(), 400, "malformed_json"),
        ("not JSON", "application/json", "to=ana".to_owned(), 400, "malformed_json"),
        ("deeply nested", "application/json", "[".repeat(20_000), 400, "malformed_json"),
        ("not UTF-8 escapes", "application/json", r#"{"to":"\ud800"}"#.to_owned(), 400, "malformed_json"),
        ("a form", "application/x-www-form-urlencoded", "to=ana&amount=1".to_owned(), 415, "unsupported_media_type"),
        ("an array", "application/json", "[]".to_owned(), 422, "validation_failed"),
        ("too large", "application/json", format!(r#"{{"memo":"{}"}}"#, "x".repeat(2_000_000)), 413, "body_too_large"),
    ] {
        check(what, &post_raw(server, &path, media_type, body).await?, status, code)?;
    }

    let good = json!({ "from": ana, "to": ben, "amount": "1" });
    let mut bodies: Vec<(String, Value)> = Vec::new();
    let mut with = |what: &str, field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        bodies.push((format!("{what}: {field} = {}", body[field]), body));
    };
    with("unknown field", "ammount", json!("1"));
    let max_plus_one = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    for amount in ["-1", "1.5", "1e3", "", " 1", "1 ", "0x10", "0", "+1", "١", "NaN", max_plus_one, &"9".repeat(400)] {
        with("amount", "amount", json!(amount));
    }
    for amount in [json!(1), json!(1.5), json!(null), json!(true), json!(["1"]), json!({ "value": "1" })] {
        with("wrong type", "amount", amount);
    }
    for to in ["", "ana", "0x", "0x1234", "0xzz9Fd6e51aad88F6F4ce6aB8827279cffFb92266", "tok_", "usr_123"] {
        with("receiver", "to", json!(to));
    }
    // EIP-55: a mixed-case address with a wrong checksum is a typing error.
    with("checksum", "to", json!("0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
    with("wrong type", "to", json!(5));
    with("wrong type", "from", json!({}));
    bodies.push(("no receiver".into(), json!({ "from": ana, "amount": "1" })));
    bodies.push(("no amount".into(), json!({ "from": ana, "to": ben })));
    for (what, body) in &bodies {
        let answer = server.try_post(&path, &new_key(), body).await?;
        check(what, &answer, 422, "validation_failed")?;
        let fields = answer.body["errors"].as_array().with_context(|| format!("{what}: no errors"))?;
        ensure!(
            fields.iter().all(|field| field["field"].is_string() && field["rule"].is_string()),
            "{what}: {answer:?}"
        );
    }

    let too_much = json!({ "from": ana, "to": ben, "amount": "1001" });
    check("more than there is", &server.try_post(&path, &new_key(), &too_much).await?, 422, "insufficient_balance")?;
    let to_nobody = json!({ "from": ana, "to": format!("usr_{NOBODY}"), "amount": "1" });
    let answer = server.try_post(&path, &new_key(), &to_nobody).await?;
    ensure!([404, 422].contains(&answer.status), "unknown receiver: {answer:?}");

    // Bulk: all or nothing.
    let bulk = format!("{path}/bulk");
    let to = |user: &str, amount: &str| json!({ "to": user, "amount": amount });
    let many: Vec<Value> = (0..1001).map(|_| to(ben, "1")).collect();
    for (what, transfers, code) in [
        ("no transfers", json!([]), "validation_failed"),
        ("1,001 transfers", json!(many), "validation_failed"),
        ("one bad amount", json!([to(ben, "1"), to(ben, "-1")]), "validation_failed"),
        ("too much together", json!([to(ben, "600"), to(ben, "600")]), "insufficient_balance"),
    ] {
        let body = json!({ "from": ana, "transfers": transfers });
        check(what, &server.try_post(&bulk, &new_key(), &body).await?, 422, code)?;
    }

    let keyless = server.send(server.request(Method::POST, &path).json(&good)).await?;
    check("no idempotency key", &keyless, 400, "idempotency_key_missing")?;

    for (what, token) in [
        ("no name", json!({ "symbol": "X", "decimals": 0, "policy": "open" })),
        ("empty name", json!({ "name": "", "symbol": "X", "decimals": 0, "policy": "open" })),
        ("long name", json!({ "name": "x".repeat(65), "symbol": "X", "decimals": 0, "policy": "open" })),
        ("long symbol", json!({ "name": "x", "symbol": "X".repeat(17), "decimals": 0, "policy": "open" })),
        ("decimals", json!({ "name": "x", "symbol": "X", "decimals": 37, "policy": "open" })),
        ("negative decimals", json!({ "name": "x", "symbol": "X", "decimals": -1, "policy": "open" })),
        ("policy", json!({ "name": "x", "symbol": "X", "decimals": 0, "policy": "secret" })),
        ("supply over cap", json!({ "name": "x", "symbol": "X", "decimals": 0, "cap": "5", "initialSupply": "6" })),
    ] {
        check(what, &server.try_post("/tokens", &new_key(), &token).await?, 422, "validation_failed")?;
    }

    for query in ["?limit=0", "?limit=-1", "?limit=99999999999", "?limit=ten", "?cursor=%00", "?colour=red"] {
        let answer = server.try_get(&format!("/operations{query}")).await?;
        ensure!([400, 422].contains(&answer.status), "{query}: {answer:?}");
    }

    // Nothing was done, and the service is as well as before.
    for user in [ana, ben] {
        ensure!(server.holding(user, &stage.token).await? == Holding::settled(1000), "{user}");
    }
    ensure!(stage.node.rpc().number("eth_blockNumber", json!([])).await? == blocks_before);
    server.settle(&path, good).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_other_tenants_find_nothing() -> Result<()> {
    let stage = Stage::set(1, 1000).await?;
    let rest = stage.gateway.rest();
    let (other_app, other_server, other_owner) = register_app(&rest).await?;
    let (user, token) = (&stage.users[0].id, &stage.token);
    let operations = stage.server.get("/operations").await?;
    let operation = operations["items"][0]["id"].as_str().context("an operation")?;

    // Another tenant's resources don't exist.
    let other_by_owner = other_owner.with("hanse-app", other_app["id"].as_str().context("id")?);
    for rest in [&other_server, &other_by_owner] {
        for path in [
            format!("/users/{user}"),
            format!("/users/{user}/balances"),
            format!("/users/{user}/transactions"),
            format!("/tokens/{token}"),
            format!("/tokens/{token}/transactions"),
            format!("/operations/{operation}"),
        ] {
            check(&path, &rest.try_get(&path).await?, 404, "not_found")?;
        }
        let body = json!({ "to": stage.users[0].address, "amount": "1" });
        for path in [stage.transfers_path(), format!("/tokens/{token}/mint")] {
            check(&path, &rest.try_post(&path, &new_key(), &body).await?, 404, "not_found")?;
        }
    }
    let app = stage.app["id"].as_str().context("id")?;
    check("a foreign app", &other_owner.try_get(&format!("/apps/{app}")).await?, 404, "not_found")?;
    let foreign = other_owner.with("hanse-app", app).try_get("/users").await?;
    check("a foreign app's users", &foreign, 404, "not_found")?;

    // Unknown ids, and ids of another kind.
    for path in [format!("/users/usr_{NOBODY}"), format!("/tokens/tok_{NOBODY}"), format!("/operations/op_{NOBODY}")] {
        let answer = stage.server.try_get(&path).await?;
        ensure!(answer.status == 404, "{path}: {answer:?}");
    }
    for path in [format!("/users/{token}"), format!("/tokens/{user}"), "/users/%00".into(), "/users/..%2f..".into()] {
        let answer = stage.server.try_get(&path).await?;
        ensure!([404, 422].contains(&answer.status), "{path}: {answer:?}");
    }

    // Tokens that nobody issued.
    let session = other_session(&rest).await?;
    let genuine = session["accessToken"].as_str().context("accessToken")?;
    let (head, signature) = genuine.rsplit_once('.').context("a JWT")?;
    let flipped: String = signature.chars().rev().collect();
    for (what, value) in [
        ("none", None),
        ("basic", Some("Basic b3duZXI6cGFzcw==".to_owned())),
        ("empty bearer", Some("Bearer ".to_owned())),
        ("noise", Some("Bearer not-a-token".to_owned())),
        ("an unknown server key", Some(format!("Bearer hk_{}", "0".repeat(64)))),
        ("a damaged signature", Some(format!("Bearer {head}.{flipped}"))),
        ("no signature", Some(format!("Bearer {head}."))),
        // {"alg":"none"} with the claims of the genuine token.
        ("alg none", Some(format!("Bearer eyJhbGciOiJub25lIn0.{}.", head.split_once('.').context("claims")?.1))),
    ] {
        let client = value.map_or_else(|| rest.clone(), |value| rest.with("authorization", value));
        let answer = client.try_get("/owners/me").await?;
        ensure!(answer.status == 401 && answer.code().starts_with("token_"), "{what}: {answer:?}");
    }

    check("no such path", &stage.server.try_get("/nowhere").await?, 404, "route_not_found")?;
    let wrong_method = stage.server.send(stage.server.request(Method::PUT, "/users")).await?;
    check("wrong method", &wrong_method, 405, "method_not_allowed")
}

/// Signs up one more owner and logs in.
async fn other_session(rest: &Rest) -> Result<Value> {
    let credentials = json!({ "email": format!("{}@example.com", new_key()), "password": "a long enough password" });
    rest.post("/owners", credentials.clone()).await?;
    let wrong = json!({ "email": credentials["email"], "password": "another password" });
    check("wrong password", &rest.try_post("/sessions", &new_key(), &wrong).await?, 401, "credentials_invalid")?;
    rest.post("/sessions", credentials).await
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_expire_and_refresh_tokens_work_once() -> Result<()> {
    let node = hanse_tests::Node::start().await?;
    let gateway = Gateway::start_with(node.url(), Database::Sqlite, &[("auth.access_token_ttl_s", "1")]).await?;
    let rest = gateway.rest();
    let session = other_session(&rest).await?;
    let access = session["accessToken"].as_str().context("accessToken")?;
    until("the access token expires", Duration::from_secs(20), async || {
        let answer = rest.bearer(access).try_get("/owners/me").await?;
        Ok((answer.status == 401).then_some(answer))
    })
    .await
    .and_then(|answer| check("expired", &answer, 401, "token_expired"))?;

    let refresh = json!({ "refreshToken": session["refreshToken"] });
    let renewed = rest.post("/sessions/refresh", refresh.clone()).await?;
    let again = rest.try_post("/sessions/refresh", &new_key(), &refresh).await?;
    check("a refresh token twice", &again, 401, "refresh_token_reused")?;
    // Somebody has stolen it: the whole family is over.
    let newer = json!({ "refreshToken": renewed["refreshToken"] });
    let after = rest.try_post("/sessions/refresh", &new_key(), &newer).await?;
    ensure!(after.status == 401, "{after:?}");
    Ok(())
}
