//! Transfers, batches, allowances.

use super::*;

#[test]
fn a_transfer_moves_and_says_so() {
    with_token(params(), || {
        assert_eq!(transfers_of(|logs| transfer(ALICE, BOB, 300, logs)), [(ALICE, BOB, 300)]);
        assert_eq!((balance(ALICE), balance(BOB), supply()), (700, 300, 1_000));
        // Nothing is an amount too, and to oneself is a way (EIP-20).
        assert_eq!(transfers_of(|logs| transfer(BOB, ALICE, 0, logs)), [(BOB, ALICE, 0)]);
        assert_eq!(transfers_of(|logs| transfer(BOB, BOB, 300, logs)), [(BOB, BOB, 300)]);
        assert_eq!((balance(ALICE), balance(BOB)), (700, 300));
        assert_ok!(transfer(BOB, ALICE, 300, &mut Vec::new()));
        assert!(!Holdings::<Test>::contains_key(token(), BOB), "an empty holding isn't stored");
    });
}

#[test]
fn a_transfer_has_its_errors() {
    with_token(params(), || {
        let poor = |needed: u64| {
            let (balance, needed) = (ru256(1_000.into()), ru256(needed.into()));
            IToken::ERC20InsufficientBalance { sender: address(ALICE), balance, needed }.into()
        };
        assert_eq!(error_of(|logs| transfer(ALICE, BOB, 1_001, logs)), poor(1_001));
        assert_eq!(error_of(|logs| transfer(ALICE, ALICE, 1_001, logs)), poor(1_001));
        let nowhere = error_of(|logs| transfer(ALICE, ZERO, 1, logs));
        assert_eq!(nowhere, IToken::ERC20InvalidReceiver { receiver: address(ZERO) }.into());
        let nobody = error_of(|logs| transfer(ZERO, BOB, 0, logs));
        assert_eq!(nobody, IToken::ERC20InvalidSender { sender: address(ZERO) }.into());
        let missing = addresses::token_address(&app(), &[9; 32]);
        let unknown = error_of(|logs| Pallet::do_transfer(ALICE, missing, BOB, 0.into(), logs));
        assert_eq!(unknown, IToken::TokenNotFound { token: address(missing) }.into());
    });
}

