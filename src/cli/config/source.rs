//! `--source`: a configuration that lies in Consul or PostgreSQL.

use crate::cli::say;
use config::source::Remote;
use std::path::{Path, PathBuf};

/// The folder to load from: what the source holds now, or the last good copy, which is said.
pub(crate) fn folder(address: &str, state: &Path) -> Result<PathBuf, String> {
    let mut remote = Remote::new(address, &|name| std::env::var(name).ok())
        .map_err(|why| format!("--source: {why}"))?;
    let copied = remote.bring(state).map_err(|why| format!("--source: {why}"))?;
    if let Some(why) = &copied.away {
        let age = copied.age.as_secs();
        say::note(&format!("warning: {why}; the last good copy is used, {age} s old"));
    }
    Ok(copied.dir)
}
