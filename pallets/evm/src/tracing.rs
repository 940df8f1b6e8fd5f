//! Watching a transaction step by step. Only natively, never in the Wasm.
//!
//! ```text
//!   node ── watch(tracer, run) ── the current thread's tracer ──┐
//!             │                                                 │ installed()
//!             └── run: the runtime ── pallet-ethereum ── runner ┴─ revm with the inspector
//! ```
//!
//! Between the node and the runner is the runtime's whole dispatch, which knows nothing of tracers; hence the thread.
//!
//! # Invariant
//! A tracer that only looks changes nothing of what a transaction comes to: same gas, same logs, same state.

use crate::{Config, db::FrameDb, runner::EvmContext};
use core::convert::Infallible;
use revm::{
    Database, DatabaseRef,
    bytecode::Bytecode,
    context::{
        BlockEnv, TxEnv,
        result::{HaltReason, ResultAndState},
    },
    inspector::Inspector,
    primitives::{Address, B256, StorageKey, StorageValue},
    state::AccountInfo,
};
use std::{any::Any, cell::RefCell, rc::Rc};

/// What a transaction came to, before anything of it is written: storage is still as the transaction found it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// The transaction.
    pub tx: &'a TxEnv,
    /// Its block.
    pub block: &'a BlockEnv,
    /// Its result, and all accounts that it looked at.
    pub result: &'a ResultAndState<HaltReason>,
}

/// Follows transactions.
pub trait Tracer<T: Config>: Inspector<EvmContext<T>> {
    /// A transaction has ended. Not called for one that couldn't be executed.
    fn ended(&mut self, outcome: Outcome<'_>);
}

/// A tracer that the runner may use while its owner waits.
pub(crate) type Shared<T> = Rc<RefCell<dyn Tracer<T>>>;

thread_local! {
    /// A [`Shared`] of some `T`.
    static INSTALLED: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// Takes the tracer off again, also when what it watched panicked.
struct Uninstall(Option<Box<dyn Any>>);

impl Drop for Uninstall {
    fn drop(&mut self) {
        INSTALLED.set(self.0.take());
    }
}

/// Runs something, and has the tracer watch every transaction that it executes or simulates on this thread.
pub fn watch<T: Config, I: Tracer<T> + 'static, R>(tracer: I, run: impl FnOnce() -> R) -> (R, I) {
    let tracer = Rc::new(RefCell::new(tracer));
    let shared: Shared<T> = tracer.clone();
    let uninstall = Uninstall(INSTALLED.replace(Some(Box::new(shared))));
    let result = run();
    drop(uninstall);
    let tracer = Rc::into_inner(tracer).expect("the runner gives back what it borrows before it returns; qed");
    (result, tracer.into_inner())
}

/// The current thread's tracer, if there is one.
pub(crate) fn installed<T: Config>() -> Option<Shared<T>> {
    INSTALLED.with_borrow(|installed| installed.as_ref()?.downcast_ref::<Shared<T>>().cloned())
}

/// The state before the transaction, for tracers that compare.
impl<T: Config> DatabaseRef for FrameDb<T> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Self::default().basic(address)
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Infallible> {
        Self::default().code_by_hash(code_hash)
    }

    fn storage_ref(&self, address: Address, index: StorageKey) -> Result<StorageValue, Infallible> {
        Self::default().storage(address, index)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Self::default().block_hash(number)
    }
}
