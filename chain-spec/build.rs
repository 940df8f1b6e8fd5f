//! Compiles the runtime to Wasm: here rather than in the runtime's own crate, so that who needs the runtime only natively
//! doesn't wait for it.

use std::path::Path;

fn main() {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("runtime").join("Cargo.toml");
    substrate_wasm_builder::WasmBuilder::new()
        .with_project(runtime)
        .expect("the runtime's folder is beside this one")
        .import_memory()
        .export_heap_base()
        .build();
}
