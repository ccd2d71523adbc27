//! `cargo xtask golden`: records the journal that the tests replay in another build profile and layout.
//!
//! To be run, and its result committed, whenever the core decides otherwise on purpose.

use crate::say;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Small segments, so that the journal spans several; ports that disturb nobody.
const CONFIG: &[(&str, &str)] = &[
    ("main.yaml", "api: {rest: {port: 0}}\nmonitoring: {prometheus: {port: 0}}\n"),
    ("nodes.yaml", "nodes: {journal: {segment_size: 1MB}}\n"),
];

/// What is run: short, with trades, in another layout than a test on two CPUs gets.
const RUN: &[&str] = &["run", "--plain", "--for", "9s", "--seed", "7", "--layout", "paired"];

/// Records into `testdata/journal`.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let work = root.join("target/golden");
    let text = |why: std::io::Error| format!("golden: {}: {why}", work.display());
    if work.exists() {
        fs::remove_dir_all(&work).map_err(text)?;
    }
    fs::create_dir_all(work.join("config")).map_err(text)?;
    for (name, content) in CONFIG {
        fs::write(work.join("config").join(name), content).map_err(text)?;
    }
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--release", "--quiet", "--bin", "funding-arb", "--"]).args(RUN);
    command.arg("--config").arg(work.join("config")).arg("--state").arg(work.join("state"));
    command.arg("--report").arg(work.join("report.json")).current_dir(root);
    let status = command.status().map_err(text)?;
    if !status.success() {
        return Err(format!("golden: the run ended with {status}"));
    }
    keep(&work, &root.join("testdata/journal"))
}

/// Says where the files come from, as the house wants of all test data.
fn sources(names: &[String]) -> String {
    let files: Vec<_> = names.iter().map(|name| format!("- `{name}`\n")).collect();
    format!(
        "# Sources\n\nRecorded by this program in release build with `cargo xtask golden`, on its own simulated venues, which \
         play the captures in `../captures` (their sources and licences stand there). Licensed as the program.\n\n{}",
        files.concat()
    )
}

/// Compresses plan and segments of the run, with the hash its report names.
fn keep(work: &Path, golden: &Path) -> Result<(), String> {
    let text = |why: std::io::Error| format!("golden: {}: {why}", golden.display());
    let report = fs::read(work.join("report.json")).map_err(text)?;
    let report: serde_json::Value =
        serde_json::from_slice(&report).map_err(|why| format!("golden: {why}"))?;
    let journal = PathBuf::from(report["journal"].as_str().unwrap_or_default());
    let hash = report["hash"].as_str().ok_or("golden: the report names no hash")?;
    if golden.exists() {
        fs::remove_dir_all(golden).map_err(text)?;
    }
    fs::create_dir_all(golden).map_err(text)?;
    let mut names = vec!["hash".to_owned()];
    for entry in fs::read_dir(&journal).map_err(text)? {
        let path = entry.map_err(text)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !matches!(extension, Some("seg" | "json")) {
            continue;
        }
        let bytes = fs::read(&path).map_err(text)?;
        let name = format!("{name}.gz");
        let file = fs::File::create(golden.join(&name)).map_err(text)?;
        names.push(name);
        let mut packed = GzEncoder::new(file, Compression::best());
        packed.write_all(&bytes).and_then(|()| packed.finish().map(drop)).map_err(text)?;
    }
    fs::write(golden.join("hash"), format!("{hash}\n")).map_err(text)?;
    names.sort();
    fs::write(golden.join("SOURCES.md"), sources(&names)).map_err(text)?;
    say(&format!("golden: recorded {}: hash {hash}", golden.display()));
    Ok(())
}
