//! The README's tour, line by line, against fresh binaries.
//!
//! What stands in the section "A five-minute tour" is what runs: `sh` blocks by bash in one go (an error in any line
//! ends it), `js` blocks as the file that their first line names. A line `#> text` is what the commands before it
//! print; `…` in it stands for anything. Only the ports differ.

use anyhow::{Context, Result, bail, ensure};
use hanse_tests::{Gateway, Node, repository_root};
use std::fs;
use std::path::Path;
use std::process::Command;

const SECTION: &str = "## A five-minute tour";

/// The fenced blocks of the section: (language, text).
fn blocks(readme: &str) -> Result<Vec<(String, String)>> {
    let (_, section) = readme.split_once(SECTION).context("the README has no tour")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut blocks = Vec::new();
    let mut current: Option<(String, String)> = None;
    for line in section.lines() {
        match (&mut current, line.strip_prefix("```")) {
            (None, Some(language)) => current = Some((language.to_owned(), String::new())),
            (Some(_), Some("")) => blocks.extend(current.take()),
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    ensure!(current.is_none(), "a block is not closed");
    ensure!(!blocks.is_empty(), "the tour has no commands");
    Ok(blocks)
}

/// Whether `line` is what `pattern` says; `…` stands for anything.
fn fits(pattern: &str, line: &str) -> bool {
    let mut rest = line;
    let mut parts = pattern.split('…').peekable();
    let Some(first) = parts.next() else { return false };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.is_empty()
}

fn run(folder: &Path, script: &str) -> Result<Vec<String>> {
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", script]).current_dir(folder).output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("the tour stops with {}\n{printed}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(printed.lines().map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_readmes_tour_works() -> Result<()> {
    let readme = fs::read_to_string(repository_root().join("README.md"))?;
    let node = Node::start().await?;
    let gateway = Gateway::start(node.url()).await?;

    // A clone as the reader has it after `scripts/setup`: the npm packages in their place.
    let clone = tempfile::tempdir()?;
    let packages = repository_root().join("tests/js/node_modules");
    ensure!(packages.is_dir(), "the npm packages are not installed: scripts/setup does it");
    fs::create_dir_all(clone.path().join("tests/js"))?;
    std::os::unix::fs::symlink(packages, clone.path().join("tests/js/node_modules"))?;

    let mut script = String::new();
    let mut expected = Vec::new();
    for (language, text) in blocks(&readme)? {
        let text = text.replace("http://127.0.0.1:8080", &gateway.url()).replace("http://127.0.0.1:8545", &node.url());
        match language.as_str() {
            "sh" => {
                expected.extend(text.lines().filter_map(|line| line.strip_prefix("#> ")).map(str::to_owned));
                script.push_str(&text);
            }
            "js" => {
                let name = text.lines().next().and_then(|line| line.strip_prefix("// ")).context("a file's name")?;
                fs::write(clone.path().join(name), &text)?;
            }
            other => bail!("the tour has a block of {other:?}"),
        }
    }
    let printed = run(clone.path(), &script)?;
    let all_fit =
        printed.len() == expected.len() && expected.iter().zip(&printed).all(|(pattern, line)| fits(pattern, line));
    ensure!(all_fit, "the README says\n{}\n\nit printed\n{}", expected.join("\n"), printed.join("\n"));
    Ok(())
}

#[test]
fn patterns() {
    assert!(fits("0x…", "0x1234") && fits("a … c", "a b c") && fits("same", "same"));
    assert!(!fits("0x…", "1x") && !fits("same", "same or not") && !fits("a … c", "a b d"));
}
