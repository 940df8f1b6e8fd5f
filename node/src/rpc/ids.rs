//! Ids of subscriptions and filters, in the form that Ethereum clients know.

use jsonrpsee::{core::traits::IdProvider, types::SubscriptionId};
use sp_core::H256;

/// A random id such as `0x9ce59a13059e417087c02d3236a0b1cc`: nobody can guess another's.
pub fn random_id() -> String {
    let random: [u8; 16] = *H256::random().as_fixed_bytes().first_chunk().expect("32 bytes have 16; qed");
    format!("0x{}", hex::encode(random))
}

/// Gives each subscription a [`random_id`].
#[derive(Clone, Debug)]
pub struct SubscriptionIds;

impl IdProvider for SubscriptionIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        SubscriptionId::Str(random_id().into())
    }
}

impl sc_rpc_server::SubscriptionIdProvider for SubscriptionIds {}
