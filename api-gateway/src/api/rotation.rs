//! How a secret is exchanged without a gap.

use super::extract::{Checks, Unchecked};
use serde::Deserialize;
use utoipa::ToSchema;

/// The longest time that two secrets hold: a week.
const OVERLAP_MAX_S: i64 = 604_800;

/// How a secret is exchanged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotationRequest {
    /// How long the old secret holds beside the new one: 0 to 604,800 seconds; a day when absent.
    #[schema(minimum = 0, maximum = 604_800)]
    overlap_seconds: Option<i64>,
}

impl Unchecked for RotationRequest {
    type Checked = i64;

    fn check(self, checks: &mut Checks) -> Option<i64> {
        match self.overlap_seconds.unwrap_or(86_400) {
            seconds @ 0..=OVERLAP_MAX_S => Some(seconds),
            _ => {
                checks.broken("overlapSeconds", "range", format!("must be 0 to {OVERLAP_MAX_S}"));
                None
            }
        }
    }
}
