//! Tests of the ledger without a real node: what is accepted, what blocks do to it, and what it makes of a node that
//! misbehaves.

mod accept;
mod fixture;
mod items;
mod model;
mod node;
mod refusal;
mod simulator;
mod trouble;
