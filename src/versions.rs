//! Versions of the configuration: what lies there now, and the number and name under which it is kept.

use config::history::{Effective, History};
use config::{Inspected, Override};
use std::path::Path;

/// A version of the configuration that is, was or is about to be in force.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// From 1, in the order in which they came; on every order.
    pub(crate) number: u32,
    /// SHA-256 over its values.
    pub(crate) hash: String,
    /// Whether nobody had recorded it before.
    pub(crate) new: bool,
    /// What it says.
    pub(crate) effective: Effective,
}

/// The configuration as this process would read it now.
pub(crate) fn read(dir: Option<&Path>, set: &[Override]) -> Inspected {
    config::of_process(dir, set, config::inspect)
}

/// Records what is in force from now on; `origin` says what brought it.
pub(crate) fn record(
    history: &History,
    effective: Effective,
    origin: &str,
) -> Result<Version, String> {
    let recorded = history.record(&effective, origin, &who())?;
    let number = u32::try_from(recorded.number)
        .map_err(|_| format!("version {} is above all numbers", recorded.number))?;
    Ok(Version { number, hash: recorded.hash, new: recorded.new, effective })
}

/// Records that a version was not adopted: its number is spent, as orders and journal go by it, and what is
/// in force is the newest again.
pub(crate) fn take_back(history: &History, in_force: &Version, number: u32) -> Result<(), String> {
    let origin = format!("version {number} was not adopted");
    history.record(&in_force.effective, &origin, &who()).map(drop)
}

/// Whose doing it is: the user of this process.
pub(crate) fn who() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|n| std::env::var(n).ok());
    let uid = || format!("uid {}", rustix::process::getuid().as_raw());
    name.filter(|name| !name.is_empty()).unwrap_or_else(uid)
}

impl Version {
    /// The first digits of its hash, for people.
    pub(crate) fn short(&self) -> &str {
        self.hash.get(..12).unwrap_or(&self.hash)
    }
}

#[cfg(test)]
mod tests;
