//! Starts the real binaries, `hanse-node` and `hanse-gateway`, and talks to them as strangers do: over REST and over
//! Ethereum JSON-RPC. The integration tests (`it/`) and the benchmarks (`src/bin/bench/`) stand on it.
//!
//! ```text
//!   it/*.rs, bench ──► Stage: an app with users and a token
//!                        │              │
//!                        ▼              ▼
//!                      Rest           Rpc + Wallet       (the two doors of the platform)
//!                        │ HTTP         │ JSON-RPC
//!                        ▼              ▼
//!                     Gateway ──────► Node               (child processes on free ports, with data of their own)
//! ```
//!
//! Nothing here links the node or the gateway: what a test sees is what a user's machine shows.
//!
//! Invariants:
//! - Every process is ended by its process id, and at the latest when its handle is dropped; its data goes with it.
//! - Readiness and every other expectation is waited for as a condition with a time limit, never by sleeping.
//! - Two tests never share a port, a folder or a database.
//! - Whatever is random comes from a seed that the failure names.
//!
//! How it fails: with the step that didn't hold, the answer that came instead, and the last lines of the log of the
//! process that gave it. Binaries that are missing fail at once and say how to build them: `HANSE_BIN_DIR`, or the
//! folder of the test binary itself (`target/release`), is where they are looked for.

mod database;
mod gateway;
mod node;
mod process;
mod rest;
mod rpc;
mod stage;
mod wait;
mod wallet;
mod worst;

pub mod erc20;

pub use database::Database;
pub use gateway::Gateway;
pub use node::{Anvil, Network, Node, node_command, node_output};
pub use process::{Process, binary, processor_time, repository_root};
pub use rest::{Answer, Holding, Rest, new_key};
pub use rpc::{Rpc, RpcError, quantity};
pub use stage::{Stage, User, register_app};
pub use wait::{free_port, until};
pub use wallet::{CHAIN_ID, Wallet};
pub use worst::{WorstContract, worst_contracts};
