//! Puts the parts together, serves, and stops in order.
//!
//! ```text
//! start: config ─► database, migrations ─► root key ─► token keys ─► ledger tasks ─► ports
//! stop:  ports closed ─► requests finish (shutdown_grace_ms) ─► ledger tasks ─► database
//! ```
//!
//! Stopping in order is a courtesy: whatever was answered is committed, so a kill at any moment loses nothing.

use crate::api::{self, client::Peer, origins::Origins};
use crate::audit::{self, AuditLog};
use crate::auth::attempts::Attempts;
use crate::auth::identity::Identities;
use crate::auth::password::Passwords;
use crate::auth::rates::Rates;
use crate::auth::{Authenticator, jwt_keys};
use crate::config::Config;
use crate::custody::Custody;
use crate::db::{self, Db};
use crate::error::Error;
use crate::events;
use crate::events::webhooks::{self, Sender};
use crate::jobs;
use crate::ledger::{Ledger, Tasks};
use crate::mail::Mailer;
use crate::schedules;
use crate::services::{self, accounts, linked_wallets, profiles, quotas, second_factor, sessions};
use crate::usage::{self, Usage};
use axum::Router;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

/// What handlers share.
pub struct AppState {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// Turns tokens into principals.
    pub auth: Authenticator,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Counts wrong passwords.
    pub attempts: Attempts,
    /// Counts requests.
    pub rates: Rates,
    /// Keeps the wallets' keys.
    pub custody: Custody,
    /// Takes writes, knows the chain.
    pub ledger: Ledger,
    /// Sends events to webhooks.
    pub webhook_sender: Sender,
    /// Sends letters.
    pub mailer: Mailer,
    /// Verifies ID tokens of apps' identity providers.
    pub identities: Identities,
    /// From which web pages apps may be called.
    pub origins: Origins,
    /// What apps use.
    pub usage: Usage,
    /// Who did what.
    pub audit: AuditLog,
    /// Says that a job was taken.
    pub jobs_taken: Arc<Notify>,
    /// Streams of events that may be open at once.
    pub stream_places: Arc<Semaphore>,
    /// Whether the gateway is about to stop.
    pub stopping: watch::Receiver<bool>,
    /// Requests that may be worked on at once.
    pub admission: Arc<Semaphore>,
    /// The same for those that anybody may send, so that strangers can't take the others' places.
    pub open_admission: Arc<Semaphore>,
}

