//! Where webhooks may point, without a chain behind the gateway.

use crate::on_both_engines;
use crate::support::text;
use serde_json::json;

on_both_engines!(apps_cannot_reach_into_the_operators_network, |gateway| {
    gateway.configure("[webhooks]\nallow_private = false\n");
    gateway.restart().await;
    let tenant = gateway.tenant().await;
    for url in [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://user:secret@example.org/",
        "nowhere",
    ] {
        let call = gateway.post("/webhooks").bearer(&tenant.key).json(&json!({ "url": url }));
        call.send().await.expect_broken("url", "format");
    }
    // A name that points inwards is found out when it is used.
    let call = gateway.post("/webhooks").bearer(&tenant.key).json(&json!({ "url": "https://localhost:1/" }));
    let made = call.send().await.expect(201);
    let path = format!("/webhooks/{}/test", text(&made["id"]));
    let test = gateway.post(&path).bearer(&tenant.key).send().await.expect(200);
    assert_eq!((&test["succeeded"], &test["error"]), (&json!(false), &json!("the host has no public address")));
});

on_both_engines!(fields_of_webhooks_have_rules, |gateway| {
    let tenant = gateway.tenant().await;
    let good = "https://example.org/hook";
    for (body, field, rule) in [
        (json!({}), "url", "required"),
        (json!({ "url": good, "types": ["transfer.gone"] }), "types[0]", "format"),
        (json!({ "url": good, "types": vec!["transfer.*"; 33] }), "types", "length"),
        (json!({ "url": good, "description": "" }), "description", "length"),
        (json!({ "url": good, "secret": "mine" }), "secret", "unknown"),
        (json!({ "url": format!("https://example.org/{}", "a".repeat(2_000)) }), "url", "length"),
    ] {
        gateway.post("/webhooks").bearer(&tenant.key).json(&body).send().await.expect_broken(field, rule);
    }
    let made = gateway.post("/webhooks").bearer(&tenant.key).json(&json!({ "url": good })).send().await.expect(201);
    let path = format!("/webhooks/{}", text(&made["id"]));
    let shown = gateway.get(&path).bearer(&tenant.key).send().await;
    assert!(!shown.text.contains("secret"), "{}", shown.text);
    for (rest, body, field, rule) in [
        ("/rotate-secret", json!({ "overlapSeconds": 604_801 }), "overlapSeconds", "range"),
        ("/replay", json!({ "since": "yesterday" }), "since", "format"),
        ("/replay", json!({ "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z" }), "until", "range"),
    ] {
        let call = gateway.post(&format!("{path}{rest}")).bearer(&tenant.key).json(&body);
        call.send().await.expect_broken(field, rule);
    }
    for query in ["?types=nothing", "?types=transfer.*,", "?cursor=%21"] {
        let field = if query.contains("cursor") { "query.cursor" } else { "query.types" };
        for path in ["/events", "/events/stream"] {
            let call = gateway.get(&format!("{path}{query}")).bearer(&tenant.key);
            call.send().await.expect_broken(field, "format");
        }
    }
    gateway.get("/events/socket").bearer(&tenant.key).send().await.expect_problem(426, "upgrade_required");
    for _ in 1..20 {
        gateway.post("/webhooks").bearer(&tenant.key).json(&json!({ "url": good })).send().await.expect(201);
    }
    let call = gateway.post("/webhooks").bearer(&tenant.key).json(&json!({ "url": good }));
    call.send().await.expect_problem(409, "conflict");
});
