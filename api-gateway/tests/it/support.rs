//! A gateway to test, and a small client for it.

use hanse_gateway::config::Config;
use hanse_gateway::server::{Server, ServerError};
use hanse_gateway::telemetry;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// Runs an async test body with a fresh gateway on each engine.
#[macro_export]
macro_rules! on_both_engines {
    ($(#[$doc:meta])* $name:ident, |$gateway:ident| $body:block) => {
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[allow(unused_mut)]
            async fn test(mut $gateway: $crate::support::Gateway) -> $crate::support::Gateway {
                $body
                $gateway
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let gateway = $crate::support::Gateway::start("").await;
                test(gateway).await.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let Some(database) = $crate::support::Postgres::make().await else { return };
                let gateway = $crate::support::Gateway::start(&database.config()).await;
                test(gateway).await.stop().await;
                database.remove().await;
            }
        }
    };
}

/// The password of everybody in these tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// A database of its own on the PostgreSQL of `HANSE_TEST_POSTGRES_URL`.
pub struct Postgres {
    server: String,
    name: String,
}

impl Postgres {
    pub async fn make() -> Option<Self> {
        let Ok(server) = std::env::var("HANSE_TEST_POSTGRES_URL") else {
            eprintln!("SKIPPED on PostgreSQL: HANSE_TEST_POSTGRES_URL is not set");
            return None;
        };
        let name = format!("hanse_it_{}_{}", std::process::id(), unique());
        let made = Self { server, name };
        made.run(format!("CREATE DATABASE {}", made.name)).await;
        Some(made)
    }

    pub fn config(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').expect("a URL with a database");
        format!("[database]\nurl = \"{base}/{}\"\n", self.name)
    }

    pub async fn remove(self) {
        self.run(format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }

    async fn run(&self, sql: String) {
        use sqlx::{Connection, Executor};
        let mut connection = sqlx::PgConnection::connect(&self.server).await.expect("PostgreSQL answers");
        connection.execute(sqlx::AssertSqlSafe(sql)).await.expect("statement runs");
    }
}

/// A number that no other test of this run has.
pub fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A gateway with its own database. No node is behind it unless `config` names one: writes are accepted and wait.
pub struct Gateway {
    server: Option<Server>,
    config: String,
    dir: TempDir,
    pub client: reqwest::Client,
    pub base: String,
}

/// Status and body of an answer, with the headers that matter.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Answer {
    /// The body, when the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.body
    }

    /// Checks a problem document: its status, its code, and everything that all of them share.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["type"], format!("/docs/errors#{code}"));
        assert!(self.body["title"].is_string() && self.body["detail"].is_string(), "{}", self.text);
        assert_eq!(self.body["requestId"], self.headers["x-request-id"].to_str().unwrap());
        self.body
    }

    /// Checks that exactly this field breaks exactly this rule.
    #[track_caller]
    pub fn expect_broken(self, field: &str, rule: &str) {
        let text = self.text.clone();
        let body = self.expect_problem(422, "validation_failed");
        let errors = body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{text}");
        assert_eq!((errors[0]["field"].as_str(), errors[0]["rule"].as_str()), (Some(field), Some(rule)), "{text}");
        assert!(!errors[0]["message"].as_str().unwrap().is_empty());
    }
}

/// A request being put together.
pub struct Call<'a> {
    gateway: &'a Gateway,
    request: reqwest::RequestBuilder,
}

impl Call<'_> {
    pub fn bearer(mut self, token: &str) -> Self {
        self.request = self.request.bearer_auth(token);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn app(self, app: &str) -> Self {
        self.header("Hanse-App", app)
    }

    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// With a fresh idempotency key.
    pub fn once(self) -> Self {
        let key = format!("test-{}", unique());
        self.key(&key)
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.header("content-type", "application/json").body(body.to_string());
        self
    }

    pub fn raw(mut self, media_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header("content-type", media_type).body(body);
        self
    }

    pub async fn send(self) -> Answer {
        let _ = self.gateway;
        let response = self.request.send().await.expect("the gateway answers");
        let (status, headers) = (response.status(), response.headers().clone());
        // A stream has no end.
        let text = match headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            true => String::new(),
            false => response.text().await.expect("the body arrives"),
        };
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, body, text }
    }
}

/// An owner with an app, a server key and a user.
pub struct Tenant {
    pub owner_token: String,
    pub app: String,
    pub key: String,
    pub key_id: String,
    pub user: String,
    pub user_email: String,
    pub user_token: String,
}

