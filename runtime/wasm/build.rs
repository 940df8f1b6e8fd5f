use std::{env, path::Path};

fn main() {
    // Asked when it runs: several clones may share one build of this program.
    let folder = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    substrate_wasm_builder::WasmBuilder::new()
        .with_project(Path::new(&folder).with_file_name("Cargo.toml"))
        .expect("the runtime's folder is this one's parent")
        .import_memory()
        .export_heap_base()
        .build();
}
