//! Who may call what natively, through the executive with all that it checks.

use super::with_genesis;
use crate::{
    AccountId, Ethereum, Executive, Header, Nonce, Runtime, RuntimeCall, RuntimeOrigin, Signature, System, TxExtension,
    UncheckedExtrinsic, Users, ethereum_extrinsic, extrinsic::extension, genesis,
};
use codec::Encode;
use frame_support::{
    BoundedVec,
    dispatch::{DispatchClass, DispatchResult, GetDispatchInfo},
    weights::Weight,
};
use hanse_primitives::{CallRequest, CallStatus, Overrides, TransactionError};
use pallet_users::{Deployment, Operators, Policy};
use serde_json::json;
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_core::{H160, H256, Pair, U256, ecdsa};
use sp_runtime::{
    DispatchError,
    generic::{Digest, DigestItem, SignedPayload},
    traits::{Dispatchable, Header as _, TransactionExtension as _},
    transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
};

/// Has coins; by its key's number.
const USER: u8 = 1;
/// Has none, is no operator, and holds the sudo key.
const ROOT: u8 = 2;
/// Has none either.
const OPERATOR: u8 = 3;

/// A transfer of 1 wei at a price of 1 gwei, nonce 0, signed by [`USER`].
const TRANSFER: [u8; 103] = hex_literal::hex!(
    "f86580843b9aca00825208942222222222222222222222222222222222222222018082217da0bafc41d45a3656c200bcd73be66b3a0959cc"
    "e618f8da0d5f8a5a458ff82f7894a01027fb18edfb2403835083e4ef7895d087830769f2d9627cc3edc42109139c0a"
);

fn sign(key: u8, message: &[u8]) -> Signature {
    let hash = sp_io::hashing::keccak_256(message);
    hanse_primitives::EthereumSignature(ecdsa::Pair::from_seed(&[key; 32]).sign_prehashed(&hash).0)
}

fn account(key: u8) -> AccountId {
    sign(key, b"").recover(&H256(sp_io::hashing::keccak_256(b""))).expect("is a signature")
}

fn address(key: u8) -> H160 {
    account(key).into()
}

/// Runs a test in the first block of a network.
fn in_block(policy: &str, base_fee: Option<u64>, test: impl FnOnce()) {
    let patch = json!({
        "balances": { "balances": [(account(USER), 1_000_000_000_000_000_000u64)] },
        "users": { "policy": policy, "operators": [account(OPERATOR)] },
        "sudo": { "key": account(ROOT) },
        "ethereum": { "baseFeePerGas": base_fee },
    });
    with_genesis(genesis::LOCAL, patch, || {
        let now = 1_700_000_000_000;
        let slot = Slot::from(now / crate::DEFAULT_SLOT_MS);
        let digest = Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())] };
        let header = Header::new(1, H256::zero(), H256::zero(), System::block_hash(0), digest);
        Executive::initialize_block(&header);
        // The block's time isn't stopped by what is asked of others.
        let time = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
        assert_eq!(Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(time)), Ok(Ok(())));
        test();
        Executive::finalize_block();
    });
}

fn signed(key: u8, nonce: Nonce, call: RuntimeCall) -> UncheckedExtrinsic {
    let payload = SignedPayload::<RuntimeCall, TxExtension>::new(call, extension(nonce)).expect("the genesis is known");
    let signature = payload.using_encoded(|bytes| sign(key, bytes));
    let (call, extension, _) = payload.deconstruct();
    UncheckedExtrinsic::new_signed(call, account(key), signature, extension)
}

/// Signs a call and puts it into the block; the pool must be of the same mind.
fn apply(key: u8, call: RuntimeCall) -> Result<DispatchResult, TransactionValidityError> {
    let extrinsic = signed(key, System::account_nonce(account(key)), call);
    sp_io::storage::start_transaction();
    let best = System::block_hash(0);
    let pooled = Executive::validate_transaction(TransactionSource::External, extrinsic.clone(), best);
    sp_io::storage::rollback_transaction();
    let applied = Executive::apply_extrinsic(extrinsic);
    assert_eq!(pooled.map(|_| ()), applied.map(|_| ()));
    applied
}

fn create_app() -> RuntimeCall {
    RuntimeCall::Users(pallet_users::Call::create_app { salt: H256::zero() })
}

fn sudo(call: RuntimeCall) -> RuntimeCall {
    RuntimeCall::Sudo(pallet_sudo::Call::sudo { call: Box::new(call) })
}

fn transact() -> RuntimeCall {
    ethereum_extrinsic(TRANSFER.to_vec()).expect("is a transaction").function
}

