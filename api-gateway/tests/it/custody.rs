//! Root keys that a keeper has wrapped: a server that answers as AWS KMS does (moto), and Vault's transit engine by its
//! documented API.

use crate::support::{Gateway, text};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A KMS of its own on a free port.
struct Kms {
    process: Child,
    url: String,
    client: Client,
}

impl Drop for Kms {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Kms {
    async fn start() -> Option<Self> {
        let program = std::env::var("HANSE_TEST_MOTO").ok().filter(|path| std::path::Path::new(path).exists());
        let Some(program) = program else {
            eprintln!("SKIPPED: HANSE_TEST_MOTO names no moto_server");
            return None;
        };
        let port = hanse_tests::free_port().unwrap();
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let kms = Self { process, url: format!("http://127.0.0.1:{port}"), client: Client::new() };
        while kms.client.get(format!("{}/moto-api/", kms.url)).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(kms)
    }

    async fn ask(&self, action: &str, body: Value) -> Value {
        let request = self.client.post(&self.url).header("X-Amz-Target", format!("TrentService.{action}"));
        let request = request.header("Content-Type", "application/x-amz-json-1.1").body(body.to_string());
        // The server looks at the region that the signature names, and not at the signature.
        let signed =
            "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/kms/aws4_request, SignedHeaders=host, Signature=0";
        let answer = request.header("Authorization", signed).send().await.unwrap();
        assert!(answer.status().is_success(), "{action}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    async fn key(&self) -> String {
        text(&self.ask("CreateKey", json!({})).await["KeyMetadata"]["KeyId"])
    }

    fn settings(&self, key: &str) -> String {
        format!(
            "[custody]\nprovider = \"aws-kms\"\n[custody.kms]\nkey = \"{key}\"\nregion = \"eu-central-1\"\nendpoint = \"{}\"\n",
            self.url
        )
    }
}

/// AWS clients look for credentials in the environment of the process.
fn credentials() {
    // SAFETY: the same values by every test, and read by nobody else.
    #[allow(unsafe_code, reason = "the environment is where AWS clients look")]
    unsafe {
        std::env::set_var("AWS_ACCESS_KEY_ID", "test");
        std::env::set_var("AWS_SECRET_ACCESS_KEY", "test");
    }
}

/// The user's wallet signs, so its key opens.
async fn signs(gateway: &Gateway, key: &str, user: &str) {
    let body = json!({ "signing": "messages" });
    let path = format!("/users/{user}/wallet");
    gateway.call(reqwest::Method::PUT, &format!("{path}/policy")).bearer(key).json(&body).send().await.expect(200);
    let call = gateway.post(&format!("{path}/signatures")).bearer(key).json(&json!({ "message": "hello" }));
    call.send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kms_wraps_the_root_key_and_opens_it_again() {
    let Some(kms) = Kms::start().await else { return };
    credentials();
    let (first, second) = (kms.key().await, kms.key().await);
    // A gateway with a root key of its own changes to KMS: nothing is sealed anew, and the file can go.
    let mut gateway = Gateway::start("").await;
    let tenant = gateway.tenant().await;
    signs(&gateway, &tenant.key, &tenant.user).await;
    gateway.configure(&kms.settings(&first));
    gateway.restart().await;
    signs(&gateway, &tenant.key, &tenant.user).await;
    std::fs::remove_file(gateway.data_dir().join("root.key")).unwrap();
    gateway.restart().await;
    signs(&gateway, &tenant.key, &tenant.user).await;
    assert!(!gateway.data_dir().join("root.key").exists(), "no key on the disk");
    // Another key takes over from the first.
    gateway.configure(&kms.settings(&second));
    gateway.restart().await;
    gateway.restart().await;
    signs(&gateway, &tenant.key, &tenant.user).await;
    // A key that the keeper doesn't have is named.
    let unknown = "01234567-89ab-cdef-0123-456789abcdef";
    gateway.configure(&kms.settings(unknown));
    let why = gateway.restart_fails().await;
    assert!(why.contains("AWS KMS") && why.contains(unknown) && why.contains("NotFound"), "{why}");
    gateway.configure(&kms.settings(&second));
    gateway.restart().await;
    signs(&gateway, &tenant.key, &tenant.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_key_that_is_nowhere_is_not_replaced() {
    let Some(kms) = Kms::start().await else { return };
    credentials();
    let mut gateway = Gateway::start("").await;
    gateway.tenant().await;
    gateway.configure(&kms.settings(&kms.key().await));
    let file = gateway.data_dir().join("root.key");
    let elsewhere = gateway.data_dir().join("moved.key");
    std::fs::rename(&file, &elsewhere).unwrap();
    let why = gateway.restart_fails().await;
    assert!(why.contains("give their root key for this one start"), "{why}");
    std::fs::rename(&elsewhere, &file).unwrap();
    gateway.restart().await;
}

/// Vault's transit engine, as its documentation tells it: `POST /v1/transit/encrypt/:name`, `…/decrypt/:name`.
#[derive(Default)]
struct Transit {
    wrapped: Mutex<Vec<(String, String, String)>>,
}

const TOKEN: &str = "hvs.test";

async fn transit(
    State(transit): State<Arc<Transit>>,
    Path((action, name)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let refuse = |status, why: &str| (status, Json(json!({ "errors": [why] })));
    if headers.get("X-Vault-Token").is_none_or(|token| token != TOKEN) {
        return refuse(StatusCode::FORBIDDEN, "permission denied");
    }
    let associated = text(&body["associated_data"]);
    assert_eq!(STANDARD.decode(&associated).unwrap(), b"hanse root key");
    let mut wrapped = transit.wrapped.lock().unwrap();
    if action == "encrypt" {
        let plaintext = text(&body["plaintext"]);
        assert_eq!(STANDARD.decode(&plaintext).unwrap().len(), 32);
        let ciphertext = format!("vault:v1:{}", wrapped.len());
        wrapped.push((name, ciphertext.clone(), plaintext));
        return (StatusCode::OK, Json(json!({ "data": { "ciphertext": ciphertext, "key_version": 1 } })));
    }
    let ciphertext = text(&body["ciphertext"]);
    match wrapped.iter().find(|one| one.0 == name && one.1 == ciphertext) {
        Some((_, _, plaintext)) => (StatusCode::OK, Json(json!({ "data": { "plaintext": plaintext } }))),
        None => refuse(StatusCode::BAD_REQUEST, "invalid ciphertext: unable to decrypt"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vault_wraps_the_root_key_and_opens_it_again() {
    let vault = Arc::new(Transit::default());
    let routes = axum::Router::new()
        .route("/v1/transit/{action}/{name}", axum::routing::post(transit))
        .with_state(vault.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let settings = |token: &str| {
        format!(
            "[custody]\nprovider = \"vault\"\n[custody.vault]\nurl = \"{url}\"\nmount = \"transit\"\nkey = \"hanse\"\ntoken = \"{token}\"\n"
        )
    };
    // From the first start on: no key of its own is ever made.
    let mut gateway = Gateway::start(&settings(TOKEN)).await;
    assert!(!gateway.data_dir().join("root.key").exists());
    let tenant = gateway.tenant().await;
    gateway.restart().await;
    signs(&gateway, &tenant.key, &tenant.user).await;
    assert_eq!(vault.wrapped.lock().unwrap().len(), 1, "wrapped once");
    gateway.configure(&settings("hvs.revoked"));
    let why = gateway.restart_fails().await;
    assert!(why.contains("Vault") && why.contains("permission denied") && !why.contains("hvs."), "{why}");
}
