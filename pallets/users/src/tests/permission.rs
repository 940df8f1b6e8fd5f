//! Who may transact.

use super::*;
use crate::mock::ROOT;

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
        for standing in [Standing::Blocked, Standing::Unadmitted] {
            assert_ok!(Registry::do_set_app_standing(app, standing, &mut Vec::new()));
            assert!(!Registry::can_transact(owner));
        }
        assert_ok!(Registry::do_set_app_standing(app, Standing::Admitted, &mut Vec::new()));
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

/// Apps that anyone created while the network was open let no one in once it is closed.
#[test]
fn a_network_can_be_closed() {
    run(Policy::Open, || {
        let (stranger, friend, user) = (account(1), account(2), account(3));
        let theirs = create(stranger);
        assert_ok!(Registry::do_add_users(stranger, theirs, &[friend], &mut Vec::new()));
        let ours = create(OPERATOR);
        assert_ok!(Registry::do_add_users(OPERATOR, ours, &[user], &mut Vec::new()));
        TransactPolicy::<Test>::put(Policy::Registered);
        assert!(Registry::can_transact(user));
        for who in [stranger, friend] {
            assert!(!Registry::can_transact(who));
        }
        assert_ok!(Registry::do_set_app_standing(theirs, Standing::Admitted, &mut Vec::new()));
        for who in [stranger, friend] {
            assert!(Registry::can_transact(who));
        }
    });
}

#[test]
fn root_transacts_always() {
    run(Policy::Registered, || assert!(Registry::can_transact(ROOT)));
}
