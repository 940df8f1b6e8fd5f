//! Collections by transaction: their life, whom they ask, and in whose name.

use super::support::*;
use crate::mock::*;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface};
use hanse_primitives::{
    addresses::{self, COLLECTION_ENGINE, COLLECTIONS, KIND_COLLECTION_721, KIND_COLLECTION_1155},
    convert::{address, h160},
};
use pallet_evm::runner::Status;
use pallet_tokens::abi::{
    ICollection, ICollection721, ICollection1155,
    ICollections::{self, Standard},
};
use pallet_users::abi::IUsers;
use sp_core::H160;

fn params(standard: Standard) -> ICollections::CollectionParams {
    ICollections::CollectionParams {
        standard,
        name: "Gemälde".into(),
        symbol: "GML".into(),
        uri: "https://example.org/collection.json".into(),
        closed: false,
        royaltyReceiver: address(BOB),
        royaltyBasisPoints: 333,
    }
}

fn number(value: u64) -> U256 {
    U256::from(value)
}

/// An ERC-721 collection in which Alice has items 1 and 2.
fn paintings() -> H160 {
    let id = collection(KIND_COLLECTION_721);
    for item in 1..3 {
        let mint =
            ICollection721::mintCall { to: address(ALICE), tokenId: number(item), uri: format!("ipfs://{item}") };
        succeed(OWNER, id, &mint);
    }
    id
}

/// An ERC-1155 collection in which Alice has ten each of items 1 and 2.
fn medals() -> H160 {
    let id = collection(KIND_COLLECTION_1155);
    for item in 1..3 {
        let create = ICollection1155::createItemCall { id: number(item), cap_: number(0), uri_: String::new() };
        succeed(OWNER, id, &create);
        let (to, value) = (address(ALICE), number(10));
        succeed(OWNER, id, &ICollection1155::mintCall { to, id: number(item), value, data: Default::default() });
    }
    id
}

fn owner_of(id: H160, item: u64) -> H160 {
    h160(succeed(BOB, id, &ICollection721::ownerOfCall { tokenId: number(item) }))
}

fn held(id: H160, who: H160, item: u64) -> u64 {
    succeed(BOB, id, &ICollection1155::balanceOfCall { account: address(who), id: number(item) }).to()
}

#[test]
fn a_collection_is_issued_at_its_predicted_address() {
    with_probe(|_| {
        let (app, salt) = (app().into(), [7; 32].into());
        for standard in [Standard::ERC721, Standard::ERC1155] {
            let predicted = succeed(BOB, COLLECTIONS, &ICollections::collectionAddressCall { app, salt, standard });
            assert!(!succeed(BOB, COLLECTIONS, &ICollections::existsCall { collection: predicted }));
            let missing: ICollection::CollectionNotFound = reverts(BOB, h160(predicted), &ICollection::nameCall {});
            assert_eq!(missing.collection, predicted);
            let create = ICollections::createCollectionCall { app, salt, params: params(standard) };
            let denied: IUsers::NotAppAdmin = reverts(BOB, COLLECTIONS, &create);
            assert_eq!(denied.account, address(BOB));
            let created = send(OWNER, COLLECTIONS, &create);
            assert_eq!(returned::<ICollections::createCollectionCall>(&created), predicted);
            let told = event::<ICollections::CollectionCreated>(&created.logs[0]);
            assert_eq!((told.collection, told.standard), (predicted, standard));
            let exists: ICollections::CollectionExists = reverts(OWNER, COLLECTIONS, &create);
            assert_eq!(exists.collection, predicted);

            let id = h160(predicted);
            assert_eq!(succeed(BOB, id, &ICollection::nameCall {}), "Gemälde");
            assert_eq!(succeed(BOB, id, &ICollection::symbolCall {}), "GML");
            let uri = succeed(BOB, id, &ICollection::contractURICall {});
            assert_eq!(uri, "https://example.org/collection.json");
            assert_eq!(succeed(BOB, id, &ICollection::appCall {}), app);
            assert!(!succeed(BOB, id, &ICollection::closedCall {}));
            let royalty =
                succeed(BOB, id, &ICollection::royaltyInfoCall { tokenId: number(1), salePrice: number(10_001) });
            assert_eq!((royalty.receiver, royalty.royaltyAmount), (address(BOB), number(333)));
            let most = succeed(BOB, id, &ICollection::royaltyInfoCall { tokenId: number(1), salePrice: U256::MAX });
            let (whole, rest) = U256::MAX.div_rem(number(10_000));
            assert_eq!(most.royaltyAmount, whole * number(333) + rest * number(333) / number(10_000));
        }
    });
}

