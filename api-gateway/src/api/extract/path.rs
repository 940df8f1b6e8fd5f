//! Ids in paths: their form is checked before any query sees them.

use crate::db::Id;
use crate::error::{Error, Result};
use crate::server::AppState;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use std::sync::Arc;

async fn param(parts: &mut Parts, name: &'static str) -> Result<String> {
    let params = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| Error::field(format!("path.{name}"), "format", "must be UTF-8"))?;
    let found = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    found.ok_or_else(|| Error::internal(format!("the route has no parameter {name}")))
}

async fn id(parts: &mut Parts, name: &'static str, kind: Id) -> Result<String> {
    let text = param(parts, name).await?;
    if kind.matches(&text) {
        return Ok(text);
    }
    let rule = format!("must be {} and 32 lowercase hex digits", kind.prefix());
    Err(Error::field(format!("path.{name}"), "format", rule))
}

macro_rules! path_ids {
    ($($(#[$doc:meta])* $extractor:ident($param:literal, $kind:expr);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $extractor(pub String);

        impl FromRequestParts<Arc<AppState>> for $extractor {
            type Rejection = Error;

            async fn from_request_parts(parts: &mut Parts, _: &Arc<AppState>) -> Result<Self> {
                id(parts, $param, $kind).await.map(Self)
            }
        }
    )*};
}

path_ids! {
    /// `{app}`
    AppPath("app", Id::App);
    /// `{member}`: an owner in an app.
    MemberPath("member", Id::Owner);
    /// `{key}`
    KeyPath("key", Id::ServerKey);
    /// `{user}`
    UserPath("user", Id::User);
    /// `{wallet}`
    WalletPath("wallet", Id::Wallet);
    /// `{token}`
    TokenPath("token", Id::Token);
    /// `{collection}`
    CollectionPath("collection", Id::Collection);
    /// `{item}`
    ItemPath("item", Id::Item);
    /// `{slot}`
    SlotPath("slot", Id::Slot);
    /// `{contract}`
    ContractPath("contract", Id::Contract);
    /// `{operation}`
    OperationPath("operation", Id::Operation);
    /// `{session}`
    SessionPath("session", Id::Session);
    /// `{event}`
    EventPath("event", Id::Event);
    /// `{webhook}`
    WebhookPath("webhook", Id::Webhook);
    /// `{job}`
    JobPath("job", Id::Job);
    /// `{schedule}`
    SchedulePath("schedule", Id::Schedule);
}

macro_rules! path_texts {
    ($($(#[$doc:meta])* $extractor:ident($param:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $extractor(pub String);

        impl FromRequestParts<Arc<AppState>> for $extractor {
            type Rejection = Error;

            async fn from_request_parts(parts: &mut Parts, _: &Arc<AppState>) -> Result<Self> {
                param(parts, $param).await.map(Self)
            }
        }
    )*};
}

// The services that resolve these check their form.
path_texts! {
    /// `{holder}`: `usr_…`, `wal_…` or an address.
    HolderPath("holder");
    /// `{block}`: a number, a hash or a tag.
    BlockPath("block");
    /// `{hash}` of a transaction.
    HashPath("hash");
    /// `{address}`
    AddressPath("address");
}
