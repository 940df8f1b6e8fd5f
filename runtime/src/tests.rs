//! The presets make a genesis, and an Ethereum transaction survives being an extrinsic.

use crate::{
    Runtime, RuntimeCall, RuntimeGenesisConfig, UncheckedExtrinsic, decode_extrinsic, ethereum_extrinsic, genesis,
    raw_transaction,
};
use codec::Encode;
use frame_support::{
    genesis_builder_helper::{build_state, get_preset},
    traits::{GetStorageVersion, StorageVersion},
};
use hanse_primitives::TransactionError;
use sp_core::H160;
use sp_io::TestExternalities;

mod native;

/// The example of EIP-155: a transfer, of 21,000 gas.
const TRANSFER: [u8; 110] = hex_literal::hex!(
    "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe\
     537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
);

fn with_preset(name: &str, test: impl FnOnce()) {
    with_genesis(name, serde_json::json!({}), test);
}

/// Runs a test on the genesis of a preset with these changes.
fn with_genesis(preset: &str, patch: serde_json::Value, test: impl FnOnce()) {
    TestExternalities::default().execute_with(|| {
        let preset = get_preset::<RuntimeGenesisConfig>(&Some(preset.into()), genesis::preset).expect("is a preset");
        let mut config: serde_json::Value = serde_json::from_slice(&defaults()).expect("defaults are JSON");
        merge(&mut config, serde_json::from_slice(&preset).expect("a preset is JSON"));
        merge(&mut config, patch);
        build_state::<RuntimeGenesisConfig>(serde_json::to_vec(&config).expect("serializes")).expect("builds");
        test();
    });
}

fn defaults() -> Vec<u8> {
    get_preset::<RuntimeGenesisConfig>(&None, genesis::preset).expect("has defaults")
}

/// RFC 7396, as the SDK merges a patch into the defaults; `null` stays, for an absent base fee.
fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
    match (into, patch) {
        (serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}

#[test]
fn every_preset_builds() {
    for name in genesis::preset_names() {
        with_preset(name.as_ref(), || {
            assert_eq!(pallet_evm::ChainId::<Runtime>::get(), genesis::DEVELOPMENT_CHAIN_ID);
            for account in genesis::DEVELOPMENT_ACCOUNTS {
                let balance = pallet_evm::Pallet::<Runtime>::account(H160::from(account)).balance;
                assert_eq!(balance.as_u128(), genesis::ENDOWMENT);
            }
            let block = pallet_ethereum::CurrentBlock::<Runtime>::get().expect("genesis has an Ethereum block");
            assert_eq!(block.hash, pallet_ethereum::BlockHashes::<Runtime>::get(0));
            assert!(block.transactions.is_empty());
            assert_eq!(crate::Ethereum::base_fee(), 0);
        });
    }
}

/// A migration finds out by it what it has to do.
#[test]
fn the_genesis_has_the_storage_version_of_each_pallet() {
    fn is_one<P: GetStorageVersion<InCodeStorageVersion = StorageVersion>>() {
        assert_eq!(P::in_code_storage_version(), StorageVersion::new(1));
        assert_eq!(P::on_chain_storage_version(), StorageVersion::new(1));
    }
    with_preset(genesis::LOCAL, || {
        is_one::<crate::Timing>();
        is_one::<crate::Users>();
        is_one::<crate::Tokens>();
        is_one::<crate::Evm>();
        is_one::<crate::Ethereum>();
    });
}

#[test]
fn only_development_seals_on_demand() {
    with_preset(genesis::DEVELOPMENT, || assert!(crate::timing::OnDemand::<Runtime>::get()));
    with_preset(genesis::LOCAL, || assert!(!crate::timing::OnDemand::<Runtime>::get()));
}

#[test]
fn a_system_precompile_shows_code() {
    with_preset(genesis::DEVELOPMENT, || {
        let code = pallet_evm::Pallet::<Runtime>::code(hanse_primitives::addresses::USERS);
        assert_eq!(code, pallet_evm::precompile::CODE);
        assert!(pallet_evm::Pallet::<Runtime>::code(H160::repeat_byte(1)).is_empty());
    });
}

#[test]
fn an_ethereum_transaction_survives_being_an_extrinsic() {
    let encoded = ethereum_extrinsic(TRANSFER.to_vec()).expect("is a transaction").encode();
    let extrinsic = decode_extrinsic(&encoded).expect("decodes");
    let transaction = raw_transaction(&extrinsic).expect("carries one");
    assert_eq!(transaction.raw(), TRANSFER);
    let sender = H160(hex_literal::hex!("9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"));
    assert_eq!(transaction.sender(), Some(sender));
}

/// A transaction costs time beside its gas; a block of the smallest ones has to have room for that.
#[test]
fn a_block_is_full_of_gas_before_it_is_full_of_weight() {
    use frame_support::dispatch::{DispatchClass, GetDispatchInfo};
    with_preset(genesis::LOCAL, || {
        let extrinsic = ethereum_extrinsic(TRANSFER.to_vec()).expect("is a transaction");
        let limits = <Runtime as frame_system::Config>::BlockWeights::get();
        let normal = limits.get(DispatchClass::Normal);
        let each = extrinsic.get_dispatch_info().total_weight() + normal.base_extrinsic;
        let fit = normal.max_total.expect("is bounded").ref_time() / each.ref_time();
        let gas_for = pallet_evm::BlockGasLimit::<Runtime>::get() / 21_000;
        assert!(fit >= gas_for, "{fit} of {each:?} fit, and gas is there for {gas_for}");
    });
}

#[test]
fn calls_nested_without_end_do_not_use_up_the_stack() {
    let nested = |depth: usize| {
        let noop = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
        let outer = RuntimeCall::Sudo(pallet_sudo::Call::sudo { call: Box::new(noop.clone()) });
        // The outer call without what it carries.
        let prefix = &outer.encode()[..outer.encode().len() - noop.encode().len()];
        let extrinsic = UncheckedExtrinsic::new_bare(noop.clone()).encode();
        let head = extrinsic.strip_suffix(&noop.encode()[..]).expect("ends with its call").last().copied();
        let mut inner = vec![head.expect("a version")];
        inner.extend(prefix.repeat(depth));
        inner.extend(noop.encode());
        inner.encode()
    };
    let extrinsic = decode_extrinsic(&nested(1)).expect("decodes");
    assert_eq!(extrinsic.encode(), nested(1));
    assert!(decode_extrinsic(&nested(5_000_000)).is_err());
}

#[test]
fn what_is_no_transaction_is_no_extrinsic() {
    assert_eq!(ethereum_extrinsic(vec![1, 2, 3]).err(), Some(TransactionError::Malformed));
}
