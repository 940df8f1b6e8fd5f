//! Benchmarks: each operation in its worst case. Of a closed token or collection that is: the parties are admins, whom the
//! search for their membership finds last.

use super::{
    collections::{CollectionParams, MAX_ITEMS, MAX_SHARES, MAX_URI_BYTES, Share, Slot},
    *,
};
use alloc::{string::String, vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::ConstU32};
use frame_system::RawOrigin;
use hanse_primitives::addresses::{AppId, KIND_COLLECTION_721, KIND_COLLECTION_1155, app_id};
use sp_core::{H160, H256, U256};

const OWNER: H160 = H160([0x11; 20]);
const ADMIN: H160 = H160([0x22; 20]);
const HOLDER: H160 = H160([0x33; 20]);
const OTHER: H160 = H160([0x44; 20]);
const SUPPLY: u64 = 1_000_000;

fn signed<T: Config>(who: H160) -> RawOrigin<T::AccountId> {
    RawOrigin::Signed(who.into())
}

fn app<T: Config>() -> AppId {
    let logs = &mut Vec::new();
    let app = app_id(&OWNER, &[0; 32]);
    pallet_users::Operators::<T>::insert(OWNER, ());
    pallet_users::Pallet::<T>::do_create_app(OWNER, H256::zero(), logs).expect("is new");
    for admin in [ADMIN, HOLDER, OTHER] {
        pallet_users::Pallet::<T>::do_add_admin(OWNER, app, admin, logs).expect("is allowed");
    }
    app
}

fn params(closed: bool) -> TokenParams {
    TokenParams {
        name: "n".repeat(MAX_NAME_BYTES as usize),
        symbol: "s".repeat(MAX_SYMBOL_BYTES as usize),
        decimals: MAX_DECIMALS,
        cap: U256::MAX,
        initial_supply: SUPPLY.into(),
        holder: HOLDER,
        closed,
    }
}

fn token<T: Config>(closed: bool) -> H160 {
    let app = app::<T>();
    Pallet::<T>::do_create_token(OWNER, app, H256::zero(), params(closed), &mut Vec::new()).expect("is allowed")
}

fn balance<T: Config>(token: H160, who: H160) -> u64 {
    Pallet::<T>::balance_of(token, who).expect("exists").as_u64()
}

fn allow_other<T: Config>(token: H160) {
    Pallet::<T>::do_approve(HOLDER, token, OTHER, 10.into(), &mut Vec::new()).expect("is allowed");
}

/// Receivers, of whom none holds anything yet; admins if the token is closed.
fn receivers<T: Config>(n: u32, closed: bool) -> Vec<(H160, U256)> {
    let app = app_id(&OWNER, &[0; 32]);
    (0..n)
        .map(|i| {
            let receiver = H160::from(H256(U256::from(0x1000_0000 + u64::from(i)).to_big_endian()));
            if closed {
                pallet_users::Admins::<T>::insert(app, receiver, ());
            }
            (receiver, U256::one())
        })
        .collect()
}

fn collection_params(kind: u8) -> CollectionParams {
    CollectionParams {
        kind,
        name: "n".repeat(MAX_NAME_BYTES as usize),
        symbol: "s".repeat(MAX_SYMBOL_BYTES as usize),
        uri: longest_uri(),
        closed: true,
        royalty_receiver: ADMIN,
        royalty_basis_points: 1,
    }
}

fn collection<T: Config>(kind: u8) -> H160 {
    let app = app::<T>();
    Pallet::<T>::do_create_collection(OWNER, app, H256::zero(), collection_params(kind), &mut Vec::new())
        .expect("is allowed")
}

/// With one item, the holder's.
fn uniques<T: Config>() -> H160 {
    let id = collection::<T>(KIND_COLLECTION_721);
    let mints = vec![(HOLDER, U256::one(), longest_uri())];
    Pallet::<T>::do_mint_uniques(OWNER, id, mints, &mut Vec::new()).expect("is allowed");
    id
}

/// With so many items, of each two the holder's.
fn editions<T: Config>(items: u32) -> (H160, Vec<U256>) {
    let id = collection::<T>(KIND_COLLECTION_1155);
    let items: Vec<_> = (0..items).map(U256::from).collect();
    for item in &items {
        let logs = &mut Vec::new();
        Pallet::<T>::do_create_edition(OWNER, id, *item, U256::MAX, longest_uri(), logs).expect("is allowed");
        Pallet::<T>::do_mint_edition(OWNER, id, *item, &[(HOLDER, 2.into())], logs).expect("is allowed");
    }
    (id, items)
}

