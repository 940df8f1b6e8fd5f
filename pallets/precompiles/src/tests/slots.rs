//! Sale slots by transaction: their life, who is paid what, and what is refused.

use super::support::*;
use crate::mock::*;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolValue};
use hanse_primitives::{
    addresses::{COLLECTIONS, KIND_COLLECTION_721, KIND_COLLECTION_1155},
    convert::{address, h160},
};
use pallet_evm::runner::Status;
use pallet_tokens::abi::{ICollection, ICollection721, ICollection1155, ICollections, ISaleSlots, IToken};
use proptest::prelude::*;
use sp_core::H160;

const CAROL: H160 = H160([0xca; 20]);

fn number(value: u64) -> U256 {
    U256::from(value)
}

fn share(beneficiary: H160, basis_points: u16) -> ISaleSlots::Share {
    ISaleSlots::Share { beneficiary: address(beneficiary), basisPoints: basis_points }
}

fn open(amount: u64, price: u64, shares: Vec<ISaleSlots::Share>) -> ISaleSlots::openSlotCall {
    ISaleSlots::openSlotCall {
        id: number(1),
        amount: number(amount),
        currency: address(token()),
        price: number(price),
        shares,
        salt: B256::ZERO,
    }
}

/// Item 1 of a new collection is Alice's: once, or ten times.
fn item_of_alice(kind: u8) -> H160 {
    let id = collection(kind);
    let (to, item) = (address(ALICE), number(1));
    if kind == KIND_COLLECTION_721 {
        succeed(OWNER, id, &ICollection721::mintCall { to, tokenId: item, uri: String::new() });
    } else {
        succeed(OWNER, id, &ICollection1155::createItemCall { id: item, cap_: number(0), uri_: String::new() });
        let data = Default::default();
        succeed(OWNER, id, &ICollection1155::mintCall { to, id: item, value: number(10), data });
    }
    id
}

fn held(id: H160, who: H160) -> u64 {
    succeed(BOB, id, &ICollection1155::balanceOfCall { account: address(who), id: number(1) }).to()
}

fn owner(id: H160) -> H160 {
    h160(succeed(BOB, id, &ICollection721::ownerOfCall { tokenId: number(1) }))
}

fn fund(who: H160, value: u64) {
    Tokens::do_mint(OWNER, token(), who, value.into(), &mut Vec::new()).expect("is allowed");
}

#[test]
fn a_sale_splits_the_price_and_moves_the_item() {
    with_probe(|_| {
        let id = item_of_alice(KIND_COLLECTION_1155);
        let before = balance(ALICE);
        // The collection's royalty is 2.5 % for the owner.
        let opening = open(6, 999, vec![share(CAROL, 1_000), share(OWNER, 1)]);
        let opened = send(ALICE, id, &opening);
        let slot = returned::<ISaleSlots::openSlotCall>(&opened);
        let moved = event::<ICollection1155::TransferSingle>(&opened.logs[0]);
        assert_eq!((moved.from, moved.to, moved.value), (address(ALICE), address(id), number(6)));
        let told = event::<ISaleSlots::SlotOpened>(&opened.logs[1]);
        assert_eq!((told.slot, told.seller, told.amount), (slot, address(ALICE), number(6)));
        assert_eq!(alloy_primitives::keccak256(told.terms.abi_encode()), slot, "the id is the terms'");
        let info = succeed(BOB, id, &ISaleSlots::slotInfoCall { slot });
        assert_eq!((info.terms, info.left), (told.terms, number(6)));
        assert_eq!((held(id, ALICE), held(id, id)), (4, 6));

        fund(BOB, 5_000);
        let sold = send(BOB, id, &ISaleSlots::buyCall { slot, amount: number(4) });
        assert_eq!(sold.status, Status::Success(Vec::new()));
        let paid = 999 * 4;
        let (royalty, carol, owner) = (paid * 250 / 10_000, paid * 1_000 / 10_000, paid / 10_000);
        let payments: Vec<_> = sold.logs[..3].iter().map(event::<IToken::Transfer>).collect();
        let seller = paid - royalty - carol - owner;
        // One ten-thousandth of it is nothing, and nothing isn't moved.
        assert_eq!(owner, 0);
        let expected = [(OWNER, royalty), (CAROL, carol), (ALICE, seller)];
        for (payment, (to, value)) in payments.iter().zip(expected) {
            assert_eq!((payment.from, payment.to, payment.value), (address(BOB), address(to), number(value)));
        }
        assert_eq!((balance(BOB), balance(ALICE), balance(CAROL)), (5_000 - paid, before + seller, carol));
        let told = event::<ISaleSlots::SlotSold>(&sold.logs[4]);
        assert_eq!((told.buyer, told.payment, told.left), (address(BOB), number(paid), number(2)));
        assert_eq!((held(id, BOB), held(id, id)), (4, 2));

        let denied: ISaleSlots::NotSlotSeller = reverts(BOB, id, &ISaleSlots::closeSlotCall { slot });
        assert_eq!(denied.account, address(BOB));
        let closed = send(ALICE, id, &ISaleSlots::closeSlotCall { slot });
        assert_eq!(event::<ISaleSlots::SlotClosed>(&closed.logs[1]).amount, number(2));
        assert_eq!((held(id, ALICE), held(id, id)), (6, 0));
        let gone: ISaleSlots::SlotNotFound = reverts(BOB, id, &ISaleSlots::buyCall { slot, amount: number(1) });
        assert_eq!(gone.slot, slot);
        let _: ISaleSlots::SlotNotFound = reverts(BOB, id, &ISaleSlots::slotInfoCall { slot });
    });
}

