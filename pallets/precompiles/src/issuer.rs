//! `ITokens` over pallet-tokens.

use crate::{
    abi::decode,
    call::{charge_reads, write},
};
use alloc::vec::Vec;
use alloy_sol_types::SolCall;
use hanse_primitives::{
    addresses::token_address,
    convert::{address, h160, h256, u256},
};
use pallet_evm::{Handle, PrecompileError};
use pallet_tokens::{
    Config, Pallet, TokenParams, Tokens, WeightInfo,
    abi::ITokens::{self, ITokensCalls as Calls},
};

/// Runs the function that the input names.
pub(crate) fn call<T: Config>(handle: &mut Handle) -> Result<Vec<u8>, PrecompileError> {
    let caller = handle.caller;
    Ok(match decode::<Calls>(handle.input)? {
        Calls::createToken(call) => {
            let params = TokenParams {
                name: call.params.name,
                symbol: call.params.symbol,
                decimals: call.params.decimals,
                cap: u256(call.params.cap),
                initial_supply: u256(call.params.initialSupply),
                holder: h160(call.params.holder),
                closed: call.params.closed,
            };
            let token = write(handle, <T as Config>::WeightInfo::create_token(), |logs| {
                Pallet::<T>::do_create_token(caller, call.app.0, h256(call.salt), params, logs)
            })?;
            ITokens::createTokenCall::abi_encode_returns(&address(token))
        }
        Calls::tokenAddress(call) => {
            let token = token_address(&call.app.0, &call.salt.0);
            ITokens::tokenAddressCall::abi_encode_returns(&address(token))
        }
        Calls::exists(call) => {
            charge_reads::<T>(handle, 1)?;
            ITokens::existsCall::abi_encode_returns(&Tokens::<T>::contains_key(h160(call.token)))
        }
    })
}
