//! What only a developer's chain may do: change the state at will, and transact in anybody's name.
//!
//! It is part of the blocks, so that whoever executes them again comes to the same state. On a chain that doesn't make its
//! blocks on demand ([`crate::timing::OnDemand`], which only a genesis can set) no block with such a call is valid.

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
    use crate::timing::OnDemand;
    use alloc::{boxed::Box, vec::Vec};
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use hanse_primitives::{Amendment, transaction::Impersonation};
    use pallet_evm::Environment;

    #[pallet::config]
    pub trait Config: frame_system::Config + crate::timing::Config + pallet_ethereum::Config {}

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Changes the state. The block's author puts it in; the pool doesn't take it.
        #[pallet::call_index(0)]
        #[pallet::weight(Weight::zero())]
        #[pallet::authorize(|source, _| Pallet::<T>::amendable(source))]
        #[pallet::weight_of_authorize(Weight::zero())]
        pub fn amend(origin: OriginFor<T>, amendments: Vec<Amendment>) -> DispatchResult {
            ensure_authorized(origin)?;
            amendments.into_iter().for_each(pallet_evm::amend::amend::<T>);
            Ok(())
        }

        /// Executes a transaction in the name of an account that didn't sign it.
        #[pallet::call_index(1)]
        #[pallet::weight(pallet_ethereum::Pallet::<T>::weight_of(&transaction.0))]
        #[pallet::authorize(|source, transaction| Pallet::<T>::impersonable(source, transaction))]
        #[pallet::weight_of_authorize(Weight::zero())]
        pub fn impersonate(origin: OriginFor<T>, transaction: Box<Impersonation>) -> DispatchResultWithPostInfo {
            ensure_authorized(origin)?;
            let Impersonation(transaction) = *transaction;
            pallet_ethereum::Pallet::<T>::execute(Environment::current::<T>().for_impersonation(), transaction)
        }
    }

    type Authorized = Result<(ValidTransaction, Weight), TransactionValidityError>;

    impl<T: Config> Pallet<T> {
        fn amendable(source: TransactionSource) -> Authorized {
            ensure!(OnDemand::<T>::get() && source == TransactionSource::InBlock, InvalidTransaction::Call);
            Ok((ValidTransaction::default(), Weight::zero()))
        }

        fn impersonable(source: TransactionSource, Impersonation(transaction): &Impersonation) -> Authorized {
            ensure!(OnDemand::<T>::get(), InvalidTransaction::Call);
            let environment = Environment::current::<T>().for_impersonation();
            let valid = pallet_ethereum::Pallet::<T>::authorize(environment, source, transaction)?;
            Ok((valid, Weight::zero()))
        }
    }
}