#[test]
fn what_a_collection_may_be() {
    with_probe(|_| {
        let (app, salt) = (app().into(), [7; 32].into());
        let with = |change: &dyn Fn(&mut ICollections::CollectionParams)| {
            let mut params = params(Standard::ERC721);
            change(&mut params);
            ICollections::createCollectionCall { app, salt, params }
        };
        let _: ICollections::InvalidName = reverts(OWNER, COLLECTIONS, &with(&|params| params.name.clear()));
        let _: ICollections::InvalidName = reverts(OWNER, COLLECTIONS, &with(&|params| params.name = "n".repeat(65)));
        let _: ICollections::InvalidSymbol =
            reverts(OWNER, COLLECTIONS, &with(&|params| params.symbol = "s".repeat(17)));
        let _: ICollections::InvalidUri = reverts(OWNER, COLLECTIONS, &with(&|params| params.uri = "u".repeat(257)));
        let _: ICollections::InvalidRoyalty =
            reverts(OWNER, COLLECTIONS, &with(&|params| params.royaltyBasisPoints = 10_001));
        let _: ICollections::InvalidRoyalty =
            reverts(OWNER, COLLECTIONS, &with(&|params| params.royaltyReceiver = Address::ZERO));
        let id = collection(KIND_COLLECTION_721);
        let (to, token_id) = (address(BOB), number(1));
        let _: ICollection::InvalidUri =
            reverts(OWNER, id, &ICollection721::mintCall { to, tokenId: token_id, uri: "u".repeat(257) });
        let _: ICollection::NotCollectionAdmin =
            reverts(BOB, id, &ICollection721::mintCall { to, tokenId: token_id, uri: String::new() });
        let uneven = ICollection721::mintManyCall { to: vec![to], tokenIds: vec![], uris: vec![] };
        let _: ICollection::LengthMismatch = reverts(OWNER, id, &uneven);
        let many = ICollection721::mintManyCall {
            to: vec![to; 1_001],
            tokenIds: (0..1_001).map(number).collect(),
            uris: vec![String::new(); 1_001],
        };
        let too_many: ICollection::TooManyItems = reverts(OWNER, id, &many);
        assert_eq!((too_many.given, too_many.max), (number(1_001), number(1_000)));
    });
}

#[test]
fn a_closed_collection_is_for_users_alone() {
    with_probe(|_| {
        let (app, salt) = (app().into(), [7; 32].into());
        Users::do_add_users(OWNER, super::support::app(), &[ALICE], &mut Vec::new()).expect("is allowed");
        for standard in [Standard::ERC721, Standard::ERC1155] {
            let mut params = params(standard);
            params.closed = true;
            let id = h160(succeed(OWNER, COLLECTIONS, &ICollections::createCollectionCall { app, salt, params }));
            let (alice, bob, item, one) = (address(ALICE), address(BOB), number(1), number(1));
            let data = alloy_primitives::Bytes::new;
            let refused: ICollection::HolderNotAllowed = if standard == Standard::ERC721 {
                let mint = |to| ICollection721::mintCall { to, tokenId: item, uri: String::new() };
                let _: ICollection::HolderNotAllowed = reverts(OWNER, id, &mint(bob));
                succeed(OWNER, id, &mint(alice));
                reverts(ALICE, id, &ICollection721::transferFromCall { from: alice, to: bob, tokenId: item })
            } else {
                let create = ICollection1155::createItemCall { id: item, cap_: one, uri_: String::new() };
                succeed(OWNER, id, &create);
                let mint = |to| ICollection1155::mintCall { to, id: item, value: one, data: data() };
                let _: ICollection::HolderNotAllowed = reverts(OWNER, id, &mint(bob));
                succeed(OWNER, id, &mint(alice));
                let move_on =
                    ICollection1155::safeTransferFromCall { from: alice, to: bob, id: item, value: one, data: data() };
                reverts(ALICE, id, &move_on)
            };
            assert_eq!(refused.account, bob);
        }
    });
}

