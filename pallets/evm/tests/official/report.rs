//! What passed, by folder.

use super::{Outcome, known::Known};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
    time::Instant,
};

/// All outcomes.
pub struct Report {
    kind: String,
    started: Instant,
    /// Passed and all, by folder.
    folders: BTreeMap<String, (usize, usize)>,
    passed: BTreeSet<String>,
    failed: BTreeMap<String, String>,
    unread: Vec<String>,
}

impl Report {
    /// Nothing yet.
    pub fn new(kind: &str) -> Self {
        Self {
            kind: kind.into(),
            started: Instant::now(),
            folders: BTreeMap::new(),
            passed: BTreeSet::new(),
            failed: BTreeMap::new(),
            unread: Vec::new(),
        }
    }

    /// Adds a file.
    pub fn add(&mut self, file: &Path, outcome: Outcome) {
        let cases = match outcome {
            Ok(cases) if !cases.is_empty() => cases,
            Ok(_) => return self.unread.push(format!("{}: holds no case", file.display())),
            Err(error) => return self.unread.push(format!("{}: {error}", file.display())),
        };
        let folder = file.parent().unwrap_or(file).display().to_string();
        let (passed, all) = self.folders.entry(folder).or_default();
        for (name, result) in cases {
            *all += 1;
            match result {
                Ok(()) => {
                    *passed += 1;
                    self.passed.insert(name);
                }
                Err(reason) => {
                    self.failed.insert(name, reason);
                }
            }
        }
    }

    /// Prints the pass rates.
    pub fn print(&self) {
        let (mut passed, mut all) = (0, 0);
        for (folder, (folder_passed, folder_all)) in &self.folders {
            passed += folder_passed;
            all += folder_all;
            say(&format!("{folder:<48} {}", rate(*folder_passed, *folder_all)));
        }
        let seconds = self.started.elapsed().as_secs_f32();
        say(&format!("{:<48} {} in {seconds:.0} s", self.kind, rate(passed, all)));
    }

    /// What makes the run fail. Only a run of everything can tell that a listed case doesn't exist.
    pub fn problems(&self, known: &Known, all: bool) -> Vec<String> {
        let unread = self.unread.iter().map(|file| format!("unread: {file}"));
        let failed = self.failed.iter().filter(|(name, _)| !known.contains_key(*name));
        let failed = failed.map(|(name, reason)| format!("failed: {name}: {reason}"));
        let passed = self.passed.iter().filter(|name| known.contains_key(*name));
        let passed = passed.map(|name| format!("listed as failing, but passes: {name}"));
        let unknown =
            known.keys().filter(|name| all && !self.failed.contains_key(*name) && !self.passed.contains(*name));
        let unknown = unknown.map(|name| format!("listed as failing, but doesn't exist: {name}"));
        unread.chain(failed).chain(passed).chain(unknown).collect()
    }
}

fn rate(passed: usize, all: usize) -> String {
    format!("{passed:>6} of {all:>6}  {:>6.2} %", 100.0 * passed as f32 / all.max(1) as f32)
}

/// Prints past the test harness, which would keep the output of a test that passes to itself.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