#[test]
fn an_unknown_token_answers_no_question() {
    with_app(|| {
        let refusal: TokenError = IToken::TokenNotFound { token: address(token()) }.into();
        assert_eq!(Pallet::token(token()), Err(refusal.clone()));
        assert_eq!(Pallet::balance_of(token(), ALICE), Err(refusal.clone()));
        assert_eq!(Pallet::allowance(token(), ALICE, BOB), Err(refusal.clone()));
        assert_eq!(Pallet::is_frozen(token(), ALICE), Err(refusal.clone()));
        let zero = U256::zero();
        assert_eq!(error_of(|logs| Pallet::do_approve(ALICE, token(), BOB, zero, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_transfer_from(BOB, token(), ALICE, BOB, zero, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_transfer_batch(ALICE, token(), &[], logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_burn(ALICE, token(), zero, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_burn_from(BOB, token(), ALICE, zero, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_mint(OWNER, token(), ALICE, zero, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_pause(OWNER, token(), logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_unpause(OWNER, token(), logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_freeze(OWNER, token(), ALICE, logs)), refusal);
        assert_eq!(error_of(|logs| Pallet::do_unfreeze(OWNER, token(), ALICE, logs)), refusal);
    });
}

#[test]
fn an_allowance_is_used_up() {
    with_token(params(), || {
        let mut logs = Vec::new();
        assert_ok!(Pallet::do_approve(ALICE, token(), BOB, 100.into(), &mut logs));
        let event: IToken::Approval = event_of(&logs[0]);
        let value = ru256(100.into());
        assert_eq!(event, IToken::Approval { owner: address(ALICE), spender: address(BOB), value });

        let spend =
            |value: u64, logs: &mut Vec<Log>| Pallet::do_transfer_from(BOB, token(), ALICE, OWNER, value.into(), logs);
        assert_eq!(transfers_of(|logs| spend(60, logs)), [(ALICE, OWNER, 60)]);
        assert_eq!(Pallet::allowance(token(), ALICE, BOB), Ok(40.into()));
        let refused = error_of(|logs| spend(41, logs));
        let (allowance, needed) = (ru256(40.into()), ru256(41.into()));
        let spender = address(BOB);
        assert_eq!(refused, IToken::ERC20InsufficientAllowance { spender, allowance, needed }.into());
        assert_ok!(spend(40, &mut Vec::new()));
        assert!(!Allowances::<Test>::contains_key(token(), (ALICE, BOB)), "a used one isn't stored");
        // Others, and the owner itself, have none.
        error_of(|logs| Pallet::do_transfer_from(OWNER, token(), ALICE, BOB, 1.into(), logs));
        error_of(|logs| Pallet::do_transfer_from(ALICE, token(), ALICE, BOB, 1.into(), logs));
    });
}

#[test]
fn a_failed_move_keeps_the_allowance() {
    with_token(params(), || {
        assert_ok!(Pallet::do_approve(ALICE, token(), BOB, 5_000.into(), &mut Vec::new()));
        let refused = error_of(|logs| Pallet::do_transfer_from(BOB, token(), ALICE, BOB, 1_001.into(), logs));
        assert!(matches!(refused, TokenError::Token(IToken::ITokenErrors::ERC20InsufficientBalance(_))));
        assert_eq!(Pallet::allowance(token(), ALICE, BOB), Ok(5_000.into()));
    });
}

#[test]
fn the_highest_allowance_has_no_end() {
    with_token(params(), || {
        assert_ok!(Pallet::do_approve(ALICE, token(), BOB, U256::MAX, &mut Vec::new()));
        assert_ok!(Pallet::do_transfer_from(BOB, token(), ALICE, BOB, 999.into(), &mut Vec::new()));
        assert_eq!(Pallet::allowance(token(), ALICE, BOB), Ok(U256::MAX));
    });
}

#[test]
fn approving_has_its_errors() {
    with_token(params(), || {
        let refused = error_of(|logs| Pallet::do_approve(ZERO, token(), BOB, 1.into(), logs));
        assert_eq!(refused, IToken::ERC20InvalidApprover { approver: address(ZERO) }.into());
        let refused = error_of(|logs| Pallet::do_approve(ALICE, token(), ZERO, 1.into(), logs));
        assert_eq!(refused, IToken::ERC20InvalidSpender { spender: address(ZERO) }.into());
        // Nor does the zero address let anyone move nothing, or move it for someone.
        let spend = |by, from| error_of(|logs| Pallet::do_transfer_from(by, token(), from, BOB, 0.into(), logs));
        assert_eq!(spend(BOB, ZERO), IToken::ERC20InvalidApprover { approver: address(ZERO) }.into());
        assert_eq!(spend(ZERO, ALICE), IToken::ERC20InvalidSpender { spender: address(ZERO) }.into());
    });
}

#[test]
fn a_batch_is_its_transfers_in_order() {
    with_token(params(), || {
        // A receiver twice, the sender itself, and nothing at all among them.
        let list = [(BOB, 1_000), (BOB, 0)].map(|(to, value): (H160, u64)| (to, value.into()));
        assert_eq!(
            transfers_of(|logs| Pallet::do_transfer_batch(ALICE, token(), &list, logs)),
            [(ALICE, BOB, 1_000), (ALICE, BOB, 0)]
        );
        let list = [(ALICE, 100), (BOB, 900), (ALICE, 50), (OWNER, 50)].map(|(to, v): (H160, u64)| (to, v.into()));
        assert_eq!(transfers_of(|logs| Pallet::do_transfer_batch(BOB, token(), &list, logs)).len(), 4);
        assert_eq!((balance(ALICE), balance(BOB), balance(OWNER)), (150, 800, 50));
        assert_eq!(transfers_of(|logs| Pallet::do_transfer_batch(BOB, token(), &[], logs)), []);
    });
}

#[test]
fn a_batch_is_all_or_nothing() {
    with_token(params(), || {
        let refused = |list: &[(H160, u64)]| {
            let list: Vec<_> = list.iter().map(|(to, value)| (*to, U256::from(*value))).collect();
            error_of(|logs| Pallet::do_transfer_batch(ALICE, token(), &list, logs))
        };
        let (balance, needed) = (ru256(400.into()), ru256(401.into()));
        assert_eq!(
            refused(&[(BOB, 600), (OWNER, 401)]),
            IToken::ERC20InsufficientBalance { sender: address(ALICE), balance, needed }.into()
        );
        let nowhere = IToken::ERC20InvalidReceiver { receiver: address(ZERO) }.into();
        assert_eq!(refused(&[(BOB, 1), (ZERO, 1)]), nowhere);
        assert_ok!(Pallet::do_freeze(OWNER, token(), BOB, &mut Vec::new()));
        let frozen = IToken::AccountFrozen { account: address(BOB) }.into();
        assert_eq!(refused(&[(OWNER, 1), (BOB, 1)]), frozen);
        let many = vec![(OWNER, 0); MAX_RECEIVERS as usize + 1];
        let (given, max) = (ru256(1_001.into()), ru256(1_000.into()));
        assert_eq!(refused(&many), IToken::TooManyReceivers { given, max }.into());
        let list = vec![(OWNER, U256::one()); MAX_RECEIVERS as usize];
        assert_ok!(Pallet::do_transfer_batch(ALICE, token(), &list, &mut Vec::new()));
    });
}
