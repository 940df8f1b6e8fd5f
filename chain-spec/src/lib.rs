//! Turns a readable network description into a chain specification.
//!
//! ```text
//!   "dev", "local"    ──► the runtime's presets ──┐
//!   network.toml      ──► Network ──► checks ─────┼──► ChainSpec ──► hanse-node --chain
//!   raw or plain.json ────────────────────────────┘
//! ```
//!
//! A consortium agrees on one TOML file: the chain id, the slot length, who validates, who operates, and who may
//! transact. Every node that starts from the same file, and the same version of the node, computes the same genesis.
//! `chain-spec/network.example.toml` is a commented example.
//!
//! # Invariants
//! - Nothing is guessed: a key that the description doesn't know is an error, and so is a validator listed twice.
//! - The presets' keys are public. They are reachable only by the names `dev` and `local`, never from a description.
//!
//! # Failure
//! [`Error`] names the file, and the key that is wrong and why.

pub mod network;
mod state;

pub use network::Network;

use hanse_runtime::genesis;
use hanse_runtime_wasm::WASM_BINARY;
use sc_service::{ChainType, GenericChainSpec};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A chain specification of Hanse: no extensions.
pub type ChainSpec = GenericChainSpec;

/// Why there is no chain specification.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The node was built with `SKIP_WASM_BUILD`.
    #[error(
        "this node was built without the runtime's Wasm, so it can't make a genesis: build it again without SKIP_WASM_BUILD"
    )]
    NoWasm,
    /// Neither a known name nor a readable file.
    #[error("'{id}' is neither 'dev' nor 'local', and no file that can be read: {source}")]
    Unreadable {
        /// What was asked for.
        id: String,
        /// Why it can't be read.
        source: std::io::Error,
    },
    /// The description isn't TOML, or has a key that is unknown, missing or of the wrong type.
    #[error("{}: {source}", path.display())]
    Toml {
        /// The description.
        path: PathBuf,
        /// Names the key and the line.
        source: Box<toml::de::Error>,
    },
    /// A value breaks a rule.
    #[error("{}: {key}: {rule}", path.display())]
    Invalid {
        /// The description.
        path: PathBuf,
        /// Which key.
        key: String,
        /// What it must be.
        rule: String,
    },
    /// A genesis that the runtime refuses.
    #[error("the genesis of '{id}': {message}")]
    Genesis {
        /// What was asked for.
        id: String,
        /// What the runtime says.
        message: String,
    },
    /// A JSON specification that can't be used.
    #[error("{}: {message}", path.display())]
    Json {
        /// The specification.
        path: PathBuf,
        /// What the SDK says.
        message: String,
    },
}

/// The chain specification by name (`dev`, `local`), from a network description (`*.toml`), or from JSON. For people to
/// read, and to pass on.
pub fn load(id: &str) -> Result<ChainSpec, Error> {
    specify(id).map(|(spec, _)| spec)
}

/// The same for a node that runs the chain: with the genesis state computed, where this node's runtime makes it.
pub fn load_to_run(id: &str) -> Result<ChainSpec, Error> {
    let (mut spec, patch) = specify(id)?;
    if let Some(patch) = patch {
        let state = state::state(patch, wasm()?).map_err(|message| Error::Genesis { id: id.into(), message })?;
        sc_chain_spec::ChainSpec::set_storage(&mut spec, state);
    }
    Ok(spec)
}

/// The specification, and what it changes of the runtime's default genesis. A JSON specification brings a runtime of its
/// own.
fn specify(id: &str) -> Result<(ChainSpec, Option<Value>), Error> {
    match id {
        "dev" => preset("Hanse development", "hanse_dev", ChainType::Development, genesis::DEVELOPMENT),
        "" | "local" => preset("Hanse local", "hanse_local", ChainType::Local, genesis::LOCAL),
        path if path.ends_with(".toml") => from_description(Path::new(path)),
        path => from_json(Path::new(path)).map(|spec| (spec, None)),
    }
}

fn wasm() -> Result<&'static [u8], Error> {
    WASM_BINARY.ok_or(Error::NoWasm)
}

fn preset(name: &str, id: &str, kind: ChainType, preset: &str) -> Result<(ChainSpec, Option<Value>), Error> {
    let spec = ChainSpec::builder(wasm()?, None)
        .with_name(name)
        .with_id(id)
        .with_chain_type(kind)
        .with_genesis_config_preset_name(preset)
        .build();
    let patch = genesis::preset(&preset.into()).and_then(|patch| serde_json::from_slice(&patch).ok());
    Ok((spec, patch))
}

fn from_description(path: &Path) -> Result<(ChainSpec, Option<Value>), Error> {
    let text = read(path)?;
    let network: Network =
        toml::from_str(&text).map_err(|source| Error::Toml { path: path.into(), source: Box::new(source) })?;
    let genesis = network.genesis().map_err(|(key, rule)| Error::Invalid { path: path.into(), key, rule })?;
    let boot_nodes = network.boot_nodes().map_err(|(key, rule)| Error::Invalid { path: path.into(), key, rule })?;
    let spec = ChainSpec::builder(wasm()?, None)
        .with_name(&network.name)
        .with_id(&network.id)
        .with_chain_type(ChainType::Live)
        .with_boot_nodes(boot_nodes)
        .with_genesis_config_patch(genesis.clone())
        .build();
    Ok((spec, Some(genesis)))
}

fn from_json(path: &Path) -> Result<ChainSpec, Error> {
    // Read first, for a clear error when there is no such file.
    read(path)?;
    ChainSpec::from_json_file(path.into()).map_err(|message| Error::Json { path: path.into(), message })
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Unreadable { id: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sc_chain_spec::GenesisConfigBuilderRuntimeCaller;

    #[test]
    fn the_native_runtime_makes_the_genesis_that_the_wasm_makes() {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/network.example.toml");
        let wasm = wasm().expect("is built");
        let runtime = GenesisConfigBuilderRuntimeCaller::<()>::new(wasm);
        for id in ["dev", "local", example] {
            let (_, patch) = specify(id).expect("loads");
            let patch = patch.expect("is of this runtime");
            let by_wasm = runtime.get_storage_for_patch(patch.clone()).expect("builds");
            let mut native = state::state(patch, wasm).expect("builds");
            assert!(native.top.remove(sp_core::storage::well_known_keys::CODE).is_some(), "{id}");
            assert_eq!(native.top, by_wasm.top, "{id}");
            assert!(native.children_default.is_empty() && by_wasm.children_default.is_empty(), "{id}");
        }
    }
}
