//! Transactions, blocks and receipts, through the executive.

mod block;
mod conservation;
mod fees;
mod in_block;
mod pool;
mod simulation;
mod support;
mod transact;