fn longest_uri() -> String {
    "u".repeat(MAX_URI_BYTES as usize)
}

/// Lets the other account move all that the holder has.
fn operate_for_holder<T: Config>(id: H160) {
    Pallet::<T>::do_approve_operator_of_uniques(HOLDER, id, OTHER, true, &mut Vec::new()).expect("is allowed");
}

/// What the holder asks for the one item: a token of the same app, with so many that share.
fn slot<T: Config>(shares: u32) -> Slot {
    let app = app_id(&OWNER, &[0; 32]);
    let logs = &mut Vec::new();
    let currency = Pallet::<T>::do_create_token(OWNER, app, H256::zero(), params(true), logs).expect("is allowed");
    Pallet::<T>::do_transfer(HOLDER, currency, OTHER, 20_000.into(), logs).expect("is allowed");
    let shares = receivers::<T>(shares, true).into_iter().map(|(receiver, _)| Share { receiver, basis_points: 1 });
    Slot {
        seller: HOLDER,
        item: U256::one(),
        left: U256::one(),
        currency,
        price: 10_000.into(),
        shares: shares.collect::<Vec<_>>().try_into().expect("is short enough"),
        salt: H256::zero(),
    }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn create_token() {
        let app = app::<T>();
        let params = params(true);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_create_token(ADMIN, app, H256::zero(), params, &mut logs);
        }

        assert!(result.is_ok());
    }

    #[benchmark]
    fn mint() {
        let token = token::<T>(true);

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token, OTHER, U256::one());

        assert_eq!(balance::<T>(token, OTHER), 1);
    }

    #[benchmark]
    fn burn() {
        let token = token::<T>(true);

        #[extrinsic_call]
        _(signed::<T>(HOLDER), token, U256::one());

        assert_eq!(balance::<T>(token, HOLDER), SUPPLY - 1);
    }

    #[benchmark]
    fn burn_from() {
        let token = token::<T>(true);
        allow_other::<T>(token);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_burn_from(OTHER, token, HOLDER, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    /// `c`: whether the token is closed.
    #[benchmark]
    fn transfer(c: Linear<0, 1>) {
        let token = token::<T>(c == 1);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_transfer(HOLDER, token, OTHER, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    /// `c`: whether the token is closed.
    #[benchmark]
    fn transfer_from(c: Linear<0, 1>) {
        let token = token::<T>(c == 1);
        allow_other::<T>(token);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_transfer_from(OTHER, token, HOLDER, OTHER, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn transfer_batch(n: Linear<0, MAX_RECEIVERS>) {
        let token = token::<T>(true);
        let transfers: BoundedVec<_, ConstU32<MAX_RECEIVERS>> = BoundedVec::truncate_from(receivers::<T>(n, true));

        #[extrinsic_call]
        _(signed::<T>(HOLDER), token, transfers);

        assert_eq!(balance::<T>(token, HOLDER), SUPPLY - u64::from(n));
    }

    #[benchmark]
    fn transfer_batch_open(n: Linear<0, MAX_RECEIVERS>) {
        let token = token::<T>(false);
        let transfers = receivers::<T>(n, false);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_transfer_batch(HOLDER, token, &transfers, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn approve() {
        let token = token::<T>(true);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_approve(HOLDER, token, OTHER, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn pause() {
        let token = token::<T>(true);

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token);

        assert!(Tokens::<T>::get(token).is_some_and(|info| info.paused));
    }

    #[benchmark]
    fn unpause() {
        let token = token::<T>(true);
        Pallet::<T>::do_pause(ADMIN, token, &mut Vec::new()).expect("is allowed");

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token);

        assert!(Tokens::<T>::get(token).is_some_and(|info| !info.paused));
    }

    #[benchmark]
    fn freeze() {
        let token = token::<T>(true);

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token, HOLDER);

        assert_eq!(Pallet::<T>::is_frozen(token, HOLDER), Ok(true));
    }

    #[benchmark]
    fn unfreeze() {
        let token = token::<T>(true);
        Pallet::<T>::do_freeze(ADMIN, token, HOLDER, &mut Vec::new()).expect("is allowed");

        #[extrinsic_call]
        _(signed::<T>(ADMIN), token, HOLDER);

        assert_eq!(Pallet::<T>::is_frozen(token, HOLDER), Ok(false));
    }

    #[benchmark]
    fn create_collection() {
        let app = app::<T>();
        let params = collection_params(KIND_COLLECTION_721);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_create_collection(ADMIN, app, H256::zero(), params, &mut logs);
        }

        assert!(result.is_ok());
    }

    #[benchmark]
    fn pause_collection() {
        let id = uniques::<T>();
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_pause_collection(ADMIN, id, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn unpause_collection() {
        let id = uniques::<T>();
        let mut logs = vec![];
        Pallet::<T>::do_pause_collection(ADMIN, id, &mut logs).expect("is allowed");
        let result;

        #[block]
        {
            result = Pallet::<T>::do_unpause_collection(ADMIN, id, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn transfer_collection() {
        let id = uniques::<T>();
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_transfer_collection(OWNER, id, HOLDER, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    /// `n`: items, each to another receiver.
    #[benchmark]
    fn mint_uniques(n: Linear<0, MAX_ITEMS>) {
        let id = collection::<T>(KIND_COLLECTION_721);
        let to = receivers::<T>(n, true).into_iter();
        let mints = to.zip(0u64..).map(|((to, _), item)| (to, item.into(), longest_uri())).collect();
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_mint_uniques(ADMIN, id, mints, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn transfer_unique() {
        let id = uniques::<T>();
        operate_for_holder::<T>(id);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_transfer_unique(OTHER, id, HOLDER, ADMIN, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn burn_unique() {
        let id = uniques::<T>();
        operate_for_holder::<T>(id);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_burn_unique(OTHER, id, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn approve_unique() {
        let id = uniques::<T>();
        operate_for_holder::<T>(id);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_approve_unique(OTHER, id, ADMIN, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn approve_operator() {
        let id = uniques::<T>();
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_approve_operator_of_uniques(HOLDER, id, OTHER, true, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn create_edition() {
        let id = collection::<T>(KIND_COLLECTION_1155);
        let uri = longest_uri();
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_create_edition(ADMIN, id, U256::one(), U256::MAX, uri, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    /// `n`: receivers.
    #[benchmark]
    fn mint_edition(n: Linear<0, MAX_ITEMS>) {
        let (id, _) = editions::<T>(1);
        let mints = receivers::<T>(n, true);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_mint_edition(ADMIN, id, U256::zero(), &mints, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    /// `n`: items.
    #[benchmark]
    fn transfer_editions(n: Linear<0, MAX_ITEMS>) {
        let (id, items) = editions::<T>(n);
        operate_for_holder::<T>(id);
        let values = vec![U256::one(); items.len()];
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_transfer_editions(OTHER, id, HOLDER, ADMIN, &items, &values, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    #[benchmark]
    fn burn_edition() {
        let (id, _) = editions::<T>(1);
        operate_for_holder::<T>(id);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_burn_edition(OTHER, id, HOLDER, U256::zero(), U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    /// `n`: shares.
    #[benchmark]
    fn open_slot(n: Linear<0, MAX_SHARES>) {
        let id = uniques::<T>();
        let slot = slot::<T>(n);
        let mut logs = vec![];
        let result;

        #[block]
        {
            result = Pallet::<T>::do_open_slot(HOLDER, id, slot, &mut logs);
        }

        assert!(result.is_ok());
    }

    /// `n`: shares. The token and the collection are closed, so everybody is looked up.
    #[benchmark]
    fn buy(n: Linear<0, MAX_SHARES>) {
        let id = uniques::<T>();
        let slot = slot::<T>(n);
        let mut logs = vec![];
        let name = Pallet::<T>::do_open_slot(HOLDER, id, slot, &mut logs).expect("is allowed");
        let result;

        #[block]
        {
            result = Pallet::<T>::do_buy(OTHER, id, name, U256::one(), &mut logs);
        }

        assert_eq!(result, Ok(U256::one()));
    }

    /// By an admin, who has to be found to be one.
    #[benchmark]
    fn close_slot() {
        let id = uniques::<T>();
        let slot = slot::<T>(MAX_SHARES);
        let mut logs = vec![];
        let name = Pallet::<T>::do_open_slot(HOLDER, id, slot, &mut logs).expect("is allowed");
        let result;

        #[block]
        {
            result = Pallet::<T>::do_close_slot(ADMIN, id, name, &mut logs);
        }

        assert_eq!(result, Ok(()));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
