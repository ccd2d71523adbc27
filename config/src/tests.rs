mod agreement;
mod faults;
mod input;
mod layers;
mod mutation;
mod one;
mod sense;
mod values;

use crate as config;
use crate::{Config, ConfigFaults, Override, load_with};
use std::path::{Path, PathBuf};

/// A directory with these files.
pub(crate) fn dir(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).expect("a file");
    }
    dir
}

/// Loads with no variable set.
pub(crate) fn load(dir: Option<&Path>, overrides: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
    let overrides: Vec<Override> = overrides
        .iter()
        .map(|(key, value)| Override {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            source: format!("--set {key}"),
        })
        .collect();
    load_with(dir, &overrides, &|_| None)
}

/// The faults of a directory, its path written as `DIR`.
pub(crate) fn told(files: &[(&str, &str)]) -> Vec<String> {
    let dir = dir(files);
    let faults = load(Some(dir.path()), &[]).expect_err("a fault");
    let path = dir.path().display().to_string();
    lines(&faults).into_iter().map(|line| line.replace(&path, "DIR")).collect()
}

/// Each fault as a line; line numbers of shipped files, which change with every comment, left out.
pub(crate) fn lines(faults: &ConfigFaults) -> Vec<String> {
    let one = |fault: &crate::Fault| {
        let line = fault.to_string();
        match line.strip_prefix("(built in) ").and_then(|rest| rest.split_once(": ")) {
            Some((place, rest)) => {
                let file = place.split(':').next().unwrap_or_default();
                format!("(built in) {file}: {rest}")
            }
            None => line,
        }
    };
    faults.list().iter().map(one).collect()
}

pub(crate) fn seed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/seed")
}
