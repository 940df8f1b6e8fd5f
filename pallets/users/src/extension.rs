//! The permission check of native transactions; Ethereum transactions make the same one in their pallet.

use crate::{Config, Pallet, WeightInfo};
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::{fmt, marker::PhantomData};
use frame_support::{
    dispatch::DispatchInfo,
    pallet_prelude::{TransactionSource, TransactionValidityError, ValidTransaction},
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

/// Refuses a signed transaction of an account that [`Pallet::can_transact`] turns down, in the pool and again at
/// execution, with [`TransactionError::NotPermitted`]. Other origins carry their own permission and pass.
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
        T::WeightInfo::can_transact()
    }

    fn validate(
        &self,
        origin: <CallOf<T> as Dispatchable>::RuntimeOrigin,
        _call: &CallOf<T>,
        _info: &DispatchInfoOf<CallOf<T>>,
        _len: usize,
        _implicit: (),
        _inherited_implication: &impl Encode,
        _source: TransactionSource,
    ) -> ValidateResult<(), CallOf<T>> {
        if let Some(signer) = origin.as_system_origin_signer()
            && !Pallet::<T>::can_transact(signer.clone().into())
        {
            return Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(
                TransactionError::NotPermitted.code(),
            )));
        }
        Ok((ValidTransaction::default(), (), origin))
    }

    impl_tx_ext_default!(CallOf<T>; prepare);
}
