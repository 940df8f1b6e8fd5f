use std::path::Path;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    substrate_wasm_builder::WasmBuilder::new()
        .with_project(folder.with_file_name("Cargo.toml"))
        .expect("the runtime's folder is this one's parent")
        .import_memory()
        .export_heap_base()
        .build();
}
