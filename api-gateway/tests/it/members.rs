//! Owners who run an app together, and keys that may do less than everything.

use crate::on_both_engines;
use crate::support::{Answer, Gateway, Tenant, text, unique};
use reqwest::Method;
use serde_json::{Value, json};

struct Person {
    id: String,
    email: String,
    token: String,
}

impl Person {
    async fn new(gateway: &Gateway) -> Self {
        let email = format!("member{}@example.org", unique());
        let login = gateway.owner(&email).await;
        Self { id: text(&login["principal"]), token: text(&login["accessToken"]), email }
    }

    async fn joined(gateway: &Gateway, tenant: &Tenant, role: &str) -> Self {
        let person = Self::new(gateway).await;
        add(gateway, tenant, &tenant.owner_token, &person, role).await.expect(201);
        person
    }
}

async fn add(gateway: &Gateway, tenant: &Tenant, by: &str, person: &Person, role: &str) -> Answer {
    let body = json!({ "email": person.email.to_uppercase(), "role": role });
    gateway.post(&format!("/apps/{}/members", tenant.app)).bearer(by).json(&body).send().await
}

async fn change(gateway: &Gateway, tenant: &Tenant, by: &str, person: &str, role: &str) -> Answer {
    let path = format!("/apps/{}/members/{person}", tenant.app);
    gateway.call(Method::PATCH, &path).bearer(by).json(&json!({ "role": role })).send().await
}

async fn remove(gateway: &Gateway, tenant: &Tenant, by: &str, person: &str) -> Answer {
    gateway.delete(&format!("/apps/{}/members/{person}", tenant.app)).bearer(by).send().await
}

on_both_engines!(each_role_may_what_it_says, |gateway| {
    let tenant = gateway.tenant().await;
    let app = tenant.app.as_str();
    let mut people = Vec::new();
    for role in ["viewer", "developer", "admin"] {
        people.push(Person::joined(&gateway, &tenant, role).await);
    }
    let stranger = Person::new(&gateway).await;
    let owner = Person { id: String::new(), email: String::new(), token: tenant.owner_token.clone() };
    let all = [&stranger, &people[0], &people[1], &people[2], &owner];
    // From which of them on it is served; a stranger knows of no app.
    for (method, path, body, least) in [
        (Method::GET, format!("/apps/{app}"), None, 1),
        (Method::GET, format!("/apps/{app}/keys"), None, 1),
        (Method::GET, format!("/apps/{app}/members"), None, 1),
        (Method::GET, "/users".to_owned(), None, 1),
        (Method::GET, "/webhooks".to_owned(), None, 1),
        (Method::POST, "/users".to_owned(), Some(json!({})), 2),
        (Method::POST, "/tokens".to_owned(), Some(json!({ "name": "T", "symbol": "T", "decimals": 0 })), 2),
        (Method::PATCH, format!("/apps/{app}"), Some(json!({ "description": "Bread" })), 3),
        (Method::POST, format!("/apps/{app}/keys"), Some(json!({ "name": "more" })), 3),
        (Method::GET, format!("/apps/{app}/audit"), None, 3),
    ] {
        for (place, person) in all.iter().enumerate() {
            let mut call = gateway.call(method.clone(), &path).bearer(&person.token).app(app).once();
            if let Some(body) = &body {
                call = call.json(body);
            }
            let answer = call.send().await;
            let expected = if place == 0 { 404 } else { 403 };
            let right = if place >= least { answer.status.is_success() } else { answer.status.as_u16() == expected };
            assert!(right, "{method} {path} as number {place}: {}", answer.text);
        }
    }
    let list = gateway.get("/apps").bearer(&people[0].token).send().await.expect(200);
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["role"]), (&json!(app), &json!("viewer")));
    let list = gateway.get("/apps").bearer(&stranger.token).send().await.expect(200);
    assert_eq!(list["items"], json!([]));
});

