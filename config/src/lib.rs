//! Configuration: five YAML files, read as a whole, checked as a whole, then never changed.
//!
//! What the program ships lies in `config/*.yaml` and is built in; a directory given with `--config`
//! replaces single keys of it, the directory's overlay of the environment replaces keys of both, then
//! come environment variables, then options of the command line. The layers
//! are laid over one another as trees whose every node knows the file and line it came from
//! ([`raw`], [`layer`]), `${VAR:default}` is filled in, and the result is read into a typed
//! [`Config`] ([`plan`]). Whatever is wrong anywhere is found in the same pass and told together.
//!
//! Decimals are read from their text, never through a float. Secrets are hidden from the first
//! moment: a fault names their place, not their value.
//!
//! Floor 2, cold: nothing here runs on a hot thread.

#![forbid(unsafe_code)]

pub mod comments;
pub mod explain;
pub mod fault;
pub mod files;
pub mod history;
pub mod init;
pub mod keys;
pub mod layer;
pub mod overrides;
pub mod plan;
pub mod raw;
pub mod report;
pub mod running;
pub mod schema;
pub mod secret;
pub mod show;
pub mod source;

mod pattern;
mod whole;

pub use fault::{ConfigFaults, Fault, Warning};
pub use layer::{Inputs, Layer};
pub use overrides::Override;
pub use plan::Config;
pub use secret::Secret;

use raw::Node;
use std::ffi::OsString;
use std::path::Path;
use zeroize::{Zeroize as _, Zeroizing};

/// Reads the configuration: what is shipped, below `dir`'s files, below the overlay of the environment,
/// below the environment's `FUNDING_ARB__...`, below `overrides`; with variables from the environment.
///
/// # Errors
/// Everything that is wrong, each with its file and line.
pub fn load(dir: Option<&Path>, overrides: &[Override]) -> Result<Config, ConfigFaults> {
    of_process(dir, overrides, |inputs| inspect(inputs).into_config())
}

/// As [`load`], with variables from anywhere and no `FUNDING_ARB__...`.
///
/// # Errors
/// Everything that is wrong, each with its file and line.
pub fn load_with(
    dir: Option<&Path>,
    overrides: &[Override],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ConfigFaults> {
    inspect(&Inputs { dir, settings: &[], overrides, variable }).into_config()
}

/// Does something with what this process would read.
pub fn of_process<T>(
    dir: Option<&Path>,
    overrides: &[Override],
    with: impl FnOnce(&Inputs<'_>) -> T,
) -> T {
    // A name or value that is no Unicode sets nothing here: a value that was changed on the way would
    // be worse than none.
    let mut settings: Vec<(String, String)> = Vec::new();
    for (name, value) in std::env::vars_os() {
        // Whatever it is for, it may be a secret.
        let value = Zeroizing::new(value.into_encoded_bytes());
        let name = name.to_string_lossy();
        if name.starts_with(overrides::PREFIX) {
            settings.push((name.into_owned(), String::from_utf8_lossy(&value).into_owned()));
        }
    }
    // What is no UTF-8 is seen by the mark in its place, and refused.
    let lossy = |value: OsString| {
        value.into_string().unwrap_or_else(|bytes| bytes.to_string_lossy().into_owned())
    };
    let variable = |name: &str| std::env::var_os(name).map(lossy);
    let done = with(&Inputs { dir, settings: &settings, overrides, variable: &variable });
    settings.iter_mut().for_each(|(_, value)| value.zeroize());
    done
}

/// A configuration laid open: what is wrong with it, and where each value comes from.
#[derive(Debug)]
pub struct Inspected {
    /// The configuration; of use only if there are no faults.
    config: Config,
    /// Everything that is wrong.
    pub faults: Result<(), ConfigFaults>,
    /// The layers, the lowest first.
    pub layers: Vec<Layer>,
    /// All of them over one another, variables filled in. Holds secrets.
    pub tree: Node,
}

impl Inspected {
    /// The configuration.
    ///
    /// # Errors
    /// Everything that is wrong, each with its file and line.
    pub fn into_config(self) -> Result<Config, ConfigFaults> {
        self.faults.map(|()| self.config)
    }

    /// The configuration, to be looked at.
    ///
    /// # Errors
    /// Everything that is wrong, each with its file and line.
    pub fn config(&self) -> Result<&Config, &ConfigFaults> {
        self.faults.as_ref().map(|()| &self.config)
    }

    /// What is allowed and not wise.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.config.warnings
    }
}

/// Reads a configuration and keeps how it came about.
#[must_use]
pub fn inspect(inputs: &Inputs<'_>) -> Inspected {
    let mut faults = Vec::new();
    let layers = layer::layers(inputs, &mut faults);
    let mut tree = layer::merge(&layers);
    layer::fill_in(&mut tree, "", inputs.variable, &mut faults);
    let config = plan::read(&tree, None, &mut faults);
    Inspected { config, faults: ConfigFaults::none(faults), layers, tree }
}

#[cfg(test)]
mod tests;
