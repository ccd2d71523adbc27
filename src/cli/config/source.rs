//! Where a configuration comes from: a folder, or Consul or PostgreSQL with a copy of it in a folder.

use crate::cli::{ConfigSource, say};
use config::Config;
use config::source::{Remote, SourceFault};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// A source, and the folder it was brought to.
#[derive(Debug)]
pub(crate) struct Brought {
    /// The source; to be kept once what it brought has loaded.
    pub(crate) remote: Remote,
    /// What to load.
    pub(crate) dir: PathBuf,
}

/// What the source holds now, or the last good copy of it, which is said. Without a state folder the copy
/// lies in `./state`: what `nodes.state_dir` says is known only once it was fetched.
pub(crate) fn bring(address: &str, state: Option<&Path>) -> Result<Brought, String> {
    let told = |why| told_of_copy(why, state);
    let mut remote = open(address, state.unwrap_or(Path::new("state"))).map_err(told)?;
    let copied = remote.bring().map_err(told)?;
    if let Some(why) = &copied.away {
        let age = copied.age.as_secs();
        say::note(&format!("warning: {why}; the last good copy is used, {age} s old"));
    }
    Ok(Brought { remote, dir: copied.dir })
}

/// A configuration to look at: its folder, which for one from elsewhere is there as long as this is.
#[derive(Debug)]
pub(in crate::cli) struct Looked {
    dir: Option<PathBuf>,
    _copy: Option<(Remote, Scratch)>,
}

impl Looked {
    /// What the source holds now: a look neither uses nor changes the last good copy.
    pub(in crate::cli) fn at(from: &ConfigSource) -> Result<Self, String> {
        let Some(address) = &from.source else {
            return Ok(Self { dir: from.config.clone(), _copy: None });
        };
        let scratch = Scratch::new().map_err(|why| format!("--source: a folder for it: {why}"))?;
        let mut remote = open(address, &scratch.0).map_err(told)?;
        let dir = remote.fetch().map_err(told)?.dir;
        Ok(Self { dir: Some(dir), _copy: Some((remote, scratch)) })
    }

    /// The configuration that is there.
    pub(in crate::cli) fn load(from: &ConfigSource) -> Result<Config, String> {
        let looked = Self::at(from)?;
        config::load(looked.dir(), &from.set).map_err(|faults| faults.to_string())
    }

    /// The folder, if there is one.
    pub(in crate::cli) fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }
}

fn open(address: &str, state: &Path) -> Result<Remote, SourceFault> {
    Remote::new(address, state, &|name| std::env::var(name).ok())
}

#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn told(why: SourceFault) -> String {
    format!("--source: {why}")
}

fn told_of_copy(why: SourceFault, state: Option<&Path>) -> String {
    let place = matches!(why, SourceFault::Copy(_)) && state.is_none();
    let hint = if place { "; --state DIR says where the last good copy is kept" } else { "" };
    told(why) + hint
}

/// A folder that only its owner reads, and that is gone afterwards.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> io::Result<Self> {
        let dir = std::env::temp_dir().join(format!("funding-arb-look-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests;
