//! The OpenAPI document, generated from the handlers. What every endpoint shares is added here once: security schemes
//! named after the principals, the problem documents that follow from an endpoint's shape, and the form of ids.

mod problems;
mod shape;

pub use problems::{errors_page, with_problems};
pub use shape::refined;

use crate::api::webhooks::DeliveryStatus;
use crate::error::{FieldError, Problem};
use crate::services::explorer::{Finality, Interval, TransactionKind};
use crate::services::jobs::LineStatus;
use crate::services::operations::WaitFor;
use crate::services::usage::UsageFormat;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
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
        (name = "collections", description = "Collectibles: collections and their items"),
        (name = "slots", description = "Items for sale, at a price in a token"),
        (name = "contracts", description = "Contracts of the app's own, or anybody's, by their interface"),
        (name = "schedules", description = "Transfers at a time to come, once or again and again"),
        (name = "jobs", description = "Thousands of transfers or users behind one request"),
        (name = "operations", description = "What has become of a write"),
        (name = "balances", description = "Who has what"),
        (name = "transactions", description = "Movements as the chain tells them"),
        (name = "events", description = "What happened: read, or listened to"),
        (name = "webhooks", description = "Events sent to the app's own server"),
        (name = "explorer", description = "The chain as everybody on it may see it"),
        (name = "network", description = "The chain behind the gateway"),
        (name = "health", description = "For load balancers"),
    ),
    components(schemas(Problem, FieldError, WaitFor, DeliveryStatus, Finality, Interval, TransactionKind, LineStatus, UsageFormat)),
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
