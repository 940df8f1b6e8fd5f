//! Ethereum logs, as pallets make them.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use sp_core::{H160, H256};

/// What `LOG0` to `LOG4` leave behind: at most four topics.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Log {
    /// The contract that speaks.
    pub address: H160,
    /// First the event's signature hash, then its indexed parameters.
    pub topics: Vec<H256>,
    /// The ABI encoding of the other parameters.
    pub data: Vec<u8>,
}

/// Takes the logs of native calls into the Ethereum block.
pub trait LogSink {
    /// Adds the logs to the current block, in order.
    fn emit(logs: Vec<Log>);
}

impl LogSink for () {
    fn emit(_: Vec<Log>) {}
}
