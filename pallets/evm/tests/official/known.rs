//! Failures that are known.

use std::collections::BTreeMap;

/// A case's name and why it fails.
pub type Known = BTreeMap<String, String>;

/// Reads what `known-failures.toml` says of one kind of tests.
pub fn load(text: &str, kind: &str) -> Known {
    let table: toml::Table = text.parse().expect("known-failures.toml is TOML");
    let mut known = Known::new();
    for entry in table.get(kind).and_then(toml::Value::as_array).into_iter().flatten() {
        let reason = entry["reason"].as_str().expect("a failure has a reason");
        for case in entry["cases"].as_array().expect("a failure has cases") {
            let case = case.as_str().expect("a case is its name");
            assert!(known.insert(case.into(), reason.into()).is_none(), "{case} is listed twice");
        }
    }
    known
}
