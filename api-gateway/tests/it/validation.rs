//! Bad input: whatever comes, the answer is a problem document that names the field and the rule, and nothing is
//! half done.

use crate::on_both_engines;
use crate::support::{Gateway, PASSWORD, Tenant};
use reqwest::Method;
use serde_json::{Value, json};

const UNKNOWN: &str = "01939f0c7c2a7f6e9d0e2f6a1c3b4d5e";

async fn operations(gateway: &Gateway, tenant: &Tenant) -> usize {
    let list = gateway.get("/operations?limit=200").bearer(&tenant.key).send().await.expect(200);
    list["items"].as_array().unwrap().len()
}

on_both_engines!(bodies_that_are_not_json, |gateway| {
    for body in ["", "{", "nonsense", "{\"email\":}", "{\"email\":\"a\"} {}", "\u{0}", "{'email':1}"] {
        let answer = gateway.post("/owners").raw("application/json", body).send().await;
        let problem = answer.expect_problem(400, "malformed_json");
        assert!(problem["detail"].as_str().unwrap().contains("line"), "{problem}");
    }
    let answer = gateway.post("/owners").raw("application/json", vec![0xff, 0xfe, 0x00]).send().await;
    answer.expect_problem(400, "malformed_json");
    let deep = "[".repeat(10_000);
    let answer = gateway.post("/owners").raw("application/json", deep).send().await;
    answer.expect_problem(400, "malformed_json");
    // serde alone would take an array for an object.
    for body in [json!([]), json!(["ada@example.org", PASSWORD]), json!("x"), json!(1), json!(null)] {
        gateway.post("/owners").json(&body).send().await.expect_broken("body", "type");
    }
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data"] {
        let answer = gateway.post("/owners").raw(media_type, "{}").send().await;
        answer.expect_problem(415, "unsupported_media_type");
    }
    gateway.post("/owners").send().await.expect_problem(415, "unsupported_media_type");
    // Parameters of the media type are fine.
    let answer = gateway.post("/owners").raw("Application/JSON; charset=utf-8", "{}").send().await;
    answer.expect_broken("email", "required");
});

on_both_engines!(fields_of_an_owner, |gateway| {
    let good = json!({ "email": "ada@example.org", "password": PASSWORD });
    for (field, value, rule) in [
        ("email", json!(null), "type"),
        ("email", json!(5), "type"),
        ("email", json!("ada"), "format"),
        ("email", json!("ada@"), "format"),
        ("email", json!("a\u{0}@example.org"), "format"),
        ("email", json!(format!("{}@example.org", "a".repeat(300))), "format"),
        ("password", json!("short"), "length"),
        ("password", json!("x".repeat(257)), "length"),
        ("password", json!(["a"]), "type"),
        ("displayName", json!(""), "length"),
        ("displayName", json!("x".repeat(101)), "length"),
        ("displayName", json!(" padded "), "format"),
        ("role", json!("admin"), "unknown"),
        ("Email", json!("b@example.org"), "unknown"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        gateway.post("/owners").json(&body).send().await.expect_broken(field, rule);
    }
    // Every broken field is named, not the first alone.
    let body = json!({ "email": "ada", "password": "short", "displayName": "" });
    let problem = gateway.post("/owners").json(&body).send().await.expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3, "{problem}");
    // A password never comes back.
    assert!(!problem.to_string().contains("short"), "{problem}");
    let body = json!({ "email": "ada@example.org", "password": 31415926 });
    let problem = gateway.post("/owners").json(&body).send().await.expect_problem(422, "validation_failed");
    assert!(!problem.to_string().contains("31415926"), "{problem}");
    let doubled = r#"{"email":"a@example.org","email":"b@example.org","password":"12345678"}"#;
    gateway.post("/owners").raw("application/json", doubled).send().await.expect_broken("email", "duplicate");
});

