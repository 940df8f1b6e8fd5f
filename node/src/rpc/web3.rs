//! `web3_clientVersion`, `web3_sha3`.

use super::{Module, method};
use alloy_primitives::{Bytes, keccak256};
use jsonrpsee::core::RegisterMethodError;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "web3_clientVersion", 0, |context, _| async move { Ok(context.version.clone()) })?;
    method(module, "web3_sha3", 1, |_, mut args| async move { Ok(keccak256(args.required::<Bytes>()?)) })
}
