//! Native calls: same rules, same logs, the pallet's errors.

use super::*;
use frame_support::{BoundedVec, dispatch::DispatchResult};
use sp_runtime::DispatchError;

fn signed(who: H160) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.into())
}

fn batch(list: &[(H160, u64)]) -> BoundedVec<(H160, U256), frame_support::traits::ConstU32<MAX_RECEIVERS>> {
    BoundedVec::truncate_from(list.iter().map(|(to, value)| (*to, U256::from(*value))).collect())
}

#[test]
fn native_calls_leave_the_same_logs() {
    with_token(params(), || {
        assert_ok!(Pallet::mint(signed(OWNER), token(), BOB, 5.into()));
        assert_ok!(Pallet::transfer_batch(signed(ALICE), token(), batch(&[(BOB, 1), (OWNER, 2)])));
        assert_ok!(Pallet::burn(signed(BOB), token(), 6.into()));
        assert_ok!(Pallet::freeze(signed(OWNER), token(), BOB));
        assert_ok!(Pallet::unfreeze(signed(OWNER), token(), BOB));
        assert_ok!(Pallet::pause(signed(OWNER), token()));
        assert_ok!(Pallet::unpause(signed(OWNER), token()));
        let logs = Emitted::get();
        assert!(logs.iter().all(|log| log.address == token()));
        let transfers: Vec<_> = logs[..4].iter().map(transfer_of).collect();
        assert_eq!(transfers, [(ZERO, BOB, 5), (ALICE, BOB, 1), (ALICE, OWNER, 2), (BOB, ZERO, 6)]);
        let rest: Vec<_> = logs[4..].iter().map(|log| convert::b256(log.topics[0])).collect();
        assert_eq!(
            rest,
            [
                IToken::Frozen::SIGNATURE_HASH,
                IToken::Unfrozen::SIGNATURE_HASH,
                IToken::Paused::SIGNATURE_HASH,
                IToken::Unpaused::SIGNATURE_HASH,
            ]
        );
    });
}

#[test]
fn errors_keep_their_meaning_in_native_calls() {
    with_token(TokenParams { cap: 1_000.into(), ..params() }, || {
        let (one, missing) = (U256::one(), addresses::token_address(&app(), &[9; 32]));
        let cases: Vec<(DispatchResult, Error<Test>)> = vec![
            (Pallet::burn(signed(ALICE), missing, one), Error::TokenNotFound),
            (Pallet::burn(signed(BOB), token(), one), Error::InsufficientBalance),
            (Pallet::mint(signed(OWNER), token(), BOB, one), Error::ExceededCap),
            (Pallet::mint(signed(OWNER), token(), BOB, U256::MAX), Error::Overflow),
            (Pallet::mint(signed(OWNER), token(), ZERO, one), Error::InvalidAccount),
            (Pallet::mint(signed(BOB), token(), BOB, one), Error::NotTokenAdmin),
            (Pallet::unpause(signed(OWNER), token()), Error::ExpectedPause),
        ];
        for (result, error) in cases {
            assert_eq!(result, Err(error.into()));
        }
        assert_noop!(
            Pallet::transfer_batch(signed(ALICE), token(), batch(&[(BOB, 1), (BOB, 1_000)])),
            Error::<Test>::InsufficientBalance
        );
        assert_ok!(Pallet::freeze(signed(OWNER), token(), ALICE));
        assert_noop!(Pallet::burn(signed(ALICE), token(), one), Error::<Test>::AccountFrozen);
        assert_ok!(Pallet::pause(signed(OWNER), token()));
        assert_noop!(Pallet::burn(signed(ALICE), token(), one), Error::<Test>::EnforcedPause);
        assert_ok!(Registry::do_set_app_standing(app(), Standing::Blocked, &mut Vec::new()));
        assert_noop!(Pallet::mint(signed(OWNER), token(), BOB, one), pallet_users::Error::<Test>::AppSuspended);
        assert_noop!(Pallet::burn(RuntimeOrigin::root(), token(), one), DispatchError::BadOrigin);
    });
}

#[test]
fn errors_without_a_native_call_map_too() {
    let number = ru256(0.into());
    let who = address(ZERO);
    let cases: [(TokenError, Error<Test>); 8] = [
        (
            IToken::ERC20InsufficientAllowance { spender: who, allowance: number, needed: number }.into(),
            Error::InsufficientAllowance,
        ),
        (IToken::HolderNotAllowed { account: who }.into(), Error::HolderNotAllowed),
        (IToken::LengthMismatch { receivers: number, values: number }.into(), Error::LengthMismatch),
        (IToken::TooManyReceivers { given: number, max: number }.into(), Error::TooManyReceivers),
        (ITokens::TokenExists { token: who }.into(), Error::TokenExists),
        (ITokens::InvalidName {}.into(), Error::InvalidName),
        (ITokens::InvalidSymbol {}.into(), Error::InvalidSymbol),
        (ITokens::InvalidDecimals { decimals: 99 }.into(), Error::InvalidDecimals),
    ];
    for (error, expected) in cases {
        let mapped = match error {
            TokenError::Token(error) => Error::<Test>::from(error),
            TokenError::Issuer(error) => Error::<Test>::from(error),
            other => panic!("{other:?} has a native call"),
        };
        assert_eq!(DispatchError::from(mapped), expected.into());
    }
}
