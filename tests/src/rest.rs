//! The gateway's REST API, bare: status, headers and JSON as they came.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::time::Duration;

/// A client with the credentials of one principal.
#[derive(Clone, Debug)]
pub struct Rest {
    client: reqwest::Client,
    root: String,
    headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Response headers.
    pub headers: HeaderMap,
    /// The body; `Null` when it is empty, a string when it isn't JSON.
    pub body: Value,
}

impl Answer {
    /// The body, when the status is this one.
    pub fn expect(self, status: u16) -> Result<Value> {
        ensure!(self.status == status, "expected {status}, got {} {}", self.status, self.body);
        Ok(self.body)
    }

    /// The body, when the status is 2xx.
    pub fn expect_success(self) -> Result<Value> {
        ensure!((200..300).contains(&self.status), "expected success, got {} {}", self.status, self.body);
        Ok(self.body)
    }

    /// The problem document's `code`; empty when it has none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// An idempotency key that nobody has used.
pub fn new_key() -> String {
    format!("{:032x}", rand::random::<u128>())
}

impl Rest {
    /// `root` is the gateway's, such as `http://127.0.0.1:8080`.
    pub fn new(root: impl Into<String>) -> Self {
        Self { client: reqwest::Client::new(), root: root.into(), headers: Vec::new() }
    }

    /// The same client of another gateway.
    #[must_use]
    pub fn at(&self, root: impl Into<String>) -> Self {
        Self { root: root.into(), ..self.clone() }
    }

    /// The same client with one more header on each request.
    #[must_use]
    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(each, _)| *each != name);
        other.headers.push((name, value.into()));
        other
    }

    /// The bearer token that it sends.
    pub fn bearer_token(&self) -> Option<&str> {
        let header = self.headers.iter().find(|(name, _)| *name == "authorization")?;
        header.1.strip_prefix("Bearer ")
    }

    /// The same client with this bearer token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    /// A request to `/api/v1<path>`, prepared.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request =
            self.client.request(method, format!("{}/api/v1{path}", self.root)).timeout(Duration::from_secs(40));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request
    }

    /// Sends a prepared request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        Ok(Answer { status, headers, body })
    }

    /// `GET`, whatever comes.
    pub async fn try_get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    /// `GET` that must give 200.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.try_get(path).await?.expect(200).with_context(|| format!("GET {path}"))
    }

    /// `POST` with an idempotency key, whatever comes.
    pub async fn try_post(&self, path: &str, key: &str, body: &Value) -> Result<Answer> {
        self.send(self.request(Method::POST, path).header("idempotency-key", key).json(body)).await
    }

    /// `POST` with a new idempotency key that must succeed.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        let answer = self.try_post(path, &new_key(), &body).await?;
        answer.expect_success().with_context(|| format!("POST {path} {body}"))
    }

    /// Waits until the operation (its JSON or a resource that has one) is final on chain, and returns it.
    pub async fn finalized(&self, of: &Value) -> Result<Value> {
        let operation = of.get("operation").unwrap_or(of);
        let id = operation["id"].as_str().with_context(|| format!("no operation in {of}"))?;
        for _ in 0..3 {
            let now = self.get(&format!("/operations/{id}?wait=finalized&timeoutMs=20000")).await?;
            match now["status"].as_str() {
                Some("finalized") => return Ok(now),
                Some("failed") => anyhow::bail!("the operation failed: {now}"),
                _ => {}
            }
        }
        anyhow::bail!("not final within a minute: {}", self.get(&format!("/operations/{id}")).await?)
    }

    /// Posts, and waits until it is final on chain; the first answer.
    pub async fn settle(&self, path: &str, body: Value) -> Result<Value> {
        let first = self.post(path, body).await?;
        self.finalized(&first).await.with_context(|| format!("POST {path}"))?;
        Ok(first)
    }

    /// What a user has of a token.
    pub async fn holding(&self, user: &str, token: &str) -> Result<Holding> {
        let balances = self.get(&format!("/users/{user}/balances?limit=200")).await?;
        let items = balances["items"].as_array().context("items")?;
        let Some(item) = items.iter().find(|item| item["token"] == token) else { return Ok(Holding::default()) };
        let amount = |value: &Value| -> Result<u128> { Ok(value.as_str().context("an amount")?.parse()?) };
        Ok(Holding {
            included: amount(&item["confirmed"]["included"])?,
            finalized: amount(&item["confirmed"]["finalized"])?,
            pending: amount(&item["pending"])?,
            available: amount(&item["available"])?,
        })
    }
}

/// A balance as the API tells it, in the token's smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// At the best block.
    pub included: u128,
    /// At the last finalized block.
    pub finalized: u128,
    /// What it becomes when all accepted operations have succeeded.
    pub pending: u128,
    /// What may be spent now.
    pub available: u128,
}

impl Holding {
    /// This much, and nothing under way.
    pub fn settled(amount: u128) -> Self {
        Self { included: amount, finalized: amount, pending: amount, available: amount }
    }
}
