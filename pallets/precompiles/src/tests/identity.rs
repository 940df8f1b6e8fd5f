//! Whoever calls is the one who acts, and a static call changes nothing.

use super::support::*;
use crate::mock::*;
use alloy_sol_types::{SolCall, SolValue};
use hanse_primitives::{
    addresses,
    convert::{address, ru256},
};
use pallet_tokens::abi::{IToken, ITokens};
use pallet_users::abi::IUsers;
use sp_core::{H160, U256};

/// Every function that changes state, with arguments that the probe or Alice could well use.
fn writes() -> Vec<(H160, Vec<u8>)> {
    let (bob, one) = (address(BOB), ru256(1.into()));
    let (app, salt) = (app().into(), [1; 32].into());
    let status = IUsers::Status::Suspended;
    let params = ITokens::TokenParams {
        name: "N".into(),
        symbol: "S".into(),
        decimals: 0,
        cap: ru256(0.into()),
        initialSupply: one,
        holder: bob,
        closed: false,
    };
    let users = [
        IUsers::createAppCall { salt }.abi_encode(),
        IUsers::transferAppOwnershipCall { app, newOwner: bob }.abi_encode(),
        IUsers::setAppStatusCall { app, status }.abi_encode(),
        IUsers::addAdminCall { app, admin: bob }.abi_encode(),
        IUsers::removeAdminCall { app, admin: bob }.abi_encode(),
        IUsers::addUsersCall { app, accounts: vec![bob] }.abi_encode(),
        IUsers::setUserStatusCall { app, account: bob, status }.abi_encode(),
    ];
    let issuer = [ITokens::createTokenCall { app, salt, params }.abi_encode()];
    let of_token = [
        IToken::transferCall { to: bob, value: one }.abi_encode(),
        IToken::transferFromCall { from: address(ALICE), to: bob, value: one }.abi_encode(),
        IToken::transferBatchCall { to: vec![bob], values: vec![one] }.abi_encode(),
        IToken::approveCall { spender: bob, value: one }.abi_encode(),
        IToken::burnCall { value: one }.abi_encode(),
        IToken::burnFromCall { account: address(ALICE), value: one }.abi_encode(),
        IToken::mintCall { to: bob, value: one }.abi_encode(),
        IToken::pauseCall {}.abi_encode(),
        IToken::unpauseCall {}.abi_encode(),
        IToken::freezeCall { account: bob }.abi_encode(),
        IToken::unfreezeCall { account: bob }.abi_encode(),
    ];
    let at = |target: H160| move |data: Vec<u8>| (target, data);
    let users = users.into_iter().map(at(addresses::USERS));
    users.chain(issuer.into_iter().map(at(addresses::TOKENS))).chain(of_token.into_iter().map(at(token()))).collect()
}

/// Storage of the two pallets.
fn native_state() -> Vec<(Vec<u8>, Vec<u8>)> {
    let prefixes = [sp_io::hashing::twox_128(b"Users"), sp_io::hashing::twox_128(b"Tokens")];
    let mut entries = Vec::new();
    for prefix in prefixes {
        let mut key = prefix.to_vec();
        while let Some(next) = sp_io::storage::next_key(&key).filter(|next| next.starts_with(&prefix)) {
            let value = sp_io::storage::get(&next).expect("is there").to_vec();
            entries.push((next.clone(), value));
            key = next;
        }
    }
    entries
}

/// Makes the probe an admin and a spender of Alice's, so that nothing but the kind of call stands in the way.
fn empower(probe: H160) {
    Users::do_add_admin(OWNER, app(), probe, &mut Vec::new()).expect("is allowed");
    Users::do_add_users(OWNER, app(), &[BOB], &mut Vec::new()).expect("is allowed");
    Tokens::do_approve(ALICE, token(), probe, U256::MAX, &mut Vec::new()).expect("is allowed");
}

#[test]
fn a_static_call_can_not_write() {
    for (target, data) in writes() {
        with_probe(|probe| {
            empower(probe);
            let before = native_state();
            let call = Probe::staticCallCall { target: address(target), data: data.clone().into() };
            let outcome = succeed(ALICE, probe, &call);
            assert!(!outcome.ok, "{target:?} {data:02x?}");
            assert_eq!(outcome.out.len(), 0, "like an SSTORE there: no reason, no gas left");
            assert_eq!(before, native_state());
        });
    }
}

