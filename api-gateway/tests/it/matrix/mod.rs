//! Who may do what, for every endpoint of the OpenAPI document, every kind of principal, and the own and a foreign
//! tenant. The document says who may call; this table says how to call. An endpoint without a line here fails the
//! test, and so does a line without an endpoint.

mod table;
mod world;

use crate::on_both_engines;
use crate::support::{Answer, Gateway, text};
use hanse_gateway::api;
use reqwest::Method;
use serde_json::Value;
use table::{Line, table};
use world::World;

/// One endpoint of the document.
struct Endpoint {
    id: String,
    method: Method,
    pattern: String,
    /// `owner`, `serverKey`, `user`; empty for everybody.
    principals: Vec<String>,
    names_app: bool,
}

impl Endpoint {
    fn all() -> Vec<Self> {
        let document: Value = serde_json::from_str(&api::document_json().unwrap()).unwrap();
        let mut all = Vec::new();
        for (pattern, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let schemes = operation["security"].as_array().into_iter().flatten();
                let named = |p: &Value| p["name"] == "Hanse-App";
                all.push(Self {
                    id: text(&operation["operationId"]),
                    method: method.to_uppercase().parse().unwrap(),
                    pattern: pattern.clone(),
                    principals: schemes.flat_map(|scheme| scheme.as_object().unwrap().keys().cloned()).collect(),
                    names_app: operation["parameters"].as_array().is_some_and(|all| all.iter().any(named)),
                });
            }
        }
        all
    }

    fn admits(&self, kind: &str) -> bool {
        self.principals.is_empty() || self.principals.iter().any(|principal| principal == kind)
    }

    /// Whether it is about one thing of a tenant. What is on the chain is everybody's.
    fn names_a_thing(&self) -> bool {
        self.pattern.contains('{') && !self.pattern.starts_with("/api/v1/explorer/")
    }

    async fn call(
        &self,
        gateway: &Gateway,
        world: &World,
        line: &Line,
        token: Option<&str>,
        app: Option<&str>,
    ) -> Answer {
        let pattern = match self.id.as_str() {
            "suspendUser" | "activateUser" => self.pattern.replace("{user}", &world.suspended_user),
            "eraseUser" => self.pattern.replace("{user}", &world.doomed_user),
            "deleteWebhook" => self.pattern.replace("{webhook}", &world.doomed_webhook),
            "searchChain" => format!("{}?q=eur", self.pattern),
            _ => self.pattern.clone(),
        };
        let mut call = gateway.call(self.method.clone(), &world.path(&pattern)).once();
        if let Some(token) = token {
            call = call.bearer(token);
        }
        if let Some(app) = app {
            call = call.app(app);
        }
        if let Some(body) = line.body {
            call = call.json(&body(world));
        }
        call.send().await
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Served,
    Status(u16),
    /// 403 or 404: nothing is served.
    Hidden,
}

#[test]
fn the_table_covers_the_document() {
    let table = table();
    let endpoints = Endpoint::all();
    let unknown: Vec<_> = endpoints.iter().map(|e| e.id.as_str()).filter(|id| !table.contains_key(id)).collect();
    assert!(unknown.is_empty(), "endpoints without a line in this test: {unknown:?}");
    let gone: Vec<_> = table.keys().filter(|id| !endpoints.iter().any(|e| e.id == **id)).collect();
    assert!(gone.is_empty(), "lines without an endpoint: {gone:?}");
}

