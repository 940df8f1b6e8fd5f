//! Settings: the commented defaults in `config.default.toml`, then a file, then `HANSE_GATEWAY_…` variables.
//!
//! Everything is checked at start. An error names the key, the value's fault and where the value came from, so that
//! an operator finds it without reading code. Unknown keys are errors too: a misspelt key must not be silent.

use crate::secret::Secret;
use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The defaults, as shipped.
pub const DEFAULT_TOML: &str = include_str!("../config.default.toml");

/// Prefix of the environment variables; `__` separates section and key.
pub const ENV_PREFIX: &str = "HANSE_GATEWAY_";

/// Environment variables with the prefix that are not settings.
const ENV_NOT_SETTINGS: [&str; 1] = ["config"];

/// A setting that is missing, of the wrong type, or out of range.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {fault}{origin}")]
pub struct ConfigError {
    key: String,
    fault: String,
    origin: String,
}

/// All settings; the meaning of each stands in `config.default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub data_dir: PathBuf,
    pub server: Server,
    pub metrics: Metrics,
    pub database: Database,
    pub chain: Chain,
    pub ledger: Ledger,
    pub limits: Limits,
    pub events: Events,
    pub webhooks: Webhooks,
    pub jobs: Jobs,
    pub custody: Custody,
    pub auth: Auth,
    pub mail: Mail,
    pub log: Log,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: String,
    pub body_limit_bytes: usize,
    pub job_body_limit_bytes: usize,
    pub request_timeout_ms: u64,
    pub body_timeout_ms: u64,
    pub concurrency_limit: usize,
    pub open_concurrency_limit: usize,
    pub connection_limit: usize,
    pub header_timeout_ms: u64,
    pub shutdown_grace_ms: u64,
    pub cors_origins: Vec<String>,
    pub client_address_header: String,
}

/// `[metrics]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Metrics {
    pub listen: String,
}

/// `[database]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Database {
    pub url: String,
    pub max_connections: u32,
    pub acquire_timeout_ms: u64,
}

/// `[chain]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Chain {
    pub rpc_url: String,
    pub chain_id: u64,
    pub max_fee_per_gas_wei: u64,
    pub max_priority_fee_per_gas_wei: u64,
    pub request_timeout_ms: u64,
}

/// `[ledger]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Ledger {
    pub group_commit_max: usize,
    pub send_batch_max: usize,
    pub poll_ms: u64,
    pub catch_up_blocks: u64,
    pub resend_after_ms: u64,
    pub retry_min_ms: u64,
    pub retry_max_ms: u64,
    pub idempotency_days: u32,
    pub app_operations_per_day: u64,
}

/// `[limits]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Limits {
    pub owner: Rate,
    pub key: Rate,
    pub user: Rate,
    pub app: Rate,
    pub address: Rate,
}

/// Requests a second, and how many may come at once. 0 a second: no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Rate {
    pub per_second: u32,
    pub burst: u32,
}

/// `[events]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Events {
    pub retention_days: u32,
    pub stream_limit: usize,
    pub heartbeat_ms: u64,
}

/// `[webhooks]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Webhooks {
    pub allow_private: bool,
    pub timeout_ms: u64,
    pub retry_min_ms: u64,
    pub retry_max_ms: u64,
    pub give_up_hours: u32,
}

/// `[jobs]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Jobs {
    pub retention_days: u32,
}

/// `[custody]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Custody {
    pub provider: RootKeyProvider,
    pub root_key: Secret,
    pub previous_root_key: Secret,
    pub root_key_file: PathBuf,
    pub kms: Kms,
    pub vault: Vault,
}

/// Where the root key is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum RootKeyProvider {
    /// Given, or in a file.
    Local,
    /// In the database, wrapped by a key of AWS KMS.
    AwsKms,
    /// In the database, wrapped by a key of HashiCorp Vault.
    Vault,
}

/// `[custody.kms]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Kms {
    pub key: String,
    pub region: String,
    pub endpoint: String,
}

/// `[custody.vault]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Vault {
    pub url: String,
    pub mount: String,
    pub key: String,
    pub token: Secret,
}

/// `[auth]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Auth {
    pub issuer: String,
    pub access_token_ttl_s: u64,
    pub refresh_token_ttl_s: u64,
    pub owner_sign_up: bool,
    pub verified_email: bool,
    pub argon2_memory_kib: u32,
    pub argon2_passes: u32,
    pub argon2_lanes: u32,
    pub argon2_concurrency: usize,
}

/// `[mail]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Mail {
    pub transport: MailTransport,
    pub smtp_url: Secret,
    pub from: String,
}

