//! Integration tests of the gateway: the real server in this process on a random port, its database in a temporary
//! folder, talked to over HTTP.
//!
//! Every test of [`on_both_engines`] runs on SQLite and, when `HANSE_TEST_POSTGRES_URL` names a server on which
//! databases may be made, on PostgreSQL; it says so when it skips that half.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod accounts;
mod audit;
mod auth;
mod chain;
mod cli;
mod custody;
mod idempotency;
mod identity;
mod limits;
mod matrix;
mod members;
mod openapi;
mod origins;
mod people;
mod resources;
mod support;
mod validation;
mod wallets;
mod webhooks;