on_both_engines!(every_endpoint_for_every_principal_of_both_tenants, |gateway| {
    let world = World::make(&gateway).await;
    let table = table();
    let mut failures = Vec::new();
    let mut cells = 0;
    for endpoint in Endpoint::all() {
        let line = &table[endpoint.id.as_str()];
        for (who, kind, tenant, token) in callers(&gateway, &world).await {
            // An owner names the app it means; both the own app and the first tenant's are tried.
            let apps: Vec<Option<&str>> = match (kind, endpoint.names_app) {
                ("owner", true) => vec![Some(&world.ours.app)],
                ("none", _) | (_, false) => vec![None],
                _ => vec![None, Some(&world.ours.app)],
            };
            for app in apps {
                cells += 1;
                let expected = expected(&endpoint, line, who, kind, tenant, app.is_some());
                let answer = endpoint.call(&gateway, &world, line, token.as_deref(), app).await;
                // What is open to all says who logs in, whoever asks.
                let tenant = if endpoint.principals.is_empty() { "none" } else { tenant };
                // Of himself he reads whatever he has tried, with whosever ids.
                let tenant = if endpoint.id == "listMyAudit" { "ours" } else { tenant };
                if let Some(fault) = judge(expected, line, tenant, &world, &answer) {
                    failures.push(format!("{} as {who} (Hanse-App {}): {fault}", endpoint.id, app.is_some()));
                }
            }
        }
    }
    assert!(cells > 200, "only {cells} cells");
    assert!(failures.is_empty(), "{} of {cells} cells are wrong:\n{}", failures.len(), failures.join("\n"));
});

/// Fresh tokens each time: some endpoints end a session.
async fn callers(gateway: &Gateway, world: &World) -> Vec<(&'static str, &'static str, &'static str, Option<String>)> {
    let login = |email: String, app: Option<String>| async move {
        Some(text(&gateway.login(&email, app.as_deref()).await["accessToken"]))
    };
    vec![
        ("nobody", "none", "none", None),
        ("a forger", "none", "none", Some("eyJhbGciOiJFZERTQSJ9.e30.AAAA".to_owned())),
        ("the owner", "owner", "ours", login(world.owner_email.clone(), None).await),
        ("the server", "serverKey", "ours", Some(world.ours.key.clone())),
        ("the user", "user", "ours", login(world.ours.user_email.clone(), Some(world.ours.app.clone())).await),
        ("another user", "user", "ours", login(world.second_email.clone(), Some(world.ours.app.clone())).await),
        ("a foreign owner", "owner", "theirs", login(world.foreign_owner_email.clone(), None).await),
        ("a foreign server", "serverKey", "theirs", Some(world.theirs.key.clone())),
        (
            "a foreign user",
            "user",
            "theirs",
            login(world.theirs.user_email.clone(), Some(world.theirs.app.clone())).await,
        ),
    ]
}

fn expected(endpoint: &Endpoint, line: &Line, who: &str, kind: &str, tenant: &str, app_named: bool) -> Expected {
    if endpoint.principals.is_empty() {
        return Expected::Served;
    }
    if kind == "none" {
        return Expected::Status(401);
    }
    if tenant == "theirs" && app_named {
        return Expected::Status(404);
    }
    if !endpoint.admits(kind) {
        return Expected::Status(403);
    }
    if tenant == "theirs" && endpoint.names_a_thing() {
        // A foreign user is refused by whose it is or by where it is; a foreign app only by where it is.
        return if kind == "user" { Expected::Hidden } else { Expected::Status(404) };
    }
    // The shared token is everybody's in the app, the operation is the server's.
    let someone_elses = match endpoint.id.as_str() {
        "getOperation" | "getOperationProof" => kind == "user",
        _ => line.personal && who == "another user",
    };
    if someone_elses { Expected::Hidden } else { Expected::Served }
}

fn judge(expected: Expected, line: &Line, tenant: &str, world: &World, answer: &Answer) -> Option<String> {
    let status = answer.status.as_u16();
    let code = answer.body["code"].as_str().unwrap_or_default();
    let right = match expected {
        Expected::Served => answer.status.is_success() || line.also.contains(&code),
        Expected::Status(wanted) => status == wanted,
        Expected::Hidden => matches!(status, 403 | 404),
    };
    if !right {
        return Some(format!("expected {expected:?}, got {status} {}", answer.text));
    }
    let ours = [
        &world.ours.app,
        &world.ours.user,
        &world.token,
        &world.operation,
        &world.spare_key,
        &world.webhook,
        &world.event,
        &world.job,
        &world.schedule,
    ];
    if tenant == "theirs" && ours.iter().any(|id| answer.text.contains(id.as_str())) {
        return Some(format!("shows a foreign tenant's id: {}", answer.text));
    }
    None
}
