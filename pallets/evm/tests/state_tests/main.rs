//! The official state tests of `ethereum/tests`, through FRAME storage.
//!
//! ```text
//!   *.json ── fixture ──► pre-state in System, Balances, Evm ──► runner::execute ──► state root, logs' hash
//!                                                                                        │
//!                              known-failures.toml ──────────────────────────────► verdict, report
//! ```
//!
//! `ETHEREUM_TESTS_DIR` names the folder that holds `GeneralStateTests`; without it `ethereum-tests` beside the
//! repository, or under `shared` there, is taken. Without the data the test says so and passes.
//!
//! It fails when a case fails that `known-failures.toml` doesn't list, when a listed one passes, and when a file of the
//! folder can't be read. Beside Ethereum's verdict each case checks that the total issuance is the sum of all balances.

mod case;
mod chain;
mod fixture;
mod known;
mod report;

use report::Report;
use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

#[test]
fn general_state_tests() {
    let Some(folder) = find("GeneralStateTests") else {
        report::say("no state tests found: set ETHEREUM_TESTS_DIR. SKIPPED");
        return;
    };
    let files = json_files(&folder);
    assert!(!files.is_empty(), "{} holds no tests", folder.display());
    let report = Mutex::new(Report::default());
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = file.strip_prefix(&folder).unwrap_or(file).with_extension("");
                    let outcome = run_file(file, &name.to_string_lossy());
                    report.lock().expect("no worker panicked with it").add(&name, outcome);
                }
            });
        }
    });
    let report = report.into_inner().expect("no worker panicked with it");
    report.print();
    let known = known::load(include_str!("known-failures.toml"));
    let problems = report.problems(&known);
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// Each case's name and why it failed.
fn run_file(file: &Path, name: &str) -> Result<Vec<(String, Result<(), String>)>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let cases = fixture::cases(&text, name)?;
    Ok(cases.into_iter().map(|case| (case.name.clone(), case::run(&case))).collect())
}

/// The folder of tests, if there is one.
fn find(kind: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = std::env::var_os("ETHEREUM_TESTS_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
    let candidates = match named {
        // A folder that was named must be there.
        Some(folder) => {
            let folder = folder.join(kind);
            assert!(folder.is_dir(), "ETHEREUM_TESTS_DIR: {} is no folder", folder.display());
            vec![folder]
        }
        None => vec![root.join("../ethereum-tests").join(kind), root.join("../shared/ethereum-tests").join(kind)],
    };
    candidates.into_iter().find(|folder| folder.is_dir())
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("a folder's entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
