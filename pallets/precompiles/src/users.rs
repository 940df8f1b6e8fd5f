//! `IUsers` over pallet-users.

use crate::{
    abi::decode,
    call::{charge_reads, revert, write},
};
use alloc::vec::Vec;
use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use frame_support::ensure;
use hanse_primitives::{
    addresses::app_id,
    convert::{address, h160, h256},
};
use pallet_evm::{Handle, PrecompileError};
use pallet_users::{
    Apps, Config, MAX_ACCOUNTS, Pallet, Status, Users, UsersError, WeightInfo,
    abi::IUsers::{self, IUsersCalls as Calls},
};

/// Runs the function that the input names.
pub(crate) fn call<T: Config>(handle: &mut Handle) -> Result<Vec<u8>, PrecompileError> {
    let caller = handle.caller;
    Ok(match decode::<Calls>(handle.input)? {
        Calls::createApp(call) => {
            let app = write(handle, T::WeightInfo::create_app(), |logs| {
                Pallet::<T>::do_create_app(caller, h256(call.salt), logs)
            })?;
            IUsers::createAppCall::abi_encode_returns(&app.into())
        }
        Calls::transferAppOwnership(call) => {
            write(handle, T::WeightInfo::transfer_app_ownership(), |logs| {
                Pallet::<T>::do_transfer_app_ownership(caller, call.app.0, h160(call.newOwner), logs)
            })?;
            Vec::new()
        }
        Calls::setAppStatus(call) => {
            write(handle, T::WeightInfo::set_app_status(), |logs| {
                Pallet::<T>::do_set_app_status(caller, call.app.0, to_set(call.status)?, logs)
            })?;
            Vec::new()
        }
        Calls::addAdmin(call) => {
            write(handle, T::WeightInfo::add_admin(), |logs| {
                Pallet::<T>::do_add_admin(caller, call.app.0, h160(call.admin), logs)
            })?;
            Vec::new()
        }
        Calls::removeAdmin(call) => {
            write(handle, T::WeightInfo::remove_admin(), |logs| {
                Pallet::<T>::do_remove_admin(caller, call.app.0, h160(call.admin), logs)
            })?;
            Vec::new()
        }
        Calls::addUsers(call) => {
            let given = call.accounts.len();
            // Before the gas is reckoned: what is refused for its length needn't be paid for by length.
            ensure!(given <= MAX_ACCOUNTS as usize, {
                let (given, max) = (U256::from(given), U256::from(MAX_ACCOUNTS));
                revert(UsersError::from(IUsers::TooManyAccounts { given, max }))
            });
            let accounts: Vec<_> = call.accounts.into_iter().map(h160).collect();
            handle.require_writable()?;
            handle.charge_weight(T::WeightInfo::add_users(given as u32))?;
            let full = Pallet::<T>::full_lists(&accounts);
            write(handle, Pallet::<T>::weight_of_full_lists(full), |logs| {
                Pallet::<T>::do_add_users(caller, call.app.0, &accounts, logs)
            })?;
            Vec::new()
        }
        Calls::setUserStatus(call) => {
            write(handle, T::WeightInfo::set_user_status(), |logs| {
                let status = to_set(call.status)?;
                Pallet::<T>::do_set_user_status(caller, call.app.0, h160(call.account), status, logs)
            })?;
            Vec::new()
        }
        Calls::appId(call) => IUsers::appIdCall::abi_encode_returns(&app_id(&h160(call.owner), &call.salt.0).into()),
        Calls::appInfo(call) => {
            charge_reads::<T>(handle, 1)?;
            let info = Apps::<T>::get(call.app.0);
            let (owner, status) = info.map_or((Default::default(), IUsers::Status::None), |info| {
                (address(info.owner), info.visible_status().into())
            });
            IUsers::appInfoCall::abi_encode_returns(&IUsers::appInfoReturn { owner, status })
        }
        Calls::isAdmin(call) => {
            charge_reads::<T>(handle, 2)?;
            let answer = Pallet::<T>::is_admin(call.app.0, h160(call.account));
            IUsers::isAdminCall::abi_encode_returns(&answer)
        }
        Calls::userStatus(call) => {
            charge_reads::<T>(handle, 1)?;
            let status = Users::<T>::get(call.app.0, h160(call.account));
            let status = status.map_or(IUsers::Status::None, Into::into);
            IUsers::userStatusCall::abi_encode_returns(&status)
        }
        Calls::isUser(call) => {
            charge_reads::<T>(handle, 2)?;
            let answer = Pallet::<T>::is_user(call.app.0, h160(call.account));
            IUsers::isUserCall::abi_encode_returns(&answer)
        }
        Calls::canDeploy(call) => {
            handle.charge_weight(T::WeightInfo::can_deploy())?;
            let answer = Pallet::<T>::can_deploy(h160(call.account));
            IUsers::canDeployCall::abi_encode_returns(&answer)
        }
        Calls::canTransact(call) => {
            handle.charge_weight(T::WeightInfo::can_transact())?;
            let answer = Pallet::<T>::can_transact(h160(call.account));
            IUsers::canTransactCall::abi_encode_returns(&answer)
        }
    })
}

/// The status to set. `None` can't be set: what is known stays known.
fn to_set(status: IUsers::Status) -> Result<Status, UsersError> {
    match status {
        IUsers::Status::Active => Ok(Status::Active),
        IUsers::Status::Suspended => Ok(Status::Suspended),
        _ => Err(IUsers::InvalidStatus { status: status.into() }.into()),
    }
}