#[test]
fn a_unique_item_is_sold_once() {
    with_probe(|_| {
        let id = item_of_alice(KIND_COLLECTION_721);
        let _: ISaleSlots::InvalidAmount = reverts(ALICE, id, &open(2, 10, vec![]));
        let _: ICollection721::ERC721IncorrectOwner = reverts(BOB, id, &open(1, 10, vec![]));
        let slot = succeed(ALICE, id, &open(1, 10, vec![]));
        assert_eq!(owner(id), id);
        // For sale, it is nobody's to move.
        let (from, to) = (address(ALICE), address(CAROL));
        let _: ICollection721::ERC721InsufficientApproval =
            reverts(ALICE, id, &ICollection721::transferFromCall { from, to, tokenId: number(1) });
        fund(BOB, 10);
        succeed(BOB, id, &ISaleSlots::buyCall { slot, amount: number(1) });
        assert_eq!((owner(id), balance(BOB)), (BOB, 0));
        let _: ISaleSlots::SlotNotFound = reverts(CAROL, id, &ISaleSlots::buyCall { slot, amount: number(1) });
        // The app's owner takes a slot down; the item is the seller's again. A price of nothing is a gift.
        let slot = succeed(BOB, id, &open(1, 0, vec![]));
        succeed(OWNER, id, &ISaleSlots::closeSlotCall { slot });
        assert_eq!(owner(id), BOB);
        let again = succeed(BOB, id, &open(1, 0, vec![]));
        assert_eq!(again, slot, "the same terms");
        let given = send(CAROL, id, &ISaleSlots::buyCall { slot, amount: number(1) });
        assert_eq!((owner(id), given.logs.len()), (CAROL, 2));
    });
}

