//! Random histories: balances sum up to the supply, the cap holds, logs tell the same story as storage, and a refusal
//! changes nothing.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Mint(u8, U256),
    Burn(u8, U256),
    BurnFrom(u8, u8, U256),
    Transfer(u8, u8, U256),
    TransferFrom(u8, u8, u8, U256),
    Batch(u8, Vec<(u8, U256)>),
    Approve(u8, u8, U256),
    Pause(bool),
    Freeze(u8, bool),
    UserStatus(u8, bool),
}

const ACCOUNTS: u8 = 4;

/// Small amounts often, huge ones now and then.
fn amount() -> impl Strategy<Value = U256> {
    prop_oneof![
        8 => (0u64..200).prop_map(U256::from),
        1 => Just(U256::MAX),
        1 => any::<[u64; 4]>().prop_map(U256),
    ]
}

/// Number 0 is the zero address.
fn party(number: u8) -> H160 {
    if number == 0 { ZERO } else { account(number) }
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..=ACCOUNTS;
    let batch = proptest::collection::vec((1..=ACCOUNTS, amount()), 0..6);
    prop_oneof![
        3 => (who.clone(), amount()).prop_map(|(to, v)| Step::Mint(to, v)),
        1 => (who.clone(), amount()).prop_map(|(from, v)| Step::Burn(from, v)),
        1 => (who.clone(), who.clone(), amount()).prop_map(|(by, from, v)| Step::BurnFrom(by, from, v)),
        4 => (who.clone(), who.clone(), amount()).prop_map(|(from, to, v)| Step::Transfer(from, to, v)),
        2 => (who.clone(), who.clone(), who.clone(), amount())
            .prop_map(|(by, from, to, v)| Step::TransferFrom(by, from, to, v)),
        2 => (who.clone(), batch).prop_map(|(from, list)| Step::Batch(from, list)),
        2 => (who.clone(), who.clone(), amount()).prop_map(|(by, spender, v)| Step::Approve(by, spender, v)),
        1 => any::<bool>().prop_map(Step::Pause),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, frozen)| Step::Freeze(who, frozen)),
        1 => (1..=ACCOUNTS, any::<bool>()).prop_map(|(who, active)| Step::UserStatus(who, active)),
    ]
}

fn apply(step: Step, logs: &mut Vec<Log>) -> Result<(), TokenError> {
    let id = token();
    match step {
        Step::Mint(to, value) => Pallet::do_mint(OWNER, id, party(to), value, logs),
        Step::Burn(from, value) => Pallet::do_burn(party(from), id, value, logs),
        Step::BurnFrom(by, from, value) => Pallet::do_burn_from(party(by), id, party(from), value, logs),
        Step::Transfer(from, to, value) => Pallet::do_transfer(party(from), id, party(to), value, logs),
        Step::TransferFrom(by, from, to, value) => {
            Pallet::do_transfer_from(party(by), id, party(from), party(to), value, logs)
        }
        Step::Batch(from, list) => {
            let list: Vec<_> = list.into_iter().map(|(to, value)| (party(to), value)).collect();
            Pallet::do_transfer_batch(party(from), id, &list, logs)
        }
        Step::Approve(by, spender, value) => Pallet::do_approve(party(by), id, party(spender), value, logs),
        Step::Pause(true) => Pallet::do_pause(OWNER, id, logs),
        Step::Pause(false) => Pallet::do_unpause(OWNER, id, logs),
        Step::Freeze(who, true) => Pallet::do_freeze(OWNER, id, party(who), logs),
        Step::Freeze(who, false) => Pallet::do_unfreeze(OWNER, id, party(who), logs),
        Step::UserStatus(who, active) => {
            let status = if active { Status::Active } else { Status::Suspended };
            Ok(Registry::do_set_user_status(OWNER, app(), party(who), status, &mut Vec::new())?)
        }
    }
}

/// Balances as an indexer would have them, from `Transfer` logs alone.
fn project(balances: &mut BTreeMap<H160, U256>, logs: &[Log]) {
    for log in logs.iter().filter(|log| convert::b256(log.topics[0]) == IToken::Transfer::SIGNATURE_HASH) {
        let event: IToken::Transfer = event_of(log);
        let value = convert::u256(event.value);
        let (from, to) = (convert::h160(event.from), convert::h160(event.to));
        if from != ZERO {
            let entry = balances.entry(from).or_default();
            *entry = entry.checked_sub(value).expect("no one sends what it hasn't");
        }
        if to != ZERO {
            let entry = balances.entry(to).or_default();
            *entry = entry.checked_add(value).expect("fits, as the supply does");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn tokens_are_conserved(
        closed in any::<bool>(),
        cap in prop_oneof![Just(U256::zero()), (0u64..1_000).prop_map(U256::from)],
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let params = TokenParams { initial_supply: U256::zero(), closed, cap, ..params() };
        with_token(params, || {
            let users: Vec<_> = (1..=ACCOUNTS).map(account).collect();
            assert_ok!(Registry::do_add_users(OWNER, app(), &users, &mut Vec::new()));
            let mut indexed = BTreeMap::new();
            for step in steps {
                let before = sp_io::storage::root(sp_core::storage::StateVersion::V1);
                let mut logs = Vec::new();
                if apply(step, &mut logs).is_err() {
                    assert_eq!(before, sp_io::storage::root(sp_core::storage::StateVersion::V1));
                    assert_eq!(logs, []);
                }
                project(&mut indexed, &logs);

                let info = Tokens::<Test>::get(token()).expect("exists");
                let sum = Holdings::<Test>::iter_prefix(token())
                    .try_fold(U256::zero(), |sum, (_, holding)| sum.checked_add(holding.balance))
                    .expect("fits");
                assert_eq!(sum, info.supply);
                assert!(info.cap.is_zero() || info.supply <= info.cap);
                assert!(!Holdings::<Test>::contains_key(token(), ZERO) || Pallet::balance_of(token(), ZERO) == Ok(U256::zero()));
                for user in &users {
                    let stored = Pallet::balance_of(token(), *user).expect("exists");
                    assert_eq!(stored, indexed.get(user).copied().unwrap_or_default());
                }
            }
        });
    }
}
