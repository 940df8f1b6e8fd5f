//! What a transaction sees of its block and its chain.

use crate::{BlockGasLimit, ChainId, Config, Pallet};
use core::marker::PhantomData;
use frame_support::traits::{Get, Time};
use hanse_primitives::{BlockOverrides, convert};
use revm::{
    context::{BlockEnv, Cfg, CfgEnv},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::{B256, U256},
};
use sp_core::H256;
use sp_runtime::traits::UniqueSaturatedInto;

/// Memory that all frames of a transaction may hold together, in bytes. They share one buffer, which doubles when it
/// grows, and the Wasm's allocator gives no more than 32 MiB at once: beyond that the runtime would trap instead of
/// the transaction running out of gas.
pub const MEMORY_LIMIT: u64 = 15 * 1024 * 1024;

/// The block and the rules that a transaction runs under.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Number, time, base fee and so on.
    pub block: BlockEnv,
    /// Chain id, fork and which checks apply.
    pub cfg: CfgEnv,
}

impl Environment {
    /// The block that is being built, or, between blocks, the last one.
    ///
    /// `PREVRANDAO` is the Substrate hash of the parent block: the same for every transaction of a block, known to its
    /// author beforehand, and therefore no source of randomness against validators.
    pub fn current<T: Config>() -> Self {
        let parent: H256 = H256::from_slice(&pad(frame_system::Pallet::<T>::parent_hash().as_ref()));
        let number: u32 = frame_system::Pallet::<T>::block_number().unique_saturated_into();
        let block = BlockEnv {
            number: U256::from(number),
            beneficiary: convert::address(T::Coinbase::get()),
            timestamp: U256::from(T::Time::now() / 1_000),
            gas_limit: BlockGasLimit::<T>::get(),
            basefee: u64::try_from(T::BaseFee::get()).unwrap_or(u64::MAX),
            difficulty: U256::ZERO,
            prevrandao: Some(B256::new(parent.0)),
            // No blobs here, but the opcode BLOBBASEFEE (EIP-7516) asks: the least price there is.
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice { excess_blob_gas: 0, blob_gasprice: 1 }),
            slot_num: 0,
        };
        let mut cfg = CfgEnv::new_with_spec(Pallet::<T>::fork_at(number).spec());
        cfg.chain_id = ChainId::<T>::get();
        cfg.memory_limit = MEMORY_LIMIT;
        Self { block, cfg }
    }

    /// For `eth_call` and estimates: no signature, so no nonce, and any sender; fees only where the caller names them.
    pub fn for_simulation(mut self, with_fees: bool) -> Self {
        self.cfg.disable_nonce_check = true;
        self.cfg.disable_eip3607 = true;
        self.cfg.disable_block_gas_limit = true;
        self.cfg.disable_base_fee = !with_fees;
        self.cfg.tx_gas_limit_cap = Some(u64::MAX);
        self
    }

    /// For a simulated block: no signature, and unless they are validated no nonces and no base fee either. The block's
    /// gas limit is for the caller to keep.
    pub fn for_simulated_block(self, validation: bool) -> Self {
        let mut environment = self.for_simulation(validation);
        environment.cfg.disable_nonce_check = !validation;
        environment
    }

    /// With fields of the block changed.
    pub fn with(mut self, overrides: &BlockOverrides) -> Self {
        let BlockOverrides { number, timestamp, gas_limit, beneficiary, prevrandao, base_fee, blob_base_fee } =
            overrides;
        let block = &mut self.block;
        block.number = number.map_or(block.number, U256::from);
        block.timestamp = timestamp.map_or(block.timestamp, U256::from);
        block.gas_limit = gas_limit.unwrap_or(block.gas_limit);
        block.beneficiary = beneficiary.map_or(block.beneficiary, convert::address);
        block.prevrandao = prevrandao.map(convert::b256).or(block.prevrandao);
        block.basefee = base_fee.unwrap_or(block.basefee);
        if let Some(price) = *blob_base_fee {
            block.blob_excess_gas_and_price = Some(BlobExcessGasAndPrice { excess_blob_gas: 0, blob_gasprice: price });
        }
        self
    }

    /// The most gas that one transaction may ask for (EIP-7825).
    pub fn tx_gas_limit_cap(&self) -> u64 {
        self.cfg.tx_gas_limit_cap()
    }

    /// For a transaction in the name of a contract (EIP-3607 forbids it).
    pub fn for_impersonation(mut self) -> Self {
        self.cfg.disable_eip3607 = true;
        self
    }

    /// For the pool: the nonce may lie ahead.
    pub fn for_pool(mut self) -> Self {
        self.cfg.disable_nonce_check = true;
        self
    }
}

fn pad(bytes: &[u8]) -> [u8; 32] {
    let mut padded = [0u8; 32];
    let n = bytes.len().min(32);
    padded[..n].copy_from_slice(&bytes[..n]);
    padded
}

/// Reads Ethereum's block hashes from `T`.
pub(crate) struct Hashes<T>(PhantomData<T>);

impl<T: Config> Hashes<T> {
    /// The hash of a block by number; zero where unknown.
    pub(crate) fn get(number: u64) -> H256 {
        use crate::pallet::BlockHash;
        match u32::try_from(number) {
            Ok(number) => T::BlockHash::block_hash(number.into()),
            Err(_) => H256::zero(),
        }
    }
}