#[test]
fn what_a_slot_may_be() {
    with_probe(|_| {
        let id = item_of_alice(KIND_COLLECTION_1155);
        let _: ISaleSlots::InvalidAmount = reverts(ALICE, id, &open(0, 10, vec![]));
        let _: ICollection1155::ERC1155InsufficientBalance = reverts(ALICE, id, &open(11, 10, vec![]));
        // With the royalty's 250 it would be more than the whole.
        for shares in [
            vec![share(BOB, 9_751)],
            vec![share(BOB, 0)],
            vec![share(H160::zero(), 1)],
            vec![share(BOB, u16::MAX), share(BOB, u16::MAX)],
            (0..11).map(|_| share(BOB, 1)).collect(),
        ] {
            let _: ISaleSlots::InvalidShares = reverts(ALICE, id, &open(1, 10, shares));
        }
        let mut opening = open(2, 10, vec![share(BOB, 9_750)]);
        opening.currency = address(BOB);
        let _: IToken::TokenNotFound = reverts(ALICE, id, &opening);
        opening.currency = address(token());
        opening.price = U256::MAX;
        let _: alloy_sol_types::Panic = reverts(ALICE, id, &opening);
        opening.price = number(10);
        let slot = succeed(ALICE, id, &opening);
        let exists: ISaleSlots::SlotExists = reverts(ALICE, id, &opening);
        assert_eq!(exists.slot, slot);
        opening.salt = B256::repeat_byte(1);
        assert_ne!(succeed(ALICE, id, &opening), slot, "another on the same terms");

        for amount in [0, 3] {
            let _: ISaleSlots::InvalidAmount = reverts(BOB, id, &ISaleSlots::buyCall { slot, amount: number(amount) });
        }
        let poor: IToken::ERC20InsufficientBalance = reverts(BOB, id, &ISaleSlots::buyCall { slot, amount: number(1) });
        assert_eq!(poor.sender, address(BOB));
        fund(BOB, 10);
        succeed(OWNER, id, &ICollection::pauseCall {});
        let _: ICollection::EnforcedPause = reverts(BOB, id, &ISaleSlots::buyCall { slot, amount: number(1) });
        let _: ICollection::EnforcedPause = reverts(ALICE, id, &ISaleSlots::closeSlotCall { slot });
        succeed(OWNER, id, &ICollection::unpauseCall {});
        Tokens::do_freeze(OWNER, token(), ALICE, &mut Vec::new()).expect("is allowed");
        let frozen: IToken::AccountFrozen = reverts(BOB, id, &ISaleSlots::buyCall { slot, amount: number(1) });
        assert_eq!(frozen.account, address(ALICE));
        assert_eq!((balance(BOB), held(id, BOB), held(id, id)), (10, 0, 4), "nothing is half done");
    });
}

#[test]
fn a_closed_collection_sells_to_users_alone() {
    with_probe(|_| {
        let (app, salt) = (app(), B256::repeat_byte(9));
        let params = ICollections::CollectionParams {
            standard: ICollections::Standard::ERC721,
            name: "Medals".into(),
            symbol: "MDL".into(),
            uri: String::new(),
            closed: true,
            royaltyReceiver: Address::ZERO,
            royaltyBasisPoints: 0,
        };
        Users::do_add_users(OWNER, app, &[ALICE], &mut Vec::new()).expect("is allowed");
        let create = ICollections::createCollectionCall { app: app.into(), salt, params };
        let id = h160(succeed(OWNER, COLLECTIONS, &create));
        let (to, item) = (address(ALICE), number(1));
        succeed(OWNER, id, &ICollection721::mintCall { to, tokenId: item, uri: String::new() });
        // The collection is no user, and has the item all the same.
        let slot = succeed(ALICE, id, &open(1, 10, vec![]));
        fund(BOB, 10);
        let buy = ISaleSlots::buyCall { slot, amount: number(1) };
        let refused: ICollection::HolderNotAllowed = reverts(BOB, id, &buy);
        assert_eq!(refused.account, address(BOB));
        Users::do_add_users(OWNER, app, &[BOB], &mut Vec::new()).expect("is allowed");
        let suspended = pallet_users::Status::Suspended;
        Users::do_set_user_status(OWNER, app, ALICE, suspended, &mut Vec::new()).expect("is allowed");
        let refused: ICollection::HolderNotAllowed = reverts(BOB, id, &buy);
        assert_eq!(refused.account, address(ALICE));
        let _: ICollection::HolderNotAllowed = reverts(OWNER, id, &ISaleSlots::closeSlotCall { slot });
        Users::do_set_user_status(OWNER, app, ALICE, pallet_users::Status::Active, &mut Vec::new())
            .expect("is allowed");
        succeed(BOB, id, &buy);
        assert_eq!(owner(id), BOB);
    });
}

