//! What crosses the border between runtime and node.

use crate::{error::TransactionError, log::Log};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use sp_core::{H160, H256, U256};

/// An account as Ethereum sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Account {
    /// Transactions sent (for a contract: contracts created).
    pub nonce: u64,
    /// In wei.
    pub balance: U256,
}

/// The Ethereum block that one Substrate block holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct EthereumBlock {
    /// keccak-256 of `header`.
    pub hash: H256,
    /// The RLP encoding of the header.
    pub header: Vec<u8>,
    /// In the order of execution.
    pub transactions: Vec<ExecutedTransaction>,
}

/// A transaction and all that its receipt says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ExecutedTransaction {
    /// keccak-256 of `raw`.
    pub hash: H256,
    /// The signed transaction as it was sent (EIP-2718).
    pub raw: Vec<u8>,
    /// Recovered from the signature.
    pub from: H160,
    /// `None` creates a contract.
    pub to: Option<H160>,
    /// Where it creates a contract, also when that failed, as geth has it.
    pub contract_address: Option<H160>,
    /// Gas of this transaction alone, refunds taken off.
    pub gas_used: u64,
    /// What one unit of gas cost, in wei.
    pub effective_gas_price: u128,
    /// The receipt's status (EIP-658).
    pub success: bool,
    /// In the order of emission.
    pub logs: Vec<Log>,
}

/// A call to simulate: `eth_call`'s parameters with defaults filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CallRequest {
    /// Who calls; no signature is needed.
    pub from: H160,
    /// `None` creates a contract.
    pub to: Option<H160>,
    /// `None` is the block's gas limit.
    pub gas_limit: Option<u64>,
    /// Legacy price or EIP-1559 fee cap, in wei; `None` asks for no fee checks.
    pub max_fee_per_gas: Option<u128>,
    /// EIP-1559 tip, in wei.
    pub max_priority_fee_per_gas: Option<u128>,
    /// In wei.
    pub value: U256,
    /// Call data or init code.
    pub data: Vec<u8>,
    /// Taken as it is: like geth's, a simulation doesn't compare it with the account's.
    pub nonce: Option<u64>,
    /// EIP-2930: addresses and their slots.
    pub access_list: Vec<(H160, Vec<H256>)>,
    /// EIP-7702: as with a transaction, one that isn't good is passed over.
    pub authorizations: Vec<Authorization>,
}

/// A signed authorization to have an account delegate to code (EIP-7702).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Authorization {
    /// The chain, or 0 for any.
    pub chain_id: U256,
    /// The code's account; zero takes the delegation away.
    pub address: H160,
    /// Of the account that signed.
    pub nonce: u64,
    /// 0 or 1.
    pub y_parity: u8,
    /// Of the signature.
    pub r: U256,
    /// Of the signature.
    pub s: U256,
}

/// How execution ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum CallStatus {
    /// Returned.
    Success,
    /// `REVERT`; the output is the reason.
    Revert,
    /// An exceptional halt, such as out of gas; the text is geth's.
    Halt(Vec<u8>),
}

/// What a simulated call came to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CallOutcome {
    /// How it ended.
    pub status: CallStatus,
    /// Return data or revert reason.
    pub output: Vec<u8>,
    /// Gas used, or for an estimate the least gas limit that succeeds.
    pub gas_used: u64,
    /// Gas that it held at its peak, before refunds.
    pub gas_spent: u64,
    /// The logs that it would emit.
    pub logs: Vec<Log>,
}

/// What a simulation finds changed before it begins; nothing unless said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Overrides {
    /// Of the block that it runs in.
    pub block: BlockOverrides,
    /// Of accounts, each at most once.
    pub accounts: Vec<AccountOverride>,
}

/// Fields of a block that a simulation shall see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BlockOverrides {
    /// `NUMBER`.
    pub number: Option<u64>,
    /// `TIMESTAMP`, in seconds.
    pub timestamp: Option<u64>,
    /// `GASLIMIT`.
    pub gas_limit: Option<u64>,
    /// `COINBASE`.
    pub beneficiary: Option<H160>,
    /// `PREVRANDAO`.
    pub prevrandao: Option<H256>,
    /// `BASEFEE`, in wei.
    pub base_fee: Option<u64>,
    /// `BLOBBASEFEE`, in wei.
    pub blob_base_fee: Option<u128>,
}

/// An account as a simulation shall find it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AccountOverride {
    /// Whose.
    pub address: H160,
    /// Transactions sent.
    pub nonce: Option<u64>,
    /// In wei.
    pub balance: Option<u128>,
    /// Empty takes the code away.
    pub code: Option<Vec<u8>>,
    /// Contract storage.
    pub storage: StorageOverride,
}

/// Contract storage as a simulation shall find it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum StorageOverride {
    /// As it is.
    #[default]
    Keep,
    /// These slots alone.
    Replace(Vec<(H256, H256)>),
    /// As it is but for these slots.
    Change(Vec<(H256, H256)>),
}

/// The addresses and slots that a call accesses (EIP-2930), and what came of the call when it names them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Accesses {
    /// In the order of addresses and slots.
    pub access_list: Vec<(H160, Vec<H256>)>,
    /// Of the call with this access list.
    pub outcome: CallOutcome,
}

/// Blocks to simulate, each on the one before (`eth_simulateV1`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Simulation {
    /// At least number and timestamp of each block are named.
    pub blocks: Vec<SimulatedBlock>,
    /// Whether transactions are checked as in a real block, but for their signatures: nonces, base fee, balances.
    pub validation: bool,
    /// Most gas that all calls together may ask for.
    pub gas_limit: u64,
    /// Whether transfers of the native coin are logged as a token's would be.
    pub trace_transfers: bool,
}

/// One block to simulate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SimulatedBlock {
    /// Applied before the first call; changes of accounts last beyond the block.
    pub overrides: Overrides,
    /// In the order of execution.
    pub calls: Vec<CallRequest>,
}

/// What a simulated block came to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SimulatedOutcome {
    /// The block as it would be. Its transactions are not signed.
    pub block: EthereumBlock,
    /// One for each call.
    pub calls: Vec<CallOutcome>,
}

/// Why a simulation was given up.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum SimulationError {
    /// All calls together have used up [`Simulation::gas_limit`].
    GasExhausted {
        /// All that there is.
        limit: u64,
    },
    /// A call can't be executed at all.
    Refused {
        /// Position of the block.
        block: u32,
        /// Position of the call in it.
        call: u32,
        /// Why.
        error: TransactionError,
    },
    /// A call asks for more gas than is left in its block.
    BlockGasLimit {
        /// Gas of the calls before it and of this one.
        wanted: u64,
        /// The block's gas limit.
        limit: u64,
    },
}

/// A change of the state that no transaction makes; for development.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Amendment {
    /// The account's spendable balance in wei; the total issuance follows.
    Balance(H160, u128),
    /// The account's nonce.
    Nonce(H160, u64),
    /// The account's code; empty takes it away.
    Code(H160, Vec<u8>),
    /// A slot of the account's storage; zero clears it.
    Storage(H160, H256, H256),
}
