//! Native calls: origins, logs, the network's own decisions, genesis.

use super::*;
use crate::{
    Event,
    mock::{ROOT, RuntimeEvent},
};
use frame_support::{BoundedVec, dispatch::DispatchResult};
use hanse_primitives::AccountId20;
use sp_runtime::{BuildStorage, DispatchError};

fn signed(who: H160) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.into())
}

#[test]
fn native_calls_leave_the_same_logs() {
    run(Policy::Open, || {
        let (owner, salt) = (account(1), H256::repeat_byte(1));
        let app = addresses::app_id(&owner, &salt.0);
        let users = BoundedVec::truncate_from(vec![account(3)]);
        assert_ok!(Registry::create_app(signed(owner), salt));
        assert_ok!(Registry::add_admin(signed(owner), app, account(2)));
        assert_ok!(Registry::add_users(signed(account(2)), app, users));
        assert_ok!(Registry::set_user_status(signed(account(2)), app, account(3), Status::Suspended));
        assert_ok!(Registry::remove_admin(signed(owner), app, account(2)));
        assert_ok!(Registry::set_app_status(signed(owner), app, Status::Suspended));
        assert_ok!(Registry::transfer_app_ownership(signed(owner), app, account(4)));
        let first_topics: Vec<_> = Emitted::get().iter().map(|log| convert::b256(log.topics[0])).collect();
        assert_eq!(
            first_topics,
            [
                IUsers::AppCreated::SIGNATURE_HASH,
                IUsers::AdminAdded::SIGNATURE_HASH,
                IUsers::UserAdded::SIGNATURE_HASH,
                IUsers::UserStatusChanged::SIGNATURE_HASH,
                IUsers::AdminRemoved::SIGNATURE_HASH,
                IUsers::AppStatusChanged::SIGNATURE_HASH,
                IUsers::AppOwnershipTransferred::SIGNATURE_HASH,
            ]
        );
    });
}

#[test]
fn errors_keep_their_meaning_in_native_calls() {
    run(Policy::Open, || {
        let (owner, other, salt) = (account(1), account(2), H256::repeat_byte(1));
        let app = create(owner);
        let none = || BoundedVec::truncate_from(vec![]);
        let cases: Vec<(DispatchResult, Error<Test>)> = vec![
            (Registry::create_app(signed(owner), salt), Error::AppExists),
            (Registry::add_users(signed(owner), [0; 16], none()), Error::AppNotFound),
            (Registry::add_admin(signed(other), app, other), Error::NotAppOwner),
            (Registry::add_users(signed(other), app, none()), Error::NotAppAdmin),
            (Registry::set_user_status(signed(owner), app, other, Status::Active), Error::UserNotFound),
            (Registry::add_admin(signed(owner), app, H160::zero()), Error::InvalidAccount),
        ];
        for (result, error) in cases {
            assert_eq!(result, Err(error.into()));
        }
        assert_ok!(Registry::set_app_standing(RuntimeOrigin::root(), app, Standing::Blocked));
        assert_noop!(Registry::add_admin(signed(owner), app, other), Error::<Test>::AppSuspended);
        // What the types of native calls rule out.
        let refused = UsersError::from(IUsers::InvalidStatus { status: 0 });
        assert!(matches!(Error::<Test>::from(refused), Error::InvalidStatus));
    });
    run(Policy::Registered, || {
        assert_noop!(Registry::create_app(signed(account(1)), H256::zero()), Error::<Test>::NotOperator);
    });
}

#[test]
fn only_root_decides_for_the_network() {
    run(Policy::Open, || {
        let app = create(account(1));
        for origin in [signed(OPERATOR), signed(account(1)), RuntimeOrigin::none()] {
            let refusal = DispatchError::BadOrigin;
            assert_noop!(Registry::set_transact_policy(origin.clone(), Policy::Registered), refusal);
            assert_noop!(Registry::set_operator(origin.clone(), account(1), true), refusal);
            assert_noop!(Registry::set_app_standing(origin, app, Standing::Blocked), refusal);
        }
        assert_noop!(Registry::create_app(RuntimeOrigin::root(), H256::zero()), DispatchError::BadOrigin);
    });
}

