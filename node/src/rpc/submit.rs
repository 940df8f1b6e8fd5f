//! `eth_sendRawTransaction`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, server_error, transaction_error},
    method,
    slots::Work,
};
use crate::pool::Refusal;
use alloy_primitives::{Address, B256, Bytes};
use codec::Encode;
use hanse_primitives::{TransactionError, convert};
use hanse_runtime::{UncheckedExtrinsic, opaque};
use jsonrpsee::{core::RegisterMethodError, types::ErrorObjectOwned};
use sc_client_api::HeaderBackend;
use sc_transaction_pool_api::{
    LocalTransactionPool, TransactionPool, TransactionSource,
    error::{Error as PoolError, IntoPoolError},
};
use sp_runtime::transaction_validity::{InvalidTransaction, UnknownTransaction};

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(
        module,
        "eth_sendRawTransaction",
        1,
        |context, mut args| async move { send(&context, args.required()?).await },
    )
}

/// Gives a signed transaction to the pool.
pub(super) async fn send(context: &Context, raw: Bytes) -> RpcResult<B256> {
    accept(context, hanse_runtime::ethereum_extrinsic(raw.to_vec()).map_err(transaction_error)?).await
}

/// Gives a transaction to the pool that `from` didn't sign.
pub(super) async fn send_as(context: &Context, from: Address, raw: Bytes) -> RpcResult<B256> {
    let extrinsic = hanse_runtime::impersonation_extrinsic(convert::h160(from), raw.to_vec());
    accept(context, extrinsic.map_err(transaction_error)?).await
}

async fn accept(context: &Context, extrinsic: UncheckedExtrinsic) -> RpcResult<B256> {
    let Some(transaction) = hanse_runtime::raw_transaction(&extrinsic) else {
        return Err(internal("an Ethereum extrinsic without transaction"));
    };
    let hash = convert::b256(transaction.hash());
    let opaque = opaque::UncheckedExtrinsic::try_from_encoded_extrinsic(&extrinsic.encode()).map_err(internal)?;
    match submit(context, opaque).await? {
        None => {
            context.local.add(hash, transaction.raw());
            context.note_sent(hash);
            Ok(hash)
        }
        Some(error) => Err(refusal(error)),
    }
}

/// Gives the transaction to the pool. Returns why the pool refuses it.
async fn submit(context: &Context, extrinsic: opaque::UncheckedExtrinsic) -> RpcResult<Option<PoolError>> {
    let best = context.client.info().best_hash;
    let result = context.pool.submit_one(best, TransactionSource::External, extrinsic.clone()).await;
    match reason(result)? {
        // What the pool has refused or dropped it doesn't look at again until a block comes. The sender is to have the
        // reason of now, if there still is one. This way in validates too, by the same rules: for the runtime a local
        // transaction is like any other.
        Some(PoolError::TemporarilyBanned) => {
            let pool = context.pool.clone();
            reason(context.blocking(Work::Light, move || pool.submit_local(best, extrinsic)).await?)
        }
        reason => Ok(reason),
    }
}

/// Why the pool refuses; an error when something else is wrong.
fn reason<T, E: IntoPoolError>(result: Result<T, E>) -> RpcResult<Option<PoolError>> {
    match result.map_err(E::into_pool_error) {
        Ok(_) => Ok(None),
        Err(Ok(error)) => Ok(Some(error)),
        Err(Err(error)) => Err(internal(error)),
    }
}

/// geth's words for what the pool says.
fn refusal(error: PoolError) -> ErrorObjectOwned {
    match error {
        PoolError::InvalidTransaction(reason) => invalid(reason),
        PoolError::UnknownTransaction(UnknownTransaction::Custom(code)) => match Refusal::from_code(code) {
            Some(refusal) => server_error(refusal.text()),
            None => internal(format!("the pool refused a transaction with unknown code {code}")),
        },
        // Said only of what is in the pool: a sender may then rely on it.
        PoolError::AlreadyImported(_) => server_error("already known"),
        PoolError::TooLowPriority { .. } => server_error("replacement transaction underpriced"),
        PoolError::ImmediatelyDropped | PoolError::TemporarilyBanned => server_error("txpool is full"),
        PoolError::RejectedFutureTransaction => transaction_error(TransactionError::NonceTooHigh),
        error => internal(error),
    }
}

fn invalid(reason: InvalidTransaction) -> ErrorObjectOwned {
    let error = match reason {
        InvalidTransaction::Stale => TransactionError::NonceTooLow,
        InvalidTransaction::Future => TransactionError::NonceTooHigh,
        InvalidTransaction::Payment => TransactionError::InsufficientFunds,
        InvalidTransaction::ExhaustsResources => TransactionError::GasLimitReached,
        InvalidTransaction::BadProof | InvalidTransaction::BadSigner => TransactionError::InvalidSignature,
        InvalidTransaction::Custom(code) => match TransactionError::from_code(code) {
            Some(error) => error,
            None => return internal(format!("the runtime refused a transaction with unknown code {code}")),
        },
        reason => return server_error(format!("invalid transaction: {reason:?}")),
    };
    transaction_error(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::error::INTERNAL;

    #[test]
    fn every_refusal_has_geths_text() {
        for (error, text) in [
            (PoolError::InvalidTransaction(InvalidTransaction::Stale), "nonce too low"),
            (
                PoolError::InvalidTransaction(InvalidTransaction::Custom(9)),
                "insufficient funds for gas * price + value",
            ),
            (PoolError::AlreadyImported(Box::new(())), "already known"),
            (PoolError::TooLowPriority { old: 1, new: 0 }, "replacement transaction underpriced"),
            (PoolError::ImmediatelyDropped, "txpool is full"),
            (PoolError::TemporarilyBanned, "txpool is full"),
            (
                PoolError::UnknownTransaction(UnknownTransaction::Custom(Refusal::SenderLimit as u8)),
                "account limit exceeded",
            ),
        ] {
            let refusal = refusal(error);
            assert_eq!((refusal.code(), refusal.message()), (-32000, text));
        }
        for error in TransactionError::ALL {
            assert_eq!(invalid(InvalidTransaction::Custom(error.code())).message(), error.to_string());
        }
    }

    #[test]
    fn the_pools_reasons_are_told_from_failures() {
        assert!(matches!(reason::<_, PoolError>(Ok(())), Ok(None)));
        let full = reason::<(), _>(Err(PoolError::ImmediatelyDropped));
        assert!(matches!(full, Ok(Some(PoolError::ImmediatelyDropped))));
        let failed = reason::<(), _>(Err(Failure)).expect_err("is no refusal");
        assert_eq!(failed.code(), INTERNAL);
    }

    /// Of the runtime, for example.
    #[derive(Debug, thiserror::Error)]
    #[error("failed")]
    struct Failure;

    impl IntoPoolError for Failure {}
}
