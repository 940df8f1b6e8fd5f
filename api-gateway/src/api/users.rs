//! `/users`: an app's users.

use super::accepted::{self, AcceptedResource};
use super::extract::{AdminScope, AnyScope, Checks, Idempotency, Json, Query, Unchecked, UserPath};
use crate::auth::password;
use crate::db::{Order, OrderedPageQuery, Page};
use crate::error::{FieldError, Result};
use crate::secret::Secret;
use crate::server::AppState;
use crate::services::appearance::picture;
use crate::services::owners::{email, label};
use crate::services::profiles::Visibility;
use crate::services::statistics::{self, UserStatistics};
use crate::services::users::{self, Filter, NewUser, User, UserStatus, Users};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A user to be made. All fields are optional; `password` needs `email`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserRequest {
    /// Your own name for the user; unique in the app.
    #[schema(example = "customer-4711", min_length = 1, max_length = 100)]
    external_id: Option<String>,
    /// For the user's own login; unique in the app.
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
    /// For the user's own login.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 256)]
    password: Option<Secret>,
    /// What to call them.
    #[schema(max_length = 100)]
    display_name: Option<String>,
    /// Where their picture is: https, http or ipfs.
    #[schema(example = "https://shop.example.org/ann.webp", max_length = 500)]
    avatar: Option<String>,
    /// Who sees what they are called, the picture and the wallet's address: `open` for all users of the app. As the app's
    /// defaults say when absent.
    profile: Option<Visibility>,
}

impl Unchecked for UserRequest {
    type Checked = NewUser;

    fn check(self, checks: &mut Checks) -> Option<NewUser> {
        let external_id = checks.optional(self.external_id, |text| external_id("externalId", &text));
        let email = checks.optional(self.email, |text| email("email", &text));
        let password = checks.optional(self.password, |text| password::new_password("password", text));
        let display_name = checks.optional(self.display_name, |text| label("displayName", &text, 100));
        let avatar = checks.optional(self.avatar, |text| picture("avatar", &text));
        let user = NewUser {
            external_id: external_id?,
            email: email?,
            password: password?,
            display_name: display_name?,
            avatar: avatar?,
            profile: self.profile,
        };
        if user.password.is_some() && user.email.is_none() {
            checks.broken("email", "required", "is required beside a password: users log in with it");
            return None;
        }
        Some(user)
    }
}

pub(super) fn external_id(field: &str, text: &str) -> Result<String, FieldError> {
    label(field, text, 100)
}

/// Which users are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsersQuery {
    /// The one user with this `externalId`.
    external_id: Option<String>,
    /// The one user with this e-mail address.
    email: Option<String>,
    /// Users with this tag.
    tag: Option<String>,
    /// Users with this status.
    status: Option<UserStatus>,
    /// Users whose `displayName` begins so, in small or capital letters: 1 to 100 characters.
    #[param(min_length = 1, max_length = 100)]
    search: Option<String>,
    /// `newest` first when absent.
    #[param(inline)]
    order: Option<Order>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Make a user with a wallet, and register it on chain.
#[utoipa::path(
    post, path = "/api/v1/users", tag = "users", operation_id = "createUser",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this write"),
    ),
    request_body = UserRequest,
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 202, description = "The user and the operation that registers it", body = AcceptedResource<User>)),
)]
pub async fn create(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    idempotency: Idempotency,
    request: Json<UserRequest>,
) -> Result<Response> {
    let accepted = users(&state)
        .create(&scope.app, request.value, &request.bytes, |body| idempotency.request_key(&scope.app, body))
        .await?;
    accepted::resource::<User>(accepted)
}

pub(super) fn users(state: &AppState) -> Users<'_> {
    Users { db: &state.db, ledger: &state.ledger, custody: &state.custody, passwords: &state.passwords }
}

/// The app's users, newest first.
#[utoipa::path(
    get, path = "/api/v1/users", tag = "users", operation_id = "listUsers",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        UsersQuery,
    ),
    security(("owner" = []), ("serverKey" = [])),
    responses((status = 200, description = "A page of users", body = Page<User>)),
)]
pub async fn list(
    State(state): State<Arc<AppState>>,
    scope: AdminScope,
    Query(query): Query<UsersQuery>,
) -> Result<axum::Json<Page<User>>> {
    let page = OrderedPageQuery { order: query.order, limit: query.limit, cursor: query.cursor };
    let mut checks = Checks::default();
    let external_id = checks.optional(query.external_id, |text| external_id("query.externalId", &text));
    let email = checks.optional(query.email, |text| email("query.email", &text));
    let tag = checks.optional(query.tag, |text| label("query.tag", &text, 50));
    let filter = match (external_id, email, tag) {
        (Some(external_id), Some(email), Some(tag)) => {
            Some(Filter { external_id, email, tag, status: query.status, search: query.search })
        }
        _ => None,
    };
    users::list(&state.db, &scope.app, &checks.finish(filter)?, &page).await.map(axum::Json)
}

/// One user. A user may read itself; another one doesn't exist for it.
#[utoipa::path(
    get, path = "/api/v1/users/{user}", tag = "users", operation_id = "getUser",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The user", body = User)),
)]
pub async fn get(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
) -> Result<axum::Json<User>> {
    scope.actor.require_self(&user)?;
    users::get(&state.db, &scope.app, &user).await.map(axum::Json)
}

/// A user in numbers: what its wallet has sent and received, and what it has. A user sees its own alone.
#[utoipa::path(
    get, path = "/api/v1/users/{user}/statistics", tag = "users", operation_id = "getUserStatistics",
    params(
        ("Hanse-App" = Option<String>, Header, description = "`app_…`; required with an owner's token"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    security(("owner" = []), ("serverKey" = []), ("user" = [])),
    responses((status = 200, description = "The numbers", body = UserStatistics)),
)]
pub async fn statistics(
    State(state): State<Arc<AppState>>,
    scope: AnyScope,
    UserPath(user): UserPath,
) -> Result<axum::Json<UserStatistics>> {
    statistics::of_user(&state.db, &scope.app, &scope.actor, &user).await.map(axum::Json)
}
