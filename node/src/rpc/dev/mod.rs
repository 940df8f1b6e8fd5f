//! What a `--dev` node has beside Ethereum's methods, under the names of Hardhat and anvil: `evm_…`, `hardhat_…`,
//! `anvil_…`, and the methods that need a key.

mod blocks;
mod send;
mod sign;
mod state;

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, method_not_found},
    method,
    params::Args,
};
use crate::dev::{Command, Dev};
use jsonrpsee::core::RegisterMethodError;
use serde::Serialize;
use sp_core::H256;
use std::{future::Future, sync::Arc};

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    blocks::register(module)?;
    state::register(module)?;
    send::register(module)?;
    sign::register(module)
}

/// One method under all its names.
fn methods<T, F>(
    module: &mut Module,
    names: &[&'static str],
    most: usize,
    handler: impl Fn(Arc<Context>, Args) -> F + Clone + Send + Sync + 'static,
) -> Result<(), RegisterMethodError>
where
    T: Serialize + Clone + Send + 'static,
    F: Future<Output = RpcResult<T>> + Send,
{
    names.iter().try_for_each(|name| method(module, name, most, handler.clone()))
}

impl Context {
    fn dev(&self) -> RpcResult<&Dev> {
        self.dev.as_ref().ok_or_else(|| method_not_found("this node has no development helpers"))
    }

    /// What was dropped from the pool shall not come back at the next start.
    fn forget_dropped(&self) -> RpcResult<()> {
        self.local.forget_dropped(self.pool.pending()).map_err(internal)
    }

    /// Has the sealer do it. Gives the chain's best block afterwards, which is indexed.
    async fn command(&self, command: Command) -> RpcResult<H256> {
        self.dev()?.run(command).await.map_err(internal)
    }
}
