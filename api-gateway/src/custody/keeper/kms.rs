//! AWS KMS: a symmetric key. Credentials and region are found as by every AWS client.

use super::{PURPOSE, TIMEOUT, fault};
use crate::config;
use crate::custody::CustodyError;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_kms::error::DisplayErrorContext;
use aws_sdk_kms::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The name of what the wrapped key is bound to.
const CONTEXT: &str = "purpose";

pub(super) struct Kms {
    client: aws_sdk_kms::Client,
    pub key: String,
}

impl Kms {
    pub async fn new(settings: &config::Kms) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(TIMEOUT).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
        if !settings.region.is_empty() {
            loader = loader.region(Region::new(settings.region.clone()));
        }
        if !settings.endpoint.is_empty() {
            loader = loader.endpoint_url(&settings.endpoint);
        }
        Self { client: aws_sdk_kms::Client::new(&loader.load().await), key: settings.key.clone() }
    }

    pub async fn wrap(&self, key: &[u8; 32]) -> Result<String, CustodyError> {
        let request = self.client.encrypt().key_id(&self.key).plaintext(Blob::new(key.as_slice()));
        let answer = request.encryption_context(CONTEXT, PURPOSE).send().await;
        let answer = answer.map_err(|error| self.fault(&DisplayErrorContext(error)))?;
        let wrapped = answer.ciphertext_blob.ok_or_else(|| self.fault(&"no ciphertext in its answer"))?;
        Ok(STANDARD.encode(wrapped.as_ref()))
    }

    pub async fn unwrap(&self, wrapped: &str) -> Result<Zeroizing<Vec<u8>>, CustodyError> {
        let wrapped = STANDARD.decode(wrapped).map_err(|_| CustodyError::Damaged("root key"))?;
        let request = self.client.decrypt().key_id(&self.key).ciphertext_blob(Blob::new(wrapped));
        let answer = request.encryption_context(CONTEXT, PURPOSE).send().await;
        let answer = answer.map_err(|error| self.fault(&DisplayErrorContext(error)))?;
        let key = answer.plaintext.ok_or_else(|| self.fault(&"no plaintext in its answer"))?;
        Ok(Zeroizing::new(key.into_inner()))
    }

    fn fault(&self, what: &dyn std::fmt::Display) -> CustodyError {
        fault("AWS KMS", format!("{}: {what}", self.key))
    }
}
