//! `funding-arb config history | diff | rollback`: the versions kept in the state folder.

use super::Looked;
use crate::cli::{ConfigSource, exit, say};
use crate::versions;
use clap::Subcommand;
use config::Override;
use config::history::{Effective, History, NotBack, Version, difference};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Commands on versions.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum VersionsCommand {
    /// List the versions of the configuration, oldest first, with what changed.
    History {
        /// The state folder.
        #[arg(default_value = "state")]
        state: PathBuf,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What is not the same in two versions, or in a version and what would be loaded now.
    Diff {
        /// Number or first digits of the hash.
        version: String,
        /// The later one, likewise; without it what --config, --source, --set and the environment give.
        #[arg(conflicts_with_all = ["config", "source", "set"])]
        to: Option<String>,
        #[command(flatten)]
        from: ConfigSource,
        /// The state folder.
        #[arg(long, value_name = "DIR", default_value = "state")]
        state: PathBuf,
    },
    /// Put a version's files back, once they are checked, and record that.
    Rollback {
        /// Number or first digits of the hash.
        version: String,
        /// The configuration's folder.
        #[arg(long, value_name = "DIR")]
        config: PathBuf,
        /// The state folder.
        #[arg(long, value_name = "DIR", default_value = "state")]
        state: PathBuf,
    },
}

pub(super) fn run(command: &VersionsCommand) -> ExitCode {
    let done = match command {
        VersionsCommand::History { state, json } => list(state, *json),
        VersionsCommand::Diff { version, to, from, state } => {
            diff(state, version, to.as_deref(), from)
        }
        VersionsCommand::Rollback { version, config, state } => {
            match rollback(state, version, config) {
                Err(RolledBack::Changed(why)) => return exit::failed(&format!("config: {why}")),
                Err(RolledBack::Not(why)) => Err(why),
                Ok(()) => Ok(()),
            }
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => exit::configuration(&format!("config: {why}")),
    }
}

fn effective(history: &History, dir: Option<&Path>, set: &[Override]) -> Result<Effective, String> {
    config::of_process(dir, set, |inputs| {
        let inspected = config::inspect(inputs);
        Effective::of(&inspected, dir, history.salt()).map_err(|faults| faults.to_string())
    })
}

fn list(state: &Path, json: bool) -> Result<(), String> {
    let all = open(state)?.list()?;
    if json {
        let text = serde_json::to_string_pretty(&all).map_err(|why| why.to_string())?;
        say::line(&text);
        return Ok(());
    }
    for version in &all {
        say::line(&title(version));
        for change in &version.changed {
            say::line(&format!("      {change}"));
        }
    }
    Ok(())
}

fn title(version: &Version) -> String {
    let (number, hash) = (version.number, &version.hash[..version.hash.len().min(12)]);
    format!("{number:>4}  {hash}  {}  {} by {}", version.time, version.origin, version.who)
}

fn diff(state: &Path, version: &str, to: Option<&str>, from: &ConfigSource) -> Result<(), String> {
    let history = open(state)?;
    let before = history.find(version)?.kept.values;
    let after = match to {
        Some(to) => history.find(to)?.kept.values,
        None => effective(&history, Looked::at(from)?.dir(), &from.set)?.values,
    };
    let changes = difference(&before, &after);
    for change in &changes {
        say::line(&change.to_string());
    }
    if changes.is_empty() {
        say::line("no difference");
    }
    Ok(())
}

/// Errors before the files are touched leave them as they were; those after it do not.
fn rollback(state: &Path, name: &str, dir: &Path) -> Result<(), RolledBack> {
    let history = open(state)?;
    let version = history.find(name)?;
    check(&history, &version, dir)?;
    History::put_back(&version, dir).map_err(|why| match why {
        NotBack::Unchanged(why) => RolledBack::Not(why),
        NotBack::Partly { .. } => RolledBack::Changed(why.to_string()),
    })?;
    let number = version.number;
    let after = |why| {
        RolledBack::Changed(format!(
            "the files of version {number} are back, but that is in no history: {why}"
        ))
    };
    let effective = effective(&history, Some(dir), &[]).map_err(after)?;
    let origin = format!("rollback to {number}");
    let recorded = history.record(&effective, &origin, &versions::who()).map_err(after)?;
    say::line(&format!("version {number} is back, as version {}", recorded.number));
    if recorded.hash != version.hash {
        say::line(
            "its values are not all what they were: options, variables, secrets or the program's defaults differ",
        );
        for change in difference(&version.kept.values, &effective.values) {
            say::line(&format!("      {change}"));
        }
    }
    Ok(())
}

/// Why a version is not back in order.
enum RolledBack {
    /// The files are as they were.
    Not(String),
    /// They are not.
    Changed(String),
}

impl From<String> for RolledBack {
    fn from(why: String) -> Self {
        Self::Not(why)
    }
}

/// A version that does not load here is not put back.
fn check(history: &History, version: &Version, dir: &Path) -> Result<(), String> {
    let trial = dir.join(format!(".rollback-{}", std::process::id()));
    std::fs::create_dir(&trial).map_err(|why| format!("{}: {why}", trial.display()))?;
    let loads = History::put_back(version, &trial)
        .map_err(|why| why.to_string())
        .and_then(|()| effective(history, Some(&trial), &[]));
    let _ = std::fs::remove_dir_all(&trial);
    loads.map(drop)
}

fn open(state: &Path) -> Result<History, String> {
    if !state.join("config").is_dir() {
        return Err(format!("{} keeps no versions of a configuration", state.display()));
    }
    History::open(state)
}
