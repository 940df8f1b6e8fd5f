//! Issuing, minting, burning.

use super::*;

#[test]
fn a_token_is_issued_with_its_supply() {
    with_app(|| {
        let mut logs = Vec::new();
        let id = Pallet::do_create_token(OWNER, app(), H256::zero(), params(), &mut logs).expect("is allowed");
        assert_eq!(id, token());
        assert_eq!(logs.len(), 2);
        let created: ITokens::TokenCreated = event_of(&logs[0]);
        assert_eq!(logs[0].address, addresses::TOKENS);
        assert_eq!(created.token, address(id));
        assert_eq!(created.app, app());
        assert_eq!(created.creator, address(OWNER));
        assert_eq!((created.name.as_str(), created.symbol.as_str(), created.decimals), ("Crowns", "CRW", 2));
        assert_eq!(logs[1].address, id);
        assert_eq!(transfer_of(&logs[1]), (ZERO, ALICE, 1_000));
        assert_eq!((supply(), balance(ALICE)), (1_000, 1_000));
        let token = Pallet::token(id).expect("exists");
        assert_eq!((token.name.as_slice(), token.symbol.as_slice()), (&b"Crowns"[..], &b"CRW"[..]));
    });
}

#[test]
fn without_a_supply_the_holder_does_not_matter() {
    let params = TokenParams { initial_supply: U256::zero(), holder: ZERO, closed: true, ..params() };
    with_app(|| {
        let mut logs = Vec::new();
        assert_ok!(Pallet::do_create_token(OWNER, app(), H256::zero(), params, &mut logs));
        assert_eq!(logs.len(), 1);
        assert_eq!(supply(), 0);
    });
}

#[test]
fn parameters_have_limits() {
    let create = |params| Pallet::do_create_token(OWNER, app(), H256::zero(), params, &mut Vec::new());
    let refused = |params| error_of(|logs| Pallet::do_create_token(OWNER, app(), H256::zero(), params, logs));
    with_app(|| {
        for name in ["".into(), "n".repeat(65), "ß".repeat(33)] {
            assert_eq!(refused(TokenParams { name, ..params() }), ITokens::InvalidName {}.into());
        }
        for symbol in ["".into(), "s".repeat(17)] {
            assert_eq!(refused(TokenParams { symbol, ..params() }), ITokens::InvalidSymbol {}.into());
        }
        let decimals = 37;
        assert_eq!(refused(TokenParams { decimals, ..params() }), ITokens::InvalidDecimals { decimals }.into());
        let capped = refused(TokenParams { cap: 999.into(), ..params() });
        let (increased, cap) = (ru256(1_000.into()), ru256(999.into()));
        assert_eq!(capped, IToken::ERC20ExceededCap { increasedSupply: increased, cap }.into());
        let nowhere = refused(TokenParams { holder: ZERO, ..params() });
        assert_eq!(nowhere, IToken::ERC20InvalidReceiver { receiver: address(ZERO) }.into());
        // The very limits are fine.
        let name = "ß".repeat(32);
        let widest = TokenParams { name, symbol: "s".repeat(16), decimals: 36, cap: 1_000.into(), ..params() };
        assert_ok!(create(widest));
        let again = refused(params());
        assert_eq!(again, ITokens::TokenExists { token: address(token()) }.into());
    });
}

#[test]
fn only_admins_of_an_active_app_issue_and_mint() {
    with_token(params(), || {
        let issue = |who, app| {
            let salt = H256::repeat_byte(1);
            error_of(|logs| Pallet::do_create_token(who, app, salt, params(), logs))
        };
        let not_admin: UsersError = IUsers::NotAppAdmin { app: app().into(), account: address(BOB) }.into();
        assert_eq!(issue(BOB, app()), not_admin.into());
        let unknown: UsersError = IUsers::AppNotFound { app: [7; 16].into() }.into();
        assert_eq!(issue(OWNER, [7; 16]), unknown.into());
        let minted = |who| error_of(|logs| Pallet::do_mint(who, token(), BOB, 1.into(), logs));
        assert_eq!(minted(BOB), IToken::NotTokenAdmin { account: address(BOB) }.into());

        assert_ok!(Registry::do_add_admin(OWNER, app(), BOB, &mut Vec::new()));
        assert_ok!(Pallet::do_mint(BOB, token(), BOB, 1.into(), &mut Vec::new()));

        assert_ok!(Registry::do_set_app_status(OWNER, app(), Status::Suspended, &mut Vec::new()));
        let suspended: UsersError = IUsers::AppSuspended { app: app().into() }.into();
        assert_eq!(issue(OWNER, app()), suspended.clone().into());
        assert_eq!(minted(OWNER), suspended.into());
        // Open tokens of a suspended app stay usable.
        assert_ok!(transfer(ALICE, BOB, 1, &mut Vec::new()));
    });
}

