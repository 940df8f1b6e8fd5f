//! The permission check of native transactions; Ethereum transactions make the same one in their pallet.

use crate::{Config, Pallet, WeightInfo};
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::{fmt, marker::PhantomData};
use frame_support::{
    dispatch::DispatchInfo,
    ensure,
    pallet_prelude::{TransactionSource, ValidTransaction},
    traits::{Contains, Get},
    weights::Weight,
};
use hanse_primitives::TransactionError;
use scale_info::TypeInfo;
use sp_runtime::{
    impl_tx_ext_default,
    traits::{AsSystemOriginSigner, DispatchInfoOf, Dispatchable, TransactionExtension, ValidateResult},
    transaction_validity::InvalidTransaction,
};

type CallOf<T> = <T as frame_system::Config>::RuntimeCall;

/// Refuses a signed transaction of an account that [`Pallet::can_call`] turns down, in the pool and again at
/// execution, with [`TransactionError::NotPermitted`]; and one that calls what isn't meant for signed transactions
/// ([`Config::SignedCalls`]), with [`InvalidTransaction::Call`]. Other origins carry their own permission and pass.
#[derive(Clone, Eq, PartialEq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct CheckPermission<T>(PhantomData<T>);

impl<T> CheckPermission<T> {
    /// The extension; it has no parameters.
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for CheckPermission<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for CheckPermission<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckPermission")
    }
}

impl<T: Config + Send + Sync> TransactionExtension<CallOf<T>> for CheckPermission<T>
where
    CallOf<T>: Dispatchable<Info = DispatchInfo>,
    <CallOf<T> as Dispatchable>::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + Clone,
{
    const IDENTIFIER: &'static str = "CheckPermission";
    type Implicit = ();
    type Pre = ();
    type Val = ();

    fn weight(&self, _: &CallOf<T>) -> Weight {
        T::WeightInfo::can_transact().saturating_add(T::DbWeight::get().reads(1))
    }

    fn validate(
        &self,
        origin: <CallOf<T> as Dispatchable>::RuntimeOrigin,
        call: &CallOf<T>,
        _info: &DispatchInfoOf<CallOf<T>>,
        _len: usize,
        _implicit: (),
        _inherited_implication: &impl Encode,
        _source: TransactionSource,
    ) -> ValidateResult<(), CallOf<T>> {
        if let Some(signer) = origin.as_system_origin_signer() {
            ensure!(T::SignedCalls::contains(call), InvalidTransaction::Call);
            let refusal = InvalidTransaction::Custom(TransactionError::NotPermitted.code());
            ensure!(Pallet::<T>::can_call(signer.clone().into()), refusal);
        }
        Ok((ValidTransaction::default(), (), origin))
    }

    impl_tx_ext_default!(CallOf<T>; prepare);
}
