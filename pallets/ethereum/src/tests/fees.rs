//! The two presets: gasless, and EIP-1559.

use super::support::*;
use crate::mock::*;
use alloy_consensus::{Header, TxLegacy};
use alloy_rlp::Decodable;
use hanse_primitives::EthereumBlock;

fn header(block: &EthereumBlock) -> Header {
    Header::decode(&mut &block.header[..]).expect("is a header")
}

#[test]
fn a_gasless_chain_stays_gasless() {
    run(|| {
        for nonce in 0..3 {
            assert_eq!(header(&block(&[transfer(nonce)])).base_fee_per_gas, Some(0));
        }
        assert_eq!(crate::BaseFeePerGas::<Test>::get(), None);
        assert_eq!(balance(address(1)), ENDOWMENT - 3);
        assert_eq!(Balances::total_issuance(), 3 * ENDOWMENT);
    });
}

#[test]
fn who_offers_a_price_there_pays_the_author() {
    run(|| {
        block(&[signed(1, TxLegacy { gas_price: 5, ..legacy(0) })]);
        assert_eq!(balance(coinbase()), 5 * 21_000);
    });
}

#[test]
fn the_base_fee_follows_the_gas() {
    run_with(Some(1_000), || {
        let genesis = crate::CurrentBlock::<Test>::get().expect("is sealed");
        assert_eq!(header(&genesis).base_fee_per_gas, Some(1_000));
        let mut last = header(&genesis);
        for gas_used in [0u64, 21_000, 0] {
            let fee = last.next_block_base_fee(alloy_eips::eip1559::BaseFeeParams::ethereum()).expect("has one");
            let block = match gas_used {
                0 => block(&[]),
                _ => block(&[type_2(1, 0, 10_000, 3)]),
            };
            last = header(&block);
            assert_eq!((last.base_fee_per_gas, last.gas_used), (Some(fee), gas_used));
            for tx in &block.transactions {
                assert_eq!(tx.effective_gas_price, u128::from(fee) + 3);
                assert_eq!(balance(coinbase()), 21_000 * 3);
                assert_eq!(Balances::total_issuance(), 3 * ENDOWMENT - u128::from(fee) * 21_000);
            }
        }
    });
}

#[test]
fn a_full_block_raises_the_base_fee() {
    run_with(Some(1_000_000), || {
        pallet_evm::BlockGasLimit::<Test>::put(21_000);
        let before = Ethereum::base_fee();
        block(&[signed(1, TxLegacy { gas_price: 10_000_000, ..legacy(0) })]);
        assert_eq!(Ethereum::base_fee(), before + before / 8);
    });
}

#[test]
fn a_price_under_the_base_fee_is_refused() {
    run_with(Some(1_000), || {
        use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
        let code = hanse_primitives::TransactionError::FeeCapTooLow.code();
        let invalid = TransactionValidityError::Invalid(InvalidTransaction::Custom(code));
        assert_eq!(validate(&transfer(0)), Err(invalid));
        begin_block();
        assert_eq!(apply(&type_2(1, 0, 874, 0)), Err(invalid));
        assert!(apply(&type_2(1, 0, 875, 0)).is_ok());
    });
}
