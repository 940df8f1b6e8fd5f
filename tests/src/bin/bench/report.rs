//! What was measured, on what: printed at once, and kept for the page.

use std::fmt::Write;
use std::process::Command;
use std::time::Duration;

/// A growing page.
pub struct Report {
    text: String,
}

impl Report {
    /// Begins with the machine, the commit and the date.
    pub fn begin() -> Self {
        let commit = std::env::var("HANSE_BENCH_COMMIT").unwrap_or_else(|_| "unknown".to_owned());
        let date = output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]);
        let mut report = Self { text: String::new() };
        report.line(&format!("# Benchmarks, {date}"));
        report.line("");
        report.line(&format!("Commit {commit}. {}", machine()));
        report.line(
            "Client, gateway and node (or anvil) share these cores. Release profile, `hanse-node --dev`, gateway on SQLite where nothing else is said.",
        );
        report
    }

    /// A section's heading and what it measures.
    pub fn section(&mut self, title: &str, about: &str) {
        self.line(&format!("\n## {title}\n\n{about}\n"));
    }

    /// A table's head.
    pub fn head(&mut self, columns: &[&str]) {
        self.row(columns);
        self.row(&vec!["---"; columns.len()]);
    }

    /// A table's row.
    pub fn row(&mut self, cells: &[impl AsRef<str>]) {
        let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    /// A line of text.
    pub fn line(&mut self, line: &str) {
        println!("{line}");
        // Writing to a String can't fail.
        writeln!(self.text, "{line}").ok();
    }

    /// The whole page in Markdown.
    pub fn page(&self) -> &str {
        &self.text
    }
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default();
    format!(
        "{} cores of {}, {} GiB of memory, {} {}.",
        std::thread::available_parallelism().map_or(0, usize::from),
        model.unwrap_or("an unknown processor"),
        kib / 1024 / 1024,
        output("uname", &["-s"]),
        output("uname", &["-r"]),
    )
}

fn output(program: &str, arguments: &[&str]) -> String {
    let run = Command::new(program).args(arguments).output();
    run.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// Latencies, and what share of them was faster.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Sorts them.
    pub fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// `percent` of all were at most this long, in seconds; not a number when there are none.
    pub fn seconds(&self, percent: f64) -> f64 {
        let Some(last) = self.0.len().checked_sub(1) else { return f64::NAN };
        let index = (percent / 100.0 * last as f64).round() as usize;
        self.0[index].as_secs_f64()
    }

    /// The same in milliseconds, as text.
    pub fn ms(&self, percent: f64) -> String {
        format!("{:.2}", self.seconds(percent) * 1000.0)
    }
}

/// Mebibytes.
pub fn mib(bytes: u64) -> String {
    format!("{}", bytes / 1024 / 1024)
}
