//! Ids of subscriptions and filters, in the form that Ethereum clients know.

use jsonrpsee::{core::traits::IdProvider, types::SubscriptionId};
use sp_core::H256;

/// A random id such as `0x9ce59a13059e417087c02d3236a0b1cc`: nobody can guess another's. It is a number as the
/// execution API writes them, without leading zeros.
pub fn random_id() -> String {
    let random: [u8; 16] = *H256::random().as_fixed_bytes().first_chunk().expect("32 bytes have 16; qed");
    format!("{:#x}", u128::from_be_bytes(random))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_numbers_without_leading_zeros() {
        let ids: HashSet<_> = (0..1000).map(|_| random_id()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let digits = id.strip_prefix("0x").expect("has the prefix");
            assert!(!digits.starts_with('0') && digits.len() <= 32, "{id}");
            assert!(digits.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit)), "{id}");
        }
    }
}
