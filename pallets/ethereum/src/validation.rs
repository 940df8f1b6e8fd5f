//! Whether a transaction may be pooled or executed.

use crate::{Config, GasUsed, Pallet, Permission};
use alloc::vec::Vec;
use alloy_consensus::{Transaction as _, Typed2718};
use codec::Encode;
use hanse_primitives::{AccountId20, Transaction, TransactionError, convert};
use pallet_evm::{
    Environment,
    revm::{
        context::{TxEnv, either::Either},
        context_interface::transaction::{RecoveredAuthority, RecoveredAuthorization, SignedAuthorization},
    },
};
use sp_core::{H160, H256};
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionLongevity, TransactionSource, TransactionValidityError, ValidTransaction,
};

impl<T: Config> Pallet<T> {
    /// Checks a transaction for the pool or, again, for the block that is being built.
    pub fn authorize(
        environment: Environment,
        source: TransactionSource,
        transaction: &Transaction,
    ) -> Result<ValidTransaction, TransactionValidityError> {
        Self::check(environment, source == TransactionSource::InBlock, transaction).map_err(|error| {
            TransactionValidityError::Invalid(match error {
                TransactionError::NonceTooLow => InvalidTransaction::Stale,
                TransactionError::NonceTooHigh => InvalidTransaction::Future,
                error => InvalidTransaction::Custom(error.code()),
            })
        })?;
        if source == TransactionSource::InBlock && !Self::fits(transaction) {
            return Err(InvalidTransaction::ExhaustsResources.into());
        }
        // `check` recovered it.
        let from = transaction.sender().ok_or(InvalidTransaction::BadProof)?;
        Ok(Self::valid(from, transaction))
    }

    fn check(environment: Environment, in_block: bool, transaction: &Transaction) -> Result<(), TransactionError> {
        let envelope = transaction.envelope();
        if envelope.is_eip4844() {
            return Err(TransactionError::TypeNotSupported);
        }
        match envelope.chain_id() {
            None => return Err(TransactionError::Unprotected),
            Some(id) if id != environment.cfg.chain_id => return Err(TransactionError::InvalidChainId),
            Some(_) => {}
        }
        let from = transaction.sender().ok_or(TransactionError::InvalidSignature)?;
        if !<T as Config>::Permission::can_transact(&from) {
            return Err(TransactionError::NotPermitted);
        }
        let nonce = Self::nonce(from);
        if envelope.nonce() < nonce {
            return Err(TransactionError::NonceTooLow);
        }
        if in_block && envelope.nonce() > nonce {
            return Err(TransactionError::NonceTooHigh);
        }
        pallet_evm::runner::validate::<T>(environment.for_pool(), tx_env(transaction, from)?)
    }

    /// Whether its gas limit still fits into the block.
    fn fits(transaction: &Transaction) -> bool {
        let used = GasUsed::<T>::get();
        let limit = pallet_evm::BlockGasLimit::<T>::get();
        used.checked_add(transaction.envelope().gas_limit()).is_some_and(|total| total <= limit)
    }

    fn valid(from: H160, transaction: &Transaction) -> ValidTransaction {
        let nonce = transaction.envelope().nonce();
        let requires = match nonce.checked_sub(1) {
            Some(previous) if nonce > Self::nonce(from) => Vec::from([tag(from, previous)]),
            _ => Vec::new(),
        };
        let base_fee = Self::base_fee();
        let tip = transaction.effective_gas_price(base_fee).saturating_sub(base_fee);
        ValidTransaction {
            priority: u64::try_from(tip).unwrap_or(u64::MAX),
            requires,
            provides: Vec::from([tag(from, nonce)]),
            longevity: TransactionLongevity::MAX,
            propagate: true,
        }
    }

    fn nonce(address: H160) -> u64 {
        frame_system::Pallet::<T>::account_nonce(AccountId20::from(address))
    }
}

/// What the pool knows a transaction by: its sender and its nonce.
pub fn tag(from: H160, nonce: u64) -> Vec<u8> {
    (b"eth", from, nonce).encode()
}

/// A transaction as revm takes it. Who signed its authorizations is left open: only their number matters until the
/// transaction is executed, and finding out takes time that nobody has paid for yet.
pub(crate) fn tx_env(transaction: &Transaction, from: H160) -> Result<TxEnv, TransactionError> {
    let envelope = transaction.envelope();
    if envelope.is_eip4844() {
        return Err(TransactionError::TypeNotSupported);
    }
    Ok(TxEnv {
        tx_type: envelope.ty(),
        caller: convert::address(from),
        gas_limit: envelope.gas_limit(),
        gas_price: envelope.max_fee_per_gas(),
        kind: envelope.kind(),
        value: envelope.value(),
        data: envelope.input().clone(),
        nonce: envelope.nonce(),
        chain_id: envelope.chain_id(),
        access_list: envelope.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: envelope.max_priority_fee_per_gas(),
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: authorizations(transaction).iter().cloned().map(Either::Left).collect(),
    })
}

/// EIP-7702: each authorization with the account that signed it. One of an account that may not transact is as if no
/// one had signed it: otherwise somebody else's transaction would act in its name.
pub(crate) fn recovered_authorizations<T: Config>(
    authorizations: &[SignedAuthorization],
) -> Vec<Either<SignedAuthorization, RecoveredAuthorization>> {
    let permitted = |authority: &H160| <T as Config>::Permission::can_transact(authority);
    let recovered = |signed: &SignedAuthorization| {
        let authority = authority(signed)
            .filter(permitted)
            .map_or(RecoveredAuthority::Invalid, |authority| RecoveredAuthority::Valid(convert::address(authority)));
        RecoveredAuthorization::new_unchecked(signed.inner().clone(), authority)
    };
    authorizations.iter().map(|signed| Either::Right(recovered(signed))).collect()
}

pub(crate) fn authorizations(transaction: &Transaction) -> &[SignedAuthorization] {
    transaction.envelope().authorization_list().unwrap_or_default()
}

/// Who signed an authorization; `None` when no key can have.
fn authority(signed: &SignedAuthorization) -> Option<H160> {
    let hash = H256(signed.inner().signature_hash().0);
    let odd = match signed.y_parity() {
        0 => false,
        1 => true,
        _ => return None,
    };
    hanse_primitives::transaction::recover(signed.r(), signed.s(), odd, &hash)
}
