//! The command line: settings from file and environment, the OpenAPI document, and an orderly end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn gateway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hanse-gateway"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HANSE_GATEWAY_")) {
        command.env_remove(name);
    }
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn refused(output: &Output, parts: &[&str]) {
    let error = text(&output.stderr);
    assert!(!output.status.success(), "it was accepted");
    assert!(parts.iter().all(|part| error.contains(part)), "{parts:?} in: {error}");
}

#[test]
fn settings_come_from_file_and_environment_and_errors_name_them() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("gateway.toml");
    std::fs::write(&file, "[server]\nlisten = \"127.0.0.1:1234\"\n[chain]\nchain_id = 7\n").unwrap();
    let mut command = gateway();
    command.arg("check-config").arg("--config").arg(&file);
    command.env("HANSE_GATEWAY_CHAIN__CHAIN_ID", "8").env("HANSE_GATEWAY_CUSTODY__ROOT_KEY", "cd".repeat(32));
    let output = command.output().unwrap();
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(shown.contains("127.0.0.1:1234") && shown.contains("chain_id: 8"), "{shown}");
    assert!(!shown.contains("cdcd"), "the root key shows: {shown}");

    let check = |name: &str, value: &str| gateway().arg("check-config").env(name, value).output().unwrap();
    refused(&check("HANSE_GATEWAY_SERVER__LISTEN", "nowhere"), &["server.listen", "environment"]);
    refused(&check("HANSE_GATEWAY_SERVER__BODY_LIMIT_BYTES", "0"), &["server.body_limit_bytes"]);
    refused(&check("HANSE_GATEWAY_SERVER__LISSTEN", "127.0.0.1:1"), &["lissten"]);
    refused(&check("HANSE_GATEWAY_CUSTODY__ROOT_KEY", "xy"), &["custody.root_key"]);
    refused(&check("HANSE_GATEWAY_CONFIG", "/nonexistent.toml"), &["nonexistent.toml"]);
    std::fs::write(&file, "[server\n").unwrap();
    refused(&gateway().arg("check-config").arg("--config").arg(&file).output().unwrap(), &["gateway.toml"]);
}

#[test]
fn it_prints_the_openapi_document() {
    let output = gateway().arg("openapi").output().unwrap();
    assert_eq!(text(&output.stdout), hanse_gateway::api::document_json().unwrap());
}

#[test]
fn a_quota_is_for_an_app_that_is_there() {
    let dir = TempDir::new().unwrap();
    let set = |app: &str, limit: &str| {
        let mut command = gateway();
        command.args(["set-quota", app, "--operations-per-day", limit]);
        command.env("HANSE_GATEWAY_DATA_DIR", dir.path()).output().unwrap()
    };
    refused(&set(&format!("app_{}", "0".repeat(32)), "5"), &["no such app"]);
    refused(&set("app_1", "many"), &["number or default"]);
    refused(&set("app_1", "18446744073709551615"), &["number or default"]);
}

#[cfg(unix)]
#[test]
fn it_ends_in_order_on_sigterm() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let mut child = gateway()
        .env("HANSE_GATEWAY_DATA_DIR", &data)
        .env("HANSE_GATEWAY_SERVER__LISTEN", "127.0.0.1:0")
        .env("HANSE_GATEWAY_METRICS__LISTEN", "")
        .env("HANSE_GATEWAY_CHAIN__RPC_URL", "http://127.0.0.1:9")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("/api/v1"), "{line}");
    // The data folder and the root key are the operator's alone.
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&data.join("root.key"))), (0o700, 0o600));
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_port_that_is_taken_names_the_setting() {
    let dir = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = gateway()
        .env("HANSE_GATEWAY_DATA_DIR", dir.path().join("data"))
        .env("HANSE_GATEWAY_SERVER__LISTEN", taken.local_addr().unwrap().to_string())
        .output()
        .unwrap();
    refused(&output, &["server.listen", "in use"]);
}

#[test]
fn it_verifies_the_audit_log() {
    let dir = TempDir::new().unwrap();
    let verify = |arguments: &[&str]| {
        let mut command = gateway();
        command.arg("verify-audit").args(arguments).env("HANSE_GATEWAY_DATA_DIR", dir.path());
        command.output().unwrap()
    };
    let output = verify(&[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("is sound"), "{}", text(&output.stdout));
    refused(&verify(&["--remembered", "5:abcd"]), &["broken", "remembered entry is missing"]);
    refused(&verify(&["--remembered", "abcd"]), &["NUMBER:HASH"]);
}
