//! What the pool is told.

use super::support::*;
use crate::{mock::*, validation::tag};
use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_eips::Encodable2718;
use alloy_primitives::{Signature, U256};
use hanse_primitives::{TransactionError, transaction::Envelope};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

fn refusal(raw: &[u8]) -> InvalidTransaction {
    match validate(raw) {
        Err(TransactionValidityError::Invalid(invalid)) => invalid,
        other => panic!("not refused: {other:?}"),
    }
}

fn custom(error: TransactionError) -> InvalidTransaction {
    InvalidTransaction::Custom(error.code())
}

#[test]
fn a_ready_transaction_provides_its_nonce() {
    run(|| {
        let valid = validate(&transfer(0)).expect("is valid");
        assert_eq!(valid.provides, vec![tag(address(1), 0)]);
        assert!(valid.requires.is_empty());
        assert!(valid.propagate);
        assert_eq!(valid.priority, 0);
    });
}

#[test]
fn one_that_lies_ahead_waits_for_the_one_before() {
    run(|| {
        let valid = validate(&transfer(5)).expect("is valid");
        assert_eq!(valid.requires, vec![tag(address(1), 4)]);
        assert_eq!(valid.provides, vec![tag(address(1), 5)]);
    });
}

#[test]
fn a_used_nonce_is_stale() {
    run(|| {
        block(&[transfer(0)]);
        assert_eq!(refusal(&transfer(0)), InvalidTransaction::Stale);
        let valid = validate(&transfer(1)).expect("is valid");
        assert!(valid.requires.is_empty());
    });
}

#[test]
fn another_chain() {
    run(|| {
        let tx = TxLegacy { chain_id: Some(1), ..legacy(0) };
        assert_eq!(refusal(&signed(1, tx)), custom(TransactionError::InvalidChainId));
    });
}

#[test]
fn a_signature_for_any_chain() {
    run(|| {
        let tx = TxLegacy { chain_id: None, ..legacy(0) };
        assert_eq!(refusal(&signed(1, tx)), custom(TransactionError::Unprotected));
    });
}

/// EIP-2: the twin of a signature with the greater `s` is no signature.
#[test]
fn a_signature_that_is_not_in_low_s_form() {
    run(|| {
        let tx = legacy(0);
        let signature = sign(1, tx.signature_hash());
        let order =
            U256::from_be_bytes(hex_literal::hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
        let twin = Signature::new(signature.r(), order - signature.s(), !signature.v());
        let raw = Envelope::Legacy(tx.into_signed(twin)).encoded_2718();
        assert_eq!(refusal(&raw), custom(TransactionError::InvalidSignature));
    });
}

#[test]
fn a_signature_of_no_one() {
    run(|| {
        let raw = Envelope::Legacy(legacy(0).into_signed(Signature::new(U256::ZERO, U256::ZERO, false)));
        assert_eq!(refusal(&raw.encoded_2718()), custom(TransactionError::InvalidSignature));
    });
}

#[test]
fn a_sender_without_permission() {
    run(|| {
        Banned::set(Some(address(1)));
        assert_eq!(refusal(&transfer(0)), custom(TransactionError::NotPermitted));
        Banned::set(None);
        assert!(validate(&transfer(0)).is_ok());
    });
}

#[test]
fn a_creation_without_permission() {
    run(|| {
        Undeploying::set(Some(address(1)));
        assert_eq!(refusal(&creation(0, vec![])), custom(TransactionError::DeploymentNotPermitted));
        assert!(validate(&transfer(0)).is_ok());
        Undeploying::set(None);
        assert!(validate(&creation(0, vec![])).is_ok());
    });
}

#[test]
fn funds_and_gas() {
    run(|| {
        let refused = |tx, error| assert_eq!(refusal(&signed(1, tx)), custom(error));
        let too_much = U256::from(ENDOWMENT + 1);
        refused(TxLegacy { value: too_much, ..legacy(0) }, TransactionError::InsufficientFunds);
        refused(TxLegacy { gas_price: ENDOWMENT, ..legacy(0) }, TransactionError::InsufficientFunds);
        refused(TxLegacy { gas_limit: 20_999, ..legacy(0) }, TransactionError::IntrinsicGas);
        refused(TxLegacy { gas_limit: (1 << 24) + 1, ..legacy(0) }, TransactionError::GasLimitTooHigh);
        refused(TxLegacy { nonce: u64::MAX, ..legacy(0) }, TransactionError::NonceMax);
        pallet_evm::BlockGasLimit::<Test>::put(100_000);
        refused(TxLegacy { gas_limit: 100_001, ..legacy(0) }, TransactionError::GasLimitReached);
    });
}

#[test]
fn blob_transactions_are_not_taken() {
    use alloy_consensus::TxEip4844;
    use alloy_primitives::B256;
    run(|| {
        let mut blob = B256::ZERO;
        blob.0[0] = 1;
        let tx = TxEip4844 {
            chain_id: CHAIN_ID,
            gas_limit: 100_000,
            blob_versioned_hashes: vec![blob],
            ..Default::default()
        };
        let signature = sign(1, tx.signature_hash());
        let raw = Envelope::Eip4844(tx.into_signed(signature)).encoded_2718();
        assert_eq!(refusal(&raw), custom(TransactionError::TypeNotSupported));
    });
}

/// EIP-7702: who signed the authorizations is found out only after the gas limit has been looked at.
#[test]
fn authorizations_are_recovered_only_in_execution() {
    use crate::validation::{recovered_authorizations, tx_env};
    use hanse_primitives::Transaction;
    run(|| {
        let tx = Transaction::decode_raw(type_4(1, 0, 3, 0, address(2))).expect("is a transaction");
        let checked = tx_env(&tx, address(1)).expect("is of a known type").authorization_list;
        assert!(checked.len() == 1 && checked[0].is_left());
        let executed = recovered_authorizations::<Test>(crate::validation::authorizations(&tx));
        let authority = executed[0].as_ref().right().and_then(|authorization| authorization.authority());
        assert_eq!(authority, Some(hanse_primitives::convert::address(address(3))));
    });
}

/// The pool replaces a transaction by one of the same sender and nonce with a higher priority.
#[test]
fn the_priority_is_the_tip() {
    run_with(Some(100), || {
        let priority = |max_fee, tip| {
            let valid = validate(&type_2(1, 0, max_fee, tip)).expect("is valid");
            assert_eq!(valid.provides, vec![tag(address(1), 0)]);
            valid.priority
        };
        // The genesis block used no gas: the base fee fell by an eighth, to 88.
        assert_eq!(priority(200, 0), 0);
        assert_eq!(priority(200, 7), 7);
        assert_eq!(priority(100, 50), 12, "what the fee cap leaves above the base fee");
    });
}
