//! Keyed fingerprints: equal for equal bytes of one app, and useless to anybody without the app's key.

use super::{Custody, CustodyError, SealedAppKey};
use hmac::{Hmac, Mac};
use sha2::Sha256;

impl Custody {
    /// Whether a secret of [`Custody::seal_secret`] hangs on the present root key.
    pub fn is_current(&self, sealed: &str) -> bool {
        sealed.split_once(':').is_some_and(|(id, _)| id == self.root.id())
    }

    /// HMAC-SHA-256 (RFC 2104) of `bytes` under the app's key. Rotation of the root key doesn't change it.
    ///
    /// # Errors
    /// [`CustodyError::Damaged`] when the app key does not open.
    pub fn fingerprint(&self, app_id: &str, app_key: &SealedAppKey, bytes: &[u8]) -> Result<[u8; 32], CustodyError> {
        let key = self.open_app_key(app_id, &app_key.sealed, &app_key.root_key_id)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).map_err(|_| CustodyError::Damaged("app key"))?;
        // Another domain than sealing, which uses the same key.
        mac.update(b"hanse fingerprint\0");
        mac.update(bytes);
        Ok(mac.finalize().into_bytes().into())
    }
}