fn refused(error: InvalidTransaction) -> Result<DispatchResult, TransactionValidityError> {
    Err(error.into())
}

fn not_permitted() -> Result<DispatchResult, TransactionValidityError> {
    refused(InvalidTransaction::Custom(TransactionError::NotPermitted.code()))
}

fn booked() -> Weight {
    System::block_weight().total()
}

/// Enters the user in an app of the operator's.
fn admit_user() {
    let app = Users::do_create_app(address(OPERATOR), H256::repeat_byte(1), &mut Vec::new()).expect("is allowed");
    Users::do_add_users(address(OPERATOR), app, &[address(USER)], &mut Vec::new()).expect("is allowed");
}

#[test]
fn a_closed_network_refuses_who_is_not_registered() {
    in_block("Registered", None, || {
        assert_eq!(apply(USER, create_app()), not_permitted());
        assert_eq!(apply(OPERATOR, create_app()), Ok(Ok(())), "without a coin");
        admit_user();
        let refusal = Err(pallet_users::Error::<Runtime>::NotOperator.into());
        assert_eq!(apply(USER, create_app()), Ok(refusal));
    });
}

#[test]
fn root_is_never_locked_out() {
    for base_fee in [None, Some(1_000)] {
        in_block("Registered", base_fee, || {
            let operator = address(USER);
            let call = pallet_users::Call::<Runtime>::set_operator { account: operator, operator: true };
            assert_eq!(apply(ROOT, sudo(call.into())), Ok(Ok(())));
            assert!(Operators::<Runtime>::contains_key(operator));
            let call = pallet_users::Call::<Runtime>::set_transact_policy { policy: Policy::Open };
            assert_eq!(apply(ROOT, sudo(call.into())), Ok(Ok(())));
            assert_eq!(pallet_users::TransactPolicy::<Runtime>::get(), Policy::Open);
            // The key of Sudo is Sudo's own affair.
            let refusal = Err(pallet_sudo::Error::<Runtime>::RequireSudo.into());
            assert_eq!(apply(OPERATOR, sudo(create_app())), Ok(refusal));
        });
    }
}

#[test]
fn root_bypasses_the_filter() {
    in_block("Registered", None, || {
        let (key, value) = (b"key".to_vec(), b"value".to_vec());
        let call = frame_system::Call::<Runtime>::set_storage { items: vec![(key.clone(), value.clone())] };
        assert_eq!(apply(ROOT, sudo(call.into())), Ok(Ok(())));
        assert_eq!(sp_io::storage::get(&key).map(|bytes| bytes.to_vec()), Some(value));
    });
}

#[test]
fn what_is_not_for_all_is_refused() {
    in_block("Open", None, || {
        let before = booked();
        let dest = account(OPERATOR);
        let calls: [RuntimeCall; 2] = [
            frame_system::Call::<Runtime>::remark { remark: vec![] }.into(),
            pallet_balances::Call::<Runtime>::transfer_allow_death { dest, value: 1 }.into(),
        ];
        for key in [USER, OPERATOR, ROOT] {
            for call in calls.clone() {
                assert_eq!(apply(key, call), refused(InvalidTransaction::Call));
            }
        }
        assert_eq!(booked(), before);
        // Nor does it get past the filter by another way.
        for call in calls {
            let error = call.dispatch(RuntimeOrigin::signed(account(USER))).map_err(|error| error.error);
            assert_eq!(error.map(|_| ()), Err(frame_system::Error::<Runtime>::CallFiltered.into()));
        }
    });
}

/// An Ethereum transaction is authorized by its own signature alone.
#[test]
fn a_signed_transact_is_refused_and_books_nothing() {
    in_block("Open", None, || {
        let before = booked();
        for key in [USER, OPERATOR, ROOT] {
            assert_eq!(apply(key, transact()), refused(InvalidTransaction::Call));
        }
        assert_eq!(booked(), before);
        // What only an author can put into a block takes no time for its gas.
        let bare = UncheckedExtrinsic::new_bare(transact());
        assert_eq!(Executive::apply_extrinsic(bare), Ok(Err(DispatchError::BadOrigin)));
        let taken = booked().saturating_sub(before).ref_time();
        assert!(taken < transact().get_dispatch_info().call_weight.ref_time());
        let extrinsic = ethereum_extrinsic(TRANSFER.to_vec()).expect("is a transaction");
        assert_eq!(Executive::apply_extrinsic(extrinsic), Ok(Ok(())));
    });
}

