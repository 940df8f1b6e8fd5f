//! Between the number types of the SDK (`sp_core`) and of the EVM (`alloy_primitives`).

use crate::log::Log;
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, LogData};
use sp_core::{H160, H256, U256};

/// To alloy's address.
pub fn address(value: H160) -> Address {
    Address::new(value.0)
}

/// From alloy's address.
pub fn h160(value: Address) -> H160 {
    H160(value.into_array())
}

/// To alloy's word.
pub fn b256(value: H256) -> B256 {
    B256::new(value.0)
}

/// From alloy's word.
pub fn h256(value: B256) -> H256 {
    H256(value.0)
}

/// To alloy's 256-bit number.
pub fn ru256(value: U256) -> alloy_primitives::U256 {
    alloy_primitives::U256::from_limbs(value.0)
}

/// From alloy's 256-bit number.
pub fn u256(value: alloy_primitives::U256) -> U256 {
    U256(value.into_limbs())
}

/// To alloy's log. Topics past the fourth, which the EVM can't express, are dropped.
pub fn alloy_log(log: &Log) -> alloy_primitives::Log {
    let topics = log.topics.iter().take(4).map(|topic| b256(*topic)).collect::<Vec<_>>();
    alloy_primitives::Log {
        address: address(log.address),
        data: LogData::new_unchecked(topics, log.data.clone().into()),
    }
}

/// From alloy's log.
pub fn log(log: &alloy_primitives::Log) -> Log {
    Log {
        address: h160(log.address),
        topics: log.data.topics().iter().map(|topic| h256(*topic)).collect(),
        data: log.data.data.to_vec(),
    }
}
