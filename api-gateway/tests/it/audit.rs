//! Who did what, from where, is on record, and nobody can change it unnoticed.

use crate::on_both_engines;
use crate::support::{Gateway, PASSWORD, text};
use hanse_gateway::audit::{Verdict, verify};
use serde_json::{Value, json};

async fn entries(gateway: &Gateway, path: &str, token: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = gateway.get(&format!("{path}?limit=3{cursor}")).bearer(token).send().await.expect(200);
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

on_both_engines!(what_changes_something_is_on_record_with_who_and_where, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let body = json!({ "to": tenant.user, "amount": "1" });
    let path = format!("/tokens/{token}/mint");
    gateway.post(&path).bearer(&tenant.key).once().json(&body).send().await.expect(202);
    let answer = gateway.post(&path).bearer(&tenant.user_token).once().json(&body).send().await;
    let request_id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    answer.expect_problem(403, "forbidden");
    let path = format!("/tokens/{token}/transfers");
    gateway.post(&path).bearer(&tenant.key).once().json(&body).send().await.expect(202);

    let app = format!("/apps/{}/audit", tenant.app);
    let seen = entries(&gateway, &app, &tenant.owner_token).await;
    let told: Vec<_> = seen
        .iter()
        .rev()
        .map(|entry| (text(&entry["actorKind"]), text(&entry["action"]), entry["status"].as_u64().unwrap()))
        .collect();
    let told: Vec<_> = told.iter().map(|(kind, action, status)| (kind.as_str(), action.as_str(), *status)).collect();
    let wanted = [
        ("owner", "POST /apps/{app}/keys", 201),
        ("serverKey", "POST /users", 202),
        ("user", "POST /sessions", 201),
        ("serverKey", "POST /tokens", 202),
        ("serverKey", "POST /tokens/{token}/mint", 202),
        ("user", "POST /tokens/{token}/mint", 403),
    ];
    assert_eq!(told, wanted, "and no single transfer");
    let refused = &seen[0];
    assert_eq!((&refused["actor"], &refused["address"]), (&json!(tenant.user), &json!("127.0.0.1")));
    assert_eq!((&refused["requestId"], &refused["app"]), (&json!(request_id), &json!(tenant.app)));
    assert_eq!(refused["path"], format!("/api/v1/tokens/{token}/mint"));
    let everything = Value::from(seen.clone()).to_string();
    assert!(!everything.contains(PASSWORD) && !everything.contains(&tenant.key), "no secrets");

    // His own, logins included, and nobody else's.
    let own = entries(&gateway, "/owners/me/audit", &tenant.owner_token).await;
    let actions: Vec<_> = own.iter().rev().map(|entry| text(&entry["action"])).collect();
    assert_eq!(actions, ["POST /owners", "POST /sessions", "POST /apps", "POST /apps/{app}/keys"]);
    let other = gateway.tenant().await;
    gateway.get(&app).bearer(&other.owner_token).send().await.expect_problem(404, "not_found");
    gateway.get(&app).bearer(&tenant.key).send().await.expect_problem(403, "forbidden");

    // Erasing a person takes his address out, and the log stays sound.
    let path = format!("/users/{}", tenant.user);
    gateway.delete(&path).bearer(&tenant.key).send().await.expect(204);
    let seen = entries(&gateway, &app, &tenant.owner_token).await;
    let of_user = seen.iter().filter(|entry| entry["actor"] == tenant.user.as_str());
    assert!(of_user.clone().count() > 0 && of_user.clone().all(|entry| entry.get("address").is_none()));
    let (sequence, hash) = (seen[0]["sequence"].as_i64().unwrap(), text(&seen[0]["hash"]));
    let db = &gateway.server().state().db;
    let Verdict::Sound { .. } = verify(db, Some((sequence, &hash))).await.unwrap() else { panic!("not sound") };
    sqlx::query("UPDATE audit_log SET status = 200 WHERE status = 403").execute(db.writer()).await.unwrap();
    assert!(matches!(verify(db, None).await.unwrap(), Verdict::Broken { .. }));
});
