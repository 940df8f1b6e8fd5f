//! Starts the running node.

use super::{
    Extras, FullClient, Partial,
    consensus::{self, ConsensusConfig, Parts},
    replay,
    seal::{Sealer, Sealing},
};
use crate::{
    cli::NodeParams,
    dev::Dev,
    index::{self, Index, metrics::Metrics},
    pool::{LocalTransactions, block::PendingBlocks},
    rpc::{self, filters::Filters},
};
use futures::{StreamExt, channel::mpsc, stream};
use hanse_primitives::runtime_api::EthereumApi;
use hanse_runtime::opaque::Block;
use log::info;
use sc_client_api::{BlockBackend, BlockchainEvents, HeaderBackend};
use sc_network::{
    Litep2pNetworkBackend, Multiaddr, NetworkBackend,
    config::{
        FullNetworkConfiguration, NetworkBackendType, NetworkConfiguration, NonReservedPeerMode, SetConfig,
        TransportConfig,
    },
    multiaddr::Protocol,
};
use sc_service::{BuildNetworkParams, Configuration, PartialComponents, SpawnTasksParams, TaskManager};
use sp_api::ProvideRuntimeApi;
use sp_core::H256;
use std::{net::Ipv4Addr, sync::Arc};
use tokio::sync::Notify;

/// Commands of `engine_createBlock` that may wait.
const ENGINE_COMMANDS: usize = 64;
/// Events that wait in all filters together until they are polled: some 100 MB when all of them are logs.
const FILTER_EVENTS: usize = 200_000;

fn other(error: impl std::fmt::Display) -> sc_service::Error {
    sc_service::Error::Other(error.to_string())
}