#[test]
fn who_is_given_a_collection_issues_from_then_on() {
    with_probe(|_| {
        let admin = H160([0xad; 20]);
        Users::do_add_admin(OWNER, app(), admin, &mut Vec::new()).expect("is allowed");
        for id in [paintings(), medals()] {
            let owner = || h160(succeed(ALICE, id, &ICollection::ownerCall {}));
            let give = |to: H160| ICollection::transferOwnershipCall { newOwner: address(to) };
            let erc173 = ICollection::supportsInterfaceCall { interfaceId: [0x7f, 0x58, 0x28, 0xd0].into() };
            assert!(succeed(ALICE, id, &erc173));
            assert_eq!(owner(), OWNER);
            // Admins issue, but give nothing away.
            let denied: ICollection::OwnableUnauthorizedAccount = reverts(admin, id, &give(BOB));
            assert_eq!(denied.account, address(admin));
            let nobody: ICollection::OwnableInvalidOwner = reverts(OWNER, id, &give(H160::zero()));
            assert_eq!(nobody.owner, Address::ZERO);
            assert_eq!(owner(), OWNER);

            let given = send(OWNER, id, &give(BOB));
            let told = event::<ICollection::OwnershipTransferred>(&given.logs[0]);
            assert_eq!((told.previousOwner, told.newOwner, given.logs[0].address), (address(OWNER), address(BOB), id));
            assert_eq!(owner(), BOB);
            for former in [OWNER, admin] {
                let _: ICollection::NotCollectionAdmin = reverts(former, id, &ICollection::pauseCall {});
                let _: ICollection::OwnableUnauthorizedAccount = reverts(former, id, &give(OWNER));
            }
            succeed(BOB, id, &ICollection::pauseCall {});
            succeed(BOB, id, &ICollection::unpauseCall {});
            if addresses::kind(&id) == Some(KIND_COLLECTION_721) {
                let mint = ICollection721::mintCall { to: address(BOB), tokenId: number(3), uri: String::new() };
                let _: ICollection::NotCollectionAdmin = reverts(OWNER, id, &mint);
                succeed(BOB, id, &mint);
            }
            // It is the app's still: with it suspended, nobody issues and nobody gives.
            let suspend = |status| IUsers::setAppStatusCall { app: app().into(), status };
            succeed(OWNER, addresses::USERS, &suspend(IUsers::Status::Suspended));
            let _: IUsers::AppSuspended = reverts(BOB, id, &ICollection::pauseCall {});
            let _: IUsers::AppSuspended = reverts(BOB, id, &give(ALICE));
            succeed(OWNER, addresses::USERS, &suspend(IUsers::Status::Active));

            // Given back, it is the app's again, admins and all.
            succeed(BOB, id, &give(OWNER));
            assert_eq!(owner(), OWNER);
            assert_eq!(pallet_tokens::CollectionOwners::<Test>::get(id), None);
            let _: ICollection::NotCollectionAdmin = reverts(BOB, id, &ICollection::pauseCall {});
            succeed(admin, id, &ICollection::pauseCall {});
            succeed(admin, id, &ICollection::unpauseCall {});
        }
    });
}

