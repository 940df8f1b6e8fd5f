//! Apps, owners, admins.

use super::*;
use convert::address;

#[test]
fn an_app_gets_the_id_that_was_known_before() {
    run(Policy::Open, || {
        let (owner, salt) = (account(1), H256::repeat_byte(1));
        let mut logs = Vec::new();
        let app = Registry::do_create_app(owner, salt, &mut logs).expect("is new");
        assert_eq!(app, addresses::app_id(&owner, &salt.0));
        let event = IUsers::AppCreated::decode_log_data(&convert::alloy_log(&logs[0]).data).expect("is this event");
        assert_eq!(event, IUsers::AppCreated { app: app.into(), owner: address(owner) });
        assert!(Registry::is_admin(app, owner));
        assert_eq!(Apps::<Test>::get(app).map(|info| info.visible_status()), Some(Status::Active));
    });
}

#[test]
fn a_salt_works_once_per_owner() {
    run(Policy::Open, || {
        let app = create(account(1));
        let again = error_of(|logs| Registry::do_create_app(account(1), H256::repeat_byte(1), logs));
        assert_eq!(again, IUsers::AppExists { app: app.into() }.into());
        assert_ne!(create(account(2)), app);
        // It stays used after the ownership moved on.
        assert_ok!(Registry::do_transfer_app_ownership(account(1), app, account(3), &mut Vec::new()));
        error_of(|logs| Registry::do_create_app(account(1), H256::repeat_byte(1), logs));
    });
}

#[test]
fn only_operators_create_apps_on_a_network_of_registered_accounts() {
    run(Policy::Registered, || {
        let refused = error_of(|logs| Registry::do_create_app(account(1), H256::zero(), logs));
        assert_eq!(refused, IUsers::NotOperator { account: address(account(1)) }.into());
        create(OPERATOR);
    });
}

#[test]
fn an_operators_app_is_admitted() {
    run(Policy::Open, || {
        let standing = |app| Apps::<Test>::get(app).map(|info| info.standing);
        assert_eq!(standing(create(OPERATOR)), Some(Standing::Admitted));
        let other = create(account(1));
        assert_eq!(standing(other), Some(Standing::Unadmitted));
        // On an open network that makes no difference.
        assert_ok!(Registry::do_add_users(account(1), other, &[account(2)], &mut Vec::new()));
        assert!(Registry::is_user(other, account(2)));
        assert_eq!(Apps::<Test>::get(other).map(|info| info.visible_status()), Some(Status::Active));
    });
}

