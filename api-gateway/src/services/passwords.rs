//! Passwords of owners and users, set anew.

use super::profile::require_kept;
use super::sessions::close_sessions;
use super::users;
use crate::auth::Authenticator;
use crate::auth::attempts::Attempts;
use crate::auth::password::Passwords;
use crate::db::{Db, Statement};
use crate::error::{Code, Error, Result};
use sqlx::Row as _;
use zeroize::Zeroizing;

/// Who sets a password, and how he shows that he may.
pub enum Proof {
    /// The app: for a user who has none, or has forgotten it.
    App,
    /// The user, by the password before, in this session, which stays open.
    Own {
        /// The password before.
        current: Zeroizing<String>,
        /// `ses_…`
        session: String,
    },
}

const OWNERS_HASH: &str = "SELECT password_hash FROM owners WHERE id = $1";

/// What setting a password needs.
pub struct PasswordChange<'a> {
    /// Where it is kept.
    pub db: &'a Db,
    /// Forgets closed sessions.
    pub auth: &'a Authenticator,
    /// Hashes.
    pub passwords: &'a Passwords,
    /// Counts wrong ones.
    pub attempts: &'a Attempts,
}

impl PasswordChange<'_> {
    /// Sets a user's password and closes his other sessions.
    ///
    /// # Errors
    /// 404; 401 for a wrong password; 429 for too many of them; a field error for a user without an address.
    pub async fn of_user(&self, app: &str, id: &str, password: Zeroizing<String>, proof: Proof) -> Result<()> {
        let user = users::get(self.db, app, id).await?;
        require_kept(&user)?;
        if user.email.is_none() {
            return Err(Error::field("password", "required", "needs an e-mail address first: users log in with it"));
        }
        let sql = "SELECT password_hash FROM users WHERE id = $1";
        self.change(id, sql, "UPDATE users SET password_hash = $1 WHERE id = $2", password, proof).await
    }

    /// Sets an owner's password and closes his other sessions.
    ///
    /// # Errors
    /// As for a user.
    pub async fn of_owner(&self, id: &str, password: Zeroizing<String>, proof: Proof) -> Result<()> {
        self.change(id, OWNERS_HASH, "UPDATE owners SET password_hash = $1 WHERE id = $2", password, proof).await
    }

    /// Whether this is the owner's password.
    ///
    /// # Errors
    /// 401 for a wrong one; 429 for too many of them.
    pub async fn check_owner(&self, id: &str, current: Zeroizing<String>) -> Result<()> {
        self.check(id, OWNERS_HASH, current).await
    }

    async fn check(&self, id: &str, select: &'static str, current: Zeroizing<String>) -> Result<()> {
        let attempt = self.attempts.begin(format!("password of {id}"))?;
        let row = sqlx::query(select).bind(id).fetch_one(self.db.reader()).await?;
        if !self.passwords.verify(current, row.try_get(0)?).await? {
            attempt.fail();
            return Err(Error::new(Code::CredentialsInvalid, "the current password is wrong"));
        }
        Ok(())
    }

    async fn change(
        &self,
        id: &str,
        select: &'static str,
        update: &'static str,
        password: Zeroizing<String>,
        proof: Proof,
    ) -> Result<()> {
        let mut kept = None;
        if let Proof::Own { current, session } = proof {
            self.check(id, select, current).await?;
            kept = Some(session);
        }
        let hash = self.passwords.hash(password).await?;
        let mut tx = self.db.write().await?;
        Statement::new(update).bind(hash).bind(id).execute(&mut tx).await?;
        close_sessions(id, kept.as_deref()).execute(&mut tx).await?;
        tx.commit().await?;
        self.auth.forget_sessions();
        Ok(())
    }
}
