//! `/jobs`: thousands of transfers or users behind one request.

use super::extract::{AdminScope, Checks, Idempotency, JobPath, LargeJson, Query, TokenPath, Unchecked};
use super::users::external_id;
use crate::db::{Id, OrderedPageQuery, Page};
use crate::error::Result;
use crate::jobs::{TransferLine, UserLine};
use crate::server::AppState;
use crate::services::address::parse_address;
use crate::services::jobs::{self, Job, JobLine, LINES_MAX, LinesQuery, Work};
use crate::services::owners::{email, label};
use crate::services::transfers::check_memo;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Transfers to be made one by one, each with its own outcome.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransfersJobRequest {
    /// Who pays: a user (`usr_…`) or wallet (`wal_…`, 0x…) of the app; the treasury when absent.
    #[serde(default)]
    from: Option<String>,
    /// 1 to 10,000 transfers.
    #[schema(min_items = 1, max_items = 10000)]
    #[serde(deserialize_with = "crate::strict::objects")]
    transfers: Vec<TransferLine>,
}

/// Users to be made, each with its own outcome.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UsersJobRequest {
    /// 1 to 10,000 users.
    #[schema(min_items = 1, max_items = 10000)]
    #[serde(deserialize_with = "crate::strict::objects")]
    users: Vec<UserLine>,
}

/// [`TransfersJobRequest`] with every line checked by its form.
pub struct TransfersJob {
    from: Option<String>,
    lines: Vec<TransferLine>,
}

fn check_count(checks: &mut Checks, field: &str, count: usize) {
    if !(1..=LINES_MAX).contains(&count) {
        checks.broken(field, "length", format!("must have 1 to {LINES_MAX} entries"));
    }
}

impl Unchecked for TransfersJobRequest {
    type Checked = TransfersJob;

    fn check(self, checks: &mut Checks) -> Option<TransfersJob> {
        check_count(checks, "transfers", self.transfers.len());
        for (index, line) in self.transfers.iter().enumerate() {
            let field = |name: &str| format!("transfers[{index}].{name}");
            if line.amount.is_zero() {
                checks.broken(field("amount"), "range", "must be more than 0");
            }
            checks.take(check_memo(&field("memo"), line.memo.as_deref()));
            if !Id::User.matches(&line.to) && !Id::Wallet.matches(&line.to) {
                checks.take(parse_address(&field("to"), &line.to));
            }
        }
        Some(TransfersJob { from: self.from, lines: self.transfers })
    }
}

impl Unchecked for UsersJobRequest {
    type Checked = Vec<UserLine>;

    fn check(self, checks: &mut Checks) -> Option<Vec<UserLine>> {
        check_count(checks, "users", self.users.len());
        let mut users = Vec::with_capacity(self.users.len());
        for (index, line) in self.users.into_iter().enumerate() {
            let field = |name: &str| format!("users[{index}].{name}");
            let external = checks.optional(line.external_id, |text| external_id(&field("externalId"), &text));
            let email = checks.optional(line.email, |text| email(&field("email"), &text));
            let display = checks.optional(line.display_name, |text| label(&field("displayName"), &text, 100));
            if let (Some(external_id), Some(email), Some(display_name)) = (external, email, display) {
                users.push(UserLine { external_id, email, display_name });
            }
        }
        Some(users)
    }
}

/// 202 with the job, and its place in `Location`.
fn answer(job: &Job) -> Response {
    let mut response = (StatusCode::ACCEPTED, Json(job)).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/jobs/{}", job.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Move units of a token to up to 10,000 receivers, one by one: each transfer has its own operation and outcome. All of
/// them together have to be available at the beginning. For all or nothing see `createBulkTransfer`.
#[utoipa::path(
    post, path = "/api/v1/tokens/{token}/transfers/jobs", tag = "jobs", operation_id = "createTransfersJob",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
        ("token" = String, Path, description = "`tok_…`"),
    ),
    request_body = TransfersJobRequest,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The job; a repeat gets it as it stands then", body = Job)),
)]
pub async fn create_transfers(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    TokenPath(token): TokenPath,
    idempotency: Idempotency,
    LargeJson(request): LargeJson<TransfersJobRequest>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let TransfersJob { from, lines } = request.value;
    let job = jobs::create(&state.db, &scope.app, Work::Transfers { token, from, lines }, key).await?;
    state.jobs_taken.notify_one();
    Ok(answer(&job))
}

/// Make up to 10,000 users. A user whose name is taken is refused and does not hold up the others.
#[utoipa::path(
    post, path = "/api/v1/users/jobs", tag = "jobs", operation_id = "createUsersJob",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
    ),
    request_body = UsersJobRequest,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The job; a repeat gets it as it stands then", body = Job)),
)]
pub async fn create_users(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    idempotency: Idempotency,
    LargeJson(request): LargeJson<UsersJobRequest>,
) -> Result<Response> {
    let key = idempotency.request_key(&scope.app, &request.bytes);
    let job = jobs::create(&state.db, &scope.app, Work::Users(request.value), key).await?;
    state.jobs_taken.notify_one();
    Ok(answer(&job))
}

/// The app's jobs, newest first.
#[utoipa::path(
    get, path = "/api/v1/jobs", tag = "jobs", operation_id = "listJobs",
    params(("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"), OrderedPageQuery),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of jobs", body = Page<Job>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    Query(page): Query<OrderedPageQuery>,
) -> Result<Json<Page<Job>>> {
    jobs::list(&state.db, &scope.app, &page).await.map(Json)
}

/// One job and how far it has got.
#[utoipa::path(
    get, path = "/api/v1/jobs/{job}", tag = "jobs", operation_id = "getJob",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("job" = String, Path, description = "`job_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The job", body = Job)),
)]
pub async fn get(State(state): State<Arc<AppState>>, scope: AdminScope, JobPath(job): JobPath) -> Result<Json<Job>> {
    jobs::get(&state.db, &scope.app, &job).await.map(Json)
}

/// The lines of a job in the order of the request, each with its outcome.
#[utoipa::path(
    get, path = "/api/v1/jobs/{job}/lines", tag = "jobs", operation_id = "listJobLines",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("job" = String, Path, description = "`job_…`"),
        LinesQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of lines", body = Page<JobLine>)),
)]
pub async fn lines(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    JobPath(job): JobPath,
    Query(query): Query<LinesQuery>,
) -> Result<Json<Page<JobLine>>> {
    jobs::lines(&state.db, &scope.app, &job, &query).await.map(Json)
}

/// Cancel the lines that have not begun. What is on its way goes on.
#[utoipa::path(
    post, path = "/api/v1/jobs/{job}/cancel", tag = "jobs", operation_id = "cancelJob",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("job" = String, Path, description = "`job_…`"),
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "The job", body = Job)),
)]
pub async fn cancel(State(state): State<Arc<AppState>>, scope: AdminScope, JobPath(job): JobPath) -> Result<Json<Job>> {
    jobs::cancel(&state.db, &scope.app, &job).await.map(Json)
}
