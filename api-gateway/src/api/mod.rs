//! The REST API: routes, what every request goes through, and the OpenAPI document.
//!
//! ```text
//! connection ─► limits (id, panic guard, admission, time) ─► extract (who, which app, ids, query, body) ─► service
//!                                                                                            │
//!                 problem document (RFC 9457) ◄── error::Error ◄─────────────────────────────┘
//! ```
//!
//! One file a resource. A handler only reads the request, calls one service and renders; rules live in services.
//! Routes come from the same annotations as the OpenAPI document, so that the two can't differ.
//!
//! Room is left here for what comes later: files, messages are files beside these.

mod accepted;
mod accounts;
mod appearance;
mod apps;
mod audit;
mod balances;
mod branding;
pub(crate) mod client;
mod collections;
mod contracts;
mod controls;
mod defaults;
mod events;
mod explorer;
pub mod extract;
mod health;
mod identity;
mod items;
mod jobs;
mod keys;
mod limits;
mod members;
mod network;
pub mod openapi;
mod operations;
pub(crate) mod origins;
mod owners;
mod passwords;
mod profile;
mod profiles;
mod quotas;
mod rotation;
mod schedules;
mod second_factor;
mod sessions;
mod slots;
mod tokens;
pub(crate) mod trail;
mod transactions;
mod transfers;
mod usage;
mod users;
mod wallet_export;
mod wallet_policies;
mod wallets;
mod webhooks;

use crate::error::{Code, Error};
use crate::server::AppState;
use axum::Router;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

/// Where the document is served.
pub const OPENAPI_PATH: &str = "/api/v1/openapi.json";

fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::with_openapi(openapi::Base::openapi())
        .routes(routes!(owners::create))
        .routes(routes!(owners::me))
        .routes(routes!(accounts::ask_to_verify))
        .routes(routes!(accounts::verify))
        .routes(routes!(accounts::ask_to_reset))
        .routes(routes!(accounts::reset))
        .routes(routes!(second_factor::create))
        .routes(routes!(second_factor::confirm))
        .routes(routes!(second_factor::disable))
        .routes(routes!(audit::of_owner))
        .routes(routes!(audit::of_app))
        .routes(routes!(passwords::set_own_password))
        .routes(routes!(sessions::create))
        .routes(routes!(sessions::refresh))
        .routes(routes!(identity::log_in))
        .routes(routes!(wallets::challenge_login))
        .routes(routes!(wallets::log_in))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::delete))
        .routes(routes!(sessions::delete_one))
        .routes(routes!(apps::create, apps::list))
        .routes(routes!(apps::get, apps::update))
        .routes(routes!(defaults::get, defaults::set))
        .routes(routes!(quotas::get))
        .routes(routes!(usage::get))
        .routes(routes!(branding::get))
        .routes(routes!(identity::get, identity::set, identity::remove))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::update, members::remove))
        .routes(routes!(keys::create, keys::list))
        .routes(routes!(keys::get, keys::delete))
        .routes(routes!(keys::rotate))
        .routes(routes!(users::create, users::list))
        .routes(routes!(users::get, profile::update, profile::erase))
        .routes(routes!(users::statistics))
        .routes(routes!(wallets::link, wallets::list))
        .routes(routes!(wallets::challenge_link))
        .routes(routes!(wallets::unlink))
        .routes(routes!(wallet_policies::get, wallet_policies::set))
        .routes(routes!(wallet_policies::sign))
        .routes(routes!(wallet_export::export))
        .routes(routes!(profile::me))
        .routes(routes!(profiles::list))
        .routes(routes!(profiles::get))
        .routes(routes!(profile::suspend))
        .routes(routes!(profile::activate))
        .routes(routes!(passwords::set_password))
        .routes(routes!(profile::export))
        .routes(routes!(balances::of_user))
        .routes(routes!(transactions::of_user))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::get, tokens::update))
        .routes(routes!(tokens::mint))
        .routes(routes!(tokens::burn))
        .routes(routes!(controls::pause))
        .routes(routes!(controls::unpause))
        .routes(routes!(controls::freeze))
        .routes(routes!(controls::unfreeze))
        .routes(routes!(balances::holders))
        .routes(routes!(transfers::create))
        .routes(routes!(transfers::create_bulk))
        .routes(routes!(transactions::list))
        .routes(routes!(transactions::of_token))
        .routes(routes!(transactions::statement))
        .routes(routes!(balances::of_holder))
        .routes(routes!(balances::of_token))
        .routes(routes!(collections::create, collections::list))
        .routes(routes!(collections::get, collections::update))
        .routes(routes!(collections::pause))
        .routes(routes!(collections::unpause))
        .routes(routes!(collections::transfer))
        .routes(routes!(items::create, items::list))
        .routes(routes!(items::get, items::update))
        .routes(routes!(items::mint))
        .routes(routes!(items::transfer))
        .routes(routes!(items::burn))
        .routes(routes!(items::holders))
        .routes(routes!(items::transactions))
        .routes(routes!(items::of_user))
        .routes(routes!(slots::open))
        .routes(routes!(slots::list))
        .routes(routes!(slots::get))
        .routes(routes!(slots::buy))
        .routes(routes!(slots::close))
        .routes(routes!(slots::sales))
        .routes(routes!(contracts::register, contracts::list))
        .routes(routes!(contracts::deploy))
        .routes(routes!(contracts::get, contracts::update))
        .routes(routes!(contracts::read))
        .routes(routes!(contracts::write))
        .routes(routes!(contracts::events))
        .routes(routes!(jobs::create_transfers))
        .routes(routes!(jobs::create_users))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::lines))
        .routes(routes!(jobs::cancel))
        .routes(routes!(schedules::create, schedules::list))
        .routes(routes!(schedules::get, schedules::update, schedules::cancel))
        .routes(routes!(operations::list))
        .routes(routes!(operations::get))
        .routes(routes!(operations::proof))
        .routes(routes!(events::list))
        .routes(routes!(events::get))
        .routes(routes!(events::stream))
        .routes(routes!(events::socket))
        .routes(routes!(webhooks::create, webhooks::list))
        .routes(routes!(webhooks::get, webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(explorer::summary))
        .routes(routes!(explorer::statistics))
        .routes(routes!(explorer::search))
        .routes(routes!(explorer::blocks))
        .routes(routes!(explorer::block))
        .routes(routes!(explorer::transactions))
        .routes(routes!(explorer::transaction))
        .routes(routes!(explorer::calls))
        .routes(routes!(explorer::address))
        .routes(routes!(explorer::tokens))
        .routes(routes!(network::get))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

/// The OpenAPI document of this build.
///
/// # Errors
/// When it can't be written as JSON: a bug.
pub fn document() -> Result<utoipa::openapi::OpenApi, serde_json::Error> {
    openapi::refined(&openapi::with_problems(routes().into_openapi()))
}

/// The document as committed in `openapi.json`.
///
/// # Errors
/// When it can't be written as JSON: a bug.
pub fn document_json() -> Result<String, serde_json::Error> {
    document()?.to_pretty_json().map(|text| text + "\n")
}

/// The whole service.
///
/// # Errors
/// As [`document`].
pub fn router(state: Arc<AppState>) -> Result<Router, serde_json::Error> {
    let (router, _) = routes().split_for_parts();
    let document = document()?;
    let swagger = SwaggerUi::new("/docs")
        .url(OPENAPI_PATH, document)
        // Swagger's own validator would send the document to a public host.
        .config(utoipa_swagger_ui::Config::from(OPENAPI_PATH).validator_url("none"));
    let router = router
        .route("/docs/errors", get(openapi::errors_page))
        .route("/account", get(accounts::page))
        .route("/account/page.js", get(accounts::script))
        .route("/account/page.css", get(accounts::style))
        .merge(Router::from(swagger))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn(limits::rate))
        .layer(from_fn_with_state(state.clone(), limits::time_limit))
        .layer(from_fn_with_state(state.clone(), limits::admission))
        .layer(from_fn_with_state(state.clone(), trail::record))
        .layer(CatchPanicLayer::custom(limits::panicked))
        .layer(from_fn(limits::context));
    Ok(router.layer(cors(state.clone())).with_state(state))
}

/// Prometheus metrics, served on a port of their own.
pub fn metrics_router() -> Router {
    let handle = crate::telemetry::metrics_handle();
    Router::new().route(
        "/metrics",
        get(move || async move {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
        }),
    )
}

async fn no_route() -> Error {
    Error::new(Code::RouteNotFound, "there is no such endpoint; /docs lists them")
}

async fn no_method() -> Error {
    Error::new(Code::MethodNotAllowed, "this endpoint has other methods; see the Allow header")
}

/// Browsers of the origins that somebody has named may call; bearer tokens, no cookies.
fn cors(state: Arc<AppState>) -> CorsLayer {
    let ours = ["idempotency-key", extract::APP_HEADER, crate::telemetry::REQUEST_ID_HEADER];
    let ours = Vec::from(ours.map(HeaderName::from_static));
    let told = Vec::from(["ratelimit", "ratelimit-policy"].map(HeaderName::from_static));
    let known = move |origin: &HeaderValue, _: &Parts| origin.to_str().is_ok_and(|origin| state.origins.knows(origin));
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(known))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([vec![header::AUTHORIZATION, header::CONTENT_TYPE], ours.clone()].concat())
        .expose_headers([vec![header::LOCATION, header::RETRY_AFTER], told, ours].concat())
}
