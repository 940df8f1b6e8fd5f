//! The Solidity side: events, errors and functions as `contracts/*.sol` declare them.

// The interfaces are the one source: a change there that the pallet doesn't follow fails to compile.
#[allow(missing_docs)]
mod token {
    alloy_sol_types::sol! {
        #![sol(all_derives, extra_methods)]
        "../../contracts/IToken.sol"
    }
}

#[allow(missing_docs)]
mod issuer {
    alloy_sol_types::sol! {
        #![sol(all_derives, extra_methods)]
        "../../contracts/ITokens.sol"
    }
}

#[allow(missing_docs)]
mod collection {
    alloy_sol_types::sol! {
        #![sol(all_derives, extra_methods)]
        "../../contracts/ICollection.sol"
    }
}

#[allow(missing_docs)]
mod collection721 {
    alloy_sol_types::sol! {
        #![sol(all_derives, extra_methods)]
        "../../contracts/ICollection721.sol"
    }
}

#[allow(missing_docs)]
mod collection1155 {
    alloy_sol_types::sol! {
        #![sol(all_derives, extra_methods)]
        "../../contracts/ICollection1155.sol"
    }
}

#[allow(missing_docs)]
mod collections {
    alloy_sol_types::sol! {
        #![sol(all_derives, extra_methods)]
        "../../contracts/ICollections.sol"
    }
}

#[allow(missing_docs)]
mod sale_slots {
    alloy_sol_types::sol! {
        #![sol(all_derives, extra_methods)]
        "../../contracts/ISaleSlots.sol"
    }
}

pub use collection::ICollection;
pub use collection721::ICollection721;
pub use collection1155::ICollection1155;
pub use collections::ICollections;
pub use issuer::ITokens;
pub use sale_slots::ISaleSlots;
pub use token::IToken;
