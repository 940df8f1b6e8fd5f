//! How tokens and collections look to people: kept off chain, changed at will.

use super::owners::label;
use crate::db::{Db, Patch};
use crate::error::{FieldError, Result};

/// Longest description, in characters.
const DESCRIPTION_MAX_CHARS: usize = 500;

/// Longest link, in bytes.
const LINK_MAX_BYTES: usize = 500;

/// What is to change, checked. `None`: it stays; `Some(None)`: it goes.
#[derive(Debug, Default)]
pub struct Change {
    /// What it is.
    pub description: Option<Option<String>>,
    /// Where its picture is.
    pub icon: Option<Option<String>>,
}

/// Changes a row of `tokens`; whoever asks has looked it up.
///
/// # Errors
/// When the database is away.
pub(super) async fn store(db: &Db, app_id: &str, id: &str, change: Change) -> Result<()> {
    Patch::new("UPDATE tokens SET ")
        .set("description = ", change.description)
        .set("icon = ", change.icon)
        .only(" WHERE app_id = ", app_id)
        .only(" AND id = ", id)
        .execute(db)
        .await?;
    Ok(())
}

/// What something is, in a few sentences.
///
/// # Errors
/// As [`label`].
pub fn description(field: &str, text: &str) -> Result<String, FieldError> {
    label(field, text, DESCRIPTION_MAX_CHARS)
}

/// An absolute http or https URL. Nothing else may ever stand behind a link: `javascript:` would run.
///
/// # Errors
/// Names the rule.
pub fn web_url(field: &str, text: &str) -> Result<String, FieldError> {
    link(field, text, &["http", "https"], "must be an absolute http or https URL")
}

/// Where a picture is: on the web or in IPFS.
///
/// # Errors
/// Names the rule.
pub fn picture(field: &str, text: &str) -> Result<String, FieldError> {
    link(field, text, &["https", "http", "ipfs"], "must be an absolute https, http or ipfs URL")
}

fn link(field: &str, text: &str, schemes: &[&str], rule: &str) -> Result<String, FieldError> {
    let parsed = reqwest::Url::parse(text).ok().filter(|url| schemes.contains(&url.scheme()) && url.has_host());
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if parsed.is_some() && plain && text.len() <= LINK_MAX_BYTES {
        Ok(text.to_owned())
    } else {
        Err(FieldError::new(field, "format", format!("{rule} of at most {LINK_MAX_BYTES} bytes")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_that_run_nothing_pass() {
        assert!(web_url("url", "https://shop.example.org/a?b=c").is_ok());
        assert!(picture("icon", "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/a.png").is_ok());
        let long = format!("https://a.example/{}", "x".repeat(500));
        for bad in [
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "a.example",
            "ftp://x",
            "https://",
            "https://a b",
            "//x",
            "",
            &long,
        ] {
            assert!(web_url("url", bad).is_err() && picture("icon", bad).is_err(), "{bad}");
        }
        assert!(web_url("url", "ipfs://bafy").is_err());
    }
}
