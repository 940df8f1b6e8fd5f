//! Policies of wallets: to whom they may send, and how much in a time. Held against each write of a guarded wallet, under
//! the wallet's lock, so that many requests at once have no more than one after the other.
//!
//! What was accepted counts, also when it fails on chain: nobody gets a second try for nothing.

use super::super::contracts::address_text;
use super::super::effects::PendingDelta;
use super::super::intent::Call;
use super::super::period::Period;
use super::super::types::Kind;
use super::wallets::Wallet;
use crate::db::{Amount, QueryBuilder, Statement};
use crate::error::{Code, Error, Result};
use alloy::primitives::{Address, U256};
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeSet, HashMap};

/// The policies of the guarded wallets of a group.
#[derive(Default)]
pub(super) struct Policies(HashMap<String, Policy>);

#[derive(Default)]
struct Policy {
    /// `None`: everybody.
    allowed: Option<BTreeSet<String>>,
    limits: Vec<Limit>,
}

struct Limit {
    token: String,
    period: Period,
    amount: U256,
    spent: U256,
    number: i64,
    changed: bool,
}

impl Policies {
    /// Reads them; the wallets are locked.
    pub async fn load(tx: &mut AnyConnection, wallets: &HashMap<String, Wallet>, now_ms: i64) -> Result<Self> {
        let guarded: Vec<&str> =
            wallets.iter().filter(|(_, wallet)| wallet.guarded).map(|(id, _)| id.as_str()).collect();
        if guarded.is_empty() {
            return Ok(Self::default());
        }
        let mut policies: HashMap<String, Policy> = HashMap::new();
        let mut query = QueryBuilder::new("SELECT wallet_id, allowed FROM wallet_policies WHERE wallet_id IN (");
        query.push_list(guarded.iter().copied()).push(")");
        for row in query.fetch_all(&mut *tx).await? {
            let allowed: Option<String> = row.try_get(1)?;
            let allowed = allowed.map(|json| serde_json::from_str(&json)).transpose().map_err(Error::internal)?;
            policies.entry(row.try_get(0)?).or_default().allowed = allowed;
        }
        let mut query = QueryBuilder::new(
            "SELECT wallet_id, token_id, period, amount, spent, period_number FROM wallet_limits WHERE wallet_id IN (",
        );
        query.push_list(guarded).push(")");
        for row in query.fetch_all(&mut *tx).await? {
            let period = Period::parse(&row.try_get::<String, _>(2)?)?;
            let (amount, spent) = (Amount::read(&row, 3)?, Amount::read(&row, 4)?);
            let number = period.number(now_ms);
            // What was spent in another period is over.
            let spent = if row.try_get::<i64, _>(5)? == number { spent.0 } else { U256::ZERO };
            let limit = Limit { token: row.try_get(1)?, period, amount: amount.0, spent, number, changed: false };
            policies.entry(row.try_get(0)?).or_default().limits.push(limit);
        }
        Ok(Self(policies))
    }

    /// Counts a write of the wallet in, if its policy lets it.
    ///
    /// # Errors
    /// `wallet_policy_violated`; then nothing is counted.
    pub fn take(
        &mut self,
        wallet_id: &str,
        call: &Call,
        sender: Address,
        deltas: &[(String, String, PendingDelta)],
    ) -> Result<()> {
        let Some(policy) = self.0.get_mut(wallet_id) else { return Ok(()) };
        let sender = address_text(sender);
        if let Some(allowed) = &policy.allowed {
            let contract = matches!(call.kind, Kind::Call).then(|| address_text(call.target));
            let receives = |delta: &PendingDelta| !delta.incoming.is_zero();
            let receivers =
                deltas.iter().filter(|(_, _, delta)| receives(delta)).map(|(_, address, _)| address.clone());
            let foreign = receivers.chain(contract).find(|address| *address != sender && !allowed.contains(address));
            if let Some(address) = foreign {
                return Err(violated(format!("{address} is not among those to whom this wallet may send")));
            }
        }
        let outgoing = |limit: &Limit| {
            let own = deltas.iter().find(|(token, address, _)| *token == limit.token && *address == sender);
            own.map_or(U256::ZERO, |(_, _, delta)| delta.outgoing)
        };
        for limit in &policy.limits {
            let wanted = outgoing(limit);
            if !wanted.is_zero() && limit.spent.saturating_add(wanted) > limit.amount {
                return Err(violated(format!(
                    "{} a {}: {} spent, {wanted} asked for",
                    limit.amount,
                    limit.period.as_str(),
                    limit.spent,
                )));
            }
        }
        for limit in &mut policy.limits {
            let wanted = outgoing(limit);
            limit.spent = limit.spent.saturating_add(wanted);
            limit.changed |= !wanted.is_zero();
        }
        Ok(())
    }

    /// Writes what was counted.
    pub async fn store(&self, tx: &mut AnyConnection) -> Result<()> {
        for (wallet_id, policy) in &self.0 {
            for limit in policy.limits.iter().filter(|limit| limit.changed) {
                Statement::new(
                    "UPDATE wallet_limits SET spent = $1, period_number = $2 \
                     WHERE wallet_id = $3 AND token_id = $4 AND period = $5",
                )
                .bind(limit.spent.to_string())
                .bind(limit.number)
                .bind(wallet_id)
                .bind(&limit.token)
                .bind(limit.period.as_str())
                .execute(tx)
                .await?;
            }
        }
        Ok(())
    }
}

fn violated(detail: String) -> Error {
    Error::new(Code::WalletPolicyViolated, detail)
}
