//! The EVM over FRAME storage, by hand-assembled contracts.

mod asm;
mod checkpoints;
mod contracts;
mod deployment;
mod forks;
mod issuance;
mod memory;
mod mirror;
mod nonces;
mod precompiles;
mod refusals;
mod simulation;
mod support;
mod tracing;
mod transfers;
mod worst;
