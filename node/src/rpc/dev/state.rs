//! Changes of the state, impersonation, and the pool.

use super::methods;
use crate::{
    dev::Command,
    rpc::{
        Module,
        context::Context,
        error::{RpcResult, invalid_params, server_error},
        params::Slot,
    },
};
use alloy_primitives::{Address, B256, Bytes, U256};
use hanse_primitives::{Amendment, convert, runtime_api::EthereumApi};
use jsonrpsee::core::RegisterMethodError;
use sc_transaction_pool_api::TransactionPool;

/// The most that a balance can be set to, in wei: balances and their sum have 128 bits, and this leaves space for 256
/// accounts.
const MAX_BALANCE: u128 = 1 << 120;
/// The largest code that can be set: as large as the code of a creation may be (EIP-3860).
const MAX_CODE_BYTES: usize = 49_152;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    methods(
        module,
        &["hardhat_setBalance", "anvil_setBalance", "evm_setAccountBalance"],
        2,
        |context, mut args| async move {
            let address = convert::h160(args.required::<Address>()?);
            let balance = u128::try_from(args.required::<U256>()?).ok().filter(|balance| *balance <= MAX_BALANCE);
            let balance = balance.ok_or_else(|| invalid_params("invalid argument 1: balance > 2^120 wei"))?;
            amend(&context, Amendment::Balance(address, balance)).await
        },
    )?;
    methods(
        module,
        &["hardhat_setNonce", "anvil_setNonce", "evm_setAccountNonce"],
        2,
        |context, mut args| async move {
            let address = convert::h160(args.required::<Address>()?);
            let nonce = args.required()?;
            let head = context.head()?;
            let now = context.runtime(&head, move |api, at| api.account(at, address)).await?.nonce;
            // A lower one would let old transactions pass a second time.
            if nonce < now {
                return Err(server_error(format!(
                    "New nonce ({nonce}) must not be smaller than the existing nonce ({now})"
                )));
            }
            if nonce > u64::from(u32::MAX) {
                return Err(invalid_params("invalid argument 1: nonce > 2^32"));
            }
            amend(&context, Amendment::Nonce(address, nonce)).await
        },
    )?;
    methods(module, &["hardhat_setCode", "anvil_setCode", "evm_setAccountCode"], 2, |context, mut args| async move {
        let address = convert::h160(args.required::<Address>()?);
        let code: Bytes = args.required()?;
        if code.len() > MAX_CODE_BYTES {
            return Err(invalid_params(format!("invalid argument 1: code > {MAX_CODE_BYTES} bytes")));
        }
        amend(&context, Amendment::Code(address, code.to_vec())).await
    })?;
    methods(
        module,
        &["hardhat_setStorageAt", "anvil_setStorageAt", "evm_setAccountStorageAt"],
        3,
        |context, mut args| async move {
            let address = convert::h160(args.required::<Address>()?);
            let slot = convert::h256(args.required::<Slot>()?.0);
            let value = convert::h256(args.required::<B256>()?);
            amend(&context, Amendment::Storage(address, slot, value)).await
        },
    )?;
    impersonation(module)?;
    methods(module, &["hardhat_dropTransaction", "anvil_dropTransaction"], 1, |context, mut args| async move {
        let hash = args.required()?;
        let Some(extrinsic) = context.pending.extrinsic(hash) else { return Ok(false) };
        let dropped = context.pool.remove([context.pool.hash_of(&extrinsic)]).await;
        context.forget_dropped()?;
        Ok(dropped > 0)
    })
}

fn impersonation(module: &mut Module) -> Result<(), RegisterMethodError> {
    let names = ["hardhat_impersonateAccount", "anvil_impersonateAccount"];
    methods(module, &names, 1, |context, mut args| async move {
        if !context.dev()?.impersonate(args.required()?, true) {
            return Err(server_error("too many impersonated accounts"));
        }
        Ok(true)
    })?;
    let names = ["hardhat_stopImpersonatingAccount", "anvil_stopImpersonatingAccount"];
    methods(
        module,
        &names,
        1,
        |context, mut args| async move { Ok(context.dev()?.impersonate(args.required()?, false)) },
    )?;
    let names = ["anvil_autoImpersonateAccount", "hardhat_autoImpersonateAccount"];
    methods(module, &names, 1, |context, mut args| async move {
        context.dev()?.impersonate_everybody(args.required()?);
        Ok(true)
    })
}

async fn amend(context: &Context, amendment: Amendment) -> RpcResult<bool> {
    context.command(Command::Amend(vec![amendment])).await.map(|_| true)
}
