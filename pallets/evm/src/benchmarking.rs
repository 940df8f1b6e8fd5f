//! Benchmarks of whole transactions, for comparison with the gas that they use.

use super::*;
use crate::{
    flush::put_code,
    revm::{
        bytecode::opcode as op,
        context::TxEnv,
        primitives::{TxKind, U256 as Word},
    },
};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::traits::Get;
use hanse_primitives::convert;
use sp_core::U256;

const SENDER: H160 = H160([0x11; 20]);
const RECIPIENT: H160 = H160([0x22; 20]);
const CONTRACT: H160 = H160([0x33; 20]);

fn endow<T: Config>() {
    BlockGasLimit::<T>::put(1_000_000_000);
    for account in [SENDER, RECIPIENT] {
        frame_system::Account::<T>::mutate(AccountId20::from(account), |info| {
            info.data.free = Balance::MAX / 4;
            info.sufficients = 1;
        });
    }
}

fn transaction<T: Config>(kind: TxKind, data: Vec<u8>) -> TxEnv {
    endow::<T>();
    TxEnv {
        caller: convert::address(SENDER),
        kind,
        data: data.into(),
        gas_limit: 1_000_000_000,
        gas_price: T::BaseFee::get(),
        chain_id: Some(ChainId::<T>::get()),
        ..TxEnv::default()
    }
}

/// Without the cap of EIP-7825, so that one transaction can do a lot of one thing.
fn environment<T: Config>() -> Environment {
    let mut environment = Environment::current::<T>();
    environment.cfg.tx_gas_limit_cap = Some(u64::MAX);
    environment.cfg.limit_contract_code_size = Some(1 << 20);
    environment.cfg.limit_contract_initcode_size = Some(1 << 21);
    environment
}

fn must_succeed(execution: Result<Execution, TransactionError>) {
    assert!(execution.is_ok_and(|execution| execution.succeeded()));
}

/// Code that does one thing for each slot from `n` down to 1: duplicates the counter and runs `body`.
///
/// `PUSH4 n, JUMPDEST, body, PUSH1 1, SWAP1, SUB, DUP1, PUSH1 5, JUMPI`
fn for_each_slot(n: u32, body: &[u8]) -> Vec<u8> {
    let mut code = vec![op::PUSH1 + 3];
    code.extend_from_slice(&n.to_be_bytes());
    code.push(op::JUMPDEST);
    code.extend_from_slice(body);
    code.extend_from_slice(&[op::PUSH1, 1, op::SWAP1, op::SUB, op::DUP1, op::PUSH1, 5, op::JUMPI, op::STOP]);
    code
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn transfer() {
        let mut tx = transaction::<T>(TxKind::Call(convert::address(RECIPIENT)), Vec::new());
        tx.value = Word::from(1);
        tx.gas_limit = 21_000;
        let execution;
        #[block]
        {
            execution = runner::execute::<T>(environment::<T>(), tx);
        }
        must_succeed(execution);
    }

    #[benchmark]
    fn store(n: Linear<0, 1_000>) {
        // slot[i] = i
        let code = if n == 0 { vec![op::STOP] } else { for_each_slot(n, &[op::DUP1, op::DUP1, op::SSTORE]) };
        put_code::<T>(CONTRACT, &code);
        let tx = transaction::<T>(TxKind::Call(convert::address(CONTRACT)), Vec::new());
        let execution;
        #[block]
        {
            execution = runner::execute::<T>(environment::<T>(), tx);
        }
        must_succeed(execution);
        assert_eq!(Storages::<T>::iter_prefix(CONTRACT).count(), n as usize);
    }

    #[benchmark]
    fn load(n: Linear<0, 1_000>) {
        let code = if n == 0 { vec![op::STOP] } else { for_each_slot(n, &[op::DUP1, op::SLOAD, op::POP]) };
        put_code::<T>(CONTRACT, &code);
        for i in 1..=n {
            Storages::<T>::insert(CONTRACT, H256(U256::from(i).to_big_endian()), H256::repeat_byte(1));
        }
        let tx = transaction::<T>(TxKind::Call(convert::address(CONTRACT)), Vec::new());
        let execution;
        #[block]
        {
            execution = runner::execute::<T>(environment::<T>(), tx);
        }
        must_succeed(execution);
    }

    #[benchmark]
    fn deploy(n: Linear<0, 24_576>) {
        // Returns n bytes of JUMPDEST, which is what takes longest to analyse: CODECOPY of what follows the code.
        let mut code = vec![op::PUSH1 + 2];
        code.extend_from_slice(&n.to_be_bytes()[1..]);
        code.extend_from_slice(&[op::DUP1, op::PUSH1, 12, op::PUSH0, op::CODECOPY, op::PUSH0, op::RETURN, op::STOP]);
        code.resize(code.len() + n as usize, op::JUMPDEST);
        let tx = transaction::<T>(TxKind::Create, code);
        let execution;
        #[block]
        {
            execution = runner::execute::<T>(environment::<T>(), tx);
        }
        must_succeed(execution);
    }

    impl_benchmark_test_suite!(Pallet, mock::new_test_ext(), mock::Test);
}
