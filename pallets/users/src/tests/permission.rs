//! Who may transact, and the extension that asks.

use super::*;
use crate::{CheckPermission, mock::RuntimeCall};
use frame_support::{dispatch::GetDispatchInfo, pallet_prelude::TransactionSource};
use hanse_primitives::TransactionError;
use sp_runtime::{
    traits::{TransactionExtension, TxBaseImplication},
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};

#[test]
fn everyone_transacts_on_an_open_network() {
    run(Policy::Open, || assert!(Registry::can_transact(account(9))));
}

#[test]
fn roles_in_active_apps_transact_on_a_network_of_registered_accounts() {
    run(Policy::Registered, || {
        let (admin, user) = (account(2), account(3));
        let app = create(OPERATOR);
        assert!(Registry::can_transact(OPERATOR));
        for who in [admin, user] {
            assert!(!Registry::can_transact(who));
        }
        assert_ok!(Registry::do_add_admin(OPERATOR, app, admin, &mut Vec::new()));
        assert_ok!(Registry::do_add_users(admin, app, &[user], &mut Vec::new()));
        for who in [admin, user] {
            assert!(Registry::can_transact(who));
        }
        assert_ok!(Registry::do_set_user_status(admin, app, user, Status::Suspended, &mut Vec::new()));
        assert!(!Registry::can_transact(user));
        assert_ok!(Registry::do_remove_admin(OPERATOR, app, admin, &mut Vec::new()));
        assert!(!Registry::can_transact(admin));
    });
}

#[test]
fn suspending_an_app_cuts_off_all_but_its_owner() {
    run(Policy::Registered, || {
        let (owner, admin, user) = (account(1), account(2), account(3));
        let app = create(OPERATOR);
        assert_ok!(Registry::do_add_admin(OPERATOR, app, admin, &mut Vec::new()));
        assert_ok!(Registry::do_add_users(OPERATOR, app, &[user], &mut Vec::new()));
        assert_ok!(Registry::do_transfer_app_ownership(OPERATOR, app, owner, &mut Vec::new()));
        assert_ok!(Registry::do_set_app_status(owner, app, Status::Suspended, &mut Vec::new()));
        assert!(Registry::can_transact(owner));
        assert!(!Registry::can_transact(admin));
        assert!(!Registry::can_transact(user));
        assert_ok!(Registry::block_app(app, true, &mut Vec::new()));
        assert!(!Registry::can_transact(owner));
        assert_ok!(Registry::block_app(app, false, &mut Vec::new()));
        assert_ok!(Registry::do_set_app_status(owner, app, Status::Active, &mut Vec::new()));
        for who in [owner, admin, user] {
            assert!(Registry::can_transact(who));
        }
    });
}

#[test]
fn another_active_app_keeps_a_user_in() {
    run(Policy::Registered, || {
        let user = account(3);
        let first = create(OPERATOR);
        let second = Registry::do_create_app(OPERATOR, H256::repeat_byte(2), &mut Vec::new()).expect("is new");
        for app in [first, second] {
            assert_ok!(Registry::do_add_users(OPERATOR, app, &[user], &mut Vec::new()));
        }
        assert_ok!(Registry::do_set_app_status(OPERATOR, first, Status::Suspended, &mut Vec::new()));
        assert!(Registry::can_transact(user));
        assert_ok!(Registry::do_set_app_status(OPERATOR, second, Status::Suspended, &mut Vec::new()));
        assert!(!Registry::can_transact(user));
    });
}

#[test]
fn one_role_left_is_enough() {
    run(Policy::Registered, || {
        let both = account(2);
        let app = create(OPERATOR);
        assert_ok!(Registry::do_add_admin(OPERATOR, app, both, &mut Vec::new()));
        assert_ok!(Registry::do_add_users(OPERATOR, app, &[both], &mut Vec::new()));
        assert_ok!(Registry::do_set_user_status(OPERATOR, app, both, Status::Suspended, &mut Vec::new()));
        assert!(Registry::can_transact(both));
        assert_ok!(Registry::do_set_user_status(OPERATOR, app, both, Status::Active, &mut Vec::new()));
        assert_ok!(Registry::do_remove_admin(OPERATOR, app, both, &mut Vec::new()));
        assert!(Registry::can_transact(both));
    });
}

#[test]
fn a_full_list_of_vouchers_stays_as_it_is() {
    run(Policy::Registered, || {
        let user = account(3);
        let apps: Vec<_> = (0..=MAX_VOUCHERS)
            .map(|i| {
                let salt = H256::from_low_u64_be(i.into());
                let app = Registry::do_create_app(OPERATOR, salt, &mut Vec::new()).expect("is new");
                assert_ok!(Registry::do_add_users(OPERATOR, app, &[user], &mut Vec::new()));
                app
            })
            .collect();
        let last = apps[MAX_VOUCHERS as usize];
        assert!(Registry::is_user(last, user), "the membership itself is recorded");
        assert!(!Vouchers::<Test>::get(user).contains(&last));
        for app in &apps[..MAX_VOUCHERS as usize] {
            assert!(Registry::can_transact(user));
            assert_ok!(Registry::do_set_user_status(OPERATOR, *app, user, Status::Suspended, &mut Vec::new()));
        }
        assert!(!Registry::can_transact(user));
        // There is room again: suspending and activating takes the place.
        assert_ok!(Registry::do_set_user_status(OPERATOR, last, user, Status::Suspended, &mut Vec::new()));
        assert_ok!(Registry::do_set_user_status(OPERATOR, last, user, Status::Active, &mut Vec::new()));
        assert!(Registry::can_transact(user));
    });
}

fn validate(origin: RuntimeOrigin) -> Result<(), TransactionValidityError> {
    let call = RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
    CheckPermission::<Test>::new()
        .validate(origin, &call, &call.get_dispatch_info(), 0, (), &TxBaseImplication(()), TransactionSource::External)
        .map(|_| ())
}

#[test]
fn the_extension_asks_of_signed_transactions() {
    run(Policy::Registered, || {
        assert_eq!(validate(RuntimeOrigin::signed(OPERATOR.into())), Ok(()));
        assert_eq!(
            validate(RuntimeOrigin::signed(account(1).into())),
            Err(InvalidTransaction::Custom(TransactionError::NotPermitted.code()).into())
        );
        assert_eq!(validate(RuntimeOrigin::none()), Ok(()));
    });
    run(Policy::Open, || assert_eq!(validate(RuntimeOrigin::signed(account(1).into())), Ok(())));
}
