//! Integration tests of the whole platform: each starts its own node and gateway and proves one property of them.

mod commands;
mod crash;
mod deployment;
mod dev;
mod fees;
mod filters;
mod idempotency;
mod network;
mod pool;
mod proof;
mod rest_input;
mod rpc_input;
mod simulation;
mod spam;
mod spine;
mod tour;
mod tracing;
mod txpool;
mod views;
mod worst;
