//! Puts the node's parts together.
//!
//! [`partial`] makes what every subcommand needs (client, database, pool, import queue); [`node::start`] adds the
//! network, the index, JSON-RPC and block production.

mod consensus;
mod genesis;
pub mod node;
mod replay;
pub mod seal;

use crate::{
    execution::Recovery,
    pool::{Pool, PoolParams, sdk_pool},
};
use hanse_runtime::{RuntimeApi, opaque::Block};
use sc_consensus::{BoxBlockImport, DefaultImportQueue, LongestChain};
use sc_executor::{HeapAllocStrategy, WasmExecutor};
use sc_service::{
    ChainSpec, ChainType, Configuration, PartialComponents, TFullBackend, TFullClient, config::ExecutorConfiguration,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sp_wasm_interface::ExtendedHostFunctions;
use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Executes the runtime, with the SDK's host functions and those for Ethereum's precompiles.
pub type Executor =
    WasmExecutor<ExtendedHostFunctions<(sp_io::SubstrateHostFunctions, pallet_evm::HostFunctions), Recovery>>;
/// The client of the chain.
pub type FullClient = TFullClient<Block, RuntimeApi, Executor>;
/// The chain's database.
pub type FullBackend = TFullBackend<Block>;
/// The rule for the best block.
pub type SelectChain = LongestChain<FullBackend, Block>;
/// What [`partial`] makes.
pub type Partial = PartialComponents<FullClient, FullBackend, SelectChain, DefaultImportQueue<Block>, Pool, Extras>;

/// What only a running node needs.
pub struct Extras {
    block_import: BoxBlockImport<Block>,
    /// `None` when the node seals by itself.
    grandpa: Option<consensus::GrandpaLink>,
    telemetry: Option<Telemetry>,
}

/// Heap of a call of the runtime, in pages of 64 KiB: 1 GiB, of which the system backs what is touched. An author runs each
/// transaction in a heap of its own, an importer the whole block in one, and the allocator joins no freed blocks: with the
/// SDK's 128 MiB a block could be too large for everyone but its author.
const HEAP_PAGES: u32 = 16 * 1024;

/// Whether this node alone makes the blocks. Then there are no slots to claim and no votes to wait for, and blocks
/// carry no author's seal.
pub fn seals_alone(spec: &dyn ChainSpec) -> bool {
    spec.chain_type() == ChainType::Development
}

/// Runs the runtime. The heap is the same on every node, whatever a command line says: it is part of what a valid block
/// is.
fn executor(config: &ExecutorConfiguration, compiled: &Path) -> Executor {
    let heap = HeapAllocStrategy::Static { extra_pages: HEAP_PAGES };
    Executor::builder()
        .with_execution_method(config.wasm_method)
        .with_onchain_heap_alloc_strategy(heap)
        .with_offchain_heap_alloc_strategy(heap)
        .with_max_runtime_instances(config.max_runtime_instances)
        .with_runtime_cache_size(config.runtime_cache_size)
        .with_cache_path(compiled)
        .build()
}

/// Where the machine code of runtimes is kept: to compile one takes ten seconds of a core, at each start. It is
/// executed as it is found, so the folder belongs to whom the chain's data belong to. A development chain's data are
/// often thrown away; its runtimes are kept in the user's cache.
fn compiled_runtimes(config: &Configuration) -> PathBuf {
    let users = seals_alone(config.chain_spec.as_ref()).then(users_cache).flatten();
    users.unwrap_or_else(|| config.data_path.clone()).join("compiled-runtimes")
}

/// Hanse's folder among the user's caches (XDG Base Directory Specification).
fn users_cache() -> Option<PathBuf> {
    let caches = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(caches.or_else(|| Some(env::home_dir()?.join(".cache")))?.join("hanse"))
}

/// Client, database, pool and import queue.
///
/// # Errors
/// When the database can't be opened or belongs to another chain.
pub fn partial(config: &Configuration, pool: PoolParams) -> Result<Partial, sc_service::Error> {
    let telemetry = config
        .telemetry_endpoints
        .clone()
        .filter(|endpoints| !endpoints.is_empty())
        .map(|endpoints| -> Result<_, sc_telemetry::Error> {
            let worker = TelemetryWorker::new(16)?;
            let telemetry = worker.handle().new_telemetry(endpoints);
            Ok((worker, telemetry))
        })
        .transpose()?;

    let executor = executor(&config.executor, &compiled_runtimes(config));
    let backend = sc_service::new_db_backend(config.db_config())?;
    let genesis = genesis::Genesis { config, backend: backend.clone(), executor: executor.clone() };
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts_with_genesis_builder::<Block, RuntimeApi, _, _>(
            config,
            telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
            executor,
            backend,
            genesis,
            false,
        )?;
    let client = Arc::new(client);
    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager.spawn_handle().spawn("telemetry", None, worker.run());
        telemetry
    });
    let select_chain = LongestChain::new(backend.clone());
    let sdk_pool = sdk_pool(
        client.clone(),
        &pool,
        config.role.is_authority(),
        config.prometheus_registry(),
        task_manager.spawn_essential_handle(),
    );
    let transaction_pool = Arc::new(Pool::new(sdk_pool, client.clone(), pool));
    let (import_queue, block_import, grandpa) = if seals_alone(config.chain_spec.as_ref()) {
        let queue = sc_consensus_manual_seal::import_queue(
            Box::new(client.clone()),
            &task_manager.spawn_essential_handle(),
            config.prometheus_registry(),
        );
        (queue, Box::new(client.clone()) as BoxBlockImport<Block>, None)
    } else {
        let handle = telemetry.as_ref().map(|telemetry| telemetry.handle());
        consensus::import_queue(config, &client, &select_chain, &task_manager, handle)?
    };

    Ok(PartialComponents {
        client,
        backend,
        task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: Extras { block_import, grandpa, telemetry },
    })
}
