//! Collections of items that apps issue: unique ones (ERC-721), and such of which there are many alike (ERC-1155). Each
//! collection is a contract at an address of its own.
//!
//! ```text
//!   call to 0x48414E534521… (ERC-721)     0x48414E534555… (ERC-1155)     ICollections.createCollection
//!                  │                                │                                  │
//!                  ▼                                ▼                                  ▼
//!             unique.rs  ◄── slots.rs ──►  edition.rs                         issuance.rs
//!                  └──── guard.rs: exists? paused? allowed to hold? an admin? ─────────┘
//!                                     │                  │
//!                                     ▼                  ▼
//!       Collections Uniques Editions Item…          logs: &mut Vec<Log>
//! ```
//!
//! # Invariants
//! - The address tells the standard, so an item of a collection is of one kind only.
//! - For each ERC-1155 item the sum of what its holders have is its supply, which is at most its cap if there is one. An
//!   ERC-721 collection's supply is the number of its items, and an account's count that of those it owns.
//! - An item's metadata and its cap never change.
//! - What is for sale is the collection's own meanwhile: its address has at least what its open slots have left.
//! - A slot's terms never change, and its id is their hash. A sale pays the price in full: royalty, shares, and the rest to
//!   the seller.
//! - What is zero isn't stored.
//!
//! # Decisions that the interfaces leave open
//! - A collection that was transferred still belongs to its app: while the app is suspended its owner issues nothing, and a
//!   closed one's holders are the app's. App admins have no say in it until it is given back to the app's owner.
//! - As with tokens, a closed collection's sender is checked like its receiver, and approving isn't moving.
//! - A sale is a move of the seller's as well: suspended, in a closed collection, he sells nothing and gets nothing back.
//! - A burnt ERC-721 item may be minted again under its number, as OpenZeppelin's may; with metadata of its own.
//!
//! # Failure
//! The functions return [`CollectionError`], the Solidity errors of the interfaces, and have then changed nothing.

mod edition;
mod error;
mod guard;
mod issuance;
mod slots;
mod types;
mod unique;

pub use error::CollectionError;
pub use slots::terms;
pub use types::{
    Collection, CollectionParams, Edition, MAX_BASIS_POINTS, MAX_ITEMS, MAX_SHARES, MAX_URI_BYTES, Share, Slot, Unique,
    Uri,
};
