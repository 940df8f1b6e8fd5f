//! Histories of collections, with a contract among those who send and receive.

use super::{agree, compare, outcome};
use crate::{mock::*, tests::support::*};
use hanse_primitives::convert::address;
use proptest::prelude::*;
use sp_core::H160;

/// One call: its kind, sender, two parties, two items, two amounts, whether and what; and how the contract answers.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub kind: u8,
    from: usize,
    parties: [usize; 2],
    pub items: [u64; 2],
    pub amounts: [u64; 2],
    pub flag: bool,
    pub data: Vec<u8>,
    mode: u8,
    next: usize,
}

/// The owner, Alice, Bob, the contract, and the zero address, which can only be named.
pub(super) type Parties = [H160; 5];

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let party = || prop_oneof![9 => 0..4usize, 1 => Just(4usize)];
    let amount = || prop_oneof![9 => 0..60u64, 1 => any::<u64>()];
    let what = (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..70));
    // The contract accepts half of the time.
    let contract = (prop_oneof![Just(0u8), 1..5u8], party());
    let step = (0u8..24, 0..4usize, [party(), party()], [0u64..5, 0u64..5], [amount(), amount()], what, contract)
        .prop_map(|(kind, from, parties, items, amounts, (flag, data), (mode, next))| Step {
            kind,
            from,
            parties,
            items,
            amounts,
            flag,
            data,
            mode,
            next,
        });
    proptest::collection::vec(step, 1..60)
}

impl Step {
    pub fn parties(&self, all: &Parties) -> [alloy_primitives::Address; 2] {
        self.parties.map(|index| address(all[index]))
    }
}

/// Runs the steps on both collections. Only an admin does what `is_for_admins` here; the reference lets everyone.
pub(super) fn history(
    [ours, reference]: [H160; 2],
    steps: &[Step],
    is_for_admins: impl Fn(u8) -> bool,
    call: impl Fn(&Step, &Parties) -> Vec<u8>,
) -> Parties {
    let receiver = receiver();
    let parties = [OWNER, ALICE, BOB, receiver, H160::zero()];
    for step in steps {
        let paused = Tokens::collection(ours).expect("exists").paused;
        let data = call(step, &parties);
        let what = format!("{step:?}");
        answers(receiver, step.mode, parties[step.next]);
        let from = if is_for_admins(step.kind) { OWNER } else { parties[step.from] };
        if from == receiver {
            let act = |target| Receiver::actCall { target: address(target), data: data.clone().into() };
            compare([ours, reference].map(|target| outcome(send(ALICE, receiver, &act(target)))), paused, &what);
        } else {
            agree(from, [ours, reference], data, paused, &what);
        }
    }
    parties
}
