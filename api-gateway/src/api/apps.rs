//! `/apps`: the tenants, for their owners.

use super::accepted::{self, AcceptedResource};
use super::extract::{Checks, Idempotency, Json, OwnerCaller, OwnerScope, Query, Unchecked};
use crate::db::{OrderedPageQuery, Page};
use crate::error::{FieldError, Result};
use crate::server::AppState;
use crate::services::appearance::{description, picture, web_url};
use crate::services::apps::{self, App, Change, NewApp};
use crate::services::owners::label;
use crate::strict::nullable;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// An app to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppRequest {
    /// Its name.
    #[schema(example = "Corner shop", min_length = 1, max_length = 100)]
    name: String,
    /// What it is.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Its web page, http or https.
    #[schema(example = "https://shop.example.org", max_length = 500)]
    url: Option<String>,
    /// Where its logo is: https, http or ipfs.
    #[schema(example = "https://shop.example.org/logo.svg", max_length = 500)]
    logo: Option<String>,
    /// Its color.
    #[schema(example = "#0b5fff", pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<String>,
}

impl Unchecked for AppRequest {
    type Checked = NewApp;

    fn check(self, checks: &mut Checks) -> Option<NewApp> {
        let name = checks.take(label("name", &self.name, 100));
        let description = checks.optional(self.description, |text| description("description", &text));
        let url = checks.optional(self.url, |text| web_url("url", &text));
        let logo = checks.optional(self.logo, |text| picture("logo", &text));
        let color = checks.optional(self.color, |text| color("color", &text));
        Some(NewApp { name: name?, description: description?, url: url?, logo: logo?, color: color? })
    }
}

/// What is to change of an app, as a JSON merge patch (RFC 7396): what is absent stays, what is null goes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppChange {
    /// Its name.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What it is.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 500)]
    description: Option<Option<String>>,
    /// Its web page, http or https.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 500)]
    url: Option<Option<String>>,
    /// Where its logo is: https, http or ipfs.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 500)]
    logo: Option<Option<String>>,
    /// Its color.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, example = "#0b5fff", pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<Option<String>>,
    /// From which web pages its users may call (CORS): origins like `https://shop.example.org`, at most 20. They replace
    /// those before.
    #[schema(max_items = 20, example = json!(["https://shop.example.org"]))]
    cors_origins: Option<Vec<String>>,
}

/// Origins of an app at most.
const MAX_ORIGINS: usize = 20;

impl Unchecked for AppChange {
    type Checked = Change;

    fn check(self, checks: &mut Checks) -> Option<Change> {
        let name = checks.optional(self.name, |text| label("name", &text, 100));
        let description =
            checks.optional(self.description, |given| given.map(|text| description("description", &text)).transpose());
        let url = checks.optional(self.url, |given| given.map(|text| web_url("url", &text)).transpose());
        let logo = checks.optional(self.logo, |given| given.map(|text| picture("logo", &text)).transpose());
        let color = checks.optional(self.color, |given| given.map(|text| color("color", &text)).transpose());
        if self.cors_origins.as_ref().is_some_and(|origins| origins.len() > MAX_ORIGINS) {
            checks.broken("corsOrigins", "length", format!("must have at most {MAX_ORIGINS} entries"));
        }
        for (index, origin) in self.cors_origins.iter().flatten().enumerate().take(MAX_ORIGINS) {
            if !is_origin(origin) {
                let rule = "must be an origin as browsers send it, like https://shop.example.org";
                checks.broken(format!("corsOrigins[{index}]"), "format", rule);
            }
        }
        Some(Change {
            name: name?,
            description: description?,
            url: url?,
            logo: logo?,
            color: color?,
            cors_origins: self.cors_origins,
        })
    }
}

/// Scheme, host, and a port that isn't the scheme's own; nothing more, and written as browsers write it.
fn is_origin(text: &str) -> bool {
    let parsed = reqwest::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    text.len() <= 200 && parsed.is_some_and(|url| url.origin().ascii_serialization() == text)
}

/// A color as web pages write it: `#` and six hexadecimal digits.
fn color(field: &str, text: &str) -> Result<String, FieldError> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    if digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(FieldError::new(field, "format", "must be # and six hexadecimal digits"))
    }
}

/// Make an app. Its treasury wallet registers it on chain and owns it there.
#[utoipa::path(
    post, path = "/api/v1/apps", tag = "apps", operation_id = "createApp",
    params(("Idempotency-Key" = String, Header, description = "Your own name for this write")),
    request_body = AppRequest,
    security(("owner" = [])),
    responses((status = 202, description = "The app and the operation that registers it", body = AcceptedResource<App>)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    owner: OwnerCaller,
    idempotency: Idempotency,
    request: Json<AppRequest>,
) -> Result<Response> {
    let key = idempotency.request_key(&owner.id, &request.bytes);
    let accepted = apps::create(&state.ledger, &state.custody, &owner.id, request.value, key).await?;
    accepted::resource::<App>(accepted)
}

/// The owner's apps, newest first.
#[utoipa::path(
    get, path = "/api/v1/apps", tag = "apps", operation_id = "listApps",
    params(OrderedPageQuery),
    security(("owner" = [])),
    responses((status = 200, description = "A page of apps", body = Page<App>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    owner: OwnerCaller,
    Query(page): Query<OrderedPageQuery>,
) -> Result<axum::Json<Page<App>>> {
    apps::list(&state.db, &owner.id, &page).await.map(axum::Json)
}

/// One app of the owner.
#[utoipa::path(
    get, path = "/api/v1/apps/{app}", tag = "apps", operation_id = "getApp",
    params(("app" = String, Path, description = "`app_…`")),
    security(("owner" = [])),
    responses((status = 200, description = "The app", body = App)),
)]
pub async fn get(State(state): State<Arc<AppState>>, scope: OwnerScope) -> Result<axum::Json<App>> {
    apps::get(&state.db, &scope.owner, &scope.app).await.map(axum::Json)
}

/// Change an app. What is absent stays, what is null goes.
#[utoipa::path(
    patch, path = "/api/v1/apps/{app}", tag = "apps", operation_id = "updateApp",
    params(("app" = String, Path, description = "`app_…`")),
    request_body = AppChange,
    security(("owner" = [])),
    responses((status = 200, description = "The app", body = App)),
)]
pub async fn update(
    State(state): State<Arc<AppState>>,
    scope: OwnerScope,
    request: Json<AppChange>,
) -> Result<axum::Json<App>> {
    let named = request.value.cors_origins.is_some();
    let app = apps::update(&state.db, &scope.owner, &scope.app, request.value).await?;
    if named {
        // It reads those of all apps.
        state.origins.load(&state.db).await?;
    }
    Ok(axum::Json(app))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_send_them() {
        for good in ["https://shop.example.org", "http://localhost:3000", "https://xn--bcher-kva.example"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "*",
            "null",
            "https://shop.example.org/",
            "https://a.org:443",
            "https://A.org",
            "https://u@a.org",
            "ftp://a",
            "",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn colors_are_six_digits() {
        assert_eq!(color("color", "#0B5FFF").unwrap(), "#0b5fff");
        for bad in ["0b5fff", "#fff", "#0b5ffg", "#0b5fff00", "red", ""] {
            assert!(color("color", bad).is_err(), "{bad}");
        }
    }
}