/// Starts network, index, JSON-RPC and block production.
///
/// # Errors
/// When the database, the index or a port can't be used.
pub async fn start(mut config: Configuration, params: NodeParams) -> Result<TaskManager, sc_service::Error> {
    if matches!(config.network.network_backend, NetworkBackendType::Libp2p) {
        return Err(other("this node speaks litep2p only; leave `--network-backend` out"));
    }
    let alone = super::seals_alone(config.chain_spec.as_ref());
    if alone {
        isolate(&mut config.network);
    }
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: Extras { block_import, grandpa, mut telemetry },
    }: Partial = super::partial(&config, params.pool)?;

    let folder = index::folder(&config.data_path);
    replay::replay(&client, &block_import, &folder, alone).await;
    let (index, wake) = open_index(&config, &client, &task_manager).await?;

    let genesis = client.block_hash(0)?.ok_or_else(|| other("the chain has no genesis block"))?;
    let registry = config.prometheus_registry().cloned();
    let mut net_config =
        FullNetworkConfiguration::<Block, H256, Litep2pNetworkBackend>::new(&config.network, registry.clone());
    let metrics =
        <Litep2pNetworkBackend as NetworkBackend<Block, H256>>::register_notification_metrics(registry.as_ref());
    let grandpa_protocol = consensus::grandpa_protocol(&genesis, &config);
    let grandpa = grandpa.filter(|_| !config.disable_grandpa).map(|link| {
        let (protocol_config, notifications) =
            sc_consensus_grandpa::grandpa_peers_set_config::<Block, Litep2pNetworkBackend>(
                grandpa_protocol.clone(),
                metrics.clone(),
                net_config.peer_store_handle(),
            );
        net_config.add_notification_protocol(protocol_config);
        (link, notifications)
    });
    let (network, system_rpc_tx, tx_handler_controller, sync_service, _) =
        sc_service::build_network(BuildNetworkParams {
            config: &config,
            net_config,
            client: client.clone(),
            transaction_pool: transaction_pool.clone(),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: None,
            block_relay: None,
            metrics,
            gap_sync_body_policy: None,
        })?;

    let pending = transaction_pool.pending().clone();
    // It goes through the whole pool: not for the threads of the network.
    task_manager.spawn_handle().spawn_blocking(
        "pending-transactions",
        Some("rpc"),
        pending.clone().follow(transaction_pool.clone(), client.clone(), index.clone()),
    );

    let (local, stored) = LocalTransactions::open(&folder)?;
    let local = Arc::new(local);
    task_manager.spawn_handle().spawn_blocking(
        "local-transactions",
        Some("rpc"),
        local.clone().run(stored, transaction_pool.clone(), client.clone()),
    );
    let filters = Filters::new(&index, &pending, params.limits.eth_max_filters, FILTER_EVENTS);
    task_manager.spawn_handle().spawn("filters", Some("rpc"), filters.clone().follow(index.clone(), pending.clone()));

    let (commands_tx, commands) = mpsc::channel(ENGINE_COMMANDS);
    let (dev, requests) = Dev::new(params.sealing);
    let sealed_index = index.clone();
    let rpc_builder = {
        let dev = dev.clone();
        let deps = rpc::Deps {
            client: client.clone(),
            pool: transaction_pool.clone(),
            pending_blocks: Arc::new(PendingBlocks::new(
                client.clone(),
                transaction_pool.clone(),
                sc_consensus_aura::slot_duration(&*client)?,
                alone,
            )),
            local,
            index,
            chain_id: client.runtime_api().chain_id(client.info().best_hash).map_err(other)?,
            slots: rpc::slots::Slots::default(),
            pending,
            filters,
            dev: alone.then_some(dev),
            sync: sync_service.clone(),
            limits: params.limits,
            version: version(alone, &config.impl_version),
        };
        let engine = (alone && params.sealing == Sealing::Manual).then_some(commands_tx);
        Box::new(move |_| rpc::module(deps.clone(), engine.clone()).map_err(other))
    };
    config.rpc.id_provider = Some(Box::new(rpc::ids::SubscriptionIds));

    let consensus_config = ConsensusConfig {
        role: config.role,
        force_authoring: config.force_authoring,
        name: config.network.node_name.clone(),
        registry: registry.clone(),
    };
    sc_service::spawn_tasks(SpawnTasksParams {
        config,
        client: client.clone(),
        backend: backend.clone(),
        task_manager: &mut task_manager,
        keystore: keystore_container.keystore(),
        transaction_pool: transaction_pool.clone(),
        rpc_builder,
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync_service.clone(),
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;

    let parts = Parts {
        config: &consensus_config,
        client,
        select_chain,
        pool: transaction_pool,
        keystore: &keystore_container,
        sync: sync_service,
        network,
        tasks: &task_manager,
        telemetry: telemetry.as_ref().map(|telemetry| telemetry.handle()),
    };
    if alone {
        let proposers = parts.proposers();
        let sealer = Sealer {
            slot_duration: sc_consensus_aura::slot_duration(&*parts.client)?,
            client: parts.client,
            pool: parts.pool,
            proposers,
            block_import,
            select_chain: parts.select_chain,
            requests,
            clock: dev.clock,
            backend,
            index: sealed_index,
            wake,
            commands,
            sealing: params.sealing,
        };
        info!("this node makes the blocks alone, sealing {:?}", params.sealing);
        task_manager.spawn_essential_handle().spawn_blocking("sealer", Some("block-authoring"), sealer.run());
        return Ok(task_manager);
    }
    if parts.config.role.is_authority() {
        consensus::start_aura(&parts, block_import)?;
    }
    if let Some((link, notifications)) = grandpa {
        consensus::start_grandpa(&parts, link, grandpa_protocol, notifications)?;
    }
    Ok(task_manager)
}

/// A node that makes the blocks alone has nobody to talk to, and another developer's chain may have the same genesis:
/// no peers, and nothing but loopback is listened on.
fn isolate(network: &mut NetworkConfiguration) {
    network.listen_addresses = vec![Multiaddr::empty().with(Protocol::Ip4(Ipv4Addr::LOCALHOST)).with(Protocol::Tcp(0))];
    network.boot_nodes.clear();
    network.default_peers_set = SetConfig {
        in_peers: 0,
        out_peers: 0,
        reserved_nodes: Vec::new(),
        non_reserved_mode: NonReservedPeerMode::Deny,
    };
    network.transport = TransportConfig::Normal { enable_mdns: false, allow_private_ip: false };
}

/// What `web3_clientVersion` says. A developer's chain has anvil's helpers, and says so first: Hardhat's tools use them
/// only with a node whose name they know.
fn version(alone: bool, implementation: &str) -> String {
    let helpers = if alone { "anvil-compatible/" } else { "" };
    format!("{helpers}hanse-node/{implementation}")
}

/// Opens the index and starts the task that keeps it up to date. Genesis at least is indexed when this returns.
async fn open_index(
    config: &Configuration,
    client: &Arc<FullClient>,
    tasks: &TaskManager,
) -> Result<(Index, Arc<Notify>), sc_service::Error> {
    let metrics = config.prometheus_registry().map(Metrics::new).transpose()?;
    let folder = index::folder(&config.data_path);
    let (index, mut follower) = Index::open(&folder, client.clone(), metrics).await.map_err(other)?;
    follower.begin().await.map_err(other)?;
    let mut events = stream::select(
        client.every_import_notification_stream().map(drop),
        client.finality_notification_stream().map(drop),
    );
    // Notifications keep the state of their blocks in memory: take them at once, however long indexing takes.
    let wake = Arc::new(Notify::new());
    let (woken, waker) = (wake.clone(), wake.clone());
    tasks.spawn_handle().spawn("index-wake", Some("rpc"), async move {
        while events.next().await.is_some() {
            wake.notify_one();
        }
    });
    // Reading a block means executing the runtime: not for the threads of the network.
    tasks.spawn_essential_handle().spawn_blocking("index", Some("rpc"), follower.run(woken));
    Ok((index, waker))
}
