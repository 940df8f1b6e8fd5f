//! Benchmarks: each operation in its worst case.

use super::*;
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::ConstU32};
use frame_system::RawOrigin;
use sp_core::{H160, H256, U256};

const OWNER: H160 = H160([0x11; 20]);
const ADMIN: H160 = H160([0x22; 20]);
const USER: H160 = H160([0x33; 20]);

fn signed<T: Config>(who: H160) -> RawOrigin<T::AccountId> {
    RawOrigin::Signed(who.into())
}

/// An app with an admin, and a network where only registered accounts transact.
fn app<T: Config>() -> AppId {
    Operators::<T>::insert(OWNER, ());
    TransactPolicy::<T>::put(Policy::Registered);
    let app = Pallet::<T>::do_create_app(OWNER, H256::zero(), &mut Vec::new()).expect("is new");
    Pallet::<T>::do_add_admin(OWNER, app, ADMIN, &mut Vec::new()).expect("is allowed");
    app
}

/// Fills an account's list of vouchers; the last `silent` of them don't speak for it.
fn fill_vouchers<T: Config>(account: H160, silent: u32) {
    let apps: Vec<AppId> =
        (0..MAX_VOUCHERS).map(|i| H256(U256::from(i).to_big_endian()).0[16..].try_into().expect("16 bytes")).collect();
    for (i, app) in (0..).zip(&apps) {
        let standing = if i + silent < MAX_VOUCHERS { Standing::Admitted } else { Standing::Unadmitted };
        Apps::<T>::insert(app, App { owner: OWNER, status: Status::Active, standing });
    }
    Vouchers::<T>::insert(account, BoundedVec::truncate_from(apps));
}

fn accounts(n: u32) -> Vec<H160> {
    (0..n).map(|i| H160::from(H256(U256::from(0x1000_0000 + u64::from(i)).to_big_endian()))).collect()
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn set_transact_policy() {
        Operators::<T>::insert(OWNER, ());

        #[extrinsic_call]
        _(RawOrigin::Root, Policy::Registered);

        assert_eq!(TransactPolicy::<T>::get(), Policy::Registered);
    }

    #[benchmark]
    fn set_operator() {
        #[extrinsic_call]
        _(RawOrigin::Root, ADMIN, true);

        assert!(Operators::<T>::contains_key(ADMIN));
    }

    #[benchmark]
    fn set_app_standing() {
        let app = app::<T>();

        #[extrinsic_call]
        _(RawOrigin::Root, app, Standing::Blocked);

        assert!(Apps::<T>::get(app).is_some_and(|info| info.standing == Standing::Blocked));
    }

    #[benchmark]
    fn create_app() {
        Operators::<T>::insert(OWNER, ());
        fill_vouchers::<T>(OWNER, 1);
        let salt = H256::zero();

        #[extrinsic_call]
        _(signed::<T>(OWNER), salt);

        assert!(Apps::<T>::contains_key(hanse_primitives::addresses::app_id(&OWNER, &salt.0)));
    }

    #[benchmark]
    fn transfer_app_ownership() {
        let app = app::<T>();
        fill_vouchers::<T>(USER, 1);

        #[extrinsic_call]
        _(signed::<T>(OWNER), app, USER);

        assert!(Apps::<T>::get(app).is_some_and(|info| info.owner == USER));
    }

    #[benchmark]
    fn set_app_status() {
        let app = app::<T>();

        #[extrinsic_call]
        _(signed::<T>(OWNER), app, Status::Suspended);

        assert!(Apps::<T>::get(app).is_some_and(|info| !info.is_active()));
    }

    #[benchmark]
    fn add_admin() {
        let app = app::<T>();
        fill_vouchers::<T>(USER, 1);

        #[extrinsic_call]
        _(signed::<T>(OWNER), app, USER);

        assert!(Admins::<T>::contains_key(app, USER));
    }

    #[benchmark]
    fn remove_admin() {
        let app = app::<T>();

        #[extrinsic_call]
        _(signed::<T>(OWNER), app, ADMIN);

        assert!(!Admins::<T>::contains_key(app, ADMIN));
    }

    #[benchmark]
    fn add_users(n: Linear<0, MAX_ACCOUNTS>) {
        let app = app::<T>();
        let accounts: BoundedVec<H160, ConstU32<MAX_ACCOUNTS>> = BoundedVec::truncate_from(accounts(n));

        #[extrinsic_call]
        _(signed::<T>(ADMIN), app, accounts.clone());

        assert!(accounts.iter().all(|account| Pallet::<T>::is_user(app, *account)));
    }

    #[benchmark]
    fn set_user_status() {
        let app = app::<T>();
        Pallet::<T>::do_add_users(ADMIN, app, &[USER], &mut Vec::new()).expect("is allowed");
        Pallet::<T>::do_set_user_status(ADMIN, app, USER, Status::Suspended, &mut Vec::new()).expect("is allowed");
        fill_vouchers::<T>(USER, 1);

        #[extrinsic_call]
        _(signed::<T>(ADMIN), app, USER, Status::Active);

        assert!(Vouchers::<T>::get(USER).contains(&app));
    }

    #[benchmark]
    fn set_deploy_policy() {
        #[extrinsic_call]
        _(RawOrigin::Root, Deployment::Listed);

        assert_eq!(DeployPolicy::<T>::get(), Deployment::Listed);
    }

    #[benchmark]
    fn set_deployer() {
        Operators::<T>::insert(OWNER, ());

        #[extrinsic_call]
        _(signed::<T>(OWNER), USER, true);

        assert!(Deployers::<T>::contains_key(USER));
    }

    /// Of one who may not: every look-up is made.
    #[benchmark]
    fn can_deploy() {
        DeployPolicy::<T>::put(Deployment::Listed);
        let answer;

        #[block]
        {
            answer = Pallet::<T>::can_deploy(USER);
        }

        assert!(!answer);
    }

    /// Of one who may not: every look-up is made.
    #[benchmark]
    fn can_transact() {
        app::<T>();
        fill_vouchers::<T>(USER, MAX_VOUCHERS);
        let answer;

        #[block]
        {
            answer = Pallet::<T>::can_transact(USER);
        }

        assert!(!answer);
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_bench_ext(), crate::mock::Test);
}