/// Where letters go.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    /// Nowhere: there are none.
    Off,
    /// Into the log.
    Log,
    /// To a mail server.
    Smtp,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Readable on a terminal, JSON otherwise.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.url.is_empty() || self.url.starts_with("sqlite:");
        let url = if file { Some(self.url.clone()) } else { without_secrets(&self.url).map(String::from) };
        f.debug_struct("Database")
            .field("url", &url.as_deref().unwrap_or(SECRET))
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout_ms", &self.acquire_timeout_ms)
            .finish()
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Providers of nodes put their keys into the path.
        let url = without_secrets(&self.rpc_url).map(|mut url| {
            if url.path() != "/" {
                url.set_path(SECRET);
            }
            String::from(url)
        });
        f.debug_struct("Chain")
            .field("rpc_url", &url.as_deref().unwrap_or(SECRET))
            .field("chain_id", &self.chain_id)
            .field("max_fee_per_gas_wei", &self.max_fee_per_gas_wei)
            .field("max_priority_fee_per_gas_wei", &self.max_priority_fee_per_gas_wei)
            .field("request_timeout_ms", &self.request_timeout_ms)
            .finish()
    }
}

/// Stands where something must not show.
const SECRET: &str = "(secret)";

/// The URL without what may be a secret in it: user, password, parameters. `None` when it can't be read.
fn without_secrets(url: &str) -> Option<reqwest::Url> {
    let mut url = reqwest::Url::parse(url).ok()?;
    // Both fail only where there is no host, hence no user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

impl Config {
    /// Reads defaults, `file` and the environment, and checks every value.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULT_TOML));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(fault("--config", format!("no such file: {}", path.display())));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        Self::from_figment(figment.merge(Env::prefixed(ENV_PREFIX).ignore(&ENV_NOT_SETTINGS).split("__")))
    }

    /// The defaults with `toml` over them, without the environment. For tests and embedding.
    pub fn from_toml(toml: &str) -> Result<Self, ConfigError> {
        Self::from_figment(Figment::from(Toml::string(DEFAULT_TOML)).merge(Toml::string(toml)))
    }

    fn from_figment(figment: Figment) -> Result<Self, ConfigError> {
        let config: Self = figment.extract().map_err(describe)?;
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let positive: [(&str, u64); 30] = [
            ("server.body_limit_bytes", self.server.body_limit_bytes as u64),
            ("server.job_body_limit_bytes", self.server.job_body_limit_bytes as u64),
            ("server.request_timeout_ms", self.server.request_timeout_ms),
            ("server.body_timeout_ms", self.server.body_timeout_ms),
            ("server.concurrency_limit", self.server.concurrency_limit as u64),
            ("server.open_concurrency_limit", self.server.open_concurrency_limit as u64),
            ("server.connection_limit", self.server.connection_limit as u64),
            ("server.header_timeout_ms", self.server.header_timeout_ms),
            ("database.max_connections", self.database.max_connections.into()),
            ("database.acquire_timeout_ms", self.database.acquire_timeout_ms),
            ("chain.chain_id", self.chain.chain_id),
            ("chain.request_timeout_ms", self.chain.request_timeout_ms),
            ("ledger.group_commit_max", self.ledger.group_commit_max as u64),
            ("ledger.send_batch_max", self.ledger.send_batch_max as u64),
            ("ledger.poll_ms", self.ledger.poll_ms),
            ("ledger.catch_up_blocks", self.ledger.catch_up_blocks),
            ("ledger.resend_after_ms", self.ledger.resend_after_ms),
            ("ledger.retry_min_ms", self.ledger.retry_min_ms),
            ("ledger.idempotency_days", self.ledger.idempotency_days.into()),
            ("events.retention_days", self.events.retention_days.into()),
            ("jobs.retention_days", self.jobs.retention_days.into()),
            ("events.stream_limit", self.events.stream_limit as u64),
            ("events.heartbeat_ms", self.events.heartbeat_ms),
            ("webhooks.timeout_ms", self.webhooks.timeout_ms),
            ("webhooks.retry_min_ms", self.webhooks.retry_min_ms),
            ("webhooks.retry_max_ms", self.webhooks.retry_max_ms),
            ("webhooks.give_up_hours", self.webhooks.give_up_hours.into()),
            ("auth.access_token_ttl_s", self.auth.access_token_ttl_s),
            ("auth.refresh_token_ttl_s", self.auth.refresh_token_ttl_s),
            ("auth.argon2_concurrency", self.auth.argon2_concurrency as u64),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(fault(key, "must be at least 1"));
            }
        }
        if !["http://", "https://"].iter().any(|scheme| self.chain.rpc_url.starts_with(scheme)) {
            return Err(fault("chain.rpc_url", "must begin with http:// or https://"));
        }
        if self.chain.max_priority_fee_per_gas_wei > self.chain.max_fee_per_gas_wei {
            return Err(fault("chain.max_priority_fee_per_gas_wei", "must not exceed chain.max_fee_per_gas_wei"));
        }
        let url = self.database.url.as_str();
        if !url.is_empty() && !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
        {
            return Err(fault("database.url", "must begin with sqlite:, postgres:// or postgresql://"));
        }
        if self.ledger.retry_max_ms < self.ledger.retry_min_ms {
            return Err(fault("ledger.retry_max_ms", "must not be smaller than ledger.retry_min_ms"));
        }
        for (key, rate) in [
            ("limits.owner.burst", self.limits.owner),
            ("limits.key.burst", self.limits.key),
            ("limits.user.burst", self.limits.user),
            ("limits.app.burst", self.limits.app),
            ("limits.address.burst", self.limits.address),
        ] {
            if rate.per_second > 0 && rate.burst == 0 {
                return Err(fault(key, "must be at least 1"));
            }
        }
        if self.webhooks.retry_max_ms < self.webhooks.retry_min_ms {
            return Err(fault("webhooks.retry_max_ms", "must not be smaller than webhooks.retry_min_ms"));
        }
        for (key, root) in [
            ("custody.root_key", &self.custody.root_key),
            ("custody.previous_root_key", &self.custody.previous_root_key),
        ] {
            let root = root.expose();
            if !root.is_empty() && (root.len() != 64 || !root.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                return Err(fault(key, "must be 64 hex digits (32 bytes)"));
            }
        }
        let custody = &self.custody;
        let needed: &[(&str, bool)] = match custody.provider {
            RootKeyProvider::Local => &[],
            RootKeyProvider::AwsKms => &[("custody.kms.key", custody.kms.key.is_empty())],
            RootKeyProvider::Vault => &[
                ("custody.vault.url", reqwest::Url::parse(&custody.vault.url).is_err()),
                ("custody.vault.mount", custody.vault.mount.is_empty()),
                ("custody.vault.key", custody.vault.key.is_empty()),
                ("custody.vault.token", custody.vault.token.expose().is_empty()),
            ],
        };
        if let Some((key, _)) = needed.iter().find(|(_, missing)| *missing) {
            return Err(fault(key, "is needed for this custody.provider"));
        }
        if self.auth.verified_email && self.mail.transport == MailTransport::Off {
            return Err(fault("auth.verified_email", "needs mail: set mail.transport"));
        }
        let url = self.server.public_url.as_str();
        if !url.is_empty() && (reqwest::Url::parse(url).is_err() || !url.starts_with("http") || url.ends_with('/')) {
            return Err(fault("server.public_url", "must be like https://host, without a slash at its end"));
        }
        crate::mail::check(&self.mail)?;
        if self.auth.issuer.is_empty() {
            return Err(fault("auth.issuer", "must not be empty"));
        }
        argon2::Params::new(self.auth.argon2_memory_kib, self.auth.argon2_passes, self.auth.argon2_lanes, Some(32))
            .map_err(|error| fault("auth.argon2_memory_kib", format!("argon2 refuses these settings: {error}")))?;
        for origin in &self.server.cors_origins {
            if !(origin.starts_with("http://") || origin.starts_with("https://")) || origin.ends_with('/') {
                return Err(fault("server.cors_origins", format!("not an origin like https://host: {origin}")));
            }
        }
        self.metrics_listen()?;
        tracing_subscriber::EnvFilter::try_new(&self.log.filter)
            .map_err(|error| fault("log.filter", error.to_string()))?;
        Ok(())
    }

    /// Where metrics are served; `None` when they are off.
    pub fn metrics_listen(&self) -> Result<Option<SocketAddr>, ConfigError> {
        match self.metrics.listen.as_str() {
            "" => Ok(None),
            text => {
                text.parse().map(Some).map_err(|_| fault("metrics.listen", format!("not an address and port: {text}")))
            }
        }
    }

    /// The database's URL: the given one, or SQLite in the data folder.
    pub fn database_url(&self) -> String {
        if self.database.url.is_empty() {
            format!("sqlite://{}", self.data_dir.join("gateway.sqlite").display())
        } else {
            self.database.url.clone()
        }
    }

    /// Where browsers find this gateway, without a slash at its end.
    pub fn public_url(&self) -> String {
        match self.server.public_url.as_str() {
            "" => format!("http://{}", self.server.listen),
            url => url.to_owned(),
        }
    }

    /// The file that holds the root key when the environment doesn't.
    pub fn root_key_file(&self) -> PathBuf {
        if self.custody.root_key_file.as_os_str().is_empty() {
            self.data_dir.join("root.key")
        } else {
            self.custody.root_key_file.clone()
        }
    }
}

