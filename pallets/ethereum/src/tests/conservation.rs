//! Whatever is sent, in whatever order: receipts and balances add up.

use super::{block::assert_roots, support::*};
use crate::mock::*;
use alloy_consensus::{Header, TxLegacy};
use alloy_primitives::{TxKind, U256};
use alloy_rlp::Decodable;
use hanse_primitives::convert;
use proptest::prelude::*;
use sp_core::H160;

#[derive(Clone, Debug)]
struct Step {
    sender: u8,
    to: u8,
    /// Added to the sender's next nonce, less one.
    nonce: u64,
    gas_price: u128,
    gas_limit: u64,
    value: u128,
    new_block: bool,
}

fn step() -> impl Strategy<Value = Step> {
    (1u8..=3, 0u8..6, 0u64..3, 0u128..3_000, 20_000u64..200_000, 0..ENDOWMENT, prop::bool::weighted(0.2)).prop_map(
        |(sender, to, nonce, gas_price, gas_limit, value, new_block)| Step {
            sender,
            to,
            nonce,
            gas_price,
            gas_limit,
            value,
            new_block,
        },
    )
}

fn targets() -> [H160; 6] {
    [
        address(1),
        address(2),
        address(3),
        H160::repeat_byte(0x99),
        // Logs; writes and reverts.
        install(0x77, &[0x60, 2, 0x60, 1, 0x60, 32, 0x5f, 0xa2]),
        install(0x78, &[0x60, 1, 0x5f, 0x55, 0x5f, 0x5f, 0xfd]),
    ]
}

/// Ends the block and gives what it burnt.
fn check_block() -> u128 {
    let block = end_block().1;
    assert_roots(&block);
    let header = Header::decode(&mut &block.header[..]).expect("is a header");
    assert!(header.gas_used <= header.gas_limit);
    let base_fee = u128::from(header.base_fee_per_gas.unwrap_or_default());
    for tx in &block.transactions {
        assert!(tx.gas_used >= 21_000);
        assert!(tx.effective_gas_price >= base_fee);
        assert!(tx.success || tx.logs.is_empty());
    }
    u128::from(header.gas_used) * base_fee
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn receipts_and_balances_add_up(
        steps in prop::collection::vec(step(), 1..40),
        base_fee in prop::option::of(1u64..2_000),
    ) {
        run_with(base_fee, || {
            pallet_evm::BlockGasLimit::<Test>::put(400_000);
            let targets = targets();
            let mut burnt = 0;
            let mut nonces = [0u64; 4];
            begin_block();
            for step in steps {
                if step.new_block {
                    burnt += check_block();
                    begin_block();
                }
                let sender = usize::from(step.sender);
                let Some(nonce) = (nonces[sender] + step.nonce).checked_sub(1) else { continue };
                let raw = signed(step.sender, TxLegacy {
                    nonce,
                    gas_price: step.gas_price,
                    gas_limit: step.gas_limit,
                    to: TxKind::Call(convert::address(targets[usize::from(step.to)])),
                    value: U256::from(step.value),
                    ..legacy(0)
                });
                match apply(&raw) {
                    Ok(dispatched) => {
                        dispatched.expect("what was authorized is executed");
                        assert_eq!(nonce, nonces[sender]);
                        nonces[sender] += 1;
                    }
                    Err(_) => assert_eq!(super::support::nonce(address(step.sender)), nonces[sender]),
                }
            }
            burnt += check_block();
            let sum: u128 = frame_system::Account::<Test>::iter_values().map(|account| account.data.free).sum();
            assert_eq!(sum, Balances::total_issuance());
            assert_eq!(sum + burnt, 3 * ENDOWMENT);
        });
    }
}
