//! Ids of subscriptions, in the form that Ethereum clients know.

use jsonrpsee::{core::traits::IdProvider, types::SubscriptionId};
use sp_core::H256;

/// Random ids such as `0x9ce59a13059e417087c02d3236a0b1cc`.
#[derive(Clone, Debug)]
pub struct SubscriptionIds;

impl IdProvider for SubscriptionIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        let random: [u8; 16] = *H256::random().as_fixed_bytes().first_chunk().expect("32 bytes have 16; qed");
        SubscriptionId::Str(format!("0x{}", hex::encode(random)).into())
    }
}

impl sc_rpc_server::SubscriptionIdProvider for SubscriptionIds {}
