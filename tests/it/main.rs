//! Integration tests of the whole platform: each starts its own node and gateway and proves one property of them.

mod crash;
mod database;
mod idempotency;
mod network;
mod rest_input;
mod rpc_input;
mod spine;
mod tour;
