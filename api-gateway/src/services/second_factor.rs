//! The second factor of owners: time-based one-time passwords (RFC 6238), and recovery codes for who has lost the device.
//!
//! # Invariants
//! - It is in use once a code has shown that the device has it.
//! - A code is good once, also within its half minute; a recovery code is good once for ever.
//! - The secret is sealed under the root key, and shown once, while it is set up.

use crate::auth::attempts::Attempts;
use crate::auth::random_bytes;
use crate::custody::Custody;
use crate::db::{Db, now_ms};
use crate::error::{Code, Error, Result};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Totp};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Recovery codes of an owner.
const RECOVERY_CODES: usize = 10;

/// Bytes of a secret: what RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// What a device needs to know.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Enrolment {
    /// The secret in base32, to be typed in.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    pub secret: String,
    /// The same as `otpauth://…`, to be shown as a QR code.
    pub uri: String,
}

/// Codes for who has lost the device.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodes {
    /// Each is good once. Shown this once.
    #[schema(example = json!(["K7RTN-4XWQM-2JH5D"]))]
    pub recovery_codes: Vec<String>,
}

/// Where the factors are kept.
pub struct SecondFactors<'a> {
    /// The rows.
    pub db: &'a Db,
    /// Opens the secrets.
    pub custody: &'a Custody,
    /// Counts wrong codes.
    pub attempts: &'a Attempts,
    /// Whose name the device shows.
    pub issuer: &'a str,
}

type Row = (String, Option<String>, Option<i64>);

impl SecondFactors<'_> {
    /// Makes a secret; it counts once it is confirmed.
    ///
    /// # Errors
    /// 409 when there is one in use.
    pub async fn begin(&self, owner: &str) -> Result<Enrolment> {
        let (email, _, confirmed) = self.row(owner).await?;
        if confirmed.is_some() {
            return Err(Error::new(Code::Conflict, "a second factor is in use; disable it first"));
        }
        let secret = random_bytes::<SECRET_BYTES>();
        let totp = self.totp(&email, &secret[..])?;
        let sealed = self.custody.seal_secret(&name_of(owner), &secret[..])?;
        sqlx::query(
            "UPDATE owners SET sealed_totp = $1, totp_last_step = NULL WHERE id = $2 AND totp_confirmed_at_ms IS NULL",
        )
        .bind(sealed)
        .bind(owner)
        .execute(self.db.writer())
        .await?;
        let uri = totp.to_url().map_err(|error| Error::internal(error.to_string()))?;
        Ok(Enrolment { secret: totp.secret().to_base32(), uri })
    }

    /// Puts the secret into use, shown a code of it.
    ///
    /// # Errors
    /// 401 for a wrong code; 409 when nothing is to be confirmed.
    pub async fn confirm(&self, owner: &str, code: &str) -> Result<RecoveryCodes> {
        let (email, sealed, confirmed) = self.row(owner).await?;
        let nothing =
            || Error::new(Code::Conflict, "there is no second factor to be confirmed; begin with POST /owners/me/totp");
        let sealed = sealed.filter(|_| confirmed.is_none()).ok_or_else(nothing)?;
        let step = self.step_of(owner, &email, &sealed, code)?.ok_or_else(wrong)?;
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        let mut tx = self.db.write().await?;
        let done = sqlx::query(
            "UPDATE owners SET totp_confirmed_at_ms = $1, totp_last_step = $2 WHERE id = $3 AND sealed_totp = $4 \
             AND totp_confirmed_at_ms IS NULL",
        )
        .bind(now_ms())
        .bind(step)
        .bind(owner)
        .bind(&sealed)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(nothing());
        }
        sqlx::query("DELETE FROM recovery_codes WHERE owner_id = $1").bind(owner).execute(&mut *tx).await?;
        for code in &codes {
            sqlx::query("INSERT INTO recovery_codes (owner_id, code_hash) VALUES ($1, $2)")
                .bind(owner)
                .bind(hash(code))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        tracing::info!(owner, "an owner has a second factor");
        Ok(RecoveryCodes { recovery_codes: codes })
    }

    /// Whether the owner has one, in use.
    ///
    /// # Errors
    /// 404.
    pub async fn is_on(&self, owner: &str) -> Result<bool> {
        Ok(self.row(owner).await?.2.is_some())
    }

    /// Takes in a code, or a recovery code, of who has a second factor. Without one everybody passes.
    ///
    /// # Errors
    /// `second_factor_required` without a code; `credentials_invalid` for a wrong one, or one that was used; 429 after
    /// too many.
    pub async fn check(&self, owner: &str, code: Option<&str>) -> Result<()> {
        let (email, sealed, confirmed) = self.row(owner).await?;
        let Some(sealed) = sealed.filter(|_| confirmed.is_some()) else { return Ok(()) };
        let required =
            || Error::new(Code::SecondFactorRequired, "this account has a second factor: send its code, too");
        let code = code.ok_or_else(required)?;
        let attempt = self.attempts.begin(format!("second factor of {owner}"))?;
        let used = match self.step_of(owner, &email, &sealed, code)? {
            Some(step) => {
                sqlx::query("UPDATE owners SET totp_last_step = $1 WHERE id = $2 AND (totp_last_step IS NULL OR totp_last_step < $3)")
                    .bind(step)
                    .bind(owner)
                    .bind(step)
                    .execute(self.db.writer())
                    .await?
            }
            None => {
                sqlx::query("DELETE FROM recovery_codes WHERE owner_id = $1 AND code_hash = $2")
                    .bind(owner)
                    .bind(hash(code))
                    .execute(self.db.writer())
                    .await?
            }
        };
        if used.rows_affected() == 0 {
            attempt.fail();
            return Err(wrong());
        }
        Ok(())
    }

    /// Takes the second factor away, shown a code of it.
    ///
    /// # Errors
    /// As [`SecondFactors::check`]; 409 when there is none.
    pub async fn disable(&self, owner: &str, code: &str) -> Result<()> {
        if !self.is_on(owner).await? {
            return Err(Error::new(Code::Conflict, "there is no second factor in use"));
        }
        self.check(owner, Some(code)).await?;
        let mut tx = self.db.write().await?;
        sqlx::query(
            "UPDATE owners SET sealed_totp = NULL, totp_confirmed_at_ms = NULL, totp_last_step = NULL WHERE id = $1",
        )
        .bind(owner)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM recovery_codes WHERE owner_id = $1").bind(owner).execute(&mut *tx).await?;
        tx.commit().await?;
        tracing::info!(owner, "an owner has no second factor any more");
        Ok(())
    }

    async fn row(&self, owner: &str) -> Result<Row> {
        let row: Option<Row> =
            sqlx::query_as("SELECT email, sealed_totp, totp_confirmed_at_ms FROM owners WHERE id = $1")
                .bind(owner)
                .fetch_optional(self.db.reader())
                .await?;
        row.ok_or_else(|| Error::not_found("owner"))
    }

    fn totp(&self, email: &str, secret: &[u8]) -> Result<Totp> {
        // What separates the two in a URI.
        let plain = |text: &str| text.replace(':', " ");
        Builder::new()
            .with_secret(secret.to_vec())
            .with_account_name(plain(email))
            .with_issuer(Some(plain(self.issuer)))
            .build()
            .map_err(|error| Error::internal(error.to_string()))
    }

    /// The half minute whose code this is: now, or one before or after.
    fn step_of(&self, owner: &str, email: &str, sealed: &str, code: &str) -> Result<Option<i64>> {
        let secret: Zeroizing<Vec<u8>> = self.custody.open_secret(&name_of(owner), sealed)?;
        let now_s = u64::try_from(now_ms() / 1_000).unwrap_or_default();
        Ok(self.totp(email, &secret)?.check(code, now_s).and_then(|step| i64::try_from(step).ok()))
    }
}

