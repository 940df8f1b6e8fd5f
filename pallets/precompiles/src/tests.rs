//! Precompiles under the real EVM, called by transactions and by contracts. The contracts' source, creation code and
//! how it was compiled are in `tests/solidity/`.

mod collections;
mod decoding;
mod frames;
mod gas;
mod identity;
mod interfaces;
mod reference;
mod slots;
mod support;
mod trees;
