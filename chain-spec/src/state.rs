//! The genesis state, computed natively.
//!
//! The SDK would compile the runtime's Wasm for it at each start of a node, ten seconds of a core, to run once what the
//! node has natively too. Both come from the same source; a test compares what they make.

use frame_support::genesis_builder_helper::{build_state, get_preset};
use hanse_runtime::{RuntimeGenesisConfig, genesis};
use sc_chain_spec::json_merge;
use serde_json::Value;
use sp_core::storage::{Storage, well_known_keys};
use sp_state_machine::BasicExternalities;

/// The state of the runtime's default genesis with this patch, and its code.
///
/// # Errors
/// What the runtime says of the genesis.
pub fn state(patch: Value, wasm: &[u8]) -> Result<Storage, String> {
    let mut externalities = BasicExternalities::new_empty();
    externalities.execute_with(|| {
        let defaults = get_preset::<RuntimeGenesisConfig>(&None, genesis::preset).unwrap_or_default();
        let mut config: Value = serde_json::from_slice(&defaults).map_err(|error| error.to_string())?;
        json_merge(&mut config, patch);
        build_state::<RuntimeGenesisConfig>(config.to_string().into_bytes())
    })?;
    let mut storage = externalities.into_storages();
    storage.top.insert(well_known_keys::CODE.to_vec(), wasm.to_vec());
    Ok(storage)
}
