//! An Ethereum transaction as an extrinsic.

use crate::{Nonce, Runtime, RuntimeCall, TxExtension, UncheckedExtrinsic, development};
use alloc::{boxed::Box, vec::Vec};
use codec::DecodeLimit;
use frame_support::MAX_EXTRINSIC_DEPTH;
use hanse_primitives::{Amendment, Transaction, TransactionError, transaction::Impersonation};
use sp_core::H160;
use sp_runtime::generic::Era;

/// Wraps a signed Ethereum transaction (EIP-2718) into the extrinsic that executes it. The extrinsic itself isn't
/// signed: the call is authorized by the transaction's own signature.
pub fn ethereum_extrinsic(raw: Vec<u8>) -> Result<UncheckedExtrinsic, TransactionError> {
    let transaction = Box::new(Transaction::decode_raw(raw)?);
    let call = RuntimeCall::Ethereum(pallet_ethereum::Call::transact { transaction });
    Ok(UncheckedExtrinsic::new_transaction(call, extension(0)))
}

/// Wraps an Ethereum transaction into the extrinsic that executes it in the name of `from`. Only a developer's chain
/// takes it.
pub fn impersonation_extrinsic(from: H160, raw: Vec<u8>) -> Result<UncheckedExtrinsic, TransactionError> {
    let transaction = Box::new(Impersonation::decode_raw(from, raw)?);
    let call = RuntimeCall::Development(development::Call::impersonate { transaction });
    Ok(UncheckedExtrinsic::new_transaction(call, extension(0)))
}

/// The extrinsic that changes the state. Only a developer's chain takes it, and only from a block's author.
pub fn amendment_extrinsic(amendments: Vec<Amendment>) -> UncheckedExtrinsic {
    let call = RuntimeCall::Development(development::Call::amend { amendments });
    UncheckedExtrinsic::new_transaction(call, extension(0))
}

/// Decodes an extrinsic that came over the network or stands in a block. Calls that are nested deeper than the runtime
/// takes are refused here too: without the limit they would use up the thread's stack, and with it the process.
///
/// # Errors
/// When the bytes are anything but one extrinsic.
pub fn decode_extrinsic(encoded: &[u8]) -> Result<UncheckedExtrinsic, codec::Error> {
    UncheckedExtrinsic::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &encoded[..])
}

/// The Ethereum transaction that an extrinsic carries, if it carries one.
pub fn raw_transaction(extrinsic: &UncheckedExtrinsic) -> Option<&Transaction> {
    match &extrinsic.function {
        RuntimeCall::Ethereum(pallet_ethereum::Call::transact { transaction }) => Some(transaction),
        RuntimeCall::Development(development::Call::impersonate { transaction }) => Some(&transaction.0),
        _ => None,
    }
}

/// What an extrinsic of this nonce is checked by; one that isn't signed has none.
pub(crate) fn extension(nonce: Nonce) -> TxExtension {
    (
        frame_system::AuthorizeCall::<Runtime>::new(),
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckEra::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        pallet_users::CheckPermission::new(),
        frame_system::WeightReclaim::new(),
    )
}
