//! Runs what the command line asks for.

use crate::{
    cli::{Cli, Subcommand},
    index,
    pool::{PoolParams, Total},
    rpc,
    service::{self, FullBackend, FullClient, Partial},
};
use futures::Future;
use hanse_runtime::opaque::Block;
use sc_cli::{Error, Result, SubstrateCli, TransactionPoolType};
use sc_client_api::HeaderBackend;
use sc_service::{Configuration, PartialComponents, TaskManager};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Runs the node or a subcommand to its end.
///
/// # Errors
/// What `main` should print.
pub fn run() -> Result<()> {
    let cli = Cli::from_process();
    match &cli.subcommand {
        None => run_node(&cli),
        Some(Subcommand::Key(command)) => command.run(&cli),
        Some(Subcommand::BuildSpec(command)) => {
            let spec = hanse_chain_spec::load(&command.chain).map_err(|error| error.to_string())?;
            command.run(Box::new(spec))
        }
        Some(Subcommand::CheckBlock(command)) => cli
            .create_runner(command)?
            .async_run(|config| with_partial(&config, |partial| command.run(partial.client, partial.import_queue))),
        Some(Subcommand::ExportBlocks(command)) => cli.create_runner(command)?.async_run(|config| {
            let database = config.database.clone();
            with_partial(&config, |partial| command.run(partial.client, database))
        }),
        Some(Subcommand::ExportState(command)) => cli.create_runner(command)?.async_run(|config| {
            let spec = config.chain_spec.cloned_box();
            with_partial(&config, |partial| command.run::<Block, FullBackend, FullClient>(partial.client, spec))
        }),
        Some(Subcommand::ImportBlocks(command)) => cli
            .create_runner(command)?
            .async_run(|config| with_partial(&config, |partial| command.run(partial.client, partial.import_queue))),
        Some(Subcommand::PurgeChain(command)) => cli.create_runner(command)?.sync_run(|config| {
            let database = config.database.path().map(PathBuf::from);
            command.run(config.database.clone())?;
            // Whoever answered no still has the database.
            if database.is_none_or(|path| !path.exists()) {
                remove_index(&config.data_path)?;
            }
            Ok(())
        }),
        Some(Subcommand::Revert(command)) => cli.create_runner(command)?.async_run(|config| {
            let grandpa = !service::seals_alone(config.chain_spec.as_ref());
            let data_path = config.data_path.clone();
            with_partial(&config, |partial| async move {
                let Commanded { client, backend, .. } = partial;
                let revert = Box::new(move |client, _, blocks| {
                    if grandpa {
                        sc_consensus_grandpa::revert(client, blocks)?;
                    }
                    Ok(())
                });
                let best = client.info().best_hash;
                let result = command.run(client.clone(), backend, Some(revert)).await;
                if client.info().best_hash != best {
                    // Or the journal would bring the blocks back.
                    remove_index(&data_path)?;
                }
                result
            })
        }),
    }
}

fn run_node(cli: &Cli) -> Result<()> {
    let runner = cli.create_runner(&cli.run)?;
    let mut node = cli.node.clone();
    let sdk = cli.run.pool_config.clone();
    node.pool.total = Total::new(sdk.pool_limit, sdk.pool_kbytes);
    node.pool.ban = Duration::from_secs(sdk.tx_ban_seconds.unwrap_or_default());
    if !matches!(sdk.pool_type, TransactionPoolType::SingleState) {
        return Err(Error::Input("--pool-type: the pool is a single-state one".into()));
    }
    runner.run_node_until_exit(|mut config| async move {
        // The number of connections each endpoint knows by itself; here it is the number of threads that may block.
        config.rpc.max_connections = rpc::slots::BLOCKING_THREADS;
        for endpoint in config.rpc.addr.iter_mut().flatten() {
            // A port in use is an error to show: on another port nobody would find the node.
            endpoint.retry_random_port = false;
        }
        service::node::start(config, node).await.map_err(Error::Service)
    })
}

fn with_partial<F: Future<Output = Result<()>>>(
    config: &Configuration,
    command: impl FnOnce(Commanded) -> F,
) -> Result<(F, TaskManager)> {
    let PartialComponents { client, backend, task_manager, import_queue, .. }: Partial =
        service::partial(config, PoolParams::default())?;
    Ok((command(Commanded { client, backend, import_queue }), task_manager))
}

/// The parts that subcommands work on.
struct Commanded {
    client: std::sync::Arc<FullClient>,
    backend: std::sync::Arc<FullBackend>,
    import_queue: sc_consensus::DefaultImportQueue<Block>,
}

fn remove_index(data_path: &Path) -> Result<()> {
    let folder = index::folder(data_path);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
