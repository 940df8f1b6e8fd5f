//! Every function of the three interfaces, by transaction, with its logs and its custom errors.

use super::support::*;
use crate::mock::*;
use alloy_primitives::Address;
use hanse_primitives::{
    addresses,
    convert::{address, h160, ru256},
};
use pallet_tokens::abi::{IToken, ITokens};
use pallet_users::abi::IUsers;

const USERS: sp_core::H160 = addresses::USERS;
const TOKENS: sp_core::H160 = addresses::TOKENS;

#[test]
fn the_life_of_an_app() {
    with_probe(|_| {
        let (owner, bob) = (address(OWNER), address(BOB));
        let salt = [7; 32].into();
        let app = succeed(OWNER, USERS, &IUsers::appIdCall { owner, salt });
        let info = succeed(BOB, USERS, &IUsers::appInfoCall { app });
        assert_eq!((info.owner, info.status), (Address::ZERO, IUsers::Status::None));

        let created = send(OWNER, USERS, &IUsers::createAppCall { salt });
        assert_eq!(returned::<IUsers::createAppCall>(&created), app);
        assert_eq!(event::<IUsers::AppCreated>(&created.logs[0]), IUsers::AppCreated { app, owner });
        assert_eq!(created.logs[0].address, USERS);
        let exists: IUsers::AppExists = reverts(OWNER, USERS, &IUsers::createAppCall { salt });
        assert_eq!(exists.app, app);

        let add = send(OWNER, USERS, &IUsers::addAdminCall { app, admin: bob });
        assert_eq!(event::<IUsers::AdminAdded>(&add.logs[0]), IUsers::AdminAdded { app, admin: bob });
        assert!(succeed(BOB, USERS, &IUsers::isAdminCall { app, account: bob }));
        let alice = address(ALICE);
        let add = send(BOB, USERS, &IUsers::addUsersCall { app, accounts: vec![alice, bob] });
        assert_eq!(event::<IUsers::UserAdded>(&add.logs[1]), IUsers::UserAdded { app, account: bob });
        assert!(succeed(BOB, USERS, &IUsers::isUserCall { app, account: alice }));

        let status = IUsers::Status::Suspended;
        let set = send(BOB, USERS, &IUsers::setUserStatusCall { app, account: alice, status });
        let expected = IUsers::UserStatusChanged { app, account: alice, status };
        assert_eq!(event::<IUsers::UserStatusChanged>(&set.logs[0]), expected);
        assert_eq!(succeed(BOB, USERS, &IUsers::userStatusCall { app, account: alice }), status);
        assert_eq!(succeed(BOB, USERS, &IUsers::userStatusCall { app, account: owner }), IUsers::Status::None);

        let remove = send(OWNER, USERS, &IUsers::removeAdminCall { app, admin: bob });
        assert_eq!(event::<IUsers::AdminRemoved>(&remove.logs[0]), IUsers::AdminRemoved { app, admin: bob });
        let set = send(OWNER, USERS, &IUsers::setAppStatusCall { app, status });
        let expected = IUsers::AppStatusChanged { app, status };
        assert_eq!(event::<IUsers::AppStatusChanged>(&set.logs[0]), expected);
        let moved = send(OWNER, USERS, &IUsers::transferAppOwnershipCall { app, newOwner: alice });
        let expected = IUsers::AppOwnershipTransferred { app, previousOwner: owner, newOwner: alice };
        assert_eq!(event::<IUsers::AppOwnershipTransferred>(&moved.logs[0]), expected);
        let info = succeed(BOB, USERS, &IUsers::appInfoCall { app });
        assert_eq!((info.owner, info.status), (alice, status));
        assert!(succeed(BOB, USERS, &IUsers::canTransactCall { account: bob }));
        let can_deploy = |account| succeed(BOB, USERS, &IUsers::canDeployCall { account });
        assert!(can_deploy(bob));
        pallet_users::DeployPolicy::<Test>::put(pallet_users::Deployment::Listed);
        assert!(!can_deploy(bob));
        pallet_users::Deployers::<Test>::insert(BOB, ());
        assert!(can_deploy(bob));
    });
}

