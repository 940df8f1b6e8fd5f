//! Executing the runtime in the node's own process.
//!
//! ```text
//!   rpc ── runtime API ── Native ──┬─ same version as on chain ── native::run ── the runtime's Rust
//!                                  └─ another one ── the client ── Wasm
//!   debug_trace…, trace_… ── replay ── native::run, with a tracer
//! ```
//!
//! Blocks are made and checked by the Wasm on chain, never by this. Native execution answers what a client asks: it needs no
//! instance of the Wasm, takes less time, and can be watched.
//!
//! # Invariants
//! - Nothing runs natively on a state whose runtime has another name, version or transaction version.
//! - A replayed transaction came to what its block says, or its trace isn't given out.
//! - A panic of the runtime is an error of the call, as a trap of the Wasm is.

mod native;
mod recovery;
pub mod replay;
#[cfg(test)]
mod tests;
pub mod tracer;

pub use native::Native;
pub use recovery::Recovery;
