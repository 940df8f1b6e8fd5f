//! How requests are read: strictly, and with one kind of error whatever is wrong.
//!
//! The order of a handler's arguments is the order of the checks: who is calling, which app, the path's ids, the
//! query, the idempotency key, and last the body. A caller without rights learns nothing from the later ones.

mod body;
mod idempotency;
mod path;
mod principal;
mod query;
mod socket;
mod words;

pub use body::{Body, Checks, Json, LargeJson, Unchecked};
pub use idempotency::{IDEMPOTENCY_MAX_CHARS, Idempotency};
pub use path::{
    AddressPath, AppPath, BlockPath, CollectionPath, ContractPath, EventPath, HashPath, HolderPath, ItemPath, JobPath,
    KeyPath, MemberPath, OperationPath, SchedulePath, SessionPath, SlotPath, TokenPath, UserPath, WalletPath,
    WebhookPath,
};
pub use principal::{APP_HEADER, AdminScope, AnyScope, Bearer, Caller, MemberScope, OwnerCaller, OwnerScope};
pub use query::Query;
pub use socket::SocketScope;
