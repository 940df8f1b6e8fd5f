//! What the explorer asks from the node: the parts of transactions and accounts that are not worth a second copy in the
//! database. The only reads of the gateway's API that need the node.

pub(crate) use super::chain::{Log, Receipt, SignedTransaction, Trace};

use super::Ledger;
use super::chain::{Call, ChainError, REFUSED};
use super::intent::GAS_LIMIT_MAX;
use crate::error::{Code, Error, Result};
use alloy::primitives::{Address, B256, Bytes, U256};
use hanse_proof::Proof;

/// What an account has, at the best block.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// In wei.
    pub balance: U256,
    pub nonce: u64,
    pub code: Bytes,
}

impl Ledger {
    /// A transaction as it was signed, pending or in a block.
    ///
    /// # Errors
    /// `unavailable` when the node is away, `node_refused` when it can't.
    pub(crate) async fn signed(&self, hash: B256) -> Result<Option<SignedTransaction>> {
        self.inner.chain.transaction(hash).await.map_err(explain)
    }

    /// What a transaction did.
    ///
    /// # Errors
    /// As [`Ledger::signed`].
    pub(crate) async fn receipt(&self, hash: B256) -> Result<Option<Receipt>> {
        self.inner.chain.receipt(hash).await.map_err(explain)
    }

    /// What the node would put into its next block.
    ///
    /// # Errors
    /// As [`Ledger::signed`].
    pub(crate) async fn pending(&self) -> Result<Vec<SignedTransaction>> {
        self.inner.chain.pending().await.map_err(explain)
    }

    /// The calls inside a transaction.
    ///
    /// # Errors
    /// As [`Ledger::signed`].
    pub(crate) async fn trace(&self, hash: B256) -> Result<Vec<Trace>> {
        self.inner.chain.trace(hash).await.map_err(explain)
    }

    /// What shows to anybody that a transaction is final.
    ///
    /// # Errors
    /// As [`Ledger::signed`]; `conflict` when the node has no such proof.
    pub(crate) async fn proof(&self, hash: B256) -> Result<Option<Proof>> {
        self.inner.chain.proof(hash).await.map_err(|error| match error {
            ChainError::Answer { code: REFUSED, .. } => {
                let detail = "the node has no proof: it knows no votes of validators on this block, as on a \
                              developer's chain, or has pruned the state of the genesis";
                Error::new(Code::Conflict, detail).caused_by(error)
            }
            error => explain(error),
        })
    }

    /// An account.
    ///
    /// # Errors
    /// As [`Ledger::signed`].
    pub(crate) async fn account(&self, address: Address) -> Result<Account> {
        let (balance, nonce, code) = self.inner.chain.account(address).await.map_err(explain)?;
        Ok(Account { balance, nonce, code })
    }
}

impl Ledger {
    /// Calls a contract at the end of the best block, which is told: its output, or its revert bytes.
    ///
    /// # Errors
    /// As [`Ledger::signed`].
    pub(crate) async fn ask(
        &self,
        from: Address,
        to: Address,
        input: Bytes,
    ) -> Result<(u64, std::result::Result<Bytes, Bytes>)> {
        let block = self.inner.chain.best_number().await.map_err(explain)?;
        let call = Call { from, to, input, gas: GAS_LIMIT_MAX };
        let answer = self.inner.chain.calls(&[call], block).await.map_err(explain)?.pop();
        match answer {
            Some(Ok(output)) => Ok((block, Ok(output))),
            Some(Err(ChainError::Answer { data: Some(data), .. })) => Ok((block, Err(data))),
            Some(Err(ChainError::Answer { data: None, message, .. })) if message.contains("revert") => {
                Ok((block, Err(Bytes::new())))
            }
            Some(Err(error)) => Err(explain(error)),
            None => Err(Error::internal("the node left out an answer")),
        }
    }
}

fn explain(error: ChainError) -> Error {
    match error {
        ChainError::Away(_) | ChainError::Unusable(_) => {
            Error::new(Code::Unavailable, "the node does not answer just now; lists and searches do without it")
        }
        ChainError::TooLarge(_) => Error::new(Code::NodeRefused, "the answer is larger than the node gives at once"),
        ChainError::Answer { .. } => {
            Error::new(Code::NodeRefused, "the node can't tell: it has pruned this state, or does not offer the method")
        }
    }
    .caused_by(error)
}
