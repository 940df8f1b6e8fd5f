//! Benchmarks: a transfer's way into a block, and a block's end.

use super::*;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;
use hanse_primitives::{AccountId20, Balance};
use pallet_evm::{BlockGasLimit, ChainId};
use sp_runtime::transaction_validity::TransactionSource;

/// A transfer of 1 wei at a price of 1 gwei on chain 4269, nonce 0, signed by the key whose bytes are all 1.
const TRANSFER: [u8; 103] = alloy_primitives::hex!(
    "f86580843b9aca00825208942222222222222222222222222222222222222222018082217da0bafc41d45a3656c200bcd73be66b3a0959cc"
    "e618f8da0d5f8a5a458ff82f7894a01027fb18edfb2403835083e4ef7895d087830769f2d9627cc3edc42109139c0a"
);

fn transfer<T: Config>() -> Transaction {
    ChainId::<T>::put(4269);
    BlockGasLimit::<T>::put(30_000_000);
    BaseFeePerGas::<T>::put(1_000);
    let transaction = Transaction::decode_raw(TRANSFER.to_vec()).expect("is a transaction");
    let sender = transaction.sender().expect("is signed");
    frame_system::Account::<T>::mutate(AccountId20::from(sender), |account| {
        account.data.free = Balance::MAX / 4;
        account.sufficients = 1;
    });
    // As it comes from the pool: decoded, its sender not yet recovered.
    Transaction::decode_raw(TRANSFER.to_vec()).expect("is a transaction")
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn authorize() {
        let transaction = transfer::<T>();
        let valid;
        #[block]
        {
            valid = Pallet::<T>::authorize(Environment::current::<T>(), TransactionSource::InBlock, &transaction);
        }
        assert!(valid.is_ok());
    }

    /// The share of the block's end that one more transaction has is in it: the block is sealed.
    #[benchmark]
    fn transact() {
        let transaction = Box::new(transfer::<T>());
        // Every block reads and writes these, whatever is in it: they are paid for by `seal`.
        // Benchmarks run in block 1.
        for key in [
            BlockHashes::<T>::hashed_key_for(0),
            BlockHashes::<T>::hashed_key_for(1),
            CurrentBlock::<T>::hashed_key().to_vec(),
        ] {
            frame_benchmarking::benchmarking::add_to_whitelist(key.into());
        }
        let result;
        #[block]
        {
            result = Pallet::<T>::transact(RawOrigin::Authorized.into(), transaction);
            Pallet::<T>::seal();
        }
        assert!(result.is_ok());
    }

    #[benchmark]
    fn seal() {
        #[block]
        {
            Pallet::<T>::seal();
        }
        assert!(CurrentBlock::<T>::exists());
    }

    impl_benchmark_test_suite!(Pallet, mock::new_test_ext(None, &[]), mock::Test);
}