impl ConfigError {
    /// A value that a part of the gateway can't take.
    pub fn of(key: &str, text: &str) -> Self {
        fault(key, text)
    }
}

impl Server {
    /// The longest time for one answer.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }
}

fn fault(key: &str, fault: impl Into<String>) -> ConfigError {
    ConfigError { key: key.to_owned(), fault: fault.into(), origin: String::new() }
}

/// figment knows the key's path and the source; put both into words.
fn describe(error: figment::Error) -> ConfigError {
    let origin = match &error.metadata {
        Some(metadata) => match &metadata.source {
            Some(source) => format!(" (from {source})"),
            None => format!(" (from {})", metadata.name),
        },
        None => String::new(),
    };
    let key = if error.path.is_empty() { "configuration".to_owned() } else { error.path.join(".") };
    // Without the value given: it may be a secret.
    let fault = match error.kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("must be {expected}"),
        kind => kind.to_string(),
    };
    ConfigError { key, fault, origin }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_defaults_hold() {
        let config = Config::from_toml("").expect("defaults are valid");
        assert_eq!(config.server.listen.port(), 8080);
        assert_eq!(config.chain.chain_id, 4269);
    }

    #[test]
    fn an_error_names_the_key() {
        for (toml, key) in [
            ("[server]\nlisten = \"nowhere\"", "server.listen"),
            ("[server]\nbody_limit_bytes = -1", "server.body_limit_bytes"),
            ("[server]\nbody_limit_bytes = 0", "server.body_limit_bytes"),
            ("[server]\nlissten = \"127.0.0.1:1\"", "lissten"),
            ("[database]\nurl = \"mysql://x\"", "database.url"),
            ("[custody]\nroot_key = \"12\"", "custody.root_key"),
            ("[auth]\nargon2_memory_kib = 1", "auth.argon2_memory_kib"),
            ("[metrics]\nlisten = \"9108\"", "metrics.listen"),
            ("[limits.user]\nburst = 0", "limits.user.burst"),
            ("[webhooks]\nretry_max_ms = 1", "webhooks.retry_max_ms"),
            ("[log]\nformat = \"xml\"", "log.format"),
            ("[chain]\nmax_priority_fee_per_gas_wei = 5", "chain.max_priority_fee_per_gas_wei"),
        ] {
            let error = Config::from_toml(toml).expect_err(toml).to_string();
            assert!(error.contains(key), "{toml}: {error}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let config = Config::from_toml(&format!(
            "[custody]\nroot_key = \"{}\"\n[database]\nurl = \"postgres://u:hunter2@h/d\"",
            "ab".repeat(32)
        ))
        .expect("valid");
        let text = format!("{config:?}");
        assert!(!text.contains("abab") && !text.contains("hunter2"), "{text}");
        for (database, shown) in [
            ("postgres://u:hunter2@h:5432/d", "postgres://h:5432/d"),
            ("postgres:///d?user=u&password=hunter2", "postgres:///d"),
            ("postgres:///d?password=p@hunter2", "postgres:///d"),
            ("postgres://u:hun?ter2@h/hunter2", "(secret)"),
            ("sqlite:///data/gateway.sqlite", "sqlite:///data/gateway.sqlite"),
        ] {
            let config = Config::from_toml(&format!("[database]\nurl = \"{database}\"")).expect("valid");
            let text = format!("{:?}", config.database);
            assert!(text.contains(&format!("\"{shown}\"")) && !text.contains("hunter2"), "{text}");
        }
        for (node, shown) in [
            ("http://u:hunter2@node:8545", "http://node:8545/"),
            ("https://node.example.org/v3/hunter2?key=hunter2", "https://node.example.org/(secret)"),
        ] {
            let config = Config::from_toml(&format!("[chain]\nrpc_url = \"{node}\"")).expect("valid");
            let text = format!("{:?}", config.chain);
            assert!(text.contains(&format!("\"{shown}\"")) && !text.contains("hunter2"), "{text}");
        }
        let error = Config::from_toml("[custody]\nroot_key = 123456").expect_err("a number").to_string();
        assert!(error.contains("custody.root_key") && !error.contains("123456"), "{error}");
    }
}
