//! Ethereum JSON-RPC, one file a family.
//!
//! ```text
//!  request ─► params, input (strict) ─► family ─► index | runtime API | pool ─► output ─► response
//! ```
//!
//! A method resolves its block against the index once and works on that block to its end, so an answer never mixes two
//! blocks. What executes the runtime does so on a blocking thread and in one of a few [`slots`].

mod block;
mod context;
mod dev;
mod error;
mod execute;
mod fee;
pub mod filters;
pub mod ids;
mod logs;
mod net;
mod output;
mod proof;
mod raw;
mod revert;
mod sealed;
mod simulate;
pub mod slots;
mod state;
mod submit;
mod subscribe;
mod trace;
mod transaction;
mod txpool;
mod web3;

pub use context::{Deps, RpcLimits};

use context::Context;
use error::RpcResult;
use futures::channel::mpsc;
use hanse_rpc_params::{self as params, input, overrides};
use jsonrpsee::{RpcModule, core::RegisterMethodError, types::Params};
use params::Args;
use sc_consensus_manual_seal::{
    EngineCommand,
    rpc::{ManualSeal, ManualSealApiServer},
};
use serde::Serialize;
use sp_core::H256;
use std::{future::Future, sync::Arc};
use substrate_frame_rpc_system::{System, SystemApiServer};

type Module = RpcModule<Context>;

/// All methods that the SDK's service doesn't bring itself. `engine` is there when blocks are made on command.
///
/// # Errors
/// When two methods have one name.
pub fn module(
    deps: Deps,
    engine: Option<mpsc::Sender<EngineCommand<H256>>>,
) -> Result<RpcModule<()>, RegisterMethodError> {
    let mut all = RpcModule::new(());
    all.merge(System::new(deps.client.clone(), deps.pool.clone()).into_rpc())?;
    if let Some(commands) = engine {
        all.merge(ManualSeal::new(commands).into_rpc())?;
    }
    let development = deps.dev.is_some();
    let mut ethereum = RpcModule::new(Context::new(deps));
    for register in [
        block::register,
        execute::register,
        fee::register,
        filters::register,
        logs::register,
        net::register,
        proof::register,
        raw::register,
        simulate::register,
        state::register,
        submit::register,
        subscribe::register,
        trace::register,
        transaction::register,
        txpool::register,
        web3::register,
    ] {
        register(&mut ethereum)?;
    }
    if development {
        dev::register(&mut ethereum)?;
    }
    all.merge(ethereum)?;
    Ok(all)
}

/// Registers a method with at most `most` parameters.
fn method<T, F>(
    module: &mut Module,
    name: &'static str,
    most: usize,
    handler: impl Fn(Arc<Context>, Args) -> F + Clone + Send + Sync + 'static,
) -> Result<(), RegisterMethodError>
where
    T: Serialize + Clone + Send + 'static,
    F: Future<Output = RpcResult<T>> + Send,
{
    module.register_async_method(name, move |params: Params<'static>, context, _| {
        let handler = handler.clone();
        async move { handler(context, Args::new(&params, most)?).await }
    })?;
    Ok(())
}