/// Bound to the secret as associated data.
fn name_of(owner: &str) -> String {
    format!("totp {owner}")
}

fn wrong() -> Error {
    Error::new(Code::CredentialsInvalid, "the code is wrong or was used before")
}

/// 75 random bits: letters and digits that aren't mistaken for each other.
fn recovery_code() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let random = random_bytes::<15>();
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(5).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// However it was typed.
fn hash(code: &str) -> String {
    let typed: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    hex::encode(Sha256::digest(typed.as_bytes()))
}

/// Seals under the present root key every secret that hangs on the previous one. Returns how many.
///
/// # Errors
/// A damaged secret or a database error; what was done until then stays.
pub async fn rewrap(db: &Db, custody: &Custody) -> Result<u64> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT id, sealed_totp FROM owners WHERE sealed_totp IS NOT NULL")
            .fetch_all(db.reader())
            .await?;
    let mut count = 0;
    for (owner, sealed) in rows.into_iter().filter(|(_, sealed)| !custody.is_current(sealed)) {
        let name = name_of(&owner);
        let anew = custody.seal_secret(&name, &custody.open_secret(&name, &sealed)?)?;
        let done = sqlx::query("UPDATE owners SET sealed_totp = $1 WHERE id = $2 AND sealed_totp = $3")
            .bind(anew)
            .bind(&owner)
            .bind(&sealed)
            .execute(db.writer())
            .await?;
        count += done.rows_affected();
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_read_however_they_are_typed() {
        let (one, two) = (recovery_code(), recovery_code());
        assert_ne!(one, two);
        assert_eq!(one.len(), 17);
        assert_eq!(hash(&one), hash(&one.to_lowercase().replace('-', " ")));
        assert_ne!(hash(&one), hash(&two));
    }
}
