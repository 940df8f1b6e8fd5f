//! The runtime API by native code where it is the same as on chain, else by the Wasm.

use codec::Encode;
use hanse_runtime::{RuntimeApi, RuntimeApiImpl, VERSION, api::dispatch, opaque::Block};
use sp_api::{ApiError, ApiRef, CallApiAt, CallApiAtParams, ConstructRuntimeApi, ProvideRuntimeApi};
use sp_core::{H256, traits::CallContext};
use sp_externalities::{Extensions, set_and_run_with_externalities};
use sp_panic_handler::AbortGuard;
use sp_runtime::traits::HashingFor;
use sp_state_machine::{Backend, Ext, OverlayedChanges};
use sp_version::RuntimeVersion;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Changes to a state that aren't written.
pub type Overlay = OverlayedChanges<HashingFor<Block>>;

/// Calls the runtime natively where it can, and leaves the rest to what it wraps.
#[derive(Clone, Debug)]
pub struct Native<C>(C);

impl<C: CallApiAt<Block>> Native<C> {
    /// Wraps a client.
    pub fn new(client: C) -> Self {
        Self(client)
    }
}

/// Whether the node's own runtime is the one that this version names.
pub fn is_same(version: &RuntimeVersion) -> bool {
    version.spec_name == VERSION.spec_name
        && version.spec_version == VERSION.spec_version
        && version.transaction_version == VERSION.transaction_version
}

/// Runs code of the runtime on a state. What it changes stays in the overlay, unless it fails.
///
/// # Errors
/// When it panics.
pub fn run<S: Backend<HashingFor<Block>>, R>(
    state: &S,
    overlay: &mut Overlay,
    extensions: &mut Extensions,
    code: impl FnOnce() -> R,
) -> Result<R, Panicked> {
    overlay.enter_runtime().map_err(|_| Panicked("it was called from inside the runtime".into()))?;
    let result = {
        let mut ext = Ext::new(overlay, state, Some(extensions));
        // Else the SDK's panic hook would end the process.
        let _guard = AbortGuard::force_unwind();
        catch_unwind(AssertUnwindSafe(|| set_and_run_with_externalities(&mut ext, code)))
    };
    // Takes back what a panic left open.
    overlay.exit_runtime().expect("it was entered above, and the runtime can't leave it; qed");
    result.map_err(|payload| Panicked(text(&*payload)))
}

/// The runtime panicked.
#[derive(Debug, thiserror::Error)]
#[error("the runtime panicked: {0}")]
pub struct Panicked(String);

fn text(payload: &(dyn std::any::Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).into(),
        (_, Some(text)) => text.clone(),
        _ => "no message".into(),
    }
}

/// Calls one function of the runtime API, with SCALE-encoded arguments, inside [`run`].
pub fn call(function: &str, arguments: &impl Encode) -> Option<Vec<u8>> {
    dispatch(function, &arguments.encode())
}

impl<C: CallApiAt<Block>> CallApiAt<Block> for Native<C> {
    type StateBackend = C::StateBackend;

    fn call_api_at(&self, params: CallApiAtParams<'_, Block>) -> Result<Vec<u8>, ApiError> {
        let version = self.0.runtime_version_at(params.at, params.call_context)?;
        // A proof is of the Wasm's reads, its own code among them.
        if !is_same(&version) || params.recorder.is_some() {
            return self.0.call_api_at(params);
        }
        let state = self.0.state_at(params.at)?;
        let mut overlay = params.overlayed_changes.borrow_mut();
        let mut extensions = params.extensions.borrow_mut();
        let answer = run(&state, &mut overlay, &mut extensions, || dispatch(params.function, &params.arguments));
        answer
            .map_err(|error| ApiError::Application(Box::new(error)))?
            .ok_or_else(|| ApiError::Application(format!("the runtime has no function {}", params.function).into()))
    }

    fn runtime_version_at(&self, at: H256, call_context: CallContext) -> Result<RuntimeVersion, ApiError> {
        self.0.runtime_version_at(at, call_context)
    }

    fn state_at(&self, at: H256) -> Result<Self::StateBackend, ApiError> {
        self.0.state_at(at)
    }

    fn initialize_extensions(&self, at: H256, extensions: &mut Extensions) -> Result<(), ApiError> {
        self.0.initialize_extensions(at, extensions)
    }
}

impl<C: CallApiAt<Block> + 'static> ProvideRuntimeApi<Block> for Native<C> {
    type Api = RuntimeApiImpl<Block, Self>;

    fn runtime_api(&self) -> ApiRef<'_, Self::Api> {
        RuntimeApi::construct_runtime_api(self)
    }
}
