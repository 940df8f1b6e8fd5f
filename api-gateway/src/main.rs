//! The command line of the gateway.
//!
//! ```text
//! hanse-gateway [serve]        run (the default)
//! hanse-gateway check-config   read and check the settings, print them without secrets
//! hanse-gateway openapi        print the OpenAPI document
//! hanse-gateway rotate-token-key   make a new key for signing access tokens; works while gateways run
//! ```
//!
//! Settings: `config.default.toml` (embedded), then `--config FILE`, then `HANSE_GATEWAY_<SECTION>__<KEY>`.
//! Stops in order on SIGINT and SIGTERM; a second signal ends it at once, which loses nothing either.

use clap::{Parser, Subcommand};
use hanse_gateway::config::Config;
use hanse_gateway::server::{self, Server};
use hanse_gateway::{api, telemetry};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "hanse-gateway", version, about = "The JSON gateway to a Hanse chain")]
struct Cli {
    /// Settings that differ from the defaults, in TOML.
    #[arg(long, global = true, env = "HANSE_GATEWAY_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway.
    Serve,
    /// Read and check the settings and print them, without secrets.
    CheckConfig,
    /// Print the OpenAPI document.
    Openapi,
    /// Make a new key for signing access tokens. Running gateways take it up within a minute and log nobody out.
    RotateTokenKey,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command.unwrap_or(Command::Serve) {
        Command::Openapi => api::document_json().map(|text| print!("{text}")).map_err(|error| error.to_string()),
        Command::CheckConfig => {
            Config::load(cli.config.as_deref()).map(|config| println!("{config:#?}")).map_err(|error| error.to_string())
        }
        Command::RotateTokenKey => {
            Config::load(cli.config.as_deref()).map_err(|error| error.to_string()).and_then(rotate_token_key)
        }
        Command::Serve => Config::load(cli.config.as_deref()).map_err(|error| error.to_string()).and_then(serve),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("hanse-gateway: {message}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: Config) -> Result<(), String> {
    telemetry::init_logs(&config.log);
    // A panic becomes a log line like every other event; the request that caused it gets a 500.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panic")));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let server = Server::start(config).await.map_err(|error| error.to_string())?;
        println!("REST API      http://{}/api/v1", server.api_address);
        println!("Documentation http://{}/docs", server.api_address);
        if let Some(address) = server.metrics_address {
            println!("Metrics       http://{address}/metrics");
        }
        signal().await?;
        tokio::select! {
            () = server.shutdown() => Ok(()),
            outcome = signal() => outcome,
        }
    })
}

fn rotate_token_key(config: Config) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let kid = runtime.block_on(server::rotate_token_key(&config)).map_err(|error| error.to_string())?;
    println!("access tokens are signed with key {kid} within a minute");
    Ok(())
}

/// Waits for SIGINT or SIGTERM.
async fn signal() -> Result<(), String> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
        tokio::select! {
            outcome = tokio::signal::ctrl_c() => outcome.map_err(|error| error.to_string()),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}
