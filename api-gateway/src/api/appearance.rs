//! What is to change of how a token or a collection looks to people.

use super::extract::{Checks, Unchecked};
use crate::services::appearance::{Change, description, picture};
use crate::strict::nullable;
use serde::Deserialize;
use utoipa::ToSchema;

/// How a token or a collection looks, as a JSON merge patch (RFC 7396): what is absent stays, what is null goes. The rest is on
/// chain and stays as it was issued.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppearanceChange {
    /// What it is.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, example = "Good for one euro in every shop of the harbour", max_length = 500)]
    description: Option<Option<String>>,
    /// Where its picture is: https, http or ipfs.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, example = "https://shop.example.org/voucher.svg", max_length = 500)]
    icon: Option<Option<String>>,
}

impl Unchecked for AppearanceChange {
    type Checked = Change;

    fn check(self, checks: &mut Checks) -> Option<Change> {
        let description =
            checks.optional(self.description, |given| given.map(|text| description("description", &text)).transpose());
        let icon = checks.optional(self.icon, |given| given.map(|text| picture("icon", &text)).transpose());
        Some(Change { description: description?, icon: icon? })
    }
}