on_both_engines!(fields_of_apps_and_users, |gateway| {
    let tenant = gateway.tenant().await;
    for (body, field, rule) in [
        (json!({}), "name", "required"),
        (json!({ "name": "" }), "name", "length"),
        (json!({ "name": "x".repeat(101) }), "name", "length"),
        (json!({ "name": "a\nb" }), "name", "format"),
        (json!({ "name": "a", "url": "javascript:alert(1)" }), "url", "format"),
        (json!({ "name": "a", "id": "app_1" }), "id", "unknown"),
        (json!([]), "body", "type"),
    ] {
        let call = gateway.post("/apps").bearer(&tenant.owner_token).once();
        call.json(&body).send().await.expect_broken(field, rule);
    }
    for (body, field, rule) in [
        (json!({ "email": "x" }), "email", "format"),
        (json!({ "password": PASSWORD }), "email", "required"),
        (json!({ "email": "a@example.org", "password": "short" }), "password", "length"),
        (json!({ "externalId": "" }), "externalId", "length"),
        (json!({ "wallet": "0x00" }), "wallet", "unknown"),
    ] {
        gateway.post("/users").bearer(&tenant.key).once().json(&body).send().await.expect_broken(field, rule);
    }
    // Unique in the app, free in another.
    let body = json!({ "externalId": "customer-1" });
    gateway.post("/users").bearer(&tenant.key).once().json(&body).send().await.expect(202);
    let again = gateway.post("/users").bearer(&tenant.key).once().json(&body).send().await;
    let problem = again.expect_problem(409, "already_exists");
    assert_eq!(
        (&problem["errors"][0]["field"], &problem["errors"][0]["rule"]),
        (&json!("externalId"), &json!("unique")),
        "{problem}"
    );
    let other = gateway.tenant().await;
    gateway.post("/users").bearer(&other.key).once().json(&body).send().await.expect(202);
    let found = gateway.get("/users?externalId=customer-1").bearer(&tenant.key).send().await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
});