#[test]
fn the_life_of_a_token() {
    with_probe(|_| {
        let (app, salt) = (app().into(), [7; 32].into());
        let (alice, bob) = (address(ALICE), address(BOB));
        let predicted = succeed(BOB, TOKENS, &ITokens::tokenAddressCall { app, salt });
        assert!(!succeed(BOB, TOKENS, &ITokens::existsCall { token: predicted }));
        let params = ITokens::TokenParams {
            name: "Gulden £".into(),
            symbol: "GLD".into(),
            decimals: 18,
            cap: ru256(1_000.into()),
            initialSupply: ru256(900.into()),
            holder: alice,
            closed: false,
        };
        let create = ITokens::createTokenCall { app, salt, params };
        let created = send(OWNER, TOKENS, &create);
        assert_eq!(returned::<ITokens::createTokenCall>(&created), predicted);
        assert_eq!(event::<ITokens::TokenCreated>(&created.logs[0]).token, predicted);
        assert_eq!(event::<IToken::Transfer>(&created.logs[1]).value, ru256(900.into()));
        assert!(succeed(BOB, TOKENS, &ITokens::existsCall { token: predicted }));
        let exists: ITokens::TokenExists = reverts(OWNER, TOKENS, &create);
        assert_eq!(exists.token, predicted);

        let token = h160(predicted);
        assert_eq!(succeed(BOB, token, &IToken::nameCall {}), "Gulden £");
        assert_eq!(succeed(BOB, token, &IToken::symbolCall {}), "GLD");
        assert_eq!(succeed(BOB, token, &IToken::decimalsCall {}), 18);
        assert_eq!(succeed(BOB, token, &IToken::totalSupplyCall {}), ru256(900.into()));
        assert_eq!(succeed(BOB, token, &IToken::capCall {}), ru256(1_000.into()));
        assert_eq!(succeed(BOB, token, &IToken::appCall {}), app);
        assert!(!succeed(BOB, token, &IToken::closedCall {}));

        let value = ru256(10.into());
        assert!(succeed(ALICE, token, &IToken::transferCall { to: bob, value }));
        let approved = send(ALICE, token, &IToken::approveCall { spender: bob, value });
        let expected = IToken::Approval { owner: alice, spender: bob, value };
        assert_eq!(event::<IToken::Approval>(&approved.logs[0]), expected);
        assert_eq!(succeed(BOB, token, &IToken::allowanceCall { owner: alice, spender: bob }), value);
        let four = ru256(4.into());
        assert!(succeed(BOB, token, &IToken::transferFromCall { from: alice, to: bob, value: four }));
        succeed(BOB, token, &IToken::burnFromCall { account: alice, value: four });
        succeed(BOB, token, &IToken::burnCall { value: four });
        let (to, values) = (vec![bob, address(OWNER)], vec![four, value]);
        let batch = send(ALICE, token, &IToken::transferBatchCall { to, values });
        assert_eq!(batch.logs.len(), 2);
        assert_eq!(succeed(BOB, token, &IToken::balanceOfCall { account: bob }), ru256(14.into()));
        assert_eq!(succeed(BOB, token, &IToken::totalSupplyCall {}), ru256(892.into()));

        succeed(OWNER, token, &IToken::mintCall { to: bob, value });
        let over: IToken::ERC20ExceededCap =
            reverts(OWNER, token, &IToken::mintCall { to: bob, value: ru256(99.into()) });
        assert_eq!(over.increasedSupply, ru256(1_001.into()));
        let _: IToken::NotTokenAdmin = reverts(BOB, token, &IToken::pauseCall {});

        succeed(OWNER, token, &IToken::freezeCall { account: bob });
        assert!(succeed(BOB, token, &IToken::isFrozenCall { account: bob }));
        let frozen: IToken::AccountFrozen = reverts(BOB, token, &IToken::burnCall { value });
        assert_eq!(frozen.account, bob);
        succeed(OWNER, token, &IToken::unfreezeCall { account: bob });
        succeed(OWNER, token, &IToken::pauseCall {});
        assert!(succeed(BOB, token, &IToken::pausedCall {}));
        let _: IToken::EnforcedPause = reverts(BOB, token, &IToken::burnCall { value });
        succeed(OWNER, token, &IToken::unpauseCall {});
        let _: IToken::ExpectedPause = reverts(OWNER, token, &IToken::unpauseCall {});
    });
}

#[test]
fn selectors_and_topics_are_those_of_erc20() {
    use alloy_sol_types::{SolCall, SolEvent};
    // From EIP-20's signatures, as every client knows them.
    assert_eq!(IToken::transferCall::SELECTOR, [0xa9, 0x05, 0x9c, 0xbb]);
    assert_eq!(IToken::balanceOfCall::SELECTOR, [0x70, 0xa0, 0x82, 0x31]);
    assert_eq!(IToken::approveCall::SELECTOR, [0x09, 0x5e, 0xa7, 0xb3]);
    assert_eq!(IToken::transferFromCall::SELECTOR, [0x23, 0xb8, 0x72, 0xdd]);
    assert_eq!(IToken::Transfer::SIGNATURE_HASH[..4], [0xdd, 0xf2, 0x52, 0xad]);
    assert_eq!(IToken::Approval::SIGNATURE_HASH[..4], [0x8c, 0x5b, 0xe1, 0xe5]);
}
