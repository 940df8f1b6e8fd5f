//! The command line of the gateway.
//!
//! ```text
//! hanse-gateway [serve]        run (the default)
//! hanse-gateway check-config   read and check the settings, print them without secrets
//! hanse-gateway openapi        print the OpenAPI document
//! hanse-gateway rotate-token-key   make a new key for signing access tokens; works while gateways run
//! hanse-gateway set-quota          how many operations an app may have accepted in a day; works while gateways run
//! hanse-gateway verify-audit       compute the audit log's hashes again; works while gateways run
//! hanse-gateway verify-proof       check that an operation is final, without any gateway or node
//! ```
//!
//! Settings: `config.default.toml` (embedded), then `--config FILE`, then `HANSE_GATEWAY_<SECTION>__<KEY>`.
//! Stops in order on SIGINT and SIGTERM; a second signal ends it at once, which loses nothing either.

use clap::{Parser, Subcommand};
use hanse_gateway::audit::Verdict;
use hanse_gateway::config::Config;
use hanse_gateway::server::{self, Server};
use hanse_gateway::{api, telemetry};
use hanse_proof::{H256, Proof};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Requests, rows and events are many small allocations on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Say how many operations an app may have accepted in a day (UTC). Running gateways take it up within ten seconds.
    SetQuota {
        /// `app_…`
        app: String,
        /// The most; 0 for as many as it likes, `default` for as many as the settings say for all apps.
        #[arg(long, value_parser = quota)]
        operations_per_day: Quota,
    },
    /// Compute the hashes of the audit log again and tell whether anything was changed.
    VerifyAudit {
        /// `NUMBER:HASH` of an entry, as an earlier check printed it or as the API answered it: it has to be there still.
        #[arg(long, value_parser = remembered)]
        remembered: Option<(i64, String)>,
    },
    /// Check a proof of `GET /operations/{operation}/proof`. Needs no gateway, no node, no settings.
    VerifyProof {
        /// The proof, as the API answered it; `-` reads it from standard input.
        file: PathBuf,
        /// Hash of the chain's block 0 (`chain_getBlockHash` of 0), which says which chain is meant.
        #[arg(long)]
        genesis: H256,
        /// Print what is proved as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A quota of an app's own, or none.
#[derive(Clone, Copy)]
struct Quota(Option<u64>);

fn quota(text: &str) -> Result<Quota, String> {
    match text {
        "default" => Ok(Quota(None)),
        _ => {
            let number = text.parse().ok().filter(|number| *number <= i64::MAX as u64);
            number.map(|number| Quota(Some(number))).ok_or_else(|| "must be a number or default".to_owned())
        }
    }
}

fn remembered(text: &str) -> Result<(i64, String), String> {
    let (number, hash) = text.split_once(':').ok_or("must be NUMBER:HASH")?;
    Ok((number.parse().map_err(|_| "must begin with the entry's number")?, hash.to_ascii_lowercase()))
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
        Command::SetQuota { app, operations_per_day } => Config::load(cli.config.as_deref())
            .map_err(|error| error.to_string())
            .and_then(|config| set_quota(&config, &app, operations_per_day)),
        Command::VerifyAudit { remembered } => Config::load(cli.config.as_deref())
            .map_err(|error| error.to_string())
            .and_then(|config| verify_audit(&config, remembered)),
        Command::VerifyProof { file, genesis, json } => verify_proof(&file, genesis, json),
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
        let mut signals = Signals::listen().map_err(|error| error.to_string())?;
        let server = Server::start(config).await.map_err(|error| error.to_string())?;
        announce(&server);
        signals.wait().await;
        tokio::select! {
            () = server.shutdown() => {}
            () = signals.wait() => {}
        }
        Ok(())
    })
}

/// Tells a person where to look. Nobody has to be listening: a closed pipe is no reason to stop.
fn announce(server: &Server) {
    let mut text = format!("REST API      http://{0}/api/v1\nDocumentation http://{0}/docs\n", server.api_address);
    if let Some(address) = server.metrics_address {
        text.push_str(&format!("Metrics       http://{address}/metrics\n"));
    }
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

fn rotate_token_key(config: Config) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let kid = runtime.block_on(server::rotate_token_key(&config)).map_err(|error| error.to_string())?;
    println!("access tokens are signed with key {kid} within a minute");
    Ok(())
}

fn set_quota(config: &Config, app: &str, Quota(limit): Quota) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(server::set_quota(config, app, limit)).map_err(|error| error.to_string())?;
    match limit {
        None => println!("{app} has as many operations a day as the settings say"),
        Some(0) => println!("{app} has as many operations a day as it likes"),
        Some(limit) => println!("{app} has {limit} operations a day"),
    }
    Ok(())
}

fn verify_audit(config: &Config, remembered: Option<(i64, String)>) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let remembered = remembered.as_ref().map(|(number, hash)| (*number, hash.as_str()));
    match runtime.block_on(server::verify_audit(config, remembered)).map_err(|error| error.to_string())? {
        Verdict::Sound { sequence, hash } => {
            println!("The audit log is sound. Remember its last entry elsewhere: {sequence}:{hash}");
            Ok(())
        }
        Verdict::Broken { sequence, reason } => Err(format!("the audit log is broken at entry {sequence}: {reason}")),
    }
}

fn verify_proof(file: &Path, genesis: H256, json: bool) -> Result<(), String> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin()).map_err(|error| format!("standard input: {error}"))?
    } else {
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?
    };
    let proof: Proof = serde_json::from_str(&text).map_err(|error| format!("not a proof: {error}"))?;
    let proved = proof.verify(genesis).map_err(|fault| format!("nothing is proved: {fault}"))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&proved).map_err(|error| error.to_string())?);
        return Ok(());
    }
    let time = i64::try_from(proved.timestamp).ok().and_then(|time| OffsetDateTime::from_unix_timestamp(time).ok());
    let time = time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| proved.timestamp.to_string());
    println!("Proved. On the chain with the genesis {genesis:?}");
    println!("  transaction {}", proved.transaction_hash);
    println!("  by          {}", proved.from);
    println!("  {}", if proved.succeeded { "succeeded" } else { "failed" });
    println!("  in block    {} of {time}, {}", proved.block_number, proved.block_hash);
    println!("  which is final by {} of {} votes", proved.signed_by, proved.validators);
    for (number, log) in proved.logs.iter().enumerate() {
        println!("  log {number} of {}", log.address);
        for topic in log.topics() {
            println!("    topic {topic}");
        }
        println!("    data  {}", log.data.data);
    }
    Ok(())
}

/// SIGINT and SIGTERM. Listening begins before the start, so that none is lost.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
