//! The SDK's pool, without Ethereum's rules, and the chain as it sees it.
//!
//! It looks anew at what it holds each twenty blocks, and not after each one: under load that would be most of what a node does.
//! A transaction that isn't valid any more, for a balance that fell, is found out by the author who tries it, or at that look.

use super::{PoolClient, PoolParams, admission::Total};
use crate::service::FullClient;
use async_trait::async_trait;
use hanse_runtime::opaque::{Block, UncheckedExtrinsic};
use sc_transaction_pool::{
    BasicPool, ChainApi, FullChainApi, Options, PoolLimit, RevalidationType, ValidateTransactionPriority,
};
use sp_blockchain::{HeaderBackend, TreeRoute};
use sp_core::{H256, traits::SpawnEssentialNamed};
use sp_runtime::{
    generic::BlockId,
    traits::NumberFor,
    transaction_validity::{TransactionSource, TransactionValidity},
};
use std::{sync::Arc, time::Duration};
use substrate_prometheus_endpoint::Registry;

/// Transactions, and KiB, that the SDK's pool has room for beyond our limits at least: a tenth of it is behind gaps, where
/// a newcomer gets in before another one leaves.
const SPARE: usize = 1_000;

/// The SDK's single-state pool.
pub type SdkPool = BasicPool<Api, Block>;
type Error = <Sdk as ChainApi>::Error;
type Sdk = FullChainApi<PoolClient, Block>;

/// The chain as the SDK's pool sees it. Whether a transaction is valid is found out on the spot: in the SDK the question goes to
/// another task and the answer back.
pub struct Api(Sdk);

/// Makes it. Its tasks, without which a node is of no use, are spawned by `spawner`.
pub fn sdk_pool(
    client: Arc<FullClient>,
    params: &PoolParams,
    is_authority: bool,
    registry: Option<&Registry>,
    spawner: impl SpawnEssentialNamed,
) -> SdkPool {
    let info = client.info();
    let api = Api(FullChainApi::new(Arc::new(PoolClient::new(client)), registry, &spawner));
    BasicPool::with_revalidation_type(
        room(&params.total, params.ban),
        is_authority.into(),
        Arc::new(api),
        registry,
        RevalidationType::Light,
        spawner,
        info.best_number,
        info.best_hash,
        info.finalized_hash,
    )
}

/// The SDK's pool throws out what it has accepted when it is full. Ours refuses before that, and to what waits behind gaps
/// it leaves the space to become executable.
fn room(total: &Total, ban_time: Duration) -> Options {
    let count = total.ready.saturating_add(total.queued.max(SPARE));
    let total_bytes = total.ready_bytes.saturating_add(total.queued_bytes.max(SPARE * 1024));
    Options {
        ready: PoolLimit { count, total_bytes },
        future: PoolLimit { count: count / 10, total_bytes: total_bytes / 10 },
        reject_future_transactions: false,
        ban_time,
    }
}

#[async_trait]
impl ChainApi for Api {
    type Block = Block;
    type Error = Error;

    async fn validate_transaction(
        &self,
        at: H256,
        source: TransactionSource,
        extrinsic: Arc<UncheckedExtrinsic>,
        _: ValidateTransactionPriority,
    ) -> Result<TransactionValidity, Error> {
        self.validate_transaction_blocking(at, source, extrinsic)
    }

    // Everything below is the SDK's.

    fn validate_transaction_blocking(
        &self,
        at: H256,
        source: TransactionSource,
        extrinsic: Arc<UncheckedExtrinsic>,
    ) -> Result<TransactionValidity, Error> {
        self.0.validate_transaction_blocking(at, source, extrinsic)
    }

    fn block_id_to_number(&self, at: &BlockId<Block>) -> Result<Option<NumberFor<Block>>, Error> {
        self.0.block_id_to_number(at)
    }

    fn block_id_to_hash(&self, at: &BlockId<Block>) -> Result<Option<H256>, Error> {
        self.0.block_id_to_hash(at)
    }

    fn hash_and_length(&self, extrinsic: &UncheckedExtrinsic) -> (H256, usize) {
        self.0.hash_and_length(extrinsic)
    }

    async fn block_body(&self, at: H256) -> Result<Option<Vec<UncheckedExtrinsic>>, Error> {
        self.0.block_body(at).await
    }

    fn block_header(&self, at: H256) -> Result<Option<<Block as sp_runtime::traits::Block>::Header>, Error> {
        self.0.block_header(at)
    }

    fn tree_route(&self, from: H256, to: H256) -> Result<TreeRoute<Block>, Error> {
        self.0.tree_route(from, to)
    }
}
