//! `IToken` over pallet-tokens: every token at its own address.

use crate::{
    abi::decode,
    call::{charge_reads, revert, write},
};
use alloc::{string::String, vec::Vec};
use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use frame_support::{BoundedVec, ensure};
use hanse_primitives::convert::{h160, ru256, u256};
use pallet_evm::{Handle, PrecompileError};
use pallet_tokens::{
    Config, MAX_RECEIVERS, Pallet, Token, TokenError, WeightInfo,
    abi::IToken::{self, ITokenCalls as Calls},
};

/// Runs the function that the input names.
pub(crate) fn call<T: Config>(handle: &mut Handle) -> Result<Vec<u8>, PrecompileError> {
    let (token, caller) = (handle.address, handle.caller);
    Ok(match decode::<Calls>(handle.input)? {
        Calls::transfer(call) => {
            let closed = closed::<T>(handle)?;
            write(handle, <T as Config>::WeightInfo::transfer(closed), |logs| {
                Pallet::<T>::do_transfer(caller, token, h160(call.to), u256(call.value), logs)
            })?;
            IToken::transferCall::abi_encode_returns(&true)
        }
        Calls::transferFrom(call) => {
            let closed = closed::<T>(handle)?;
            write(handle, <T as Config>::WeightInfo::transfer_from(closed), |logs| {
                let (from, to) = (h160(call.from), h160(call.to));
                Pallet::<T>::do_transfer_from(caller, token, from, to, u256(call.value), logs)
            })?;
            IToken::transferFromCall::abi_encode_returns(&true)
        }
        Calls::transferBatch(call) => {
            let transfers = pairs(call)?;
            let n = transfers.len() as u32;
            let weight = match closed::<T>(handle)? {
                0 => <T as Config>::WeightInfo::transfer_batch_open(n),
                _ => <T as Config>::WeightInfo::transfer_batch(n),
            };
            write(handle, weight, |logs| Pallet::<T>::do_transfer_batch(caller, token, &transfers, logs))?;
            IToken::transferBatchCall::abi_encode_returns(&true)
        }
        Calls::approve(call) => {
            write(handle, <T as Config>::WeightInfo::approve(), |logs| {
                Pallet::<T>::do_approve(caller, token, h160(call.spender), u256(call.value), logs)
            })?;
            IToken::approveCall::abi_encode_returns(&true)
        }
        Calls::burn(call) => {
            write(handle, <T as Config>::WeightInfo::burn(), |logs| {
                Pallet::<T>::do_burn(caller, token, u256(call.value), logs)
            })?;
            Vec::new()
        }
        Calls::burnFrom(call) => {
            write(handle, <T as Config>::WeightInfo::burn_from(), |logs| {
                Pallet::<T>::do_burn_from(caller, token, h160(call.account), u256(call.value), logs)
            })?;
            Vec::new()
        }
        Calls::mint(call) => {
            write(handle, <T as Config>::WeightInfo::mint(), |logs| {
                Pallet::<T>::do_mint(caller, token, h160(call.to), u256(call.value), logs)
            })?;
            Vec::new()
        }
        Calls::pause(_) => {
            write(handle, <T as Config>::WeightInfo::pause(), |logs| Pallet::<T>::do_pause(caller, token, logs))?;
            Vec::new()
        }
        Calls::unpause(_) => {
            write(handle, <T as Config>::WeightInfo::unpause(), |logs| Pallet::<T>::do_unpause(caller, token, logs))?;
            Vec::new()
        }
        Calls::freeze(call) => {
            write(handle, <T as Config>::WeightInfo::freeze(), |logs| {
                Pallet::<T>::do_freeze(caller, token, h160(call.account), logs)
            })?;
            Vec::new()
        }
        Calls::unfreeze(call) => {
            write(handle, <T as Config>::WeightInfo::unfreeze(), |logs| {
                Pallet::<T>::do_unfreeze(caller, token, h160(call.account), logs)
            })?;
            Vec::new()
        }
        Calls::balanceOf(call) => {
            charge_reads::<T>(handle, 2)?;
            let balance = Pallet::<T>::balance_of(token, h160(call.account)).map_err(revert)?;
            IToken::balanceOfCall::abi_encode_returns(&ru256(balance))
        }
        Calls::allowance(call) => {
            charge_reads::<T>(handle, 2)?;
            let (owner, spender) = (h160(call.owner), h160(call.spender));
            let allowance = Pallet::<T>::allowance(token, owner, spender).map_err(revert)?;
            IToken::allowanceCall::abi_encode_returns(&ru256(allowance))
        }
        Calls::isFrozen(call) => {
            charge_reads::<T>(handle, 2)?;
            let frozen = Pallet::<T>::is_frozen(token, h160(call.account)).map_err(revert)?;
            IToken::isFrozenCall::abi_encode_returns(&frozen)
        }
        Calls::name(_) => IToken::nameCall::abi_encode_returns(&text(find::<T>(handle)?.name)),
        Calls::symbol(_) => IToken::symbolCall::abi_encode_returns(&text(find::<T>(handle)?.symbol)),
        Calls::decimals(_) => IToken::decimalsCall::abi_encode_returns(&find::<T>(handle)?.decimals),
        Calls::totalSupply(_) => IToken::totalSupplyCall::abi_encode_returns(&ru256(find::<T>(handle)?.supply)),
        Calls::app(_) => IToken::appCall::abi_encode_returns(&find::<T>(handle)?.app.into()),
        Calls::cap(_) => IToken::capCall::abi_encode_returns(&ru256(find::<T>(handle)?.cap)),
        Calls::closed(_) => IToken::closedCall::abi_encode_returns(&find::<T>(handle)?.closed),
        Calls::paused(_) => IToken::pausedCall::abi_encode_returns(&find::<T>(handle)?.paused),
    })
}

fn find<T: Config>(handle: &mut Handle) -> Result<Token, PrecompileError> {
    charge_reads::<T>(handle, 1)?;
    Pallet::<T>::token(handle.address).map_err(revert)
}

/// Whether the token is closed, as 0 or 1: its transfers cost more then, and most aren't.
fn closed<T: Config>(handle: &mut Handle) -> Result<u32, PrecompileError> {
    handle.require_writable()?;
    Ok(find::<T>(handle)?.closed.into())
}

/// Receivers with their amounts; refused here for their number, before gas is reckoned by it.
fn pairs(call: IToken::transferBatchCall) -> Result<Vec<(sp_core::H160, sp_core::U256)>, PrecompileError> {
    let (receivers, values) = (call.to.len(), call.values.len());
    ensure!(receivers == values, {
        let (receivers, values) = (U256::from(receivers), U256::from(values));
        revert(TokenError::from(IToken::LengthMismatch { receivers, values }))
    });
    ensure!(receivers <= MAX_RECEIVERS as usize, {
        let (given, max) = (U256::from(receivers), U256::from(MAX_RECEIVERS));
        revert(TokenError::from(IToken::TooManyReceivers { given, max }))
    });
    Ok(call.to.into_iter().map(h160).zip(call.values.into_iter().map(u256)).collect())
}

/// Stored text is UTF-8: it came in as a Solidity `string` that was checked to be.
fn text<N: frame_support::traits::Get<u32>>(bytes: BoundedVec<u8, N>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
