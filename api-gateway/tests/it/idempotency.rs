//! The same idempotency key is the same write, however often it is sent; with another body it is refused.

use crate::on_both_engines;
use crate::support::{Tenant, text, unique};
use serde_json::{Value, json};

async fn operations(gateway: &crate::support::Gateway, tenant: &Tenant) -> usize {
    let list = gateway.get("/operations?limit=200").bearer(&tenant.key).send().await.expect(200);
    list["items"].as_array().unwrap().len()
}

on_both_engines!(a_hundred_at_once_make_one_transfer, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let before = operations(&gateway, &tenant).await;
    let path = format!("/tokens/{token}/transfers");
    let body = json!({ "to": tenant.user, "amount": "7", "memo": "once" });
    let key = format!("race-{}", unique());
    let send = |body: Value| gateway.post(&path).bearer(&tenant.key).key(&key).json(&body).send();
    let answers = futures::future::join_all((0..100).map(|_| send(body.clone()))).await;
    let first = answers[0].body.clone();
    for answer in answers {
        assert_eq!(
            answer.headers["location"],
            format!("/api/v1/operations/{}", text(&first["operation"]["id"])).as_str()
        );
        assert_eq!(answer.expect(202), first);
    }
    assert_eq!(operations(&gateway, &tenant).await, before + 1);

    gateway.restart().await;
    let send = |body: Value| gateway.post(&path).bearer(&tenant.key).key(&key).json(&body).send();
    assert_eq!(send(body.clone()).await.expect(202), first);
    let mut other = body.clone();
    other["amount"] = json!("8");
    send(other).await.expect_problem(409, "idempotency_key_reused");
    assert_eq!(operations(&gateway, &tenant).await, before + 1);
});

on_both_engines!(a_repeat_gives_back_what_the_first_made, |gateway| {
    let tenant = gateway.tenant().await;
    let key = format!("make-{}", unique());
    let owner =
        |name: &str| gateway.post("/apps").bearer(&tenant.owner_token).key(&key).json(&json!({ "name": name })).send();
    let app = owner("One").await.expect(202);
    assert_eq!(owner("One").await.expect(202), app);
    owner("Two").await.expect_problem(409, "idempotency_key_reused");

    let user = |password: &str| {
        let body = json!({ "externalId": "once", "email": "once@example.org", "password": password });
        gateway.post("/users").bearer(&tenant.key).key(&key).json(&body).send()
    };
    let made = user("a good password").await.expect(202);
    assert_eq!(user("a good password").await.expect(202), made);
    // Even a difference that only the password makes is another request.
    user("another password").await.expect_problem(409, "idempotency_key_reused");

    let token = |symbol: &str| {
        let body = json!({ "name": "T", "symbol": symbol, "decimals": 0 });
        gateway.post("/tokens").bearer(&tenant.key).key(&format!("{key}-token")).json(&body).send()
    };
    let made = token("T").await.expect(202);
    assert_eq!(token("T").await.expect(202), made);
    token("U").await.expect_problem(409, "idempotency_key_reused");
});

on_both_engines!(keys_of_two_apps_and_two_endpoints, |gateway| {
    let (one, two) = (gateway.tenant().await, gateway.tenant().await);
    let body = json!({ "name": "T", "symbol": "T", "decimals": 0, "initialSupply": "5" });
    let a = gateway.post("/tokens").bearer(&one.key).key("same").json(&body).send().await.expect(202);
    let b = gateway.post("/tokens").bearer(&two.key).key("same").json(&body).send().await.expect(202);
    assert_ne!(a["id"], b["id"], "each app has its own keys");
    let path = format!("/tokens/{}/burn", text(&a["id"]));
    let answer = gateway.post(&path).bearer(&one.key).key("same").json(&json!({ "amount": "1" })).send().await;
    answer.expect_problem(409, "idempotency_key_reused");
});