#[test]
fn a_contract_that_buys_is_asked() {
    with_probe(|probe| {
        for kind in [KIND_COLLECTION_721, KIND_COLLECTION_1155] {
            let id = item_of_alice(kind);
            let slot = succeed(ALICE, id, &open(1, 10, vec![]));
            let buy = ISaleSlots::buyCall { slot, amount: number(1) }.abi_encode();
            // The probe has money, and no answer.
            let act = Probe::actCall { target: address(id), data: buy.clone().into() };
            let before = balance(probe);
            assert!(!send(ALICE, probe, &act).succeeded());
            assert_eq!(balance(probe), before, "all or nothing");
            let receiver = receiver();
            fund(receiver, 10);
            let act = Receiver::actCall { target: address(id), data: buy.into() };
            let bought = send(ALICE, receiver, &act);
            assert!(bought.succeeded(), "{bought:?}");
            let told = event::<Receiver::Received>(bought.logs.last().expect("is there"));
            assert_eq!((told.operator, told.from), (address(receiver), address(id)));
            assert_eq!(balance(receiver), 0);
        }
    });
}

#[derive(Clone, Debug)]
enum Step {
    Open { seller: u8, amount: u64, price: u64, points: u16 },
    Buy { buyer: u8, which: usize, amount: u64 },
    Close { by: u8, which: usize },
    Transfer { from: u8, to: u8, amount: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..3_u8;
    prop_oneof![
        (who.clone(), 0..8_u64, 0..50_u64, 0..10_001_u16).prop_map(|(seller, amount, price, points)| Step::Open {
            seller,
            amount,
            price,
            points
        }),
        (who.clone(), any::<usize>(), 0..5_u64).prop_map(|(buyer, which, amount)| Step::Buy { buyer, which, amount }),
        (who.clone(), any::<usize>()).prop_map(|(by, which)| Step::Close { by, which }),
        (who.clone(), who, 0..5_u64).prop_map(|(from, to, amount)| Step::Transfer { from, to, amount }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever is offered, bought, withdrawn and moved beside it: no item and no money comes or goes, and the collection
    /// has what its open slots have left.
    #[test]
    fn goods_and_money_are_kept(steps in proptest::collection::vec(step(), 1..40)) {
        with_probe(|probe| {
            let id = item_of_alice(KIND_COLLECTION_1155);
            let parties = [ALICE, BOB, CAROL];
            for party in [BOB, CAROL] {
                fund(party, 200);
            }
            let everybody = [ALICE, BOB, CAROL, OWNER, probe];
            let money = |_: ()| everybody.iter().map(|who| balance(*who)).sum::<u64>();
            let total = money(());
            let mut slots: Vec<B256> = Vec::new();
            for (number_of_step, step) in steps.into_iter().enumerate() {
                let party = |which: u8| parties[usize::from(which)];
                let slot = |which: usize| slots.get(which % slots.len().max(1)).copied().unwrap_or_default();
                let (by, call) = match step {
                    Step::Open { seller, amount, price, points } => {
                        let shares = if points == 0 { vec![] } else { vec![share(CAROL, points)] };
                        let mut call = open(amount, price, shares);
                        call.salt = B256::from(number(number_of_step as u64));
                        let execution = send(party(seller), id, &call);
                        if execution.succeeded() {
                            slots.push(returned::<ISaleSlots::openSlotCall>(&execution));
                        }
                        continue;
                    }
                    Step::Buy { buyer, which, amount } => {
                        let amount = number(amount);
                        (party(buyer), ISaleSlots::buyCall { slot: slot(which), amount }.abi_encode())
                    }
                    Step::Close { by, which } => {
                        (party(by), ISaleSlots::closeSlotCall { slot: slot(which) }.abi_encode())
                    }
                    Step::Transfer { from, to, amount } => {
                        let (from, to, value) = (address(party(from)), address(party(to)), number(amount));
                        let data = Default::default();
                        let call = ICollection1155::safeTransferFromCall { from, to, id: number(1), value, data };
                        (h160(from), call.abi_encode())
                    }
                };
                execute(transaction(by, id, call));
            }
            prop_assert_eq!(money(()), total);
            prop_assert_eq!(parties.iter().map(|who| held(id, *who)).sum::<u64>() + held(id, id), 10);
            let left: U256 = pallet_tokens::Slots::<Test>::iter_prefix(id)
                .map(|(_, slot)| hanse_primitives::convert::ru256(slot.left))
                .sum();
            prop_assert_eq!(left, number(held(id, id)));
            Ok(())
        })?;
    }
}