impl Gateway {
    /// Starts a gateway; `config` is TOML over the defaults of these tests.
    pub async fn start(config: &str) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let (server, base) = launch(config, &dir).await;
        let client = reqwest::Client::new();
        Self { server: Some(server), config: config.to_owned(), dir, client, base }
    }

    /// Stops it in order and starts it anew on the same data.
    pub async fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown().await;
        }
        let (server, base) = launch(&self.config, &self.dir).await;
        self.server = Some(server);
        self.base = base;
    }

    /// Settings over the present ones, for the next start.
    pub fn configure(&mut self, config: &str) {
        let mut all: toml::Table = toml::from_str(&self.config).expect("valid TOML");
        all.extend(toml::from_str::<toml::Table>(config).expect("valid TOML"));
        self.config = all.to_string();
    }

    /// Stops it where it runs, and starts it, which must fail; answers why.
    pub async fn restart_fails(&mut self) -> String {
        if let Some(server) = self.server.take() {
            server.shutdown().await;
        }
        let error = try_launch(&self.config, &self.dir).await.err().expect("the start must fail");
        error.to_string()
    }

    pub fn data_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    pub async fn stop(mut self) {
        self.server.take().expect("runs").shutdown().await;
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("runs")
    }

    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        let url = if path.starts_with("/health") || path.starts_with("/docs") || path.starts_with("/api") {
            format!("{}{path}", self.base)
        } else {
            format!("{}/api/v1{path}", self.base)
        };
        Call { gateway: self, request: self.client.request(method, url) }
    }

    pub fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    /// Signs an owner up and in; answers the login.
    pub async fn owner(&self, email: &str) -> Value {
        self.post("/owners").json(&json!({ "email": email, "password": PASSWORD })).send().await.expect(201);
        self.login(email, None).await
    }

    pub async fn login(&self, email: &str, app: Option<&str>) -> Value {
        let mut body = json!({ "email": email, "password": PASSWORD });
        if let Some(app) = app {
            body["app"] = json!(app);
        }
        self.post("/sessions").json(&body).send().await.expect(201)
    }

    /// A user with a login.
    pub async fn user(&self, key: &str, email: &str) -> Value {
        let body = json!({ "email": email, "password": PASSWORD });
        self.post("/users").bearer(key).once().json(&body).send().await.expect(202)
    }

    /// A token whose first supply of 1,000,000 is the treasury's.
    pub async fn token(&self, key: &str) -> String {
        let body = json!({ "name": "Euro voucher", "symbol": "EURV", "decimals": 2, "initialSupply": "1000000" });
        let token = self.post("/tokens").bearer(key).once().json(&body).send().await.expect(202);
        text(&token["id"])
    }

    /// A whole tenant.
    pub async fn tenant(&self) -> Tenant {
        let number = unique();
        let login = self.owner(&format!("owner{number}@example.org")).await;
        let owner_token = text(&login["accessToken"]);
        let body = json!({ "name": format!("Shop {number}") });
        let app = self.post("/apps").bearer(&owner_token).once().json(&body).send().await.expect(202);
        let app = text(&app["id"]);
        let body = json!({ "name": "test" });
        let made = self.post(&format!("/apps/{app}/keys")).bearer(&owner_token).json(&body).send().await.expect(201);
        let (key, key_id) = (text(&made["secret"]), text(&made["id"]));
        let user_email = format!("user{number}@example.org");
        let user = text(&self.user(&key, &user_email).await["id"]);
        let user_token = text(&self.login(&user_email, Some(&app)).await["accessToken"]);
        Tenant { owner_token, app, key, key_id, user, user_email, user_token }
    }
}

async fn launch(config: &str, dir: &TempDir) -> (Server, String) {
    let server = try_launch(config, dir).await.expect("the gateway starts");
    let base = format!("http://{}", server.api_address);
    (server, base)
}

async fn try_launch(config: &str, dir: &TempDir) -> Result<Server, ServerError> {
    // argon2 at its cheapest: these tests log in hundreds of times, and its real cost has a test of its own.
    let mut defaults: toml::Table = toml::from_str(
        r#"
        [server]
        listen = "127.0.0.1:0"
        [metrics]
        listen = ""
        [chain]
        # Port 9 (discard): nobody answers.
        rpc_url = "http://127.0.0.1:9"
        [auth]
        argon2_memory_kib = 64
        argon2_passes = 1
        [limits]
        # They all come from one address.
        address = { per_second = 0, burst = 0 }
        [webhooks]
        # Receivers are on loopback here.
        allow_private = true
        [log]
        filter = "off"
        "#,
    )
    .expect("valid TOML");
    defaults.insert("data_dir".into(), dir.path().join("data").to_str().expect("UTF-8").into());
    let given: toml::Table = toml::from_str(config).expect("valid TOML");
    for (section, value) in given {
        match (defaults.get_mut(&section), value) {
            (Some(toml::Value::Table(into)), toml::Value::Table(from)) => into.extend(from),
            (_, value) => {
                defaults.insert(section, value);
            }
        }
    }
    // HANSE_TEST_LOG=debug shows what the gateway logs.
    if let Ok(filter) = std::env::var("HANSE_TEST_LOG") {
        defaults["log"]["filter"] = filter.into();
    }
    let config = Config::from_toml(&defaults.to_string()).expect("valid settings");
    telemetry::init_logs(&config.log);
    Server::start(config).await
}

/// A JSON string.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}
