//! What the gateway does, without HTTP: one file a resource.
//!
//! A service checks the request against its own rules, reads what it needs, and hands writes to
//! [`crate::ledger::Ledger::submit`]. It never talks to the chain and never waits for it; only [`explorer`] asks the node
//! for what is not worth a second copy.
//!
//! ```text
//!  api::transfers ─► services::transfers::submit ─► parties, tokens (reads) ─► ledger.submit ─► Accepted
//! ```
//!
//! Rules:
//! - Every function takes the app's id and every query names it; another app's id is "not found".
//! - A write takes the [`crate::ledger::RequestKey`] of its request. The ledger looks it up before anything is
//!   done, so a repeat gets the first answer. Checks here come before that: they must not depend on what the first
//!   request has changed.
//! - Bodies are strict: unknown fields are refused.

pub mod accounts;
pub mod address;
pub mod appearance;
pub mod apps;
pub mod audit;
pub mod balances;
pub mod collections;
pub mod contracts;
pub mod defaults;
pub mod deliveries;
pub mod erasure;
pub mod events;
pub mod explorer;
pub mod holders;
pub mod identity;
pub mod items;
pub mod jobs;
pub mod keys;
pub mod linked_wallets;
pub mod members;
pub mod operations;
pub mod owners;
pub mod parties;
pub mod passwords;
pub mod profile;
pub mod profiles;
pub mod quotas;
pub mod schedules;
pub mod second_factor;
pub mod sessions;
pub mod slots;
pub mod statement;
pub mod statistics;
pub mod tokens;
pub mod transactions;
pub mod transfers;
pub mod usage;
pub mod users;
pub mod wallet_export;
pub mod wallet_policies;
pub mod webhooks;

use crate::error::{Code, Error, Result};
use crate::ledger::{Accepted, Balance, Operation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// On whose behalf a request acts inside an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The app itself: its server key, or its owner.
    App,
    /// One of its users (`usr_…`), who may move his own units only.
    User(String),
}

impl Actor {
    /// For what a user may ask about itself alone.
    ///
    /// # Errors
    /// 403 for another user.
    pub fn require_self(&self, user_id: &str) -> Result<()> {
        match self.user_id() {
            Some(own) if own != user_id => Err(Error::new(Code::Forbidden, "a user may see only what is its own")),
            _ => Ok(()),
        }
    }

    /// The user, where it is one.
    pub fn user_id(&self) -> Option<&str> {
        match self {
            Self::App => None,
            Self::User(id) => Some(id),
        }
    }
}

/// The answer to a write that moves units: 202.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// The operation as it was accepted.
    pub operation: Operation,
    /// The parties' balances right after acceptance, the payer's first.
    pub balances: Vec<Balance>,
}

impl From<Accepted> for Moved {
    fn from(accepted: Accepted) -> Self {
        Self { operation: accepted.operation, balances: accepted.balances }
    }
}