on_both_engines!(who_makes_whom_what, |gateway| {
    let tenant = gateway.tenant().await;
    let (admin, developer) =
        (Person::joined(&gateway, &tenant, "admin").await, Person::joined(&gateway, &tenant, "developer").await);
    let newcomer = Person::new(&gateway).await;
    let owner_token = tenant.owner_token.as_str();
    let owner = text(&gateway.get("/owners/me").bearer(owner_token).send().await.expect(200)["id"]);

    // Admins have to do with developers and viewers; the owner with all.
    add(&gateway, &tenant, &developer.token, &newcomer, "viewer").await.expect_problem(403, "forbidden");
    add(&gateway, &tenant, &admin.token, &newcomer, "admin").await.expect_problem(403, "forbidden");
    add(&gateway, &tenant, &admin.token, &newcomer, "owner").await.expect_broken("role", "range");
    add(&gateway, &tenant, &admin.token, &newcomer, "viewer").await.expect(201);
    add(&gateway, &tenant, &admin.token, &newcomer, "viewer").await.expect_problem(409, "already_exists");
    change(&gateway, &tenant, &admin.token, &newcomer.id, "admin").await.expect_problem(403, "forbidden");
    change(&gateway, &tenant, &admin.token, &admin.id, "owner").await.expect_problem(403, "forbidden");
    remove(&gateway, &tenant, &newcomer.token, &developer.id).await.expect_problem(403, "forbidden");
    let nobody = json!({ "email": "nobody@example.org", "role": "viewer" });
    let path = format!("/apps/{}/members", tenant.app);
    gateway.post(&path).bearer(owner_token).json(&nobody).send().await.expect_broken("email", "not_found");

    // An app has an owner at all times.
    for answer in [
        change(&gateway, &tenant, owner_token, &owner, "viewer").await,
        remove(&gateway, &tenant, owner_token, &owner).await,
        remove(&gateway, &tenant, &admin.token, &owner).await,
    ] {
        answer.expect_problem(409, "conflict");
    }
    // Of many gifts at once one is given.
    let gifts = [&admin, &developer, &newcomer].map(|to| change(&gateway, &tenant, owner_token, &to.id, "owner"));
    let answers = futures::future::join_all(gifts).await;
    let given = answers.iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(given, 1, "{answers:?}");
    let members = gateway.get(&path).bearer(&admin.token).send().await.expect(200);
    let owners: Vec<_> = members["items"].as_array().unwrap().iter().filter(|m| m["role"] == "owner").collect();
    assert!(owners.len() == 1 && owners[0]["id"] != json!(owner), "{members}");
    // Who was it is an admin now, and may go.
    remove(&gateway, &tenant, owner_token, &owner).await.expect(204);
    let gone = gateway.get(&format!("/apps/{}", tenant.app)).bearer(owner_token).send().await;
    gone.expect_problem(404, "not_found");
});

async fn key(gateway: &Gateway, tenant: &Tenant, scopes: Value) -> Answer {
    let body = json!({ "name": "less", "scopes": scopes });
    gateway.post(&format!("/apps/{}/keys", tenant.app)).bearer(&tenant.owner_token).json(&body).send().await
}

on_both_engines!(a_key_does_what_its_scopes_say, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    key(&gateway, &tenant, json!(["tokens:burn"])).await.expect_broken("scopes[0]", "format");
    key(&gateway, &tenant, json!(["tokens:read", "apps:write"])).await.expect_broken("scopes[1]", "format");
    let made = key(&gateway, &tenant, json!(["users:read", "tokens:write", "users:read"])).await.expect(201);
    assert_eq!(made["scopes"], json!(["tokens:write", "users:read"]));
    let secret = text(&made["secret"]);
    // What was looked up once is the same when it is remembered.
    for _ in 0..2 {
        let get = async |path: &str| gateway.get(path).bearer(&secret).send().await;
        get("/users").await.expect(200);
        get(&format!("/tokens/{token}")).await.expect(200);
        get("/explorer/blocks").await.expect(200);
        let refused = get("/webhooks").await.expect_problem(403, "forbidden");
        assert!(text(&refused["detail"]).contains("webhooks:read"), "{refused}");
        get("/operations").await.expect_problem(403, "forbidden");
        gateway.post("/users").bearer(&secret).once().json(&json!({})).send().await.expect_problem(403, "forbidden");
        let body = json!({ "to": tenant.user, "amount": "1" });
        gateway.post(&format!("/tokens/{token}/transfers")).bearer(&secret).once().json(&body).send().await.expect(202);
    }
    // A new secret, the same scopes.
    let path = format!("/apps/{}/keys/{}/rotate", tenant.app, text(&made["id"]));
    let anew = gateway.post(&path).bearer(&tenant.owner_token).json(&json!({})).send().await.expect(200);
    assert_eq!(anew["scopes"], made["scopes"]);
    gateway.get("/webhooks").bearer(&text(&anew["secret"])).send().await.expect_problem(403, "forbidden");
    let nothing = text(&key(&gateway, &tenant, json!([])).await.expect(201)["secret"]);
    gateway.get("/users").bearer(&nothing).send().await.expect_problem(403, "forbidden");
});
