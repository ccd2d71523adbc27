//! Configuration: five YAML files, read as a whole, checked as a whole, then never changed.
//!
//! What the program ships lies in `config/*.yaml` and is built in; a directory given with `--config`
//! replaces single keys of it; options of the command line replace single keys of both. The layers
//! are laid over one another as trees whose every node knows the file and line it came from
//! ([`raw`], [`layer`]), `${VAR:default}` is filled in, and the result is read into a typed
//! [`Config`] ([`plan`]). Whatever is wrong anywhere is found in the same pass and told together.
//!
//! Decimals are read from their text, never through a float. Secrets are hidden from the first
//! moment: a fault names their place, not their value.
//!
//! Floor 2, cold: nothing here runs on a hot thread.

#![forbid(unsafe_code)]

pub mod fault;
pub mod layer;
pub mod plan;
pub mod raw;
pub mod secret;

pub use fault::{ConfigFaults, Fault};
pub use layer::Override;
pub use plan::Config;
pub use secret::Secret;

use std::path::Path;

/// Reads the configuration: what is shipped, below `dir`'s files, below `overrides`, with variables
/// from the process environment.
///
/// # Errors
/// Everything that is wrong, each with its file and line.
pub fn load(dir: Option<&Path>, overrides: &[Override]) -> Result<Config, ConfigFaults> {
    load_with(dir, overrides, &|name| std::env::var(name).ok())
}

/// As [`load`], with variables from anywhere.
///
/// # Errors
/// Everything that is wrong, each with its file and line.
pub fn load_with(
    dir: Option<&Path>,
    overrides: &[Override],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ConfigFaults> {
    let mut faults = Vec::new();
    let tree = layer::lay_out(dir, overrides, variable, &mut faults);
    let config = plan::read(&tree, &mut faults);
    ConfigFaults::none(faults).map(|()| config)
}

#[cfg(test)]
mod tests;
