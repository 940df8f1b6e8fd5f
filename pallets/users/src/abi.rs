//! The Solidity side: events, errors and functions as `contracts/IUsers.sol` declares them.

// The interface is the one source: a change there that the pallet doesn't follow fails to compile.
#[allow(missing_docs)]
mod interface {
    alloy_sol_types::sol! {
        #![sol(all_derives, extra_methods)]
        "../../contracts/IUsers.sol"
    }
}

pub use interface::IUsers;

use alloy_sol_types::SolEvent;
use hanse_primitives::{Log, addresses, convert};

/// Why the registry refuses: the custom errors of `IUsers.sol`, with their data.
pub type UsersError = IUsers::IUsersErrors;

/// The log that a contract at `address` leaves for this event.
pub fn log(address: sp_core::H160, event: &impl SolEvent) -> Log {
    convert::log(&alloy_primitives::Log { address: convert::address(address), data: event.encode_log_data() })
}

/// A log of the registry itself.
pub(crate) fn users_log(event: &impl SolEvent) -> Log {
    log(addresses::USERS, event)
}
