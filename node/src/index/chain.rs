//! What the index needs of the chain; a trait, so that tests can drive reorganisations.

use super::error::{IndexError, Result};
use alloy_primitives::B256;
use hanse_primitives::{EthereumBlock, convert};

/// The chain that is indexed. Numbers are heights, hashes the chain's own.
pub trait Chain: Send + Sync + 'static {
    /// The best block.
    fn best(&self) -> (u64, B256);
    /// The last final block.
    fn finalized(&self) -> (u64, B256);
    /// Hash of the block at this height on the best chain.
    fn hash_at(&self, number: u64) -> Result<Option<B256>>;
    /// Hash of the block's parent.
    fn parent(&self, hash: B256) -> Result<Option<B256>>;
    /// Whether the runtime can be asked about the block: its state wasn't pruned.
    fn has_state(&self, hash: B256) -> Result<bool>;
    /// What the runtime made of the block.
    fn ethereum_block(&self, hash: B256) -> Result<EthereumBlock>;
    /// SCALE encoding of header and body.
    fn encoded_block(&self, hash: B256) -> Result<Vec<u8>>;
}

mod client {
    use super::*;
    use crate::service::FullClient;
    use codec::Encode;
    use hanse_primitives::runtime_api::EthereumApi;
    use sc_client_api::{BlockBackend, HeaderBackend};
    use sp_api::ProvideRuntimeApi;
    use sp_consensus::BlockStatus;
    use sp_runtime::traits::Header as _;

    fn chain_error(error: impl std::fmt::Display) -> IndexError {
        IndexError::Chain(error.to_string())
    }

    impl Chain for FullClient {
        fn best(&self) -> (u64, B256) {
            let info = self.info();
            (info.best_number.into(), convert::b256(info.best_hash))
        }

        fn finalized(&self) -> (u64, B256) {
            let info = self.info();
            (info.finalized_number.into(), convert::b256(info.finalized_hash))
        }

        fn hash_at(&self, number: u64) -> Result<Option<B256>> {
            let Ok(number) = u32::try_from(number) else { return Ok(None) };
            Ok(HeaderBackend::hash(self, number).map_err(chain_error)?.map(convert::b256))
        }

        fn parent(&self, hash: B256) -> Result<Option<B256>> {
            let header = self.header(convert::h256(hash)).map_err(chain_error)?;
            Ok(header.map(|header| convert::b256(*header.parent_hash())))
        }

        fn has_state(&self, hash: B256) -> Result<bool> {
            Ok(self.block_status(convert::h256(hash)).map_err(chain_error)? != BlockStatus::InChainPruned)
        }

        fn ethereum_block(&self, hash: B256) -> Result<EthereumBlock> {
            if !self.has_state(hash)? {
                return Err(IndexError::StateGone(hash));
            }
            let at = convert::h256(hash);
            self.runtime_api().block(at).map_err(chain_error)?.ok_or(IndexError::NoBlock(hash))
        }

        fn encoded_block(&self, hash: B256) -> Result<Vec<u8>> {
            let block = self.block(convert::h256(hash)).map_err(chain_error)?;
            Ok(block.map(|signed| signed.block.encode()).unwrap_or_default())
        }
    }
}
