//! Coins are burnt and moved, never made.

use super::{asm::Asm, support::*};
use crate::mock::*;
use proptest::prelude::*;
use sp_core::H160;

#[test]
fn the_base_fee_is_burnt_and_the_tip_paid() {
    run(|| {
        BaseFee::set(100);
        let execution = execute(with_fees(with_value(call(ALICE, BOB), 5), 150, 30)).expect("is executed");
        let gas = u128::from(execution.gas_used);
        assert_eq!(balance(ALICE), 1_000 * COIN - 5 - gas * 130);
        assert_eq!(balance(BOB), 1_000 * COIN + 5);
        assert_eq!(balance(Coinbase::get()), gas * 30);
        assert_eq!(Balances::total_issuance(), 2_000 * COIN - gas * 100);
        assert_sound();
    });
}

#[test]
fn without_a_base_fee_nothing_is_burnt() {
    run(|| {
        succeed(with_fees(call(ALICE, BOB), 9, 9));
        assert_eq!(balance(Coinbase::get()), 21_000 * 9);
        assert_eq!(Balances::total_issuance(), 2_000 * COIN);
        assert_sound();
    });
}

#[test]
fn a_price_of_zero_touches_no_coinbase() {
    run(|| {
        succeed(call(ALICE, BOB));
        let coinbase = hanse_primitives::AccountId20::from(Coinbase::get());
        assert!(!frame_system::Account::<Test>::contains_key(coinbase));
    });
}

#[derive(Clone, Debug)]
struct Step {
    from: bool,
    to: u8,
    value: u128,
    max_fee: u128,
    tip: u128,
    base_fee: u128,
}

fn step() -> impl Strategy<Value = Step> {
    (any::<bool>(), 0u8..5, 0..1_100 * COIN, 0u128..200, 0u128..200, 0u128..100)
        .prop_map(|(from, to, value, max_fee, tip, base_fee)| Step { from, to, value, max_fee, tip, base_fee })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is sent: what is gone is the base fee times the gas.
    #[test]
    fn what_is_gone_is_burnt(steps in prop::collection::vec(step(), 1..20)) {
        run(|| {
            use crate::revm::bytecode::opcode as op;
            let sink = install(0x71, Asm::new().op(op::STOP).build());
            let refuser = install(0x72, Asm::new().sstore(0, 1).revert().build());
            let mut burnt = 0u128;
            for step in steps {
                BaseFee::set(step.base_fee);
                let from = if step.from { ALICE } else { BOB };
                let to = [ALICE, BOB, sink, refuser, H160::repeat_byte(9)][usize::from(step.to)];
                let before = nonce(from);
                if let Ok(execution) = execute(with_fees(with_value(call(from, to), step.value), step.max_fee, step.tip)) {
                    burnt += u128::from(execution.gas_used) * step.base_fee;
                    assert_eq!(nonce(from), before + 1);
                } else {
                    assert_eq!(nonce(from), before);
                }
                assert_eq!(Balances::total_issuance(), 2_000 * COIN - burnt);
                assert_sound();
            }
        });
    }
}
