//! Benchmarks: each operation in its worst case. Of a closed token that is: the parties are admins, whom the search for
//! their membership finds last.

use super::*;
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::ConstU32};
use frame_system::RawOrigin;
use hanse_primitives::addresses::{AppId, app_id};
use sp_core::{H160, H256, U256};

const OWNER: H160 = H160([0x11; 20]);
const ADMIN: H160 = H160([0x22; 20]);
const HOLDER: H160 = H160([0x33; 20]);
const OTHER: H160 = H160([0x44; 20]);
const SUPPLY: u64 = 1_000_000;

fn signed<T: Config>(who: H160) -> RawOrigin<T::AccountId> {
    RawOrigin::Signed(who.into())
}

fn app<T: Config>() -> AppId {
    let logs = &mut Vec::new();
    let app = app_id(&OWNER, &[0; 32]);
    pallet_users::Operators::<T>::insert(OWNER, ());
    pallet_users::Pallet::<T>::do_create_app(OWNER, H256::zero(), logs).expect("is new");
    for admin in [ADMIN, HOLDER, OTHER] {
        pallet_users::Pallet::<T>::do_add_admin(OWNER, app, admin, logs).expect("is allowed");
    }
    app
}

fn params(closed: bool) -> TokenParams {
    TokenParams {
        name: "n".repeat(MAX_NAME_BYTES as usize),
        symbol: "s".repeat(MAX_SYMBOL_BYTES as usize),
        decimals: MAX_DECIMALS,
        cap: U256::MAX,
        initial_supply: SUPPLY.into(),
        holder: HOLDER,
        closed,
    }
}

fn token<T: Config>(closed: bool) -> H160 {
    let app = app::<T>();
    Pallet::<T>::do_create_token(OWNER, app, H256::zero(), params(closed), &mut Vec::new()).expect("is allowed")
}

fn balance<T: Config>(token: H160, who: H160) -> u64 {
    Pallet::<T>::balance_of(token, who).expect("exists").as_u64()
}

fn allow_other<T: Config>(token: H160) {
    Pallet::<T>::do_approve(HOLDER, token, OTHER, 10.into(), &mut Vec::new()).expect("is allowed");
}

/// Receivers, of whom none holds anything yet; admins if the token is closed.
fn receivers<T: Config>(n: u32, closed: bool) -> Vec<(H160, U256)> {
    let app = app_id(&OWNER, &[0; 32]);
    (0..n)
        .map(|i| {
            let receiver = H160::from(H256(U256::from(0x1000_0000 + u64::from(i)).to_big_endian()));
            if closed {
                pallet_users::Admins::<T>::insert(app, receiver, ());
            }
            (receiver, U256::one())
        })
        .collect()
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn create_token() {
        let app = app::<T>();
        let params = params(true);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_create_token(ADMIN, app, H256::zero(), params, &mut logs);
        }

        assert!(result.is_ok());
    }

    #[benchmark]
    fn mint() {
        let token = token::<T>(true);

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token, OTHER, U256::one());

        assert_eq!(balance::<T>(token, OTHER), 1);
    }

    #[benchmark]
    fn burn() {
        let token = token::<T>(true);

        #[extrinsic_call]
        _(signed::<T>(HOLDER), token, U256::one());

        assert_eq!(balance::<T>(token, HOLDER), SUPPLY - 1);
    }

    #[benchmark]
    fn burn_from() {
        let token = token::<T>(true);
        allow_other::<T>(token);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_burn_from(OTHER, token, HOLDER, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    /// `c`: whether the token is closed.
    #[benchmark]
    fn transfer(c: Linear<0, 1>) {
        let token = token::<T>(c == 1);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_transfer(HOLDER, token, OTHER, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    /// `c`: whether the token is closed.
    #[benchmark]
    fn transfer_from(c: Linear<0, 1>) {
        let token = token::<T>(c == 1);
        allow_other::<T>(token);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_transfer_from(OTHER, token, HOLDER, OTHER, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn transfer_batch(n: Linear<0, MAX_RECEIVERS>) {
        let token = token::<T>(true);
        let transfers: BoundedVec<_, ConstU32<MAX_RECEIVERS>> = BoundedVec::truncate_from(receivers::<T>(n, true));

        #[extrinsic_call]
        _(signed::<T>(HOLDER), token, transfers);

        assert_eq!(balance::<T>(token, HOLDER), SUPPLY - u64::from(n));
    }

    #[benchmark]
    fn transfer_batch_open(n: Linear<0, MAX_RECEIVERS>) {
        let token = token::<T>(false);
        let transfers = receivers::<T>(n, false);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_transfer_batch(HOLDER, token, &transfers, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn approve() {
        let token = token::<T>(true);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_approve(HOLDER, token, OTHER, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn pause() {
        let token = token::<T>(true);

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token);

        assert!(Tokens::<T>::get(token).is_some_and(|info| info.paused));
    }

    #[benchmark]
    fn unpause() {
        let token = token::<T>(true);
        Pallet::<T>::do_pause(ADMIN, token, &mut Vec::new()).expect("is allowed");

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token);

        assert!(Tokens::<T>::get(token).is_some_and(|info| !info.paused));
    }

    #[benchmark]
    fn freeze() {
        let token = token::<T>(true);

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token, HOLDER);

        assert_eq!(Pallet::<T>::is_frozen(token, HOLDER), Ok(true));
    }

    #[benchmark]
    fn unfreeze() {
        let token = token::<T>(true);
        Pallet::<T>::do_freeze(ADMIN, token, HOLDER, &mut Vec::new()).expect("is allowed");

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token, HOLDER);

        assert_eq!(Pallet::<T>::is_frozen(token, HOLDER), Ok(false));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