#[test]
fn a_static_call_can_read() {
    with_probe(|probe| {
        let data = IToken::balanceOfCall { account: address(probe) }.abi_encode();
        let call = Probe::staticCallCall { target: address(token()), data: data.into() };
        let outcome = succeed(ALICE, probe, &call);
        assert!(outcome.ok);
        assert_eq!(outcome.out, ru256(HELD.into()).abi_encode());
    });
}

#[test]
fn delegatecall_and_callcode_borrow_no_identity() {
    // The owner calls the probe, which might act in the owner's name (delegatecall keeps the sender) or have the
    // precompile's code act in its own.
    for (target, data) in writes() {
        with_probe(|probe| {
            empower(probe);
            Users::do_add_admin(OWNER, app(), ALICE, &mut Vec::new()).expect("is allowed");
            let before = native_state();
            let (target, data) = (address(target), data);
            let delegate = Probe::delegateCallCall { target, data: data.clone().into() };
            let outcome = succeed(ALICE, probe, &delegate);
            assert!(!outcome.ok);
            assert!(text(&outcome.out).contains("delegatecall"), "{}", text(&outcome.out));
            let callcode = Probe::callCodeCall { target, data: data.into() };
            let outcome = succeed(ALICE, probe, &callcode);
            assert!(!outcome.ok);
            assert!(text(&outcome.out).contains("callcode"), "{}", text(&outcome.out));
            assert_eq!(before, native_state());
        });
    }
}

#[test]
fn a_contract_acts_for_itself() {
    with_probe(|probe| {
        // Alice calls; the contract is the holder and the sender of the transfer.
        let data = IToken::transferCall { to: address(BOB), value: ru256(5.into()) }.abi_encode();
        let act = Probe::actCall { target: address(token()), data: data.into() };
        succeed(ALICE, probe, &act);
        assert_eq!((balance(probe), balance(ALICE), balance(BOB)), (HELD - 5, HELD, 5));
        // And has no right that only its caller has.
        let data = IToken::mintCall { to: address(BOB), value: ru256(5.into()) }.abi_encode();
        let act = Probe::actCall { target: address(token()), data: data.into() };
        let refused: IToken::NotTokenAdmin = reverts(OWNER, probe, &act);
        assert_eq!(refused.account, address(probe));
    });
}

#[test]
fn no_coin_is_taken() {
    for target in [addresses::USERS, addresses::TOKENS, token_of_no_one()] {
        with_probe(|probe| {
            let call = Probe::payCall { target: address(target), data: Default::default() };
            let mut tx = transaction(ALICE, probe, call.abi_encode());
            tx.value = ru256(1.into());
            let outcome = returned::<Probe::payCall>(&execute(tx));
            assert!(!outcome.ok);
            assert_eq!(text(&outcome.out), "no coin accepted");
            assert_eq!(Evm::account(target).balance, U256::zero());
            assert_eq!(Evm::account(probe).balance, U256::one());
        });
    }
}

/// An address of the range of tokens where none is.
fn token_of_no_one() -> H160 {
    addresses::token_address(&app(), &[9; 32])
}

#[test]
fn a_token_that_is_not_issued_does_not_pretend() {
    with_probe(|_| {
        let missing = token_of_no_one();
        let call = IToken::transferCall { to: address(BOB), value: ru256(0.into()) };
        let refused: IToken::TokenNotFound = reverts(ALICE, missing, &call);
        assert_eq!(refused.token, address(missing));
        let refused: IToken::TokenNotFound = reverts(ALICE, missing, &IToken::nameCall {});
        assert_eq!(refused.token, address(missing));
    });
}

#[test]
fn precompiles_show_code() {
    with_probe(|_| {
        for target in [addresses::USERS, addresses::TOKENS, token(), token_of_no_one()] {
            assert_eq!(Evm::code(target), [0xfe]);
        }
        assert!(Evm::code(H160([0x48; 20])).is_empty());
    });
}
