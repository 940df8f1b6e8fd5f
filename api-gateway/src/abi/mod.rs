//! Solidity's ABI in JSON: arguments in, words out.
//!
//! ```text
//!  JSON ─► values ─► call data        call data, output, logs, reverts ─► words ─► JSON
//!
//!  interface: which are taken            known: those that everybody knows
//! ```

mod interface;
pub(crate) mod known;
mod schema;
pub(crate) mod values;
mod words;

pub(crate) use interface::read as interface;
pub(crate) use schema::AbiValue;
pub use words::{Argument, Decoded};
pub(crate) use words::{event, output, revert};
