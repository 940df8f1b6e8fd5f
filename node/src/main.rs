//! The Hanse node: a Substrate node that speaks Ethereum JSON-RPC.
//!
//! ```text
//!                     HTTP and WebSocket, one port
//!                                │
//!            ┌───────────────── rpc ─────────────────┐
//!            │ state, execute   │ block, transaction, │ submit
//!            │ (runtime API)    │ logs, subscribe     │
//!            ▼                  ▼                     ▼
//!         client ◄─ follow ── index (SQLite)         pool
//!            ▲                                        │
//!            │ import                                 │ ready transactions
//!            └──────── service: Aura + GRANDPA, or ◄──┘
//!                      the sealer of `--dev`
//! ```
//!
//! - [`cli`] and [`command`]: the command line.
//! - [`service`]: client, network, consensus, block production.
//! - [`author`]: makes blocks of what is ready in the pool.
//! - [`pool`]: who gets into the transaction pool, and what is in it.
//! - [`index`]: everything by Ethereum hash, logs, the head that JSON-RPC sees.
//! - [`execution`]: the runtime in the node's own process, for calls and traces.
//! - [`rpc`]: `eth_`, `net_`, `web3_`, one file a family. The SDK's own methods (`system_`, `chain_`, `state_`,
//!   `author_`) are served on the same port.
//!
//! # Invariants
//! - JSON-RPC reads one head, the index's; see [`index`].
//! - The node holds no user's key: it only takes signed transactions. A `--dev` node has the keys that everybody knows, and
//!   its [`dev`] helpers.
//! - Nothing that comes over RPC or the network can make it panic.
//! - Limits bound what one request of Ethereum JSON-RPC may cost, and [`rpc::slots`] how many of them call the runtime
//!   at a time, so that a block's author always finds an instance of it. What the SDK's `state_call` executes is bounded
//!   in number alone.
//!
//! # Failure
//! Consensus, network, pool and index are essential tasks: when one ends, the node ends, with an error, and is to be
//! started again by its supervisor. The index heals itself; the chain's last blocks come back from peers or from the
//! index's journal.

mod author;
mod cli;
mod command;
mod dev;
mod execution;
mod index;
mod pool;
mod rpc;
mod service;

/// Many threads allocate and free small things all the time; the system's allocator costs a tenth of a busy node.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> sc_cli::Result<()> {
    command::run()
}
