//! From which web pages browsers may call.

use crate::on_both_engines;
use crate::support::{Answer, Gateway, Tenant};
use reqwest::Method;
use serde_json::json;

const SHOP: &str = "https://shop.example.org";
const OPERATOR: &str = "https://dashboard.example.org";
const OTHER: &str = "https://other.example.org";

async fn name(gateway: &Gateway, tenant: &Tenant, origins: serde_json::Value) -> Answer {
    let body = json!({ "corsOrigins": origins });
    gateway.call(Method::PATCH, &format!("/apps/{}", tenant.app)).bearer(&tenant.owner_token).json(&body).send().await
}

/// The origin that a preflight allows.
async fn preflight(gateway: &Gateway, origin: &str) -> Option<String> {
    let call = gateway.call(Method::OPTIONS, "/users/me").header("Origin", origin);
    let answer = call.header("Access-Control-Request-Method", "GET").send().await;
    answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
}

on_both_engines!(an_app_is_called_from_its_own_pages, |gateway| {
    gateway.configure(&format!("[server]\nlisten = \"127.0.0.1:0\"\ncors_origins = [\"{OPERATOR}\"]\n"));
    gateway.restart().await;
    let (ours, theirs) = (gateway.tenant().await, gateway.tenant().await);
    for (origins, field) in
        [(json!(["https://shop.example.org/"]), "corsOrigins[0]"), (json!([SHOP, "*"]), "corsOrigins[1]")]
    {
        name(&gateway, &ours, origins).await.expect_broken(field, "format");
    }
    assert_eq!(preflight(&gateway, SHOP).await, None);
    let app = name(&gateway, &ours, json!([SHOP])).await.expect(200);
    assert_eq!(app["corsOrigins"], json!([SHOP]));
    name(&gateway, &theirs, json!([OTHER])).await.expect(200);
    for origin in [SHOP, OPERATOR, OTHER] {
        assert_eq!(preflight(&gateway, origin).await.as_deref(), Some(origin));
    }
    assert_eq!(preflight(&gateway, "https://evil.example.org").await, None);

    let from = async |origin: &str, token: &str, path: &str| {
        gateway.get(path).header("Origin", origin).bearer(token).send().await.status.as_u16()
    };
    let own = gateway.base.clone();
    for (token, path, allowed, refused) in [
        (&ours.user_token, "/users/me", vec![SHOP, OPERATOR, &own], vec![OTHER, "https://evil.example.org", "null"]),
        (&ours.owner_token, "/owners/me", vec![OPERATOR, &own], vec![SHOP, OTHER]),
    ] {
        for origin in allowed {
            assert_eq!(from(origin, token, path).await, 200, "{origin} {path}");
        }
        for origin in refused {
            assert_eq!(from(origin, token, path).await, 403, "{origin} {path}");
        }
    }
    // A program is no browser.
    gateway.get("/users").bearer(&ours.key).send().await.expect(200);
    name(&gateway, &ours, json!([])).await.expect(200);
    assert_eq!(from(SHOP, &ours.user_token, "/users/me").await, 403);
});

on_both_engines!(usage_is_counted_by_the_day, |gateway| {
    let tenant = gateway.tenant().await;
    gateway.token(&tenant.key).await;
    for _ in 0..3 {
        gateway.get("/users").bearer(&tenant.key).send().await.expect(200);
    }
    // What was counted is written when the gateway stops.
    gateway.restart().await;
    let path = format!("/apps/{}/usage", tenant.app);
    let get = async |query: &str| gateway.get(&format!("{path}{query}")).bearer(&tenant.owner_token).send().await;
    let report = get("").await.expect(200);
    assert_eq!(report["days"].as_array().unwrap().len(), 30);
    let total = &report["total"];
    // The app, a user, a token; and the requests for the latter two besides those above.
    assert_eq!((&total["operations"], &total["issuances"]), (&json!(3), &json!(1)), "{total}");
    assert_eq!((&total["requests"], &total["sessions"]), (&json!(5), &json!(1)), "{total}");
    assert_eq!(total["kinds"]["createToken"], 1);
    let table = get("?format=csv").await;
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    assert!(
        table.text.starts_with("day,requests,sessions,operations,issuances\r\n") && table.text.lines().count() == 31
    );
    assert!(table.text.contains(",5,1,3,1\r\n"), "{}", table.text);
    let before = get("?since=2020-01-01T00:00:00Z&until=2020-01-02T12:00:00Z").await.expect(200);
    assert_eq!((before["days"].as_array().unwrap().len(), &before["total"]["operations"]), (2, &json!(0)));
    get("?since=2020-01-01T00:00:00Z").await.expect_broken("query.since", "range");
});
