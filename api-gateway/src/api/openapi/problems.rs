//! Which problem documents an endpoint may answer, from its shape; and the page behind their `type`.

use crate::error::Code;
use axum::http::StatusCode;
use axum::response::Html;
use std::collections::BTreeMap;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};

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
    statuses.extend([StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT]);
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
    let is = |id| operation.operation_id.as_deref() == Some(id);
    if is("getOperationProof") {
        statuses.push(StatusCode::CONFLICT);
    }
    if is("getOperationProof") || is("readContract") || operation.tags.iter().flatten().any(|tag| tag == "explorer") {
        statuses.push(StatusCode::BAD_GATEWAY);
    }
    if is("openEventSocket") {
        statuses.push(StatusCode::UPGRADE_REQUIRED);
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