#[test]
fn a_receiver_that_does_not_take_it_keeps_it_from_moving() {
    with_probe(|_| {
        let receiver = receiver();
        let (paintings, medals) = (paintings(), medals());
        let (from, to) = (address(ALICE), address(receiver));
        let data = alloy_primitives::Bytes::from_static(b"with regards");
        let unique =
            ICollection721::safeTransferFrom_1Call { from, to, tokenId: number(1), data: data.clone() }.abi_encode();
        let (id, value) = (number(1), number(3));
        let single = ICollection1155::safeTransferFromCall { from, to, id, value, data: data.clone() }.abi_encode();
        let (ids, values) = (vec![number(1), number(2)], vec![number(3), number(4)]);
        let batch =
            ICollection1155::safeBatchTransferFromCall { from, to, ids, values, data: data.clone() }.abi_encode();
        for (target, call) in [(paintings, &unique), (medals, &single), (medals, &batch)] {
            let invalid = if target == paintings {
                ICollection721::ICollection721Errors::from(ICollection721::ERC721InvalidReceiver { receiver: to })
                    .abi_encode()
            } else {
                ICollection1155::ICollection1155Errors::from(ICollection1155::ERC1155InvalidReceiver { receiver: to })
                    .abi_encode()
            };
            for mode in [FAIL, WRONG_ANSWER, SHORT_ANSWER, RUN_OUT] {
                answers(receiver, mode, BOB);
                let execution = execute(transaction(ALICE, target, call.clone()));
                assert_eq!(execution.status, Status::Revert(invalid.clone()), "{mode}");
                assert_eq!(execution.logs, []);
            }
            answers(receiver, REFUSE, BOB);
            let execution = execute(transaction(ALICE, target, call.clone()));
            let reason = alloy_sol_types::SolError::abi_encode(&Receiver::Refused { data: data.clone() });
            assert_eq!(execution.status, Status::Revert(reason), "its own reason");
        }
        assert_eq!((owner_of(paintings, 1), held(medals, ALICE, 1)), (ALICE, 10), "nothing moved");

        answers(receiver, ACCEPT, BOB);
        for (target, call) in [(paintings, unique), (medals, single), (medals, batch)] {
            let execution = execute(transaction(ALICE, target, call));
            assert_eq!(execution.status, Status::Success(Vec::new()));
            let told = event::<Receiver::Received>(&execution.logs[1]);
            assert_eq!((told.operator, told.from, told.data), (from, from, data.clone()));
        }
        assert_eq!((owner_of(paintings, 1), held(medals, receiver, 1), held(medals, receiver, 2)), (receiver, 6, 4));
    });
}

#[test]
fn a_receiver_may_pass_on_at_once_what_it_was_given() {
    with_probe(|_| {
        let receiver = receiver();
        let (paintings, medals) = (paintings(), medals());
        answers(receiver, PASS_ON, BOB);
        let (from, to) = (address(ALICE), address(receiver));
        succeed(ALICE, paintings, &ICollection721::safeTransferFrom_0Call { from, to, tokenId: number(1) });
        let (ids, values) = (vec![number(1), number(2)], vec![number(3), number(4)]);
        let batch = ICollection1155::safeBatchTransferFromCall { from, to, ids, values, data: Default::default() };
        let execution = send(ALICE, medals, &batch);
        let first = event::<ICollection1155::TransferBatch>(&execution.logs[0]);
        let second = event::<ICollection1155::TransferBatch>(&execution.logs[1]);
        assert_eq!((first.to, second.from, second.to), (to, to, address(BOB)));
        assert_eq!((owner_of(paintings, 1), held(medals, BOB, 1), held(medals, BOB, 2)), (BOB, 3, 4));
        // To a contract that has no such function, of the runtime's own too.
        for to in [token(), paintings, COLLECTION_ENGINE] {
            let call = ICollection721::safeTransferFrom_0Call { from, to: address(to), tokenId: number(2) };
            assert!(!send(ALICE, paintings, &call).succeeded());
        }
        // The unsafe one doesn't ask.
        answers(receiver, REFUSE, BOB);
        succeed(ALICE, paintings, &ICollection721::transferFromCall { from, to, tokenId: number(2) });
        assert_eq!(owner_of(paintings, 2), receiver);
    });
}

