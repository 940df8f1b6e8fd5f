//! Transactions, blocks and receipts, through the executive.

mod block;
mod conservation;
mod fees;
mod history;
mod in_block;
mod overrides;
mod pool;
mod simulated_blocks;
mod simulation;
mod support;
mod transact;
