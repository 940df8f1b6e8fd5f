//! What an operation will do to balances once it succeeds. Kept with the operation, so that the pending part of
//! the cached balances can be taken back at any later moment.

use super::contracts::address_text;
use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

/// One movement of units. The zero address on a side means: created or destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Who pays.
    pub from: Address,
    /// Who receives.
    pub to: Address,
    /// In the smallest unit.
    pub amount: U256,
}

impl Move {
    /// Units come into being.
    pub fn mint(to: Address, amount: U256) -> Self {
        Self { from: Address::ZERO, to, amount }
    }

    /// Units cease to be.
    pub fn burn(from: Address, amount: U256) -> Self {
        Self { from, to: Address::ZERO, amount }
    }
}

/// All movements of one operation: of one token, and of another that is paid for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// `tok_…`; none when nothing moves.
    pub token: Option<String>,
    /// In order.
    pub moves: Vec<Move>,
    /// What a sale moves in return for the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Box<Effects>>,
}

/// The change of one holder's pending amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingDelta {
    /// To `pending_in`.
    pub incoming: U256,
    /// To `pending_own_in`.
    pub own_incoming: U256,
    /// To `pending_out`.
    pub outgoing: U256,
}

impl Effects {
    /// The pending change of every holder concerned, when `sender` signs. Sums saturate: an operation whose sum
    /// overflows can't succeed on chain, and adding and taking back the same delta stays symmetric.
    pub fn pending(&self, sender: Address) -> Vec<(String, String, PendingDelta)> {
        let mut deltas = self.pending_of_token(sender);
        deltas.extend(self.payment.iter().flat_map(|payment| payment.pending(sender)));
        deltas
    }

    /// The tokens that move.
    pub fn tokens(&self) -> impl Iterator<Item = &String> {
        self.token.iter().chain(self.payment.iter().flat_map(|payment| &payment.token))
    }

    fn pending_of_token(&self, sender: Address) -> Vec<(String, String, PendingDelta)> {
        let Some(token) = &self.token else { return Vec::new() };
        let mut deltas: Vec<(Address, PendingDelta)> = Vec::new();
        let mut at = std::collections::HashMap::new();
        for Move { from, to, amount } in &self.moves {
            for (address, incoming) in [(*from, false), (*to, true)] {
                if address.is_zero() {
                    continue;
                }
                let index = *at.entry(address).or_insert_with(|| {
                    deltas.push((address, PendingDelta::default()));
                    deltas.len() - 1
                });
                let delta = &mut deltas[index].1;
                if incoming {
                    delta.incoming = delta.incoming.saturating_add(*amount);
                    if address == sender {
                        delta.own_incoming = delta.own_incoming.saturating_add(*amount);
                    }
                } else {
                    delta.outgoing = delta.outgoing.saturating_add(*amount);
                }
            }
        }
        deltas.into_iter().map(|(address, delta)| (token.clone(), address_text(address), delta)).collect()
    }
}
