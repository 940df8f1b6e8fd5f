//! Pause, freeze, closed tokens.

use super::*;

#[test]
fn a_pause_stops_all_moves() {
    with_token(params(), || {
        assert_ok!(Pallet::do_approve(ALICE, token(), BOB, 10.into(), &mut Vec::new()));
        let mut logs = Vec::new();
        assert_ok!(Pallet::do_pause(OWNER, token(), &mut logs));
        assert_eq!(event_of::<IToken::Paused>(&logs[0]).account, address(OWNER));
        let refusal: TokenError = IToken::EnforcedPause {}.into();
        let one = U256::one();
        assert_eq!(error_of(|logs| transfer(ALICE, BOB, 1, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_transfer_from(BOB, token(), ALICE, BOB, one, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_transfer_batch(ALICE, token(), &[(BOB, one)], logs)), refusal);
        assert_eq!(error_of(|logs| mint(BOB, 1, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_burn(ALICE, token(), one, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_burn_from(BOB, token(), ALICE, one, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_pause(OWNER, token(), logs)), refusal);
        assert_ok!(Pallet::do_approve(ALICE, token(), BOB, 1.into(), &mut Vec::new()));

        let mut logs = Vec::new();
        assert_ok!(Pallet::do_unpause(OWNER, token(), &mut logs));
        assert_eq!(event_of::<IToken::Unpaused>(&logs[0]).account, address(OWNER));
        let running = error_of(|logs| Pallet::do_unpause(OWNER, token(), logs));
        assert_eq!(running, IToken::ExpectedPause {}.into());
        assert_ok!(transfer(ALICE, BOB, 1, &mut Vec::new()));
    });
}

#[test]
fn a_frozen_account_neither_sends_nor_receives() {
    with_token(params(), || {
        let mut logs = Vec::new();
        assert_ok!(Pallet::do_freeze(OWNER, token(), ALICE, &mut logs));
        assert_ok!(Pallet::do_freeze(OWNER, token(), BOB, &mut logs));
        assert_ok!(Pallet::do_freeze(OWNER, token(), BOB, &mut logs));
        assert_eq!(logs.len(), 2, "freezing twice is nothing new");
        assert_eq!(event_of::<IToken::Frozen>(&logs[0]).account, address(ALICE));
        assert_eq!(Pallet::is_frozen(token(), BOB), Ok(true));

        let refusal = |who| IToken::AccountFrozen { account: address(who) }.into();
        assert_eq!(error_of(|logs| transfer(ALICE, OWNER, 1, logs)), refusal(ALICE));
        assert_eq!(error_of(|logs| Pallet::do_burn(ALICE, token(), 1.into(), logs)), refusal(ALICE));
        assert_eq!(error_of(|logs| mint(BOB, 1, logs)), refusal(BOB));
        assert_ok!(Pallet::do_unfreeze(OWNER, token(), ALICE, &mut Vec::new()));
        assert_eq!(error_of(|logs| transfer(ALICE, BOB, 1, logs)), refusal(BOB));

        let mut logs = Vec::new();
        assert_ok!(Pallet::do_unfreeze(OWNER, token(), BOB, &mut logs));
        assert_ok!(Pallet::do_unfreeze(OWNER, token(), BOB, &mut logs));
        assert_eq!(logs.len(), 1);
        assert_eq!(event_of::<IToken::Unfrozen>(&logs[0]).account, address(BOB));
        assert!(!Holdings::<Test>::contains_key(token(), BOB));
        assert_ok!(transfer(ALICE, BOB, 1, &mut Vec::new()));
    });
}

#[test]
fn only_admins_pause_and_freeze() {
    with_token(params(), || {
        let refusal: TokenError = IToken::NotTokenAdmin { account: address(ALICE) }.into();
        assert_eq!(error_of(|logs| Pallet::do_pause(ALICE, token(), logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_unpause(ALICE, token(), logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_freeze(ALICE, token(), BOB, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_unfreeze(ALICE, token(), BOB, logs)), refusal);
    });
}

/// A closed token; Alice is a user of the app and holds 1,000.
fn with_closed_token(test: impl FnOnce()) {
    with_app(|| {
        assert_ok!(Registry::do_add_users(OWNER, app(), &[ALICE], &mut Vec::new()));
        let params = TokenParams { closed: true, ..params() };
        assert_ok!(Pallet::do_create_token(OWNER, app(), H256::zero(), params, &mut Vec::new()));
        test();
    });
}

fn not_allowed(who: H160) -> TokenError {
    IToken::HolderNotAllowed { account: address(who) }.into()
}

#[test]
fn a_closed_token_stays_in_its_app() {
    with_closed_token(|| {
        let admin = account(1);
        assert_eq!(error_of(|logs| transfer(ALICE, BOB, 1, logs)), not_allowed(BOB));
        assert_eq!(error_of(|logs| mint(BOB, 1, logs)), not_allowed(BOB));
        let list = [(OWNER, U256::one()), (BOB, U256::one())];
        let batch = error_of(|logs| Pallet::do_transfer_batch(ALICE, token(), &list, logs));
        assert_eq!(batch, not_allowed(BOB));
        // The owner, admins and users may.
        assert_ok!(transfer(ALICE, OWNER, 1, &mut Vec::new()));
        assert_ok!(Registry::do_add_admin(OWNER, app(), admin, &mut Vec::new()));
        assert_ok!(transfer(ALICE, admin, 1, &mut Vec::new()));
        assert_ok!(Registry::do_add_users(OWNER, app(), &[BOB], &mut Vec::new()));
        assert_ok!(transfer(ALICE, BOB, 1, &mut Vec::new()));
        // No longer an admin: what it holds stands still.
        assert_ok!(Registry::do_remove_admin(OWNER, app(), admin, &mut Vec::new()));
        assert_eq!(error_of(|logs| transfer(admin, ALICE, 1, logs)), not_allowed(admin));
    });
}

#[test]
fn suspending_a_user_stops_what_it_holds() {
    with_closed_token(|| {
        assert_ok!(Registry::do_set_user_status(OWNER, app(), ALICE, Status::Suspended, &mut Vec::new()));
        assert_eq!(error_of(|logs| transfer(ALICE, OWNER, 1, logs)), not_allowed(ALICE));
        assert_eq!(error_of(|logs| Pallet::do_burn(ALICE, token(), 1.into(), logs)), not_allowed(ALICE));
        assert_eq!(error_of(|logs| mint(ALICE, 1, logs)), not_allowed(ALICE));
    });
}

#[test]
fn suspending_an_app_stops_its_closed_tokens() {
    with_closed_token(|| {
        assert_ok!(Registry::do_set_app_status(OWNER, app(), Status::Suspended, &mut Vec::new()));
        assert_eq!(error_of(|logs| transfer(ALICE, OWNER, 1, logs)), not_allowed(ALICE));
        assert_ok!(Registry::do_set_app_status(OWNER, app(), Status::Active, &mut Vec::new()));
        assert_ok!(transfer(ALICE, OWNER, 1, &mut Vec::new()));
        assert_ok!(Registry::do_set_app_standing(app(), Standing::Blocked, &mut Vec::new()));
        assert_eq!(error_of(|logs| transfer(ALICE, OWNER, 1, logs)), not_allowed(ALICE));
    });
}

#[test]
fn a_first_holder_has_to_be_allowed_too() {
    with_app(|| {
        let params = TokenParams { closed: true, ..params() };
        let refused = error_of(|logs| Pallet::do_create_token(OWNER, app(), H256::zero(), params, logs));
        assert_eq!(refused, not_allowed(ALICE));
        assert!(!Tokens::<Test>::contains_key(token()));
    });
}
