//! `eth_sendRawTransaction`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, server_error, transaction_error},
    method,
};
use alloy_primitives::{B256, Bytes};
use codec::Encode;
use hanse_primitives::{TransactionError, convert};
use hanse_runtime::opaque;
use jsonrpsee::{core::RegisterMethodError, types::ErrorObjectOwned};
use sc_client_api::HeaderBackend;
use sc_transaction_pool_api::{
    TransactionPool, TransactionSource,
    error::{Error as PoolError, IntoPoolError},
};
use sp_runtime::transaction_validity::InvalidTransaction;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(
        module,
        "eth_sendRawTransaction",
        1,
        |context, mut args| async move { send(&context, args.required()?).await },
    )
}

async fn send(context: &Context, raw: Bytes) -> RpcResult<B256> {
    let extrinsic = hanse_runtime::ethereum_extrinsic(raw.to_vec()).map_err(transaction_error)?;
    let Some(transaction) = hanse_runtime::raw_transaction(&extrinsic) else {
        return Err(internal("an Ethereum extrinsic without transaction"));
    };
    let hash = convert::b256(transaction.hash());
    let opaque = opaque::UncheckedExtrinsic::try_from_encoded_extrinsic(&extrinsic.encode()).map_err(internal)?;
    // So that the transaction is found by its hash as soon as it is accepted.
    context.pending.note(hash, context.pool.hash_of(&opaque));
    let best = context.client.info().best_hash;
    match context.pool.submit_one(best, TransactionSource::External, opaque).await {
        Ok(_) => Ok(hash),
        Err(error) => Err(match error.into_pool_error() {
            Ok(error) => refusal(error),
            Err(error) => internal(error),
        }),
    }
}

/// geth's words for what the pool says.
fn refusal(error: PoolError) -> ErrorObjectOwned {
    match error {
        PoolError::InvalidTransaction(reason) => invalid(reason),
        PoolError::AlreadyImported(_) | PoolError::TemporarilyBanned => server_error("already known"),
        PoolError::TooLowPriority { .. } => server_error("replacement transaction underpriced"),
        PoolError::ImmediatelyDropped => server_error("txpool is full"),
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
        ] {
            let refusal = refusal(error);
            assert_eq!((refusal.code(), refusal.message()), (-32000, text));
        }
        for error in TransactionError::ALL {
            assert_eq!(invalid(InvalidTransaction::Custom(error.code())).message(), error.to_string());
        }
    }
}
