//! What is asked of native transactions.

use super::*;
use crate::{
    CheckPermission,
    mock::{Charges, ROOT, RuntimeCall},
};
use frame_support::{dispatch::GetDispatchInfo, pallet_prelude::TransactionSource};
use hanse_primitives::TransactionError;
use sp_runtime::{
    traits::{TransactionExtension, TxBaseImplication},
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};

fn validate(origin: RuntimeOrigin, call: RuntimeCall) -> Result<(), TransactionValidityError> {
    CheckPermission::<Test>::new()
        .validate(origin, &call, &call.get_dispatch_info(), 0, (), &TxBaseImplication(()), TransactionSource::External)
        .map(|_| ())
}

/// A signed call that is meant for signed transactions.
fn signed_by(who: H160) -> Result<(), TransactionValidityError> {
    let call = RuntimeCall::Users(crate::Call::create_app { salt: H256::zero() });
    validate(RuntimeOrigin::signed(who.into()), call)
}

fn not_permitted() -> Result<(), TransactionValidityError> {
    Err(InvalidTransaction::Custom(TransactionError::NotPermitted.code()).into())
}

#[test]
fn the_extension_asks_of_signed_transactions() {
    run(Policy::Registered, || {
        assert_eq!(signed_by(OPERATOR), Ok(()));
        assert_eq!(signed_by(ROOT), Ok(()));
        assert_eq!(signed_by(account(1)), not_permitted());
        let remark = || RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
        assert_eq!(validate(RuntimeOrigin::none(), remark()), Ok(()));
        let refusal = Err(InvalidTransaction::Call.into());
        assert_eq!(validate(RuntimeOrigin::signed(OPERATOR.into()), remark()), refusal);
    });
    run(Policy::Open, || assert_eq!(signed_by(account(1)), Ok(())));
}

/// Native calls pay nothing: where transactions do, they are for those who run the network.
#[test]
fn native_calls_are_no_way_around_the_price_of_gas() {
    run(Policy::Open, || {
        Charges::set(&true);
        assert!(Registry::can_transact(account(1)));
        assert_eq!(signed_by(account(1)), not_permitted());
        assert_eq!(signed_by(OPERATOR), Ok(()));
        assert_eq!(signed_by(ROOT), Ok(()));
    });
    run(Policy::Registered, || {
        Charges::set(&true);
        let app = create(OPERATOR);
        assert_ok!(Registry::do_add_users(OPERATOR, app, &[account(3)], &mut Vec::new()));
        assert!(Registry::can_transact(account(3)));
        assert_eq!(signed_by(account(3)), not_permitted());
    });
}
