//! The official tests of `ethereum/tests`: state tests through FRAME storage, transaction tests through our decoder.
//!
//! ```text
//!   GeneralStateTests ── fixture ──► pre-state in System, Balances, Evm ──► runner::execute ──► state root, logs
//!   TransactionTests ── Transaction::decode_raw ──► sender ──► runner::validate ──► hash, sender, refusal
//!                                                                     │
//!   known-failures.toml ───────────────────────────────────────────► verdict and report
//! ```
//!
//! `ETHEREUM_TESTS_DIR` names the folder that holds both; without it `ethereum-tests` beside the repository, or under
//! `shared` there, is taken. Without the data the tests say so and pass. `ETHEREUM_TESTS_ONLY` picks files by a part of
//! their path.
//!
//! They fail when a case fails that `known-failures.toml` doesn't list, when a listed one passes, and when a file of the
//! folder, hidden ones apart, goes unread: it isn't JSON, holds no case, or says something that we don't know. Beside
//! Ethereum's verdict each state test checks that the total issuance is the sum of all balances.

mod case;
mod chain;
mod fixture;
mod known;
mod report;
mod transaction;

use known::Known;
use report::Report;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Each case's name and why it failed; or why the file can't be read.
type Outcome = Result<Vec<(String, Result<(), String>)>, String>;

#[test]
fn general_state_tests() {
    run("GeneralStateTests", |text, file| {
        let cases = fixture::cases(text, file)?;
        Ok(cases.into_iter().map(|case| (case.name.clone(), case::run(&case))).collect())
    });
}

#[test]
fn transaction_tests() {
    run("TransactionTests", transaction::run);
}

/// Runs all files of a folder on all cores.
fn run(kind: &str, run_file: impl Fn(&str, &str) -> Outcome + Sync) {
    let Some(folder) = find(kind) else {
        report::say(&format!("SKIPPED: no {kind} found. Set ETHEREUM_TESTS_DIR to run them."));
        return;
    };
    let only = std::env::var("ETHEREUM_TESTS_ONLY").ok();
    let known = known::load(include_str!("known-failures.toml"), kind);
    let problems = problems(kind, &folder, only.as_deref(), &known, run_file);
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// Runs the files of `folder`, or those whose path contains `only`, and tells what is wrong.
fn problems(
    kind: &str,
    folder: &Path,
    only: Option<&str>,
    known: &Known,
    run_file: impl Fn(&str, &str) -> Outcome + Sync,
) -> Vec<String> {
    let mut files = files(folder);
    files.retain(|file| only.is_none_or(|only| file.to_string_lossy().contains(only)));
    assert!(only.is_some() || !files.is_empty(), "{} holds no tests", folder.display());
    let report = Mutex::new(Report::new(kind));
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = file.strip_prefix(folder).unwrap_or(file).with_extension("");
                    let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
                    let outcome = text.and_then(|text| run_file(&text, &name.to_string_lossy()));
                    report.lock().expect("no worker panicked with it").add(&name, outcome);
                }
            });
        }
    });
    let report = report.into_inner().expect("no worker panicked with it");
    report.print();
    report.problems(known, only.is_none())
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

/// All files below a folder but hidden ones. Also those that aren't JSON: what the runner can't read must not go unseen.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("a folder's entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_file_that_goes_unread_is_a_problem() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("lies in the folder")).expect("a folder for the test");
        std::fs::write(path, text).expect("a file for the test");
    };
    write("a/filler.yml", "a: 1");
    write("a/.stub", "");
    write("b/c/empty.json", "{}");
    write("b/fork.json", r#"{"name": {"result": {"Amsterdam": {}}, "txbytes": "0x"}}"#);
    write("broken.json", "{");
    let found = problems("Unread", folder.path(), None, &Known::new(), transaction::run);
    let unread: Vec<_> = found.iter().map(|problem| problem.split(": ").take(2).collect::<Vec<_>>()).collect();
    let expected = ["a/filler", "b/c/empty", "b/fork", "broken"].map(|file| vec!["unread", file]);
    assert_eq!(unread.iter().collect::<BTreeSet<_>>(), expected.iter().collect::<BTreeSet<_>>());
    assert!(problems("Unread", folder.path(), Some("none of them"), &Known::new(), transaction::run).is_empty());
}

#[test]
fn a_list_of_failures_must_be_true() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(folder.path().join("cases.json"), "").expect("a file for the test");
    let cases = |_: &str, _: &str| -> Outcome {
        Ok(vec![("good".into(), Ok(())), ("bad".into(), Err("why".into())), ("worse".into(), Err("why".into()))])
    };
    let known = Known::from(["good", "bad", "gone"].map(|name| (name.into(), "a reason".into())));
    let expected =
        ["failed: worse: why", "listed as failing, but passes: good", "listed as failing, but doesn't exist: gone"];
    assert_eq!(problems("Listed", folder.path(), None, &known, cases), expected);
}