on_both_engines!(fields_of_a_token, |gateway| {
    let tenant = gateway.tenant().await;
    let before = operations(&gateway, &tenant).await;
    let good = json!({ "name": "T", "symbol": "T", "decimals": 2 });
    let huge = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    for (field, value, rule) in [
        ("name", json!(""), "length"),
        ("name", json!("x".repeat(65)), "length"),
        ("symbol", json!("x".repeat(17)), "length"),
        ("name", json!("a\nb"), "format"),
        ("symbol", json!("  "), "format"),
        ("symbol", json!(null), "type"),
        ("decimals", json!(37), "range"),
        ("decimals", json!("2"), "type"),
        ("cap", json!("0"), "range"),
        ("cap", json!("-1"), "format"),
        ("cap", json!(1), "type"),
        ("initialSupply", json!("1.5"), "format"),
        ("initialSupply", json!(huge), "format"),
        ("policy", json!("secret"), "format"),
        ("owner", json!("me"), "unknown"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        gateway.post("/tokens").bearer(&tenant.key).once().json(&body).send().await.expect_broken(field, rule);
    }
    for decimals in ["-1", "256", "1.5", "1e2", "true"] {
        let body = format!(r#"{{"name":"T","symbol":"T","decimals":{decimals}}}"#);
        let answer = gateway.post("/tokens").bearer(&tenant.key).once().raw("application/json", body).send().await;
        let problem = answer.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["field"], "decimals");
    }
    let body = json!({ "name": "T", "symbol": "T", "decimals": 0, "cap": "5", "initialSupply": "6" });
    let answer = gateway.post("/tokens").bearer(&tenant.key).once().json(&body).send().await;
    answer.expect_broken("initialSupply", "range");
    assert_eq!(operations(&gateway, &tenant).await, before, "nothing was half done");
});

on_both_engines!(fields_of_a_transfer, |gateway| {
    let tenant = gateway.tenant().await;
    let other = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let before = operations(&gateway, &tenant).await;
    let transfers = format!("/tokens/{token}/transfers");
    let huge = "9".repeat(79);
    for amount in ["0", "-1", "1.5", "1e3", "0x10", "01", " 1", "1 ", "", "abc", "١", huge.as_str()] {
        let body = json!({ "to": tenant.user, "amount": amount });
        let answer = gateway.post(&transfers).bearer(&tenant.key).once().json(&body).send().await;
        answer.expect_broken("amount", if amount == "0" { "range" } else { "format" });
    }
    for amount in [json!(1), json!(-1), json!(1.5), json!(null), json!({}), json!([1]), json!(true)] {
        let body = json!({ "to": tenant.user, "amount": amount });
        let answer = gateway.post(&transfers).bearer(&tenant.key).once().json(&body).send().await;
        answer.expect_broken("amount", "type");
    }
    for (to, rule) in [
        ("", "format"),
        ("usr_1", "format"),
        ("0x12", "format"),
        ("0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "checksum"),
        ("0x0000000000000000000000000000000000000000", "range"),
        (other.user.as_str(), "not_found"),
        (&format!("usr_{UNKNOWN}"), "not_found"),
        (&format!("wal_{UNKNOWN}"), "not_found"),
    ] {
        let body = json!({ "to": to, "amount": "1" });
        gateway.post(&transfers).bearer(&tenant.key).once().json(&body).send().await.expect_broken("to", rule);
    }
    for (body, field, rule) in [
        (json!({ "amount": "1" }), "to", "required"),
        (json!({ "to": tenant.user }), "amount", "required"),
        (json!({ "to": tenant.user, "amount": "1", "from": other.user }), "from", "not_found"),
        (json!({ "to": tenant.user, "amount": "1", "memo": "x".repeat(257) }), "memo", "length"),
        (json!({ "to": tenant.user, "amount": "1", "memo": "a\u{0}" }), "memo", "format"),
        (json!({ "to": tenant.user, "amount": "1", "fee": "1" }), "fee", "unknown"),
    ] {
        gateway.post(&transfers).bearer(&tenant.key).once().json(&body).send().await.expect_broken(field, rule);
    }
    let body = json!({ "to": tenant.user, "amount": "1000001" });
    let answer = gateway.post(&transfers).bearer(&tenant.key).once().json(&body).send().await;
    answer.expect_problem(422, "insufficient_balance");
    // A user can't spend what is another's.
    let body = json!({ "from": tenant.user, "to": other.user, "amount": "1" });
    let answer = gateway.post(&transfers).bearer(&other.user_token).once().json(&body).send().await;
    answer.expect_problem(404, "not_found");
    assert_eq!(operations(&gateway, &tenant).await, before, "nothing was half done");
});

on_both_engines!(fields_of_a_bulk_transfer, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let before = operations(&gateway, &tenant).await;
    let bulk = format!("/tokens/{token}/transfers/bulk");
    let entry = json!({ "to": tenant.user, "amount": "1" });
    let with = |entries: Vec<Value>| json!({ "transfers": entries });
    let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    for (body, field, rule) in [
        (with(vec![]), "transfers", "length"),
        (with(vec![entry.clone(); 1001]), "transfers", "length"),
        (with(vec![entry.clone(), json!({ "to": tenant.user, "amount": "0" })]), "transfers[1].amount", "range"),
        (with(vec![entry.clone(), json!({ "to": tenant.user, "amount": 1 })]), "transfers[1].amount", "type"),
        (with(vec![entry.clone(), json!({ "to": "x", "amount": "1" })]), "transfers[1].to", "format"),
        (with(vec![json!({ "to": tenant.user, "amount": "1", "memo": "" })]), "transfers[0].memo", "unknown"),
        (with(vec![json!([tenant.user, "1"])]), "transfers[0]", "type"),
        (with(vec![json!({ "to": tenant.user, "amount": max }), entry.clone()]), "transfers", "range"),
    ] {
        gateway.post(&bulk).bearer(&tenant.key).once().json(&body).send().await.expect_broken(field, rule);
    }
    assert_eq!(operations(&gateway, &tenant).await, before, "nothing was half done");
    let body = with(vec![entry; 1000]);
    let accepted = gateway.post(&bulk).bearer(&tenant.key).once().json(&body).send().await.expect(202);
    assert_eq!(accepted["operation"]["amount"], "1000");
});

on_both_engines!(headers_paths_and_queries, |gateway| {
    let tenant = gateway.tenant().await;
    let other = gateway.tenant().await;
    let body = json!({ "name": "T", "symbol": "T", "decimals": 0 });
    let post = || gateway.post("/tokens").bearer(&tenant.key).json(&body);
    post().send().await.expect_problem(400, "idempotency_key_missing");
    for key in ["", "a b", &"x".repeat(256)] {
        post().key(key).send().await.expect_broken("header.Idempotency-Key", "format");
    }
    post().key("a").key("b").send().await.expect_broken("header.Idempotency-Key", "format");

    gateway.get("/users").bearer(&tenant.owner_token).send().await.expect_problem(400, "app_missing");
    for app in ["", "app_1", "App", &format!("usr_{UNKNOWN}")] {
        let answer = gateway.get("/users").bearer(&tenant.owner_token).app(app).send().await;
        answer.expect_broken("header.Hanse-App", "format");
    }
    for app in [&other.app, &format!("app_{UNKNOWN}")] {
        let answer = gateway.get("/users").bearer(&tenant.owner_token).app(app).send().await;
        answer.expect_problem(404, "not_found");
    }

    for (path, field) in [
        ("/users/usr_1", "path.user"),
        ("/users/1", "path.user"),
        ("/users/%00", "path.user"),
        ("/users/..%2f..%2fetc", "path.user"),
        ("/tokens/tok_' OR 1=1 --", "path.token"),
        ("/operations/op_", "path.operation"),
    ] {
        gateway.get(path).bearer(&tenant.key).send().await.expect_broken(field, "format");
    }
    for path in ["users/usr_", "tokens/tok_", "operations/op_"] {
        let answer = gateway.get(&format!("/{path}{UNKNOWN}")).bearer(&tenant.key).send().await;
        answer.expect_problem(404, "not_found");
    }
    for (query, field, rule) in [
        ("limit=0", "query.limit", "range"),
        ("limit=201", "query.limit", "range"),
        ("limit=-1", "query.limit", "type"),
        ("limit=x", "query.limit", "type"),
        ("cursor=%25%25", "query.cursor", "format"),
        ("cursor=", "query.cursor", "format"),
        ("limit=1&limit=2", "query.limit", "duplicate"),
        ("page=2", "query.page", "unknown"),
    ] {
        let answer = gateway.get(&format!("/users?{query}")).bearer(&tenant.key).send().await;
        answer.expect_broken(field, rule);
    }
    let operation = format!("/operations/op_{UNKNOWN}");
    for (path, field, rule) in [
        ("/operations?token=tok_1", "query.token", "format"),
        ("/operations?status=lost", "query.status", "type"),
        (&format!("{operation}?wait=sent"), "query.wait", "type"),
        (&format!("{operation}?wait=included&timeoutMs=0"), "query.timeoutMs", "range"),
        (&format!("{operation}?wait=included&timeoutMs=25001"), "query.timeoutMs", "range"),
    ] {
        gateway.get(path).bearer(&tenant.key).send().await.expect_broken(field, rule);
    }
});

on_both_engines!(unknown_routes_and_methods, |gateway| {
    for path in ["/api/v1", "/api/v1/nothing", "/api/v2/tokens", "/docsx", "/api/v1/tokens/"] {
        gateway.get(path).send().await.expect_problem(404, "route_not_found");
    }
    let answer = gateway.call(Method::PATCH, "/owners").send().await;
    assert_eq!(answer.headers["allow"], "POST");
    answer.expect_problem(405, "method_not_allowed");
    gateway.call(Method::DELETE, "/health/live").send().await.expect_problem(405, "method_not_allowed");
});

on_both_engines!(a_callers_request_id_is_kept_when_harmless, |gateway| {
    let answer = gateway.get("/owners/me").header("x-request-id", "order-4711").send().await;
    assert_eq!(answer.headers["x-request-id"], "order-4711");
    assert_eq!(answer.body["requestId"], "order-4711");
    let answer = gateway.get("/owners/me").header("x-request-id", "a b<script>").send().await;
    assert!(answer.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
});
