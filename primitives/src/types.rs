//! What crosses the border between runtime and node.

use crate::log::Log;
use alloc::vec::Vec;
use codec::{Decode, Encode};
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
    /// The logs that it would emit.
    pub logs: Vec<Log>,
}
