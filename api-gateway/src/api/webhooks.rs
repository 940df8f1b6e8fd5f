//! `/webhooks`: where an app wants its events sent.

use super::extract::{AdminScope, Checks, Json, Query, Unchecked, WebhookPath};
use super::rotation::RotationRequest;
use crate::db::{Page, PageQuery, UnixMs, now_ms};
use crate::error::{Error, FieldError, Result};
use crate::events::webhooks::check_url;
use crate::server::AppState;
use crate::services::deliveries::{self, Delivery, Range, Replayed, Test};
use crate::services::owners::label;
use crate::services::webhooks::{self, Change, NewWebhook, Webhook};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookRequest {
    /// `https://`, a public host, without user name or fragment.
    #[schema(format = "uri", example = "https://example.org/hanse", max_length = 2000)]
    url: String,
    /// What it is for.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// Which events: kinds (`transfer.finalized`) or groups (`operation.*`); all when absent or empty.
    #[schema(example = json!(["transfer.finalized"]), max_items = 32)]
    types: Option<Vec<String>>,
}

/// What is asked for; the URL is checked by the operator's rule then.
pub struct Wanted {
    url: String,
    description: Option<String>,
    types: Vec<String>,
}

impl Unchecked for WebhookRequest {
    type Checked = Wanted;

    fn check(self, checks: &mut Checks) -> Option<Wanted> {
        let url = checks.take(length_of_url(self.url));
        let description = checks.optional(self.description, |text| label("description", &text, 200));
        let types = checks.take(webhooks::types("types", self.types.unwrap_or_default()));
        Some(Wanted { url: url?, description: description?, types: types? })
    }
}

/// What a webhook is to be; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookChange {
    /// `https://`, a public host, without user name or fragment.
    #[schema(format = "uri", max_length = 2000)]
    url: Option<String>,
    /// What it is for.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// Which events; all when empty.
    #[schema(max_items = 32)]
    types: Option<Vec<String>>,
    /// Whether events are sent. One that is enabled again gets what has happened meanwhile.
    enabled: Option<bool>,
}

impl Unchecked for WebhookChange {
    type Checked = Change;

    fn check(self, checks: &mut Checks) -> Option<Change> {
        let url = checks.optional(self.url, length_of_url);
        let description = checks.optional(self.description, |text| label("description", &text, 200));
        let types = checks.optional(self.types, |given| webhooks::types("types", given));
        Some(Change { url: url?, description: description?, types: types?, enabled: self.enabled })
    }
}

fn length_of_url(url: String) -> Result<String, FieldError> {
    if url.len() > 2_000 {
        return Err(FieldError::new("url", "length", "must have at most 2000 characters"));
    }
    Ok(url)
}

fn allowed_url(state: &AppState, url: &str) -> Result<()> {
    let checked = check_url(url, state.config.webhooks.allow_private);
    checked.map(|_| ()).map_err(|fault| Error::field("url", "format", fault))
}

/// Which events are sent once more.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayRequest {
    /// From this moment on.
    #[schema(value_type = String, format = DateTime)]
    since: UnixMs,
    /// Until this moment; now when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<UnixMs>,
}

impl Unchecked for ReplayRequest {
    type Checked = Range;

    fn check(self, checks: &mut Checks) -> Option<Range> {
        let until = self.until.unwrap_or_else(|| UnixMs(now_ms()));
        if until < self.since {
            checks.broken("until", "range", "must not be before since");
            return None;
        }
        Some(Range { since: self.since, until })
    }
}

/// Which deliveries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// Only those with this status.
    status: Option<DeliveryStatus>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// How far a delivery has got.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// It waits.
    Pending,
    /// The receiver has it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// Make a webhook. Its secret is in this answer and never again. It gets what happens from now on.
#[utoipa::path(
    post, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "createWebhook",
    params(("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token")),
    request_body = WebhookRequest,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 201, description = "The webhook with its secret", body = NewWebhook)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    request: Json<WebhookRequest>,
) -> Result<(StatusCode, axum::Json<NewWebhook>)> {
    let Wanted { url, description, types } = request.value;
    allowed_url(&state, &url)?;
    let made = webhooks::create(&state.db, &state.custody, &scope.app, url, description, types).await?;
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// The app's webhooks, newest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "listWebhooks",
    params(("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"), PageQuery),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of webhooks", body = Page<Webhook>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Webhook>>> {
    webhooks::list(&state.db, &scope.app, &page).await.map(axum::Json)
}

