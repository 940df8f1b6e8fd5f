//! What utoipa can't know: that optional fields are absent rather than `null`, and what ids and headers look like.

use super::super::extract::IDEMPOTENCY_MAX_CHARS;
use crate::db::Id;
use crate::services::transfers::MEMO_MAX_BYTES;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::openapi::OpenApi as Document;

/// The document with exact schemas.
///
/// # Errors
/// When the document doesn't survive the way through JSON: a bug.
pub fn refined(document: &Document) -> Result<Document, serde_json::Error> {
    let mut value = serde_json::to_value(document)?;
    let mut asked = BTreeSet::new();
    if let Some(paths) = value["paths"].as_object_mut() {
        for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
            collect_refs(&operation["requestBody"], &mut asked);
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            parameters.into_iter().flatten().for_each(shape_parameter);
        }
    }
    if let Some(schemas) = value["components"]["schemas"].as_object_mut() {
        // What a request's schema is made of belongs to requests too.
        while let Some(name) = asked.iter().find_map(|name| {
            let mut inner = BTreeSet::new();
            collect_refs(schemas.get(name)?, &mut inner);
            inner.into_iter().find(|name| !asked.contains(name))
        }) {
            asked.insert(name);
        }
        for (name, schema) in schemas {
            if asked.contains(name) { shape_request(schema) } else { strip_null(schema) }
        }
    }
    serde_json::from_value(value)
}

/// Names of the schemas that a value refers to.
fn collect_refs(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let target = fields.get("$ref").and_then(Value::as_str);
            names.extend(target.and_then(|target| target.rsplit('/').next()).map(str::to_owned));
            fields.values().for_each(|value| collect_refs(value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_refs(value, names)),
        _ => {}
    }
}

/// Gives the fields of requests that many share their form.
fn shape_request(schema: &mut Value) {
    for (name, field) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        match name.as_str() {
            "to" | "from" | "account" => field["pattern"] = json!(HOLDER_PATTERN),
            "amount" => {
                *field = json!({
                    "type": "string",
                    "pattern": "^[1-9][0-9]{0,77}$",
                    "description": "More than 0, in the token's smallest unit.",
                    "example": "1500",
                });
            }
            "memo" => field["maxLength"] = json!(MEMO_MAX_BYTES),
            "name" | "description" | "displayName" | "externalId" => {
                field["minLength"] = json!(1);
                field["pattern"] = json!(LABEL_PATTERN);
            }
            _ => {}
        }
    }
}

/// Gives ids, cursors and the idempotency key their form.
fn shape_parameter(parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default();
    let id = |kind: Id| json!({ "type": "string", "pattern": format!("^{}[0-9a-f]{{32}}$", kind.prefix()) });
    let schema = match name {
        "app" | "Hanse-App" => id(Id::App),
        "key" => id(Id::ServerKey),
        "user" => id(Id::User),
        "wallet" => id(Id::Wallet),
        // In a list's filter it may be a collection or an item as well.
        "token" if parameter["in"] == "query" => {
            json!({ "type": "string", "pattern": "^(tok|col|itm)_[0-9a-f]{32}$" })
        }
        "token" => id(Id::Token),
        "operation" => id(Id::Operation),
        "session" => id(Id::Session),
        "event" => id(Id::Event),
        "webhook" => id(Id::Webhook),
        "job" => id(Id::Job),
        "schedule" => id(Id::Schedule),
        "collection" => id(Id::Collection),
        "item" => id(Id::Item),
        "slot" => id(Id::Slot),
        "contract" => id(Id::Contract),
        "member" => id(Id::Owner),
        "holder" => json!({ "type": "string", "pattern": HOLDER_PATTERN }),
        "cursor" => json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$" }),
        "Idempotency-Key" => {
            json!({ "type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": IDEMPOTENCY_MAX_CHARS })
        }
        _ => return,
    };
    parameter["schema"] = schema;
}

/// No control characters, no white space around it.
const LABEL_PATTERN: &str =
    "^[^\\s\\u0000-\\u001f\\u007f-\\u009f]([^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f])?$";

/// A user, a wallet, or an address.
const HOLDER_PATTERN: &str = "^(usr_[0-9a-f]{32}|wal_[0-9a-f]{32}|0x[0-9a-fA-F]{40})$";

/// Absent instead of `null`: an optional field is left out of answers when there is nothing to say. utoipa writes every
/// `Option` as nullable, which would put a third case into generated clients. Requests may say `null` for absent.
fn strip_null(value: &mut Value) {
    let null = |schema: &Value| *schema == "null" || schema["type"] == "null";
    match value {
        Value::Object(fields) => {
            for name in ["type", "oneOf"] {
                if let Some(Value::Array(choices)) = fields.get_mut(name) {
                    choices.retain(|choice| !null(choice));
                    if choices.len() != 1 {
                        continue;
                    }
                    let only = choices.remove(0);
                    fields.remove(name);
                    match (name, only) {
                        ("oneOf", Value::Object(schema)) => fields.extend(schema),
                        (_, only) => drop(fields.insert(name.to_owned(), only)),
                    }
                }
            }
            fields.values_mut().for_each(strip_null);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_null),
        _ => {}
    }
}
