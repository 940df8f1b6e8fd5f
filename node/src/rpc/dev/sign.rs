//! Messages that the node signs.

use super::{methods, send::unknown_account};
use crate::{
    dev::keys,
    rpc::{Module, error::RpcResult},
};
use alloy_primitives::{Address, B256, Bytes, eip191_hash_message};
use jsonrpsee::core::RegisterMethodError;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    methods(module, &["eth_sign"], 2, |_, mut args| async move {
        let account = args.required()?;
        sign(&account, &eip191_hash_message(args.required::<Bytes>()?))
    })?;
    methods(module, &["personal_sign"], 2, |_, mut args| async move {
        let message: Bytes = args.required()?;
        sign(&args.required()?, &eip191_hash_message(message))
    })
}

/// The signature as Ethereum's wallets write it, with 27 or 28 at its end.
fn sign(account: &Address, hash: &B256) -> RpcResult<Bytes> {
    keys::sign(account, hash).map(|signature| signature.as_bytes().into()).ok_or_else(unknown_account)
}
