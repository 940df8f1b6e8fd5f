//! The runtime, compiled to Wasm: a crate of its own, so that who needs the runtime only natively doesn't wait for it, nor who
//! needs only the Wasm for the rest.
//!
//! `WASM_BINARY` is `None` when this was built with `SKIP_WASM_BUILD`.

include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