#[test]
fn the_network_keeps_an_operator_while_it_needs_one() {
    run(Policy::Open, || {
        let root = RuntimeOrigin::root;
        assert_ok!(Registry::set_operator(root(), OPERATOR, false));
        assert_noop!(Registry::set_transact_policy(root(), Policy::Registered), Error::<Test>::LastOperator);
        assert_ok!(Registry::set_operator(root(), account(1), true));
        assert_ok!(Registry::set_transact_policy(root(), Policy::Registered));
        assert!(Registry::can_transact(account(1)));
        assert!(!Registry::can_transact(OPERATOR));
        assert_eq!(
            frame_support::storage::with_storage_layer(|| Registry::set_operator(root(), account(1), false)),
            Err(Error::<Test>::LastOperator.into())
        );
        assert_eq!(Operators::<Test>::count(), 1);
        // Not one at all: nothing to lose.
        assert_ok!(Registry::set_operator(root(), account(9), false));
        assert_noop!(Registry::set_operator(root(), H160::zero(), true), Error::<Test>::InvalidAccount);
        System::assert_has_event(RuntimeEvent::Users(Event::TransactPolicySet { policy: Policy::Registered }));
        System::assert_has_event(RuntimeEvent::Users(Event::OperatorSet { account: account(1), operator: true }));
    });
}

#[test]
fn an_apps_standing_is_logged_and_told() {
    run(Policy::Open, || {
        let set = |app, standing| Registry::set_app_standing(RuntimeOrigin::root(), app, standing);
        let app = create(account(1));
        assert_ok!(set(app, Standing::Blocked));
        assert_ok!(set(app, Standing::Blocked));
        assert_eq!(Emitted::get().len(), 1, "one change, one log");
        assert_ok!(set(app, Standing::Unadmitted));
        assert_ok!(set(app, Standing::Admitted));
        assert_eq!(Emitted::get().len(), 2, "contracts see no more than whether it is active");
        for standing in [Standing::Blocked, Standing::Unadmitted, Standing::Admitted] {
            System::assert_has_event(RuntimeEvent::Users(Event::AppStandingSet { app, standing }));
        }
        assert_noop!(set([0; 16], Standing::Admitted), Error::<Test>::AppNotFound);
    });
}

#[test]
fn genesis_sets_policy_and_operators() {
    run(Policy::Registered, || {
        assert_eq!(TransactPolicy::<Test>::get(), Policy::Registered);
        assert!(Operators::<Test>::contains_key(OPERATOR));
    });
}

/// A native call needs a nonce, and that an account, which coins don't make where there are none.
#[test]
fn root_and_operators_have_an_account() {
    run(Policy::Registered, || {
        let references = |who: H160| System::reference_count(&who.into());
        assert_eq!((references(ROOT), references(OPERATOR), references(account(1))), (1, 1, 0));
        let set = |operator| Registry::set_operator(RuntimeOrigin::root(), account(1), operator);
        for _ in 0..2 {
            assert_ok!(set(true));
            assert_eq!(references(account(1)), 1);
        }
        // What was signed stays used, whatever becomes of the signer.
        System::inc_account_nonce(AccountId20::from(account(1)));
        assert_ok!(set(false));
        assert_eq!((references(account(1)), System::account_nonce(AccountId20::from(account(1)))), (1, 1));
        assert_ok!(set(true));
        assert_eq!(references(account(1)), 1);
    });
}

#[test]
#[should_panic(expected = "at least one operator")]
fn genesis_refuses_to_lock_everyone_out() {
    let config = crate::GenesisConfig::<Test> { policy: Policy::Registered, ..Default::default() };
    let _ = config.build_storage();
}