#[test]
fn each_receiver_of_many_is_asked() {
    with_probe(|_| {
        let (good, bad) = (receiver(), receiver());
        let (paintings, medals) = (paintings(), medals());
        let to = vec![address(BOB), address(good), address(ALICE), address(bad), address(good)];
        let uniques = ICollection721::mintManyCall {
            to: to.clone(),
            tokenIds: (10..15).map(number).collect(),
            uris: (10..15).map(|item| format!("ipfs://{item}")).collect(),
        };
        let editions = ICollection1155::mintManyCall { to, id: number(1), values: (1..6).map(number).collect() };
        let all = send(OWNER, paintings, &uniques);
        assert_eq!(all.logs.len(), 5 + 3);
        assert_eq!(event::<Receiver::Received>(&all.logs[7]).ids, [number(14)]);
        assert_eq!(succeed(BOB, paintings, &ICollection721::tokenURICall { tokenId: number(14) }), "ipfs://14");
        answers(bad, REFUSE, BOB);
        let _: Receiver::Refused = reverts(OWNER, medals, &editions);
        assert_eq!(held(medals, good, 1), 0, "all or nothing");
        answers(bad, ACCEPT, BOB);
        assert_eq!(send(OWNER, medals, &editions).logs.len(), 5 + 3);
        assert_eq!((held(medals, good, 1), held(medals, bad, 1), held(medals, ALICE, 1)), (7, 4, 13));
    });
}

#[test]
fn the_engine_obeys_collections_alone() {
    with_probe(|probe| {
        let paintings = paintings();
        let burn = ICollection721::burnCall { tokenId: number(1) }.abi_encode();
        let forged = [address(ALICE).into_word().to_vec(), burn.clone()].concat();
        let direct = execute(transaction(OWNER, COLLECTION_ENGINE, forged.clone()));
        let Status::Revert(reason) = direct.status else { panic!("{direct:?}") };
        assert_eq!(text(&reason), "for collections alone");
        let act = Probe::actCall { target: address(COLLECTION_ENGINE), data: forged.into() };
        assert!(!send(OWNER, probe, &act).succeeded());
        // Borrowed, the collection's code speaks in the name of the borrower, which is no collection.
        let (target, data) = (address(paintings), alloy_primitives::Bytes::from(burn.clone()));
        let delegated = succeed(ALICE, probe, &Probe::delegateCallCall { target, data: data.clone() });
        assert!(!delegated.ok);
        assert_eq!(text(&delegated.out), "for collections alone");
        let called = succeed(ALICE, probe, &Probe::callCodeCall { target, data: data.clone() });
        assert!(!called.ok);
        // A contract acts for itself.
        let act = Probe::actCall { target, data: data.clone() };
        assert!(!send(ALICE, probe, &act).succeeded());
        // A static call reads and doesn't write.
        let outcome = succeed(ALICE, probe, &Probe::staticCallCall { target, data });
        assert!(!outcome.ok);
        let name = ICollection::nameCall {}.abi_encode().into();
        assert!(succeed(ALICE, probe, &Probe::staticCallCall { target, data: name }).ok);
        assert_eq!(owner_of(paintings, 1), ALICE);
        // It takes no coin.
        let pay = Probe::payCall { target, data: ICollection::nameCall {}.abi_encode().into() };
        let mut tx = transaction(ALICE, probe, pay.abi_encode());
        tx.value = number(1);
        assert!(!returned::<Probe::payCall>(&execute(tx)).ok);
        assert!(Evm::code(paintings).len() > 100);
        assert_eq!(
            Evm::code(paintings),
            Evm::code(hanse_primitives::addresses::collection_address(KIND_COLLECTION_721, &[9; 16], &[9; 32],)),
            "whether issued or not"
        );
    });
}

#[test]
fn a_frame_that_reverts_takes_items_back() {
    with_probe(|probe| {
        let paintings = paintings();
        let to = address(probe);
        succeed(ALICE, paintings, &ICollection721::transferFromCall { from: address(ALICE), to, tokenId: number(1) });
        // The probe gives the item to a receiver that refuses: caught, and still the probe's.
        let receiver = receiver();
        answers(receiver, REFUSE, BOB);
        let give = ICollection721::safeTransferFrom_0Call { from: to, to: address(receiver), tokenId: number(1) };
        let act = Probe::actCall { target: address(paintings), data: give.abi_encode().into() };
        assert!(!send(ALICE, probe, &act).succeeded());
        assert_eq!(owner_of(paintings, 1), probe);
        answers(receiver, ACCEPT, BOB);
        succeed(ALICE, probe, &act);
        assert_eq!(owner_of(paintings, 1), receiver);
        let balance = succeed(BOB, paintings, &ICollection721::balanceOfCall { owner: to });
        assert_eq!(balance, number(0));
    });
}
