//! Every type of transaction, end to end.

use super::support::*;
use crate::mock::*;
use hanse_primitives::{AccountId20, convert};
use sp_core::{H160, H256};

#[test]
fn a_transfer_of_each_type() {
    run(|| {
        let block = block(&[transfer(0), type_1(1, 1), type_2(1, 2, 0, 0)]);
        assert_eq!((nonce(address(1)), balance(address(2))), (3, ENDOWMENT + 3));
        assert_eq!(block.transactions.len(), 3);
        for (i, tx) in block.transactions.iter().enumerate() {
            assert!(tx.success);
            assert_eq!((tx.from, tx.to), (address(1), Some(address(2))));
            assert_eq!(tx.hash, H256(sp_io::hashing::keccak_256(&tx.raw)));
            assert_eq!(tx.effective_gas_price, 0);
            // An access list of one address and one slot costs 2,400 + 1,900.
            assert_eq!(tx.gas_used, if i == 1 { 25_300 } else { 21_000 });
        }
    });
}

#[test]
fn a_delegation_of_type_4() {
    run(|| {
        // PUSH1 5, PUSH0, SSTORE
        let delegate = install(0x77, &[0x60, 5, 0x5f, 0x55]);
        let block = block(&[type_4(1, 0, 3, 0, delegate)]);
        assert!(block.transactions[0].success);
        assert_eq!(Evm::code(address(3))[..3], [0xef, 0x01, 0x00]);
        assert_eq!(Evm::storage(address(3), H256::zero()), H256::from_low_u64_be(5));
        assert_eq!((nonce(address(1)), nonce(address(3))), (1, 1));
        // The authority can still send transactions of its own, and take its delegation back.
        let second = crate::mock::block(&[signed(3, legacy(1)), type_4(1, 1, 3, 2, H160::zero())]);
        assert!(second.transactions.iter().all(|tx| tx.success));
        assert!(Evm::code(address(3)).is_empty());
    });
}

#[test]
fn a_deployment_says_where() {
    run(|| {
        // MSTORE8(0, STOP); RETURN(0, 1)
        let block = block(&[creation(0, vec![0x5f, 0x5f, 0x53, 0x60, 1, 0x5f, 0xf3])]);
        let contract = block.transactions[0].contract_address.expect("a contract was created");
        assert_eq!(block.transactions[0].to, None);
        assert_eq!(Evm::code(contract), vec![0]);
    });
}

/// As geth's receipts do, whatever became of it.
#[test]
fn so_does_one_that_fails() {
    run(|| {
        // REVERT(0, 0); and an invalid opcode
        let block = block(&[transfer(0), creation(1, vec![0x5f, 0x5f, 0xfd]), creation(2, vec![0xfe])]);
        assert_eq!(block.transactions[0].contract_address, None);
        for (nonce, tx) in (1u64..).zip(&block.transactions[1..]) {
            let contract = convert::h160(convert::address(address(1)).create(nonce));
            assert!(!tx.success);
            assert_eq!((tx.to, tx.contract_address), (None, Some(contract)));
            assert!(Evm::code(contract).is_empty());
        }
    });
}

/// What one who may not transact has signed is nothing that another could send for him.
#[test]
fn no_delegation_of_one_who_may_not_transact() {
    run(|| {
        let delegate = install(0x77, &[0x60, 5, 0x5f, 0x55]);
        Banned::set(Some(address(3)));
        let block = block(&[type_4(1, 0, 3, 0, delegate)]);
        assert!(block.transactions[0].success);
        assert!(Evm::code(address(3)).is_empty());
        assert_eq!((nonce(address(1)), nonce(address(3))), (1, 0));
        Banned::set(None);
        let second = crate::mock::block(&[type_4(1, 1, 3, 0, delegate)]);
        assert!(second.transactions[0].success);
        assert_eq!(nonce(address(3)), 1);
    });
}

#[test]
fn a_revert_is_a_receipt_of_status_0() {
    run(|| {
        // LOG0(0, 0), REVERT(0, 0)
        let contract = install(0x77, &[0x5f, 0x5f, 0xa0, 0x5f, 0x5f, 0xfd]);
        let block = block(&[call(0, contract)]);
        assert!(!block.transactions[0].success);
        assert!(block.transactions[0].logs.is_empty());
        assert_eq!(nonce(address(1)), 1);
    });
}

/// Neither a signed native extrinsic nor one without any signature can borrow the call, nor the time for its gas limit.
#[test]
fn the_call_needs_its_own_authorization() {
    use frame_support::{traits::UnfilteredDispatchable, weights::Weight};
    use hanse_primitives::Transaction;
    use sp_runtime::DispatchError;
    run(|| {
        begin_block();
        for origin in
            [RuntimeOrigin::signed(AccountId20::from(address(1))), RuntimeOrigin::none(), RuntimeOrigin::root()]
        {
            let transaction = Box::new(Transaction::decode_raw(transfer(0)).expect("is a transaction"));
            let call = RuntimeCall::Ethereum(crate::Call::transact { transaction });
            let refused = call.dispatch_bypass_filter(origin).expect_err("needs its own signature");
            assert_eq!(
                (refused.error, refused.post_info.actual_weight),
                (DispatchError::BadOrigin, Some(Weight::zero()))
            );
        }
        let Some(crate::Call::transact { transaction }) = (match extrinsic(&transfer(0)).function {
            RuntimeCall::Ethereum(call) => Some(call),
            _ => None,
        }) else {
            panic!("is a transact call")
        };
        let bare = UncheckedExtrinsic::new_bare(RuntimeCall::Ethereum(crate::Call::transact { transaction }));
        // An author may put it into a block; there it does nothing.
        assert_eq!(Executive::apply_extrinsic(bare), Ok(Err(DispatchError::BadOrigin)));
        assert!(end_block().1.transactions.is_empty());
    });
}

#[test]
fn an_extrinsic_survives_its_encoding() {
    use codec::{Decode, Encode};
    run(|| {
        let extrinsic = extrinsic(&transfer(0));
        let bytes = extrinsic.encode();
        assert_eq!(UncheckedExtrinsic::decode(&mut &bytes[..]).expect("decodes").encode(), bytes);
    });
}
