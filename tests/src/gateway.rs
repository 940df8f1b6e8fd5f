//! The REST gateway as a child process.

use crate::process::START_LIMIT;
use crate::{Database, Process, Rest, binary, free_port};
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// `hanse-gateway serve` on data that outlive the process, so that it can be killed and started again.
#[derive(Debug)]
pub struct Gateway {
    process: Option<Process>,
    folder: TempDir,
    port: u16,
    metrics_port: u16,
    chain_url: String,
    database: Database,
    settings: Vec<(String, String)>,
}

impl Gateway {
    /// Starts a gateway on SQLite for the chain behind `chain_url`.
    pub async fn start(chain_url: impl Into<String>) -> Result<Self> {
        Self::start_with(chain_url, Database::Sqlite, &[]).await
    }

    /// The same on the given database and with further settings: (`auth.issuer`, value) and the like.
    pub async fn start_with(
        chain_url: impl Into<String>,
        database: Database,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let variable = |key: &str| format!("HANSE_GATEWAY_{}", key.to_uppercase().replace('.', "__"));
        let mut gateway = Self {
            process: None,
            folder: tempfile::Builder::new().prefix("hanse-gateway-").tempdir()?,
            port: free_port()?,
            metrics_port: free_port()?,
            chain_url: chain_url.into(),
            database,
            settings: settings.iter().map(|(key, value)| (variable(key), (*value).to_owned())).collect(),
        };
        gateway.spawn()?;
        gateway.ready().await?;
        Ok(gateway)
    }

    /// Starts the process without waiting for it.
    pub fn spawn(&mut self) -> Result<()> {
        let mut command = Command::new(binary("hanse-gateway")?);
        command
            .arg("serve")
            .env("HANSE_GATEWAY_DATA_DIR", self.folder.path().join("data"))
            .env("HANSE_GATEWAY_SERVER__LISTEN", format!("127.0.0.1:{}", self.port))
            .env("HANSE_GATEWAY_METRICS__LISTEN", format!("127.0.0.1:{}", self.metrics_port))
            .env("HANSE_GATEWAY_CHAIN__RPC_URL", &self.chain_url)
            .envs(self.settings.iter().map(|(key, value)| (key, value)));
        if let Database::Postgres(url) = &self.database {
            command.env("HANSE_GATEWAY_DATABASE__URL", url);
        }
        self.process = Some(Process::start("hanse-gateway", command, self.folder.path())?);
        Ok(())
    }

    /// Waits until it says that it is ready (the chain behind it included).
    pub async fn ready(&mut self) -> Result<()> {
        self.answers("/health/ready").await
    }

    /// Waits until it takes requests, with or without the chain.
    pub async fn alive(&mut self) -> Result<()> {
        self.answers("/health/live").await
    }

    async fn answers(&mut self, path: &str) -> Result<()> {
        let url = format!("{}{path}", self.url());
        let process = self.process.as_mut().context("the gateway is not started")?;
        let began = std::time::Instant::now();
        loop {
            process.expect_running()?;
            match reqwest::get(&url).await {
                Ok(response) if response.status().is_success() => return Ok(()),
                other if began.elapsed() > START_LIMIT => {
                    anyhow::bail!("hanse-gateway: {path} gives {other:?}\n{}", process.log_tail(30));
                }
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// An orderly stop.
    pub fn terminate(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.terminate())
    }

    /// The running process.
    pub fn process(&self) -> Result<&Process> {
        self.process.as_ref().context("the gateway is not started")
    }

    /// Root of the HTTP service.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where its Prometheus metrics are.
    pub fn metrics_url(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.metrics_port)
    }

    /// A client without credentials.
    pub fn rest(&self) -> Rest {
        Rest::new(self.url())
    }

    /// Its data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
