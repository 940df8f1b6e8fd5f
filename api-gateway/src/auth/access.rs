//! What a caller may do in an app: owners by their role, server keys by their scopes.
//!
//! Both are about the same two things: which resource a request is for (`users`, `tokens`, …, the first word of its path),
//! and whether it reads or writes.

use crate::error::{Code, Error, Result};
use axum::http::Method;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What an owner is in an app. Each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything of the app but its audit log.
    Viewer,
    /// Does what the app's server may: users, tokens, transfers, webhooks.
    Developer,
    /// Changes the app, its server keys, and members up to developers; reads the audit log.
    Admin,
    /// Everything. An app has exactly one.
    Owner,
}

crate::named::named!(Role: Viewer = "viewer", Developer = "developer", Admin = "admin", Owner = "owner");

impl Role {
    /// Refuses who is less.
    ///
    /// # Errors
    /// 403.
    pub fn require(self, least: Self) -> Result<()> {
        if self >= least {
            return Ok(());
        }
        let detail = format!("this needs the role {} in the app; yours is {}", least.as_str(), self.as_str());
        Err(Error::new(Code::Forbidden, detail))
    }
}

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish<'a> {
    /// The first word of its path below `/api/v1`.
    pub resource: &'a str,
    /// Whether it may change anything.
    pub writes: bool,
}

impl<'a> Wish<'a> {
    /// Of a request with this method and the route's pattern.
    pub fn of(method: &Method, route: &'a str) -> Self {
        let path = route.strip_prefix("/api/v1/").unwrap_or(route);
        // A contract is asked by a body.
        let reads = *method == Method::GET || *method == Method::HEAD || path.ends_with("/read");
        Self { resource: path.split('/').next().unwrap_or_default(), writes: !reads }
    }
}

/// Everything of an app that a scope can name.
pub const RESOURCES: [&str; 13] = [
    "balances",
    "collections",
    "contracts",
    "events",
    "items",
    "jobs",
    "operations",
    "schedules",
    "slots",
    "tokens",
    "transactions",
    "users",
    "webhooks",
];

/// What a server key may do: everything, or these scopes alone (`tokens:read`, `users:write`; to write is to read, too).
/// What is on the chain for everybody to see, the explorer, needs none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Option<Arc<[String]>>);

impl Scopes {
    /// These alone; `None`: everything.
    pub fn new(scopes: Option<Vec<String>>) -> Self {
        Self(scopes.map(Arc::from))
    }

    /// From the database: a JSON list, or NULL for everything.
    ///
    /// # Errors
    /// When it is no such list: a bug.
    pub fn parse(json: Option<&str>) -> Result<Self> {
        let list = json.map(serde_json::from_str::<Vec<String>>).transpose().map_err(Error::internal)?;
        Ok(Self::new(list))
    }

    /// Refuses what the key may not.
    ///
    /// # Errors
    /// 403, with the scope that is missing.
    pub fn require(&self, wish: Wish<'_>) -> Result<()> {
        let Some(scopes) = self.0.as_deref() else { return Ok(()) };
        let has = |action: &str| scopes.iter().any(|scope| *scope == format!("{}:{action}", wish.resource));
        if !RESOURCES.contains(&wish.resource) || has("write") || (!wish.writes && has("read")) {
            return Ok(());
        }
        let action = if wish.writes { "write" } else { "read" };
        Err(Error::new(Code::Forbidden, format!("this key has not the scope {}:{action}", wish.resource)))
    }
}

/// Whether the text is a scope.
pub fn is_scope(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(resource, action)| RESOURCES.contains(&resource) && matches!(action, "read" | "write"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_name_resources_and_writing_is_reading_too() {
        let scopes = Scopes::new(Some(vec!["tokens:write".into(), "users:read".into()]));
        let allowed = |method: Method, route: &str| scopes.require(Wish::of(&method, route)).is_ok();
        assert!(allowed(Method::GET, "/api/v1/tokens/{token}"));
        assert!(allowed(Method::POST, "/api/v1/tokens/{token}/transfers"));
        assert!(allowed(Method::GET, "/api/v1/users"));
        assert!(!allowed(Method::POST, "/api/v1/users"));
        assert!(!allowed(Method::GET, "/api/v1/webhooks"));
        assert!(!allowed(Method::POST, "/api/v1/contracts/{contract}/read"));
        assert!(allowed(Method::GET, "/api/v1/explorer/blocks"));
        let reader = Scopes::new(Some(vec!["contracts:read".into()]));
        assert!(reader.require(Wish::of(&Method::POST, "/api/v1/contracts/{contract}/read")).is_ok());
        assert!(reader.require(Wish::of(&Method::POST, "/api/v1/contracts/{contract}/write")).is_err());
        assert!(Scopes::default().require(Wish::of(&Method::DELETE, "/api/v1/webhooks/{webhook}")).is_ok());
        assert!(Scopes::new(Some(vec![])).require(Wish::of(&Method::GET, "/api/v1/users")).is_err());
    }

    /// A resource that no scope can name would be open to every key.
    #[test]
    fn every_resource_of_the_document_has_scopes() {
        let document: serde_json::Value = serde_json::from_str(&crate::api::document_json().unwrap()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let keys = operation["security"].as_array().into_iter().flatten();
                if keys.into_iter().any(|scheme| scheme["serverKey"].is_array()) {
                    let resource = Wish::of(&Method::GET, path).resource;
                    let known = RESOURCES.contains(&resource) || ["explorer", "network"].contains(&resource);
                    assert!(known, "{method} {path}");
                }
            }
        }
    }

    #[test]
    fn roles_are_in_order_and_read_back() {
        for role in [Role::Viewer, Role::Developer, Role::Admin, Role::Owner] {
            assert_eq!(Role::parse(role.as_str()).unwrap(), role);
        }
        assert!(Role::Admin.require(Role::Developer).is_ok() && Role::Viewer.require(Role::Developer).is_err());
    }
}
