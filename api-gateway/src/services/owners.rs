//! Owners: the people who run apps.

use crate::auth::password::Passwords;
use crate::db::{Db, Id, UnixMs, new_id, now_ms, taken_field};
use crate::error::{Code, Error, FieldError, Result};
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Longest e-mail address (RFC 5321).
const MAX_EMAIL_BYTES: usize = 254;

/// A person who runs apps.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// `own_…`
    #[schema(example = "own_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e")]
    pub id: String,
    /// In small letters.
    #[schema(example = "ada@example.org")]
    pub email: String,
    /// What to call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether a letter to the address has been answered.
    pub email_verified: bool,
    /// Whether logging in takes a code of a device, too (RFC 6238).
    pub second_factor: bool,
    /// When they signed up.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// A new owner, checked.
pub struct SignUp {
    /// From [`email`].
    pub email: String,
    /// From [`crate::auth::password::new_password`].
    pub password: Zeroizing<String>,
    /// What to call them.
    pub display_name: Option<String>,
}

/// Makes an owner. 409 when the address is taken, 403 when the operator has closed sign-up.
pub async fn sign_up(db: &Db, passwords: &Passwords, open: bool, request: SignUp) -> Result<Owner> {
    if !open {
        return Err(Error::new(Code::Forbidden, "the operator of this gateway has closed sign-up"));
    }
    let password_hash = passwords.hash(request.password).await?;
    let owner = Owner {
        id: new_id(Id::Owner),
        email: request.email,
        display_name: request.display_name,
        email_verified: false,
        second_factor: false,
        created_at: UnixMs(now_ms()),
    };
    sqlx::query(
        "INSERT INTO owners (id, email, password_hash, display_name, created_at_ms) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&owner.id)
    .bind(&owner.email)
    .bind(password_hash)
    .bind(&owner.display_name)
    .bind(owner.created_at.0)
    .execute(db.writer())
    .await
    .map_err(|error| match taken_field(&error) {
        Some(field) => Error::taken(field).caused_by(error),
        None => error.into(),
    })?;
    tracing::info!(owner = owner.id, "owner signed up");
    Ok(owner)
}

/// Address, name, when the address was confirmed, when the second factor was, when they signed up.
type Row = (String, Option<String>, Option<i64>, Option<i64>, i64);

/// The owner with this id.
pub async fn get(db: &Db, id: &str) -> Result<Owner> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT email, display_name, email_verified_at_ms, totp_confirmed_at_ms, created_at_ms FROM owners WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(db.reader())
    .await?;
    let (email, display_name, verified, second_factor, created_at_ms) = row.ok_or_else(|| Error::not_found("owner"))?;
    Ok(Owner {
        id: id.to_owned(),
        email,
        display_name,
        email_verified: verified.is_some(),
        second_factor: second_factor.is_some(),
        created_at: UnixMs(created_at_ms),
    })
}

/// An e-mail address in small letters. Only its shape is checked; whether it is real shows when mail is sent.
pub fn email(field: &str, text: &str) -> Result<String, FieldError> {
    let wrong = || FieldError::new(field, "format", "must be an e-mail address");
    let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    let printable = |part: &str| part.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '@');
    let labels = domain.split('.').all(|label| !label.is_empty() && label.len() <= 63);
    let shaped = !local.is_empty() && local.len() <= 64 && printable(local) && printable(domain) && labels;
    if !shaped || text.len() > MAX_EMAIL_BYTES {
        return Err(wrong());
    }
    Ok(text.to_lowercase())
}

/// A name for people: 1 to `max_chars` characters, no control characters, no spaces around it.
pub fn label(field: &str, text: &str, max_chars: usize) -> Result<String, FieldError> {
    let chars = text.chars().count();
    if chars == 0 || chars > max_chars {
        return Err(FieldError::new(field, "length", format!("must have 1 to {max_chars} characters")));
    }
    if text.trim() != text || text.chars().any(is_hidden) {
        return Err(FieldError::new(
            field,
            "format",
            "must not begin or end with spaces, or have control or invisible characters",
        ));
    }
    Ok(text.to_owned())
}

/// Control characters, and those that show nothing and change how what is around them is shown, such as the order of
/// writing: with them a name can look like another. Joiners, which some scripts need, are none.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_checked() {
        assert_eq!(email("email", "Ada@Example.org").unwrap(), "ada@example.org");
        for bad in ["", "ada", "@x", "a@", "a@b..c", "a b@c", "a@b@c", "a\n@b", &format!("{}@x", "a".repeat(65))] {
            assert!(email("email", bad).is_err(), "{bad}");
        }
        assert!(label("name", "Çağrı's shop", 64).is_ok());
        for bad in ["", " x", "x ", "a\u{0}b", "a\u{202e}b", "a\u{200b}b", &"x".repeat(65)] {
            assert!(label("name", bad, 64).is_err(), "{bad:?}");
        }
    }
}
