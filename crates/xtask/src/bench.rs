//! `cargo xtask bench`: every measurement, one run, one JSON.

use std::path::Path;
use std::process::Command;

/// What to measure.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Tiny inputs, a second or two: shows that it runs, measures nothing.
    #[arg(long)]
    quick: bool,
    /// One group only: floors, decode, frame, ring, order, path, wire, journal, capture or growth.
    #[arg(long)]
    only: Option<String>,
    /// Where the JSON goes; without it into `benches/results`.
    #[arg(long)]
    out: Option<std::path::PathBuf>,
}

impl Options {
    /// As the bench program reads them.
    fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if self.quick {
            arguments.push("--quick".to_owned());
        }
        if let Some(only) = &self.only {
            arguments.extend(["--only".to_owned(), only.clone()]);
        }
        if let Some(out) = &self.out {
            arguments.extend(["--out".to_owned(), out.display().to_string()]);
        }
        arguments
    }
}

/// Runs the benches in the bench profile.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let mut command = Command::new("cargo");
    command.args(["bench", "--bench", "latency", "--"]).args(options.arguments()).current_dir(root);
    let status = command.status().map_err(|why| format!("cargo bench: {why}"))?;
    if status.success() { Ok(()) } else { Err("the benches failed: see above".to_owned()) }
}

#[cfg(test)]
mod tests;
