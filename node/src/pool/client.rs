//! The client as the SDK's pool sees it.

use crate::{execution::Native, service::FullClient};
use hanse_runtime::{RuntimeApiImpl, opaque::Block};
use sc_client_api::{
    BlockBackend, ClientInfo, ExecutorProvider, HeaderBackend, UsageProvider, execution_extensions::ExecutionExtensions,
};
use sp_api::{ApiRef, ProvideRuntimeApi};
use sp_blockchain::{BlockStatus, CachedHeaderMetadata, Error, HeaderMetadata, Info, Result};
use sp_core::H256;
use sp_runtime::{
    Justifications,
    generic::{BlockId, SignedBlock},
    traits::{BlockIdTo, NumberFor},
};
use std::sync::Arc;

type Extrinsic = hanse_runtime::opaque::UncheckedExtrinsic;
type Header = <Block as sp_runtime::traits::Block>::Header;

/// The client, but that transactions are validated by native code where it can ([`Native`]), since the Wasm takes a new instance for
/// each call.
pub struct PoolClient {
    client: Arc<FullClient>,
    runtime: Native<Arc<FullClient>>,
}

impl PoolClient {
    /// Wraps the client.
    pub fn new(client: Arc<FullClient>) -> Self {
        Self { runtime: Native::new(client.clone()), client }
    }
}

impl ProvideRuntimeApi<Block> for PoolClient {
    type Api = RuntimeApiImpl<Block, Native<Arc<FullClient>>>;

    fn runtime_api(&self) -> ApiRef<'_, Self::Api> {
        self.runtime.runtime_api()
    }
}

// Everything below is the client as it is.

impl BlockBackend<Block> for PoolClient {
    fn block_body(&self, hash: H256) -> Result<Option<Vec<Extrinsic>>> {
        self.client.block_body(hash)
    }

    fn block_indexed_body(&self, hash: H256) -> Result<Option<Vec<Vec<u8>>>> {
        self.client.block_indexed_body(hash)
    }

    fn block_indexed_hashes(&self, hash: H256) -> Result<Option<Vec<H256>>> {
        self.client.block_indexed_hashes(hash)
    }

    fn block(&self, hash: H256) -> Result<Option<SignedBlock<Block>>> {
        self.client.block(hash)
    }

    fn block_status(&self, hash: H256) -> Result<sp_consensus::BlockStatus> {
        self.client.block_status(hash)
    }

    fn justifications(&self, hash: H256) -> Result<Option<Justifications>> {
        self.client.justifications(hash)
    }

    fn block_hash(&self, number: NumberFor<Block>) -> Result<Option<H256>> {
        self.client.block_hash(number)
    }

    fn indexed_transaction(&self, hash: H256) -> Result<Option<Vec<u8>>> {
        self.client.indexed_transaction(hash)
    }

    fn requires_full_sync(&self) -> bool {
        self.client.requires_full_sync()
    }
}

impl HeaderBackend<Block> for PoolClient {
    fn header(&self, hash: H256) -> Result<Option<Header>> {
        self.client.header(hash)
    }

    fn info(&self) -> Info<Block> {
        self.client.info()
    }

    fn status(&self, hash: H256) -> Result<BlockStatus> {
        self.client.status(hash)
    }

    fn number(&self, hash: H256) -> Result<Option<<Header as sp_runtime::traits::Header>::Number>> {
        self.client.number(hash)
    }

    fn hash(&self, number: NumberFor<Block>) -> Result<Option<H256>> {
        self.client.hash(number)
    }
}

impl HeaderMetadata<Block> for PoolClient {
    type Error = Error;

    fn header_metadata(&self, hash: H256) -> Result<CachedHeaderMetadata<Block>> {
        self.client.header_metadata(hash)
    }

    fn insert_header_metadata(&self, hash: H256, metadata: CachedHeaderMetadata<Block>) {
        self.client.insert_header_metadata(hash, metadata);
    }

    fn remove_header_metadata(&self, hash: H256) {
        self.client.remove_header_metadata(hash);
    }
}

impl BlockIdTo<Block> for PoolClient {
    type Error = Error;

    fn to_hash(&self, id: &BlockId<Block>) -> Result<Option<H256>> {
        self.client.to_hash(id)
    }

    fn to_number(&self, id: &BlockId<Block>) -> Result<Option<NumberFor<Block>>> {
        self.client.to_number(id)
    }
}

impl ExecutorProvider<Block> for PoolClient {
    type Executor = <FullClient as ExecutorProvider<Block>>::Executor;

    fn executor(&self) -> &Self::Executor {
        self.client.executor()
    }

    fn execution_extensions(&self) -> &ExecutionExtensions<Block> {
        self.client.execution_extensions()
    }
}

impl UsageProvider<Block> for PoolClient {
    fn usage_info(&self) -> ClientInfo<Block> {
        self.client.usage_info()
    }
}
