//! Passwords: argon2id, a salt each, hashed on a few blocking threads at most.
//!
//! Hashing is slow and takes tens of MiB on purpose, so the number at once is limited: a flood of logins can't take
//! the memory of the accept path. An unknown account costs the same time as a wrong password.

use crate::config::Auth;
use crate::error::{Code, Error, FieldError, Result};
use crate::secret::Secret;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Fewer characters are guessed too quickly (NIST SP 800-63B).
pub const MIN_CHARS: usize = 8;
/// More would only cost hashing time.
pub const MAX_BYTES: usize = 256;

/// Passwords that may wait for their turn; more are refused at once (503).
const MAX_WAITING: usize = 32;

/// How long a login waits for its turn: beyond it, waiting in the queue would only lengthen the queue.
const PATIENCE: Duration = Duration::from_secs(5);

/// A password that somebody claims to have. One beyond the limit is never right; refusing it keeps it away from hashing.
pub fn given_password(field: &str, given: Secret) -> std::result::Result<Zeroizing<String>, FieldError> {
    if given.expose().len() > MAX_BYTES {
        return Err(FieldError::new(field, "length", format!("must have at most {MAX_BYTES} bytes")));
    }
    Ok(given.into_inner())
}

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    permits: Arc<Semaphore>,
    /// Those being hashed and those that wait.
    places: Arc<Semaphore>,
    /// A hash that no password has, for accounts that don't exist.
    decoy: Arc<str>,
}

impl Passwords {
    /// Takes the cost settings; computes the decoy once.
    pub fn new(config: &Auth) -> Result<Self> {
        let params = Params::new(config.argon2_memory_kib, config.argon2_passes, config.argon2_lanes, Some(32))
            .map_err(|error| Error::internal(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash_now(&argon2, &super::random_bytes::<32>()[..])?;
        let at_once = config.argon2_concurrency;
        Ok(Self {
            argon2,
            permits: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once.saturating_add(MAX_WAITING))),
            decoy: decoy.into(),
        })
    }

    /// The PHC string (`$argon2id$…`) of a password.
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String> {
        let argon2 = self.argon2.clone();
        self.on_a_thread(move || hash_now(&argon2, password.as_bytes())).await?
    }

    /// Whether the password belongs to the hash. `None` (no such account) takes as long and is never right.
    pub async fn verify(&self, password: Zeroizing<String>, hash: Option<String>) -> Result<bool> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let argon2 = self.argon2.clone();
        let right = self
            .on_a_thread(move || {
                let parsed = PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
                Ok::<bool, Error>(argon2.verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await??;
        Ok(right && known)
    }

    async fn on_a_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let busy = || Error::new(Code::Unavailable, "too many logins at once; nothing was done");
        let place = self.places.clone().try_acquire_owned().map_err(|_| busy())?;
        let permit = tokio::time::timeout(PATIENCE, self.permits.clone().acquire_owned())
            .await
            .map_err(|_| busy())?
            .map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            // Both go with the thread: a cancelled request doesn't free its place early.
            let _permit = (permit, place);
            work()
        })
        .await
        .map_err(Error::internal)
    }
}

fn hash_now(argon2: &Argon2<'_>, password: &[u8]) -> Result<String> {
    argon2.hash_password(password).map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
}

/// A new password that keeps the rules.
pub fn new_password(field: &str, password: Secret) -> Result<Zeroizing<String>, FieldError> {
    if password.expose().chars().count() < MIN_CHARS {
        return Err(FieldError::new(field, "length", format!("must have at least {MIN_CHARS} characters")));
    }
    if password.expose().len() > MAX_BYTES {
        return Err(FieldError::new(field, "length", format!("must have at most {MAX_BYTES} bytes")));
    }
    Ok(password.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn right_wrong_and_unknown() {
        let config = Config::from_toml("[auth]\nargon2_memory_kib = 64\nargon2_passes = 1").expect("valid");
        let passwords = Passwords::new(&config.auth).expect("builds");
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        let hash = passwords.hash(secret("correct horse")).await.expect("hashes");
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(passwords.verify(secret("correct horse"), Some(hash.clone())).await.expect("verifies"));
        assert!(!passwords.verify(secret("battery staple"), Some(hash)).await.expect("verifies"));
        assert!(!passwords.verify(secret("correct horse"), None).await.expect("verifies"));
    }

    #[tokio::test]
    async fn a_few_wait_and_the_rest_are_refused_at_once() {
        let config = Config::from_toml("[auth]\nargon2_memory_kib = 64\nargon2_passes = 1").expect("valid");
        let passwords = Passwords::new(&config.auth).expect("builds");
        // Nobody's turn comes.
        let taken = config.auth.argon2_concurrency;
        let all = u32::try_from(taken).expect("small");
        let _permits = passwords.permits.clone().acquire_many_owned(all).await.expect("open");
        let _places = passwords.places.clone().acquire_many_owned(all).await.expect("open");
        let wait = || {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.hash(Zeroizing::new("correct horse".to_owned())).await })
        };
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| wait()).collect();
        tokio::task::yield_now().await;
        let since = std::time::Instant::now();
        let refused = wait().await.expect("ends").expect_err("refused");
        assert_eq!(refused.code(), Code::Unavailable);
        assert!(since.elapsed() < PATIENCE / 2);
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
