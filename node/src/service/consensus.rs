//! Aura makes blocks, GRANDPA makes them final; both set for a LAN.

use super::{FullBackend, FullClient, SelectChain};
use crate::{author::ProposerFactory, pool::Pool};
use hanse_runtime::opaque::Block;
use log::info;
use sc_consensus::{BoxBlockImport, DefaultImportQueue};
use sc_consensus_aura::{ImportQueueParams, SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{GrandpaParams, LinkHalf, SharedVoterState};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::{NotificationService, ProtocolName, service::traits::NetworkService};
use sc_service::{Configuration, KeystoreContainer, TaskManager};
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_aura::sr25519::AuthorityPair;
use sp_core::H256;
use std::{sync::Arc, time::Duration};

/// What ties GRANDPA's voter to its block import.
pub type GrandpaLink = LinkHalf<Block, FullClient, SelectChain>;
type SyncService = sc_network_sync::SyncingService<Block>;

/// GRANDPA's guess of how long a vote travels. A voter waits at most twice this before it prevotes and four times
/// before it precommits; on a LAN a vote takes single milliseconds.
const GOSSIP: Duration = Duration::from_millis(50);
/// A justification for each finalized head, so that finality can be proved to others.
const JUSTIFICATION_BLOCKS: u32 = 1;
/// While syncing, one justification in so many blocks is checked and stored.
const JUSTIFICATION_IMPORT_BLOCKS: u32 = 512;

/// How blocks come in: from the network, from this node's own author, and what votes on them.
type Imports = (DefaultImportQueue<Block>, BoxBlockImport<Block>, Option<GrandpaLink>);

/// The import queue that checks authors' seals, the block import, and the link for [`start_grandpa`].
pub fn import_queue(
    config: &Configuration,
    client: &Arc<FullClient>,
    select_chain: &SelectChain,
    tasks: &TaskManager,
    telemetry: Option<TelemetryHandle>,
) -> Result<Imports, sc_service::Error> {
    let (grandpa_import, link) = sc_consensus_grandpa::block_import::<FullBackend, _, _, _>(
        client.clone(),
        JUSTIFICATION_IMPORT_BLOCKS,
        client,
        select_chain.clone(),
        telemetry.clone(),
    )?;
    let slot_duration = sc_consensus_aura::slot_duration(&**client)?;
    let queue = sc_consensus_aura::import_queue::<AuthorityPair, _, _, _, _, _>(ImportQueueParams {
        block_import: grandpa_import.clone(),
        justification_import: Some(Box::new(grandpa_import.clone())),
        client: client.clone(),
        create_inherent_data_providers: move |_, ()| inherents(slot_duration),
        spawner: &tasks.spawn_essential_handle(),
        registry: config.prometheus_registry(),
        check_for_equivocation: Default::default(),
        telemetry,
        compatibility_mode: Default::default(),
    })?;
    Ok((queue, Box::new(grandpa_import), Some(link)))
}

async fn inherents(
    slot_duration: sp_consensus_aura::SlotDuration,
) -> Result<
    (sp_consensus_aura::inherents::InherentDataProvider, sp_timestamp::InherentDataProvider),
    Box<dyn std::error::Error + Send + Sync>,
> {
    let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
    let slot =
        sp_consensus_aura::inherents::InherentDataProvider::from_timestamp_and_slot_duration(*timestamp, slot_duration);
    Ok((slot, timestamp))
}

/// What both engines take of the service.
pub struct Parts<'a> {
    pub config: &'a ConsensusConfig,
    pub client: Arc<FullClient>,
    pub select_chain: SelectChain,
    pub pool: Arc<Pool>,
    pub keystore: &'a KeystoreContainer,
    pub sync: Arc<SyncService>,
    pub network: Arc<dyn NetworkService>,
    pub tasks: &'a TaskManager,
    pub telemetry: Option<TelemetryHandle>,
}

impl Parts<'_> {
    /// Makes the blocks.
    pub fn proposers(&self) -> ProposerFactory {
        let (client, pool) = (self.client.clone(), self.pool.clone());
        ProposerFactory::new(client, pool, self.tasks.spawn_handle(), self.config.registry.as_ref())
    }
}

/// The part of the configuration that outlives the start of the RPC servers.
pub struct ConsensusConfig {
    /// Whether this node is a validator.
    pub role: sc_service::Role,
    /// `--force-authoring`.
    pub force_authoring: bool,
    /// `--name`.
    pub name: String,
    /// For metrics.
    pub registry: Option<substrate_prometheus_endpoint::Registry>,
}

/// Starts making blocks in this validator's slots.
pub fn start_aura(parts: &Parts<'_>, block_import: BoxBlockImport<Block>) -> Result<(), sc_service::Error> {
    let slot_duration = sc_consensus_aura::slot_duration(&*parts.client)?;
    let aura = sc_consensus_aura::start_aura::<AuthorityPair, _, _, _, _, _, _, _, _, _, _>(StartAuraParams {
        slot_duration,
        client: parts.client.clone(),
        select_chain: parts.select_chain.clone(),
        block_import,
        proposer_factory: parts.proposers(),
        create_inherent_data_providers: move |_, ()| inherents(slot_duration),
        force_authoring: parts.config.force_authoring,
        // Without finality the chain goes on, but after five minutes at most at a quarter of its speed: unfinalized
        // blocks cost memory, and somebody should notice.
        backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging {
            max_interval: 4,
            unfinalized_slack: 600,
            authoring_bias: 2,
        }),
        keystore: parts.keystore.keystore(),
        sync_oracle: parts.sync.clone(),
        justification_sync_link: parts.sync.clone(),
        // The rest of the slot is for the block to travel and for the others to execute it.
        block_proposal_slot_portion: SlotProportion::new(2f32 / 3f32),
        max_block_proposal_slot_portion: None,
        telemetry: parts.telemetry.clone(),
        compatibility_mode: Default::default(),
    })?;
    parts.tasks.spawn_essential_handle().spawn_blocking("aura", Some("block-authoring"), aura);
    Ok(())
}

/// The name of GRANDPA's protocol on this chain.
pub fn grandpa_protocol(genesis: &H256, config: &Configuration) -> ProtocolName {
    sc_consensus_grandpa::protocol_standard_name(genesis, &config.chain_spec)
}

/// Starts voting; a node that is no validator follows the votes.
pub fn start_grandpa(
    parts: &Parts<'_>,
    link: GrandpaLink,
    protocol_name: ProtocolName,
    notifications: Box<dyn NotificationService>,
) -> Result<(), sc_service::Error> {
    let config = sc_consensus_grandpa::Config {
        gossip_duration: GOSSIP,
        justification_generation_period: JUSTIFICATION_BLOCKS,
        name: Some(parts.config.name.clone()),
        observer_enabled: false,
        keystore: parts.config.role.is_authority().then(|| parts.keystore.keystore()),
        local_role: parts.config.role,
        telemetry: parts.telemetry.clone(),
        protocol_name,
    };
    let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
        config,
        link,
        network: parts.network.clone(),
        sync: parts.sync.clone(),
        notification_service: notifications,
        // Vote for the best block itself. The usual rules stay some blocks behind it, which only costs time here.
        voting_rule: (),
        prometheus_registry: parts.config.registry.clone(),
        shared_voter_state: SharedVoterState::empty(),
        telemetry: parts.telemetry.clone(),
        offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(parts.pool.clone()),
    })?;
    parts.tasks.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
    info!("GRANDPA votes for the best block, gossip {} ms", GOSSIP.as_millis());
    Ok(())
}