/// Why the gateway can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A setting is wrong.
    #[error("{0}")]
    Config(#[from] crate::config::ConfigError),
    /// The data folder can't be made.
    #[error("data_dir {path}: {cause}")]
    DataDir {
        /// The folder.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The database can't be opened or migrated.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The keys can't be opened.
    #[error("custody: {0}")]
    Custody(#[from] crate::custody::CustodyError),
    /// A port is taken or not ours.
    #[error("{key} {address}: {cause}")]
    Listen {
        /// The setting.
        key: &'static str,
        /// Its value.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// Anything else while starting.
    #[error("{0}")]
    Start(#[from] crate::error::Error),
}

/// A gateway that runs.
pub struct Server {
    /// Where the API is served; the port is the real one when 0 was asked for.
    pub api_address: SocketAddr,
    /// Where metrics are served, if they are.
    pub metrics_address: Option<SocketAddr>,
    state: Arc<AppState>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    ledger_tasks: Tasks,
}

impl Server {
    /// Starts everything and returns once the ports listen. The node need not be there.
    ///
    /// # Errors
    /// See [`ServerError`]; nothing is left running then.
    pub async fn start(config: Config) -> Result<Self, ServerError> {
        crate::telemetry::metrics_handle();
        let metrics_listen = config.metrics_listen()?;
        make_private_dir(&config)?;
        let db = open_database(&config).await?;
        let custody = open_custody(&config, &db).await?;
        let auth = Authenticator::open(db.clone(), custody.clone(), &config.auth).await?;
        let passwords = Passwords::new(&config.auth)?;
        let listener = listen("server.listen", config.server.listen).await?;
        let metrics_listener = match metrics_listen {
            Some(address) => Some(listen("metrics.listen", address).await?),
            None => None,
        };
        let api_address = listener.local_addr().unwrap_or(config.server.listen);
        let metrics_address = metrics_listener.as_ref().and_then(|listener| listener.local_addr().ok());
        let webhook_timeout = Duration::from_millis(config.webhooks.timeout_ms);
        let webhook_sender = Sender::new(webhook_timeout, config.webhooks.allow_private)?;
        let origins = Origins::new(&config.server.cors_origins);
        origins.load(&db).await?;
        events::skip_numbers(&db).await?;
        profiles::fill_name_keys(&db).await?;
        let (ledger, ledger_tasks) = Ledger::start(db.clone(), custody.clone(), &config.chain, &config.ledger)?;
        let (stop, stopped) = watch::channel(false);
        // Ends with the last handler that may have something to record.
        let (audit, entries) = AuditLog::new();
        tokio::spawn(audit::run(db.clone(), entries));
        let state = Arc::new(AppState {
            admission: Arc::new(Semaphore::new(config.server.concurrency_limit)),
            identities: Identities::new(webhook_sender.clone()),
            webhook_sender,
            mailer: Mailer::new(&config)?,
            origins,
            usage: Usage::default(),
            audit,
            jobs_taken: Arc::default(),
            stream_places: Arc::new(Semaphore::new(config.events.stream_limit)),
            stopping: stopped.clone(),
            open_admission: Arc::new(Semaphore::new(config.server.open_concurrency_limit)),
            attempts: Attempts::default(),
            rates: Rates::new(&config.limits),
            config,
            db,
            auth,
            passwords,
            custody,
            ledger,
        });
        let mut tasks = JoinSet::new();
        let limits = ConnectionLimits::of(&state.config);
        let router = api::router(state.clone()).map_err(Error::internal)?;
        tasks.spawn(serve(listener, router, limits, stopped.clone()));
        if let Some(listener) = metrics_listener {
            tasks.spawn(serve(listener, api::metrics_router(), limits, stopped.clone()));
        }
        tasks.spawn(tell(state.clone(), stopped.clone()));
        tasks.spawn(work(state.clone(), stopped.clone()));
        tasks.spawn(count(state.clone(), stopped.clone()));
        tasks.spawn(housekeeping(state.clone(), stopped));
        if !state.config.custody.previous_root_key.expose().is_empty() {
            tasks.spawn(rotate_root_key(state.clone()));
        }
        tracing::info!(%api_address, ?metrics_address, "the gateway serves");
        Ok(Self { api_address, metrics_address, state, stop, tasks, ledger_tasks })
    }

    /// What the handlers share.
    pub fn state(&self) -> &Arc<AppState> {
        &self.state
    }

    /// Stops taking requests, lets those under way finish, then stops the ledger's tasks and closes the database.
    pub async fn shutdown(mut self) {
        tracing::info!("stopping");
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        self.ledger_tasks.stop().await;
        self.state.db.close().await;
        tracing::info!("stopped");
    }
}

/// Makes a new key for signing access tokens; see [`jwt_keys::rotate`].
///
/// # Errors
/// When the database or the root key can't be opened.
pub async fn rotate_token_key(config: &Config) -> Result<String, ServerError> {
    let db = open_database(config).await?;
    let custody = open_custody(config, &db).await?;
    // The life of a token issued just now by a replica that hasn't looked yet, and that look's delay twice.
    let grace_s = config.auth.access_token_ttl_s.saturating_add(120);
    let grace_ms = i64::try_from(grace_s.saturating_mul(1000)).unwrap_or(i64::MAX);
    let kid = jwt_keys::rotate(&db, &custody, grace_ms).await?;
    db.close().await;
    Ok(kid)
}

/// Whether the audit log is what was written; see [`audit::verify`].
///
/// # Errors
/// When the database can't be opened or read.
pub async fn verify_audit(config: &Config, remembered: Option<(i64, &str)>) -> Result<audit::Verdict, ServerError> {
    let db = open_database(config).await?;
    let verdict = audit::verify(&db, remembered).await?;
    db.close().await;
    Ok(verdict)
}

/// Says how many operations an app may have accepted in a day; see [`quotas::set_operations_per_day`].
///
/// # Errors
/// When there is no such app, or the database can't be opened.
pub async fn set_quota(config: &Config, app: &str, limit: Option<u64>) -> Result<(), ServerError> {
    let db = open_database(config).await?;
    quotas::set_operations_per_day(&db, app, limit).await?;
    db.close().await;
    Ok(())
}

async fn open_database(config: &Config) -> Result<Db, sqlx::Error> {
    Db::open(&db::Settings {
        url: config.database_url(),
        max_connections: config.database.max_connections,
        acquire_timeout: Duration::from_millis(config.database.acquire_timeout_ms),
    })
    .await
}

/// The folder holds keys and balances: nobody else on the machine may look into it.
fn make_private_dir(config: &Config) -> Result<(), ServerError> {
    let path = &config.data_dir;
    let fault = |cause| ServerError::DataDir { path: path.display().to_string(), cause };
    if path.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(path).map_err(fault)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(fault)?;
    }
    Ok(())
}

async fn open_custody(config: &Config, db: &Db) -> Result<Custody, ServerError> {
    Ok(Custody::open(&config.custody, &config.root_key_file(), db).await?)
}

async fn listen(key: &'static str, address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|cause| ServerError::Listen { key, address, cause })
}

#[derive(Clone, Copy)]
struct ConnectionLimits {
    connections: usize,
    header_timeout: Duration,
    grace: Duration,
}

impl ConnectionLimits {
    fn of(config: &Config) -> Self {
        Self {
            connections: config.server.connection_limit,
            header_timeout: Duration::from_millis(config.server.header_timeout_ms),
            grace: Duration::from_millis(config.server.shutdown_grace_ms),
        }
    }
}

/// Serves until told to stop, then lets what is under way finish within the grace time.
async fn serve(listener: TcpListener, router: Router, limits: ConnectionLimits, mut stopped: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        // A full house leaves new connections in the kernel's queue. The semaphore is never closed.
        let accepted = tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, slots.clone()) => accepted,
        };
        let Some((stream, slot)) = accepted else { continue };
        let (router, stopped) = (router.clone(), stopped.clone());
        connections.spawn(async move {
            converse(stream, router, limits.header_timeout, stopped).await;
            drop(slot);
        });
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.grace, finished).await.is_err() {
        tracing::warn!("some requests did not finish within server.shutdown_grace_ms");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let slot = slots.acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, slot)),
        Err(error) => {
            // Out of file descriptors, most likely: wait for some to be closed instead of spinning.
            tracing::warn!(%error, "could not accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn converse(stream: TcpStream, router: Router, header_timeout: Duration, mut stopped: watch::Receiver<bool>) {
    let peer = stream.peer_addr().ok();
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        if let Some(peer) = peer {
            request.extensions_mut().insert(Peer(peer));
        }
        service.call(request)
    });
    // Answers are small and complete: don't let the kernel wait for more.
    let _ = stream.set_nodelay(true);
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let mut stopping = false;
    loop {
        tokio::select! {
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            _ = stopped.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Tells of events until told to stop: those who listen, and webhooks.
async fn tell(state: Arc<AppState>, mut stopped: watch::Receiver<bool>) {
    let shared = webhooks::Shared {
        db: state.db.clone(),
        custody: state.custody.clone(),
        sender: state.webhook_sender.clone(),
        tail: state.ledger.tail().clone(),
        settings: state.config.webhooks.clone(),
    };
    tokio::select! {
        () = state.ledger.tail().run(&state.db) => {}
        () = webhooks::run(shared, || state.ledger.is_leader()) => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// Does what jobs and schedules ask, until told to stop. A line that is cut off waits, or was accepted.
async fn work(state: Arc<AppState>, mut stopped: watch::Receiver<bool>) {
    let shared = jobs::Shared {
        db: state.db.clone(),
        ledger: state.ledger.clone(),
        custody: state.custody.clone(),
        taken: state.jobs_taken.clone(),
    };
    tokio::select! {
        () = jobs::run(shared) => {}
        () = schedules::run(&state.db, &state.ledger) => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// Writes down what apps use.
async fn count(state: Arc<AppState>, stopped: watch::Receiver<bool>) {
    usage::run(&state.usage, &state.db, stopped).await;
}

/// Every minute: take up new token keys, forget old sessions and idempotency keys, tidy the metrics.
async fn housekeeping(state: Arc<AppState>, mut stopped: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(Duration::from_secs(60));
    tick.tick().await;
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            _ = tick.tick() => {}
        }
        crate::telemetry::metrics_handle().run_upkeep();
        state.rates.tidy();
        if let Err(error) = state.auth.reload_keys().await {
            tracing::warn!(%error, "could not reload the keys that sign access tokens");
        }
        match sessions::sweep(&state.db).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "old sessions deleted"),
            Err(error) => tracing::warn!(%error, "could not delete old sessions"),
        }
        if let Err(error) = linked_wallets::sweep(&state.db).await {
            tracing::warn!(%error, "could not delete old challenges");
        }
        if let Err(error) = state.origins.load(&state.db).await {
            tracing::warn!(%error, "could not read the apps' origins");
        }
        if let Err(error) = accounts::sweep(&state.db).await {
            tracing::warn!(%error, "could not delete old tokens of letters");
        }
        match events::forget(&state.db, state.config.events.retention_days).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "old events deleted"),
            Err(error) => tracing::warn!(%error, "could not delete old events"),
        }
        match jobs::forget(&state.db, state.config.jobs.retention_days).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "old jobs deleted"),
            Err(error) => tracing::warn!(%error, "could not delete old jobs"),
        }
        match state.ledger.forget_old_keys().await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "old idempotency keys deleted"),
            Err(error) => tracing::warn!(%error, "could not delete old idempotency keys"),
        }
    }
}

/// Seals everything anew that hangs on the previous root key, while the gateway works. What fails is tried again at the
/// next start; until then both keys are needed.
async fn rotate_root_key(state: Arc<AppState>) {
    let apps = state.custody.rewrap(&state.db).await.map_err(Error::from);
    let tokens = jwt_keys::rewrap(&state.db, &state.custody).await;
    let webhooks = services::webhooks::rewrap(&state.db, &state.custody).await;
    let second_factors = second_factor::rewrap(&state.db, &state.custody).await;
    match (apps, tokens, webhooks, second_factors) {
        (Ok(apps), Ok(tokens), Ok(webhooks), Ok(second_factors)) => {
            tracing::info!(
                apps,
                tokens,
                webhooks,
                second_factors,
                "everything is sealed under the root key; custody.previous_root_key can go"
            );
        }
        (apps, tokens, webhooks, second_factors) => {
            for error in [apps.err(), tokens.err(), webhooks.err(), second_factors.err()].into_iter().flatten() {
                tracing::error!(%error, "the root key's rotation is not finished; keep custody.previous_root_key");
            }
        }
    }
}
