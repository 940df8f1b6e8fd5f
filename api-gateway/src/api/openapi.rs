//! The OpenAPI document, generated from the handlers. What every endpoint shares is added here once: security
//! schemes named after the principals, and the problem documents that follow from an endpoint's shape.

use crate::error::{Code, FieldError, Problem};
use crate::services::operations::WaitFor;
use axum::http::StatusCode;
use axum::response::Html;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

/// Everything that isn't an endpoint.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hanse gateway",
        description = "Apps, users, tokens and transfers on a private chain, over plain JSON.\n\n\
            Writes answer 202 as soon as they are stored; the ledger then does them exactly once. Watch \
            `/api/v1/operations/{operation}`. Amounts are decimal strings in the token's smallest unit. Errors are \
            RFC 9457 problem documents with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "owners", description = "People who run apps"),
        (name = "sessions", description = "Log in, renew, log out"),
        (name = "apps", description = "Tenants"),
        (name = "keys", description = "Server keys of an app"),
        (name = "users", description = "Users of an app, each with a wallet"),
        (name = "tokens", description = "Issue, mint, burn"),
        (name = "transfers", description = "Move units"),
        (name = "operations", description = "What has become of a write"),
        (name = "balances", description = "Who has what"),
        (name = "transactions", description = "Movements as the chain tells them"),
        (name = "network", description = "The chain behind the gateway"),
        (name = "health", description = "For load balancers"),
    ),
    components(schemas(Problem, FieldError, WaitFor)),
    modifiers(&Principals),
)]
pub struct Base;

/// One security scheme for each kind of principal. All are bearer tokens; the name says whose.
struct Principals;

impl Modify for Principals {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_with(Default::default);
        for (name, format, description) in [
            ("owner", "JWT", "An owner's access token. Where an app is meant, name it with the header Hanse-App."),
            ("serverKey", "hk_…", "A server key of an app."),
            ("user", "JWT", "An access token of an app's user, who sees and moves only what is its own."),
        ] {
            let scheme = HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format(format)
                .description(Some(description))
                .build();
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

/// Absent instead of `null`: an optional field is left out of answers when there is nothing to say, and a request needs
/// no `null` either. utoipa writes every `Option` as nullable, which would put a third case into generated clients.
///
/// # Errors
/// When the document doesn't survive the way through JSON: a bug.
pub fn without_null(document: &Document) -> Result<Document, serde_json::Error> {
    let mut value = serde_json::to_value(document)?;
    strip_null(&mut value);
    serde_json::from_value(value)
}

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

/// Adds to each endpoint the problems that follow from its shape.
pub fn with_problems(mut document: Document) -> Document {
    for item in document.paths.paths.values_mut() {
        for (writes, operation) in [
            (false, &mut item.get),
            (true, &mut item.post),
            (true, &mut item.put),
            (true, &mut item.patch),
            (true, &mut item.delete),
        ] {
            if let Some(operation) = operation {
                add_problems(operation, writes);
            }
        }
    }
    document
}

fn add_problems(operation: &mut Operation, writes: bool) {
    // Health answers for itself.
    if operation.tags.iter().flatten().any(|tag| tag == "health") {
        return;
    }
    let parameters: Vec<_> = operation
        .parameters
        .iter()
        .flatten()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
        .collect();
    let has = |place: fn(&ParameterIn) -> bool| parameters.iter().any(|parameter| place(&parameter.parameter_in));
    let in_path = has(|place| matches!(place, ParameterIn::Path));
    let in_query = has(|place| matches!(place, ParameterIn::Query));
    let named = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
    let authenticated = operation.security.as_ref().is_some_and(|schemes| !schemes.is_empty());
    let body = operation.request_body.is_some();
    let ledger = named("Idempotency-Key");

    let mut statuses = vec![StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR];
    statuses.extend([StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT]);
    if authenticated || operation.tags.iter().flatten().any(|tag| tag == "sessions") {
        statuses.push(StatusCode::UNAUTHORIZED);
    }
    if authenticated || writes {
        statuses.push(StatusCode::FORBIDDEN);
    }
    if in_path || named("Hanse-App") {
        statuses.push(StatusCode::NOT_FOUND);
    }
    if in_path || in_query || body || named("Hanse-App") {
        statuses.push(StatusCode::UNPROCESSABLE_ENTITY);
    }
    if body {
        statuses.extend([
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ]);
    }
    if ledger || body && authenticated || writes && !authenticated {
        statuses.push(StatusCode::CONFLICT);
    }
    for status in statuses {
        let text = status.as_u16().to_string();
        operation.responses.responses.entry(text).or_insert_with(|| RefOr::T(problem(status)));
    }
}

fn problem(status: StatusCode) -> Response {
    let codes: Vec<_> = Code::ALL.iter().filter(|code| code.status() == status).map(|code| code.as_str()).collect();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new()
        .description(format!("`{}`", codes.join("`, `")))
        .content("application/problem+json", content)
        .build()
}

/// The page behind the `type` of a problem document: every code, its status and its title.
pub async fn errors_page() -> Html<String> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in Code::ALL {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Hanse gateway: error codes</title>\
         <h1>Error codes</h1><table><tr><th>Status<th>Code<th>Meaning</tr>",
    );
    for (status, codes) in by_status {
        for code in codes {
            let (text, title) = (code.as_str(), code.title());
            page.push_str(&format!("<tr id=\"{text}\"><td>{status}<td><code>{text}</code><td>{title}</tr>"));
        }
    }
    page.push_str("</table></html>");
    Html(page)
}
