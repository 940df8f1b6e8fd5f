//! The Solidity side: events, errors and functions as `contracts/IToken.sol` and `contracts/ITokens.sol` declare them.

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

pub use issuer::ITokens;
pub use token::IToken;
