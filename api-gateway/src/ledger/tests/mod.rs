//! Tests of the ledger without a node: what is accepted, and what blocks do to it.

mod accept;
mod fixture;
mod model;
mod refusal;
