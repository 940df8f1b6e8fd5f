//! The gateway: apps, users, wallets, tokens and transfers over plain JSON, on top of a Hanse chain.
//!
//! Callers need to know nothing of blocks, nonces or gas. A write is answered as soon as one database commit
//! holds everything needed to finish it; from then on it happens exactly once, whatever dies in between.
//!
//! ```text
//!  HTTP ─► api ─► services ─► ledger::submit ─► accept ──┐ one commit: key, nonce, signed bytes, pending change
//!           ▲                                            ▼
//!           └──────────── db (SQLite | PostgreSQL) ◄── outbox ─► chain (Ethereum JSON-RPC)
//!                              ▲                                   │
//!                              │└── follower, verifier ◄── blocks ─┘
//!                              └─► events ─► streams, webhooks
//! ```
//!
//! What may know what: `api` knows `services` and `auth`; `services` know `ledger`, `custody` and `db`; `ledger`
//! knows `custody`, `events`, `db` and the chain; `events` know `custody` and `db`. Nothing below `api` knows HTTP but for
//! the POSTs of webhooks.
//!
//! Invariants, each tested:
//! - An operation is never lost, doubled or stuck: its signed bytes are stored before they are sent, and the same
//!   bytes are sent until the chain has decided.
//! - Only evidence from the chain moves an operation past `sent`.
//! - The cache of balances conserves value through every interleaving of acceptance, inclusion, reorganisation
//!   and failure, and the verifier compares it with the chain block by block.
//! - Every row of a tenant carries its app, every query names it, and another tenant's resource is "not found".
//! - Private keys are encrypted at rest, never logged and never in a response.
//!
//! How it fails: without the node, writes are still accepted and wait in the outbox, reads are served from the
//! cache, and readiness says so. Without the database nothing is accepted (503). A crash at any moment needs no
//! manual step: the next start resumes from what was committed.

pub mod abi;
pub mod api;
pub mod audit;
pub mod auth;
pub mod config;
pub mod custody;
pub mod db;
pub mod error;
pub mod events;
pub mod jobs;
pub mod ledger;
pub mod mail;
mod named;
pub mod schedules;
pub mod secret;
pub mod server;
pub mod services;
pub mod strict;
pub mod telemetry;
pub mod usage;
