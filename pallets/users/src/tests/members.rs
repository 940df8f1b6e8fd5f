//! Users of an app.

use super::*;
use convert::address;

#[test]
fn users_are_added_once_and_left_as_they_are() {
    run(Policy::Open, || {
        let (owner, user) = (account(1), account(2));
        let app = create(owner);
        let add = |logs: &mut Vec<Log>| Registry::do_add_users(owner, app, &[user, account(3), user], logs);
        let added: Vec<_> = logs_of::<IUsers::UserAdded>(add).into_iter().map(|event| event.account).collect();
        assert_eq!(added, [address(user), address(account(3))]);
        assert_ok!(Registry::do_set_user_status(owner, app, user, Status::Suspended, &mut Vec::new()));
        assert_eq!(logs_of::<IUsers::UserAdded>(add), []);
        assert_eq!(Users::<Test>::get(app, user), Some(Status::Suspended));
    });
}

#[test]
fn only_admins_change_users() {
    run(Policy::Open, || {
        let (owner, other) = (account(1), account(2));
        let app = create(owner);
        let theirs = create(other);
        assert_ok!(Registry::do_add_users(owner, app, &[account(3)], &mut Vec::new()));
        let refusal: UsersError = IUsers::NotAppAdmin { app: app.into(), account: address(other) }.into();
        assert_eq!(error_of(|logs| Registry::do_add_users(other, app, &[account(4)], logs)), refusal);
        let status = Status::Suspended;
        assert_eq!(error_of(|logs| Registry::do_set_user_status(other, app, account(3), status, logs)), refusal);
        // A user of one app is unknown to another.
        let unknown = error_of(|logs| Registry::do_set_user_status(other, theirs, account(3), status, logs));
        assert_eq!(unknown, IUsers::UserNotFound { app: theirs.into(), account: address(account(3)) }.into());
    });
}

#[test]
fn a_status_changes_once() {
    run(Policy::Open, || {
        let (owner, user) = (account(1), account(2));
        let app = create(owner);
        assert_ok!(Registry::do_add_users(owner, app, &[user], &mut Vec::new()));
        assert!(Registry::is_user(app, user));
        let suspend = |logs: &mut Vec<Log>| Registry::do_set_user_status(owner, app, user, Status::Suspended, logs);
        assert_eq!(logs_of::<IUsers::UserStatusChanged>(suspend)[0].status, IUsers::Status::Suspended);
        assert_eq!(logs_of::<IUsers::UserStatusChanged>(suspend), []);
        assert!(!Registry::is_user(app, user));
        let activate = |logs: &mut Vec<Log>| Registry::do_set_user_status(owner, app, user, Status::Active, logs);
        assert_eq!(logs_of::<IUsers::UserStatusChanged>(activate)[0].status, IUsers::Status::Active);
        assert!(Registry::is_user(app, user));
    });
}

#[test]
fn a_call_adds_a_thousand_and_no_more() {
    run(Policy::Open, || {
        let owner = account(1);
        let app = create(owner);
        let many: Vec<_> = (0..=u64::from(MAX_ACCOUNTS)).map(|i| H160::from_low_u64_be(0x10_0000 + i)).collect();
        let refused = error_of(|logs| Registry::do_add_users(owner, app, &many, logs));
        let (given, max) = (alloy_primitives::U256::from(1_001), alloy_primitives::U256::from(1_000));
        assert_eq!(refused, IUsers::TooManyAccounts { given, max }.into());
        let events = logs_of::<IUsers::UserAdded>(|logs| Registry::do_add_users(owner, app, &many[1..], logs));
        assert_eq!(events.len(), 1_000);
    });
}