#[test]
fn zero_address_is_no_account() {
    run(Policy::Open, || {
        let zero = H160::zero();
        let refusal: UsersError = IUsers::InvalidAccount { account: address(zero) }.into();
        let owner = account(1);
        let app = create(owner);
        assert_eq!(error_of(|logs| Registry::do_create_app(zero, H256::zero(), logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_transfer_app_ownership(owner, app, zero, logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_add_admin(owner, app, zero, logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_add_users(owner, app, &[account(2), zero], logs)), refusal);
        assert_eq!(Users::<Test>::get(app, account(2)), None, "nothing half done");
    });
}

#[test]
fn ownership_moves_whole() {
    run(Policy::Open, || {
        let (owner, next) = (account(1), account(2));
        let app = create(owner);
        let events = logs_of::<IUsers::AppOwnershipTransferred>(|logs| {
            Registry::do_transfer_app_ownership(owner, app, next, logs)
        });
        assert_eq!(events[0].previousOwner, address(owner));
        assert_eq!(events[0].newOwner, address(next));
        assert!(!Registry::is_admin(app, owner));
        assert!(Registry::is_admin(app, next));
        let refused = error_of(|logs| Registry::do_add_admin(owner, app, owner, logs));
        assert_eq!(refused, IUsers::NotAppOwner { app: app.into(), account: address(owner) }.into());
        // To oneself: nothing happens, nothing is said.
        let events = logs_of::<IUsers::AppOwnershipTransferred>(|logs| {
            Registry::do_transfer_app_ownership(next, app, next, logs)
        });
        assert_eq!(events, []);
    });
}

#[test]
fn admins_come_and_go_once() {
    run(Policy::Open, || {
        let (owner, admin) = (account(1), account(2));
        let app = create(owner);
        let add = |logs: &mut Vec<Log>| Registry::do_add_admin(owner, app, admin, logs);
        assert_eq!(logs_of::<IUsers::AdminAdded>(add).len(), 1);
        assert_eq!(logs_of::<IUsers::AdminAdded>(add).len(), 0);
        assert!(Registry::is_admin(app, admin));
        // An admin is no owner.
        error_of(|logs| Registry::do_add_admin(admin, app, account(3), logs));
        error_of(|logs| Registry::do_remove_admin(admin, app, admin, logs));
        error_of(|logs| Registry::do_set_app_status(admin, app, Status::Suspended, logs));
        let remove = |logs: &mut Vec<Log>| Registry::do_remove_admin(owner, app, admin, logs);
        assert_eq!(logs_of::<IUsers::AdminRemoved>(remove).len(), 1);
        assert_eq!(logs_of::<IUsers::AdminRemoved>(remove).len(), 0);
        assert!(!Registry::is_admin(app, admin));
    });
}

#[test]
fn a_suspended_app_obeys_its_owner_only() {
    run(Policy::Open, || {
        let (owner, admin, user) = (account(1), account(2), account(3));
        let app = create(owner);
        assert_ok!(Registry::do_add_admin(owner, app, admin, &mut Vec::new()));
        assert_ok!(Registry::do_add_users(admin, app, &[user], &mut Vec::new()));
        let suspend = |logs: &mut Vec<Log>| Registry::do_set_app_status(owner, app, Status::Suspended, logs);
        assert_eq!(logs_of::<IUsers::AppStatusChanged>(suspend)[0].status, IUsers::Status::Suspended);
        assert_eq!(logs_of::<IUsers::AppStatusChanged>(suspend).len(), 0);

        let refusal: UsersError = IUsers::AppSuspended { app: app.into() }.into();
        assert!(!Registry::is_user(app, user));
        for who in [owner, admin] {
            assert_eq!(error_of(|logs| Registry::do_add_users(who, app, &[account(4)], logs)), refusal);
            let status = Status::Suspended;
            assert_eq!(error_of(|logs| Registry::do_set_user_status(who, app, user, status, logs)), refusal);
            assert_eq!(Registry::ensure_admin(app, who), Err(refusal.clone()));
        }
        assert_ok!(Registry::do_remove_admin(owner, app, admin, &mut Vec::new()));
        assert_ok!(Registry::do_set_app_status(owner, app, Status::Active, &mut Vec::new()));
        assert!(Registry::is_user(app, user));
    });
}

#[test]
fn a_blocked_app_obeys_no_one() {
    run(Policy::Open, || {
        let owner = account(1);
        let app = create(owner);
        let set = |standing, logs: &mut Vec<Log>| Registry::do_set_app_standing(app, standing, logs);
        let events = logs_of::<IUsers::AppStatusChanged>(|logs| set(Standing::Blocked, logs));
        assert_eq!(events[0].status, IUsers::Status::Suspended);
        let refusal: UsersError = IUsers::AppSuspended { app: app.into() }.into();
        assert_eq!(error_of(|logs| Registry::do_set_app_status(owner, app, Status::Active, logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_transfer_app_ownership(owner, app, account(2), logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_add_admin(owner, app, account(2), logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_remove_admin(owner, app, account(2), logs)), refusal);
        let events = logs_of::<IUsers::AppStatusChanged>(|logs| set(Standing::Unadmitted, logs));
        assert_eq!(events[0].status, IUsers::Status::Active);
    });
}

#[test]
fn an_unknown_app_is_not_found() {
    run(Policy::Open, || {
        let (caller, app) = (account(1), [7; 16]);
        let refusal: UsersError = IUsers::AppNotFound { app: app.into() }.into();
        assert_eq!(error_of(|logs| Registry::do_transfer_app_ownership(caller, app, caller, logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_set_app_status(caller, app, Status::Active, logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_add_admin(caller, app, caller, logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_remove_admin(caller, app, caller, logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_add_users(caller, app, &[], logs)), refusal);
        let status = Status::Active;
        assert_eq!(error_of(|logs| Registry::do_set_user_status(caller, app, caller, status, logs)), refusal);
        assert_eq!(error_of(|logs| Registry::do_set_app_standing(app, Standing::Admitted, logs)), refusal);
        assert!(!Registry::is_admin(app, caller));
        assert!(!Registry::is_user(app, caller));
        // Nor does the zero address own it, though an empty entry might look so.
        assert!(!Registry::is_admin(app, H160::zero()));
    });
}
