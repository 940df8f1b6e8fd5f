//! Benchmarks: reading call data. What the call then does is measured by the pallet that does it.

use crate::HansePrecompiles;
use alloc::vec;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use core::marker::PhantomData;
use frame_benchmarking::v2::*;
use frame_support::weights::Weight;
use hanse_primitives::addresses;
use pallet_evm::{Handle, PrecompileError, PrecompileSet};
use pallet_tokens::abi::IToken;
use sp_core::H160;

/// What the benchmarks run on; the precompiles are no pallet of their own.
#[derive(Debug)]
pub struct Pallet<T>(PhantomData<T>);

/// See [`crate::Config`].
pub trait Config: crate::Config {}

impl<T: crate::Config> Config for T {}

#[benchmarks]
mod benchmarks {
    use super::*;

    /// `n`: words of call data. A batch of transfers has the longest, and is refused here for its form once it is decoded.
    #[benchmark]
    fn decode(n: Linear<8, 4_000>) {
        let pairs = n as usize / 2 - 3;
        let call = IToken::transferBatchCall {
            to: vec![Address::repeat_byte(0xff); pairs + 1],
            values: vec![U256::MAX; pairs],
        };
        let data = call.abi_encode();
        let token = addresses::token_address(&[0; 16], &[0; 32]);
        let mut handle = Handle::new(H160::zero(), token, &data, u64::MAX, Weight::from_parts(1, 0));
        let outcome;
        #[block]
        {
            outcome = HansePrecompiles::<T>::call(&mut handle);
        }
        assert!(matches!(outcome, Err(PrecompileError::Revert(_))));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
