//! Validity that is remembered for a moment.
//!
//! After each block the SDK's pool asks again for everything that it holds, whether it is valid yet. Under load that is most of
//! what a node does. What a transaction's signature says does not change, and what the chain says of it changes with the sender's
//! account: as long as that is the same, the answer is, for [`BELIEVED_FOR`].
//!
//! # Invariants
//! - An answer is given again only for the same bytes, from the same source, while the sender's nonce and balance are what they were.
//! - Refusals are never remembered.
//! - What else may change (permissions, the base fee) is seen that much later by the pool. Blocks don't depend on it: their author has
//!   the runtime look at each transaction.

use super::pending::sender_of;
use codec::{Decode, Encode};
use hanse_runtime::{
    RuntimeApi, RuntimeApiImpl,
    opaque::{Block, UncheckedExtrinsic},
};
use parking_lot::Mutex;
use sp_api::{ApiError, ApiRef, CallApiAt, CallApiAtParams, ConstructRuntimeApi, ProvideRuntimeApi};
use sp_core::{H160, H256, traits::CallContext};
use sp_externalities::Extensions;
use sp_io::hashing::{blake2_128, blake2_256, twox_128};
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity, ValidTransaction};
use sp_state_machine::Backend as _;
use sp_version::RuntimeVersion;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// How long an answer is given again.
const BELIEVED_FOR: Duration = Duration::from_secs(5);
/// Answers that are remembered; more than the pool holds.
const REMEMBERED: usize = 65_536;
/// The function whose answers these are.
const VALIDATE: &str = "TaggedTransactionQueue_validate_transaction";

/// The runtime API, with a memory for validity.
pub struct Remembering<C> {
    inner: C,
    known: Mutex<HashMap<[u8; 32], Known>>,
}

struct Known {
    valid: ValidTransaction,
    /// Where the sender's account is, and what it was.
    key: Vec<u8>,
    account: Option<Vec<u8>>,
    since: Instant,
}

impl<C: CallApiAt<Block>> Remembering<C> {
    /// With nothing remembered.
    pub fn new(inner: C) -> Self {
        Self { inner, known: Mutex::default() }
    }

    fn account(&self, at: H256, key: &[u8]) -> Result<Option<Vec<u8>>, ApiError> {
        let state = self.inner.state_at(at)?;
        state.storage(key).map_err(|error| ApiError::Application(error.to_string().into()))
    }

    /// That an extrinsic is valid at a block, if it was when it was asked for a short while ago.
    pub fn recall(
        &self,
        at: H256,
        source: TransactionSource,
        extrinsic: &UncheckedExtrinsic,
    ) -> Option<ValidTransaction> {
        let asked = (source, extrinsic).using_encoded(blake2_256);
        let (valid, key, account) = {
            let known = self.known.lock();
            let known = known.get(&asked).filter(|known| known.since.elapsed() < BELIEVED_FOR)?;
            (known.valid.clone(), known.key.clone(), known.account.clone())
        };
        // Who can't tell asks the runtime.
        (self.account(at, &key).ok()? == account).then_some(valid)
    }

    fn remember(&self, at: H256, asked: [u8; 32], valid: ValidTransaction) -> Result<(), ApiError> {
        let Some(sender) = valid.provides.iter().find_map(|tag| sender_of(tag)) else { return Ok(()) };
        let key = account_key(sender);
        let account = self.account(at, &key)?;
        let mut known = self.known.lock();
        if known.len() >= REMEMBERED {
            known.retain(|_, known| known.since.elapsed() < BELIEVED_FOR);
        }
        if known.len() < REMEMBERED {
            known.insert(asked, Known { valid, key, account, since: Instant::now() });
        }
        Ok(())
    }

    fn validate(&self, params: CallApiAtParams<'_, Block>) -> Result<Vec<u8>, ApiError> {
        // The block is the last argument, and the only one that changes.
        let asked = params.arguments.len().checked_sub(32).map(|end| blake2_256(&params.arguments[..end]));
        let at = params.at;
        let answer = self.inner.call_api_at(params)?;
        if let Some(asked) = asked
            && let Ok(Ok(valid)) = TransactionValidity::decode(&mut answer.as_slice())
        {
            self.remember(at, asked, valid)?;
        }
        Ok(answer)
    }
}

/// Where FRAME keeps an account's nonce and balance.
fn account_key(address: H160) -> Vec<u8> {
    let pallet = [twox_128(b"System"), twox_128(b"Account")].concat();
    [&pallet[..], &blake2_128(&address.0)[..], &address.0[..]].concat()
}

impl<C: CallApiAt<Block>> CallApiAt<Block> for Remembering<C> {
    type StateBackend = C::StateBackend;

    fn call_api_at(&self, params: CallApiAtParams<'_, Block>) -> Result<Vec<u8>, ApiError> {
        if params.function == VALIDATE { self.validate(params) } else { self.inner.call_api_at(params) }
    }

    fn runtime_version_at(&self, at: H256, call_context: CallContext) -> Result<RuntimeVersion, ApiError> {
        self.inner.runtime_version_at(at, call_context)
    }

    fn state_at(&self, at: H256) -> Result<Self::StateBackend, ApiError> {
        self.inner.state_at(at)
    }

    fn initialize_extensions(&self, at: H256, extensions: &mut Extensions) -> Result<(), ApiError> {
        self.inner.initialize_extensions(at, extensions)
    }
}

impl<C: CallApiAt<Block> + 'static> ProvideRuntimeApi<Block> for Remembering<C> {
    type Api = RuntimeApiImpl<Block, Self>;

    fn runtime_api(&self) -> ApiRef<'_, Self::Api> {
        RuntimeApi::construct_runtime_api(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanse_runtime::AccountId;

    /// A key that is off by a letter would make every answer last its five seconds.
    #[test]
    fn the_key_is_the_runtimes() {
        let mut state = sp_io::TestExternalities::default();
        let address = H160::repeat_byte(7);
        let key = account_key(address);
        state.execute_with(|| {
            assert!(sp_io::storage::get(&key).is_none());
            frame_system::Pallet::<hanse_runtime::Runtime>::inc_account_nonce(AccountId::from(address));
            assert!(sp_io::storage::get(&key).is_some());
        });
    }
}
