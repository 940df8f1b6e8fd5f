//! The committed OpenAPI document is the one that the code generates, and every endpoint is described well enough to
//! generate a client from.

use crate::support::Gateway;
use hanse_gateway::api;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
fn the_committed_document_is_the_generated_one() {
    let generated = api::document_json().unwrap();
    if std::env::var_os("HANSE_UPDATE_OPENAPI").is_some() {
        std::fs::write(FILE, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        committed == generated,
        "openapi.json differs from the code; write it anew with: hanse-gateway openapi > api-gateway/openapi.json"
    );
}

#[test]
fn every_endpoint_says_what_a_client_needs() {
    let document: Value = serde_json::from_str(&api::document_json().unwrap()).unwrap();
    let mut ids = HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{at}: no operationId"));
            assert!(ids.insert(id.to_owned()), "{id} twice");
            assert!(operation["summary"].is_string(), "{at}: no summary");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{at}: one tag");
            let responses = operation["responses"].as_object().unwrap();
            // 101: the connection is a WebSocket from then on.
            let succeeds = |status: &str| status.starts_with('2') || status == "101";
            assert!(responses.keys().any(|status| succeeds(status)), "{at}: no success");
            for (status, response) in responses.iter().filter(|(status, _)| !succeeds(status)) {
                let health = path.starts_with("/health");
                assert!(health || response["content"]["application/problem+json"].is_object(), "{at}: {status}");
            }
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let named = |parameter: &&Value| parameter["name"] == name && parameter["in"] == "path";
                assert!(operation["parameters"].as_array().unwrap().iter().any(|p| named(&p)), "{at}: {name}");
            }
        }
    }
    assert_refs_exist(&document, &document);
}

fn assert_refs_exist(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                let pointer = target.strip_prefix('#').unwrap_or_else(|| panic!("{target} leads outside"));
                assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
            }
            fields.values().for_each(|value| assert_refs_exist(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| assert_refs_exist(document, value)),
        _ => {}
    }
}

/// Of two types with one name the document would keep either, in silence.
#[test]
fn no_two_types_share_a_schemas_name() {
    let mut names: HashMap<String, PathBuf> = HashMap::new();
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let text = std::fs::read_to_string(&file).unwrap();
        for after in text.split("ToSchema").skip(1) {
            // `derive(… ToSchema …)` above a type, or `impl ToSchema for` one.
            let mut lines = after.lines().skip(1).filter(|line| !line.starts_with("#[") && !line.starts_with("///"));
            let line = if after.starts_with(" for ") { after } else { lines.next().unwrap_or_default() };
            let words: Vec<&str> = line.trim_start().splitn(4, |c: char| !c.is_alphanumeric()).collect();
            let (["pub", "struct" | "enum", name, ..] | ["for", name, ..]) = words[..] else { continue };
            if let Some(first) = names.insert(name.to_owned(), file.clone()) {
                panic!("{name} is in {} and in {}", first.display(), file.display());
            }
        }
    }
    let document: Value = serde_json::from_str(&api::document_json().unwrap()).unwrap();
    for schema in document["components"]["schemas"].as_object().unwrap().keys() {
        let name = schema.split('_').next().unwrap();
        let is_elsewhere = ["BTreeMap", "Proof"].contains(&name);
        assert!(is_elsewhere || names.contains_key(name), "{schema} was not found in the source");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let gateway = Gateway::start("").await;
    let served = gateway.get(api::OPENAPI_PATH).send().await;
    let committed: Value = serde_json::from_str(&api::document_json().unwrap()).unwrap();
    assert_eq!(served.body, committed);
    let page = gateway.get("/docs/").send().await;
    assert!(page.status.is_success() && page.text.contains("swagger"), "{}", page.text);
    let errors = gateway.get("/docs/errors").send().await;
    assert!(errors.status.is_success() && errors.text.contains("insufficient_balance"), "{}", errors.text);
    gateway.stop().await;
}

#[test]
fn the_page_about_errors_has_every_code() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md")).unwrap();
    for code in hanse_gateway::error::Code::ALL {
        let row = format!("| {} | `{}` |", code.status().as_u16(), code.as_str());
        assert!(page.contains(&row), "docs/api.md lacks the row {row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| 4") || line.starts_with("| 5")).count();
    assert_eq!(rows, hanse_gateway::error::Code::ALL.len(), "docs/api.md has a row for a code that is gone");
}
