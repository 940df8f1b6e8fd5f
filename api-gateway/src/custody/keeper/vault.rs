//! HashiCorp Vault (and OpenBao): the transit engine, with a key of an AEAD type, `aes256-gcm96` as it comes.

use super::{PURPOSE, TIMEOUT, fault};
use crate::config;
use crate::custody::CustodyError;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(super) struct Vault {
    client: reqwest::Client,
    url: String,
    token: Secret,
    pub mount: String,
    pub key: String,
}

/// An answer, or what is wrong.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    data: Data,
    errors: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    ciphertext: Option<String>,
    plaintext: Option<Secret>,
}

impl Vault {
    pub fn new(settings: &config::Vault) -> Result<Self, CustodyError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| fault("Vault", error))?;
        let config::Vault { url, mount, key, token } = settings.clone();
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), token, mount, key })
    }

    pub async fn wrap(&self, key: &[u8; 32]) -> Result<String, CustodyError> {
        let plaintext = Zeroizing::new(STANDARD.encode(key));
        let answer = self.ask("encrypt", json!({ "plaintext": plaintext.as_str() })).await?;
        answer.ciphertext.ok_or_else(|| fault("Vault", "no ciphertext in its answer"))
    }

    pub async fn unwrap(&self, wrapped: &str) -> Result<Zeroizing<Vec<u8>>, CustodyError> {
        let answer = self.ask("decrypt", json!({ "ciphertext": wrapped })).await?;
        let text = answer.plaintext.ok_or_else(|| fault("Vault", "no plaintext in its answer"))?;
        STANDARD.decode(text.expose()).map(Zeroizing::new).map_err(|_| fault("Vault", "its answer is not base64"))
    }

    async fn ask(&self, action: &str, mut body: Value) -> Result<Data, CustodyError> {
        body["associated_data"] = STANDARD.encode(PURPOSE).into();
        let url = format!("{}/v1/{}/{action}/{}", self.url, self.mount, self.key);
        let request = self.client.post(url).header("X-Vault-Token", self.token.expose()).json(&body);
        let response = request.send().await.map_err(|error| fault("Vault", error.without_url()))?;
        let status = response.status();
        let answer: Answer = response.json().await.unwrap_or_default();
        if !status.is_success() {
            return Err(fault("Vault", format!("{status}: {}", answer.errors.join("; "))));
        }
        Ok(answer.data)
    }
}