/// One webhook.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{webhook}", tag = "webhooks", operation_id = "getWebhook",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("webhook" = String, Path, description = "`whk_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The webhook", body = Webhook)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    WebhookPath(webhook): WebhookPath,
) -> Result<axum::Json<Webhook>> {
    webhooks::get(&state.db, &scope.app, &webhook).await.map(axum::Json)
}

/// Change a webhook. What is absent stays.
#[utoipa::path(
    patch, path = "/api/v1/webhooks/{webhook}", tag = "webhooks", operation_id = "updateWebhook",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("webhook" = String, Path, description = "`whk_…`"),
    ),
    request_body = WebhookChange,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The webhook", body = Webhook)),
)]
pub async fn update(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    WebhookPath(webhook): WebhookPath,
    request: Json<WebhookChange>,
) -> Result<axum::Json<Webhook>> {
    if let Some(url) = &request.value.url {
        allowed_url(&state, url)?;
    }
    webhooks::update(&state.db, &scope.app, &webhook, request.value).await.map(axum::Json)
}

/// Delete a webhook, with its log of deliveries.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{webhook}", tag = "webhooks", operation_id = "deleteWebhook",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("webhook" = String, Path, description = "`whk_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 204, description = "Deleted")),
)]
pub async fn delete(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    WebhookPath(webhook): WebhookPath,
) -> Result<StatusCode> {
    webhooks::delete(&state.db, &scope.app, &webhook).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Exchange the secret. For a while messages are signed with both, so that the receiver can change over.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{webhook}/rotate-secret", tag = "webhooks", operation_id = "rotateWebhookSecret",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("webhook" = String, Path, description = "`whk_…`"),
    ),
    request_body = RotationRequest,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The webhook with its new secret", body = NewWebhook)),
)]
pub async fn rotate_secret(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    WebhookPath(webhook): WebhookPath,
    request: Json<RotationRequest>,
) -> Result<axum::Json<NewWebhook>> {
    let rotated = webhooks::rotate_secret(&state.db, &state.custody, &scope.app, &webhook, request.value).await?;
    Ok(axum::Json(rotated))
}

/// Send a message of the kind `webhook.test` now, and see what the receiver answers.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{webhook}/test", tag = "webhooks", operation_id = "testWebhook",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("webhook" = String, Path, description = "`whk_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "How it went", body = Test)),
)]
pub async fn test(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    WebhookPath(webhook): WebhookPath,
) -> Result<axum::Json<Test>> {
    let sender = &state.webhook_sender;
    deliveries::test(&state.db, &state.custody, sender, &scope.app, &webhook).await.map(axum::Json)
}

/// Send the events of a range of time once more. They keep their ids.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{webhook}/replay", tag = "webhooks", operation_id = "replayWebhook",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("webhook" = String, Path, description = "`whk_…`"),
    ),
    request_body = ReplayRequest,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "How many events are on their way", body = Replayed)),
)]
pub async fn replay(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    WebhookPath(webhook): WebhookPath,
    request: Json<ReplayRequest>,
) -> Result<(StatusCode, axum::Json<Replayed>)> {
    let replayed = deliveries::replay(&state.db, &scope.app, &webhook, request.value).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(replayed)))
}

/// A webhook's deliveries, newest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{webhook}/deliveries", tag = "webhooks", operation_id = "listWebhookDeliveries",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("webhook" = String, Path, description = "`whk_…`"),
        DeliveriesQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of deliveries", body = Page<Delivery>)),
)]
pub async fn deliveries(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    WebhookPath(webhook): WebhookPath,
    Query(query): Query<DeliveriesQuery>,
) -> Result<axum::Json<Page<Delivery>>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor };
    let status = query.status.map(DeliveryStatus::as_str);
    deliveries::list(&state.db, &scope.app, &webhook, status, &page).await.map(axum::Json)
}
