//! Ethereum JSON-RPC, bare: what comes back is what the wire carried.

use alloy::primitives::{Address, Bytes, U256};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fmt;

/// A JSON-RPC endpoint.
#[derive(Clone, Debug)]
pub struct Rpc {
    client: reqwest::Client,
    url: String,
}

/// The `error` member of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcError {
    /// JSON-RPC or Ethereum code.
    pub code: i64,
    /// For people.
    pub message: String,
    /// Revert data, for instance.
    pub data: Option<Value>,
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)?;
        self.data.as_ref().map_or(Ok(()), |data| write!(f, " {data}"))
    }
}

impl std::error::Error for RpcError {}

impl Rpc {
    /// `url` is `http://…`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { client: reqwest::Client::new(), url: url.into() }
    }

    /// The endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends a body as it is; returns the HTTP status and the body of the answer.
    pub async fn raw(&self, body: impl Into<reqwest::Body>) -> Result<(u16, String)> {
        let response = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .timeout(std::time::Duration::from_secs(30))
            .body(body)
            .send()
            .await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    /// One call. The outer error is of the transport, the inner one the server's.
    pub async fn try_call(&self, method: &str, params: Value) -> Result<Result<Value, RpcError>> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (_, text) = self.raw(body.to_string()).await?;
        let answer: Value = serde_json::from_str(&text).with_context(|| format!("{method}: not JSON: {text}"))?;
        result_of(answer)
    }

    /// One call that must succeed.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.try_call(method, params.clone()).await?.with_context(|| format!("{method} {params}"))
    }

    /// One call that must be refused.
    pub async fn refused(&self, method: &str, params: Value) -> Result<RpcError> {
        match self.try_call(method, params.clone()).await? {
            Ok(value) => bail!("{method} {params} should have been refused, gave {value}"),
            Err(error) => Ok(error),
        }
    }

    /// Many calls of one method in one HTTP request, answered in their order.
    pub async fn batch(
        &self,
        method: &str,
        params: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Result<Value, RpcError>>> {
        let calls: Vec<Value> = params
            .into_iter()
            .enumerate()
            .map(|(id, params)| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .collect();
        let expected = calls.len();
        // JSON-RPC 2.0 calls an empty batch an invalid request.
        if expected == 0 {
            return Ok(Vec::new());
        }
        let (_, text) = self.raw(Value::Array(calls).to_string()).await?;
        let mut answers: Vec<Value> = serde_json::from_str(&text).with_context(|| format!("{method}: {text}"))?;
        if answers.len() != expected {
            bail!("{method}: {expected} calls, {} answers", answers.len());
        }
        answers.sort_by_key(|answer| answer["id"].as_u64());
        answers.into_iter().map(result_of).collect()
    }

    /// A number that `eth_…` returns as a hex quantity.
    pub async fn number(&self, method: &str, params: Value) -> Result<u64> {
        quantity(&self.call(method, params).await?)
    }

    /// `eth_call` at `block` (a tag or a hex number).
    pub async fn eth_call(&self, to: Address, data: Vec<u8>, block: &str) -> Result<Bytes> {
        let call = json!({ "to": to, "data": Bytes::from(data) });
        let value = self.call("eth_call", json!([call, block])).await?;
        Ok(serde_json::from_value(value)?)
    }

    /// Native balance in wei at the latest block.
    pub async fn balance(&self, account: Address) -> Result<U256> {
        Ok(serde_json::from_value(self.call("eth_getBalance", json!([account, "latest"])).await?)?)
    }

    /// Sends a signed transaction; its hash.
    pub async fn send(&self, raw: &Bytes) -> Result<String> {
        let hash = self.call("eth_sendRawTransaction", json!([raw])).await?;
        Ok(hash.as_str().context("a hash")?.to_owned())
    }
}

fn result_of(mut answer: Value) -> Result<Result<Value, RpcError>> {
    let error = answer["error"].take();
    if error.is_null() {
        return Ok(Ok(answer["result"].take()));
    }
    Ok(Err(RpcError {
        code: error["code"].as_i64().context("an error without a code")?,
        message: error["message"].as_str().context("an error without a message")?.to_owned(),
        data: error.get("data").cloned(),
    }))
}

/// A hex quantity as a number.
pub fn quantity(value: &Value) -> Result<u64> {
    let text = value.as_str().with_context(|| format!("not a quantity: {value}"))?;
    u64::from_str_radix(text.trim_start_matches("0x"), 16).with_context(|| format!("not a quantity: {text}"))
}
