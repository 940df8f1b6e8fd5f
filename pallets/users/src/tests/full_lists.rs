//! What becomes of a role when the list of vouchers is full.

use super::*;

/// Apps of one owner, of which each has the account as a user.
fn apps_of(owner: H160, user: H160) -> Vec<AppId> {
    let app = |i: u32| {
        let app = Registry::do_create_app(owner, H256::from_low_u64_be(i.into()), &mut Vec::new()).expect("is new");
        assert_ok!(Registry::do_add_users(owner, app, &[user], &mut Vec::new()));
        app
    };
    // The owner's own list is as long.
    (0..MAX_VOUCHERS).map(app).collect()
}

/// Nobody can keep an account out by entering it in apps that mean nothing.
#[test]
fn a_list_full_of_strangers_apps_makes_room() {
    run(Policy::Open, || {
        let (stranger, victim) = (account(1), account(3));
        let theirs = apps_of(stranger, victim);
        let ours = create(OPERATOR);
        assert_eq!(Registry::full_lists(&[victim, stranger, OPERATOR]), 2);
        assert_ok!(Registry::do_add_users(OPERATOR, ours, &[victim], &mut Vec::new()));
        TransactPolicy::<Test>::put(Policy::Registered);
        assert!(Registry::can_transact(victim));
        let vouchers = Vouchers::<Test>::get(victim);
        assert_eq!(vouchers.len() as u32, MAX_VOUCHERS);
        assert_eq!(vouchers.iter().filter(|app| theirs.contains(*app)).count() as u32, MAX_VOUCHERS - 1);
        // The membership that lost its place is still one.
        assert!(theirs.iter().all(|app| Registry::is_user(*app, victim)));
    });
}

/// Nor can a stranger's app push out another, or make a full list a reason to refuse.
#[test]
fn an_app_that_is_not_admitted_takes_no_place() {
    run(Policy::Open, || {
        let (stranger, user) = (account(1), account(3));
        let ours = apps_of(OPERATOR, user);
        assert_ok!(Registry::do_set_app_status(OPERATOR, ours[0], Status::Suspended, &mut Vec::new()));
        let theirs = create(stranger);
        assert_ok!(Registry::do_add_users(stranger, theirs, &[user], &mut Vec::new()));
        assert!(Registry::is_user(theirs, user));
        assert_eq!(Vouchers::<Test>::get(user).into_inner(), ours);
        // Let in later, it gets its place when it gives the role again.
        assert_ok!(Registry::do_set_app_standing(theirs, Standing::Admitted, &mut Vec::new()));
        for status in [Status::Suspended, Status::Active] {
            assert_ok!(Registry::do_set_user_status(stranger, theirs, user, status, &mut Vec::new()));
        }
        assert!(Vouchers::<Test>::get(user).contains(&theirs));
    });
}

#[test]
fn a_suspended_app_makes_room_but_for_its_owner() {
    run(Policy::Registered, || {
        let (user, owner) = (account(3), account(5));
        for app in apps_of(OPERATOR, user) {
            assert_ok!(Registry::do_transfer_app_ownership(OPERATOR, app, owner, &mut Vec::new()));
            assert_ok!(Registry::do_set_app_status(owner, app, Status::Suspended, &mut Vec::new()));
        }
        let other = create(OPERATOR);
        assert!(!Registry::can_transact(user));
        assert_ok!(Registry::do_add_users(OPERATOR, other, &[user], &mut Vec::new()));
        assert!(Registry::can_transact(user));
        // The owner may come back to each of them.
        let refusal: UsersError = IUsers::InvalidAccount { account: convert::address(owner) }.into();
        assert_eq!(error_of(|logs| Registry::do_add_users(OPERATOR, other, &[owner], logs)), refusal);
    });
}

#[test]
fn an_operator_owns_as_many_apps_as_it_likes() {
    run(Policy::Registered, || {
        apps_of(OPERATOR, account(3));
        let app = create(OPERATOR);
        assert!(Registry::is_admin(app, OPERATOR));
        assert!(!Vouchers::<Test>::get(OPERATOR).contains(&app));
        assert!(Registry::can_transact(OPERATOR));
    });
}

#[test]
fn a_list_full_of_apps_that_vouch_takes_no_more() {
    run(Policy::Registered, || {
        let (user, free) = (account(3), account(4));
        let apps = apps_of(OPERATOR, user);
        let other = create(OPERATOR);
        let refusal: UsersError = IUsers::InvalidAccount { account: convert::address(user) }.into();
        assert_eq!(error_of(|logs| Registry::do_add_users(OPERATOR, other, &[free, user], logs)), refusal);
        assert_eq!(Users::<Test>::get(other, free), None, "nothing half done");
        assert!(!Vouchers::<Test>::contains_key(free));
        assert_eq!(error_of(|logs| Registry::do_add_admin(OPERATOR, other, user, logs)), refusal);
        assert!(!Admins::<Test>::contains_key(other, user));
        assert_eq!(error_of(|logs| Registry::do_transfer_app_ownership(OPERATOR, other, user, logs)), refusal);
        assert!(Registry::is_admin(other, OPERATOR));
        // A further role in an app that vouches already takes no room.
        assert_ok!(Registry::do_add_admin(OPERATOR, apps[0], user, &mut Vec::new()));
        assert_ok!(Registry::do_remove_admin(OPERATOR, apps[0], user, &mut Vec::new()));
        // One role less, and there is room.
        assert_ok!(Registry::do_set_user_status(OPERATOR, apps[0], user, Status::Suspended, &mut Vec::new()));
        assert_ok!(Registry::do_add_users(OPERATOR, other, &[user], &mut Vec::new()));
        let active = Status::Active;
        assert_eq!(error_of(|logs| Registry::do_set_user_status(OPERATOR, apps[0], user, active, logs)), refusal);
        assert_eq!(Users::<Test>::get(apps[0], user), Some(Status::Suspended));
        // Who is a user already stays one, and needs no place.
        assert_ok!(Registry::do_add_users(OPERATOR, apps[0], &[user], &mut Vec::new()));
    });
}