#[test]
fn minting_stops_at_the_cap() {
    with_token(TokenParams { cap: 1_500.into(), ..params() }, || {
        assert_eq!(transfers_of(|logs| mint(BOB, 500, logs)), [(ZERO, BOB, 500)]);
        let refused = error_of(|logs| mint(BOB, 1, logs));
        let (increased, cap) = (ru256(1_501.into()), ru256(1_500.into()));
        assert_eq!(refused, IToken::ERC20ExceededCap { increasedSupply: increased, cap }.into());
        // What is burnt may be minted again.
        assert_ok!(Pallet::do_burn(BOB, token(), 1.into(), &mut Vec::new()));
        assert_ok!(mint(BOB, 1, &mut Vec::new()));
        let nowhere = error_of(|logs| mint(ZERO, 0, logs));
        assert_eq!(nowhere, IToken::ERC20InvalidReceiver { receiver: address(ZERO) }.into());
    });
}

#[test]
fn supply_does_not_wrap() {
    with_token(TokenParams { initial_supply: U256::MAX, ..params() }, || {
        let refused = error_of(|logs| mint(BOB, 1, logs));
        assert_eq!(refused, TokenError::Overflow);
        // Solidity's Panic(0x11).
        let mut panic = vec![0x4e, 0x48, 0x7b, 0x71];
        panic.extend(U256::from(0x11).to_big_endian());
        assert_eq!(refused.abi_encode(), panic);
        // All of it in one hand, and back.
        assert_ok!(Pallet::do_transfer(ALICE, token(), BOB, U256::MAX, &mut Vec::new()));
        assert_eq!(Pallet::balance_of(token(), BOB), Ok(U256::MAX));
    });
}

#[test]
fn burning_takes_from_balance_and_supply() {
    with_token(params(), || {
        let burn = |who, value: u64, logs: &mut Vec<Log>| Pallet::do_burn(who, token(), value.into(), logs);
        assert_eq!(transfers_of(|logs| burn(ALICE, 400, logs)), [(ALICE, ZERO, 400)]);
        assert_eq!((supply(), balance(ALICE)), (600, 600));
        let refused = error_of(|logs| burn(ALICE, 601, logs));
        let (balance, needed) = (ru256(600.into()), ru256(601.into()));
        assert_eq!(refused, IToken::ERC20InsufficientBalance { sender: address(ALICE), balance, needed }.into());
        let nobody = error_of(|logs| burn(ZERO, 0, logs));
        assert_eq!(nobody, IToken::ERC20InvalidSender { sender: address(ZERO) }.into());
        assert_ok!(burn(ALICE, 600, &mut Vec::new()));
        assert!(!Holdings::<Test>::contains_key(token(), ALICE), "an empty holding isn't stored");
    });
}

#[test]
fn burning_for_another_uses_the_allowance() {
    with_token(params(), || {
        assert_ok!(Pallet::do_approve(ALICE, token(), BOB, 100.into(), &mut Vec::new()));
        let burn = |value: u64, logs: &mut Vec<Log>| Pallet::do_burn_from(BOB, token(), ALICE, value.into(), logs);
        assert_eq!(transfers_of(|logs| burn(60, logs)), [(ALICE, ZERO, 60)]);
        let refused = error_of(|logs| burn(41, logs));
        let (allowance, needed) = (ru256(40.into()), ru256(41.into()));
        let spender = address(BOB);
        assert_eq!(refused, IToken::ERC20InsufficientAllowance { spender, allowance, needed }.into());
        assert_eq!((supply(), balance(ALICE)), (940, 940));
    });
}