/// The genesis of the test isn't one of blocks on demand.
#[test]
fn what_only_development_allows_is_refused() {
    in_block("Open", None, || {
        let before = booked();
        let balance = hanse_primitives::Amendment::Balance(address(USER), 7);
        let amendment = crate::amendment_extrinsic(vec![balance]);
        let impersonation = crate::impersonation_extrinsic(address(OPERATOR), TRANSFER.to_vec()).expect("decodes");
        for extrinsic in [amendment.clone(), impersonation.clone()] {
            assert_eq!(Executive::apply_extrinsic(extrinsic), refused(InvalidTransaction::Call));
        }
        assert_eq!(booked(), before);
        crate::timing::OnDemand::<Runtime>::put(true);
        // The pool doesn't take a change of the state, whoever sends it.
        let hash = System::parent_hash();
        let pooled = Executive::validate_transaction(TransactionSource::External, amendment.clone(), hash);
        assert_eq!(pooled, Err(InvalidTransaction::Call.into()));
        let issuance = pallet_balances::TotalIssuance::<Runtime>::get();
        let had = crate::Evm::account(address(USER)).balance.as_u128();
        assert_eq!(Executive::apply_extrinsic(amendment), Ok(Ok(())));
        assert_eq!(crate::Evm::account(address(USER)).balance, U256::from(7));
        assert_eq!(pallet_balances::TotalIssuance::<Runtime>::get(), issuance - had + 7);
    });
}

/// Also with all that may have to be looked up for it.
#[test]
fn the_largest_batches_fit_into_a_block() {
    let limits = <Runtime as frame_system::Config>::BlockWeights::get();
    let most = limits.get(DispatchClass::Normal).max_extrinsic.expect("is limited");
    let accounts = BoundedVec::truncate_from(vec![H160::repeat_byte(1); pallet_users::MAX_ACCOUNTS as usize]);
    let transfers = vec![(H160::repeat_byte(1), U256::one()); pallet_tokens::MAX_RECEIVERS as usize];
    let calls: [RuntimeCall; 2] = [
        pallet_users::Call::<Runtime>::add_users { app: [0; 16], accounts }.into(),
        pallet_tokens::Call::<Runtime>::transfer_batch {
            token: H160::zero(),
            transfers: BoundedVec::truncate_from(transfers),
        }
        .into(),
    ];
    for call in calls {
        let weight = call.get_dispatch_info().call_weight + extension(0).weight(&call);
        assert!(weight.all_lte(most), "{weight:?}");
    }
}

#[test]
fn root_closes_deployment_and_operators_keep_the_list() {
    in_block("Open", None, || {
        let deploy = || {
            let request = CallRequest { from: address(USER), ..Default::default() };
            Ethereum::call(request, Overrides::default()).map(|outcome| outcome.status)
        };
        let list = |deployer| {
            let call = pallet_users::Call::<Runtime>::set_deployer { account: address(USER), deployer };
            RuntimeCall::from(call)
        };
        assert_eq!(deploy(), Ok(CallStatus::Success));
        let call = pallet_users::Call::<Runtime>::set_deploy_policy { policy: Deployment::Listed };
        assert_eq!(apply(OPERATOR, call.clone().into()), Ok(Err(DispatchError::BadOrigin)));
        assert_eq!(apply(ROOT, sudo(call.into())), Ok(Ok(())));
        assert_eq!(deploy(), Err(TransactionError::DeploymentNotPermitted));
        let refusal = Err(pallet_users::Error::<Runtime>::NotOperator.into());
        assert_eq!(apply(USER, list(true)), Ok(refusal));
        assert_eq!(apply(OPERATOR, list(true)), Ok(Ok(())));
        assert_eq!(deploy(), Ok(CallStatus::Success));
        assert_eq!(apply(OPERATOR, list(false)), Ok(Ok(())));
        assert_eq!(deploy(), Err(TransactionError::DeploymentNotPermitted));
    });
}

/// Native calls cost nothing; where transactions do, they are no way around.
#[test]
fn native_calls_are_not_for_all_where_gas_is_paid_for() {
    in_block("Registered", Some(1_000), || {
        admit_user();
        assert_eq!(apply(USER, create_app()), not_permitted());
        assert_eq!(apply(OPERATOR, create_app()), Ok(Ok(())));
        let extrinsic = ethereum_extrinsic(TRANSFER.to_vec()).expect("is a transaction");
        assert_eq!(Executive::apply_extrinsic(extrinsic), Ok(Ok(())));
    });
    in_block("Open", None, || assert_eq!(apply(USER, create_app()), Ok(Ok(()))));
}
