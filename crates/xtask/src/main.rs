//! `cargo xtask`: what people and CI run on this repository. `cargo xtask --help` lists it.
#![forbid(unsafe_code)]

mod bench;
mod ci;
mod golden;
mod hotcheck;
mod tidy;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Chores of the repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Measures every stage beside floors and libraries; writes one JSON into `benches/results`.
    Bench(bench::Options),
    /// Everything that must hold before a change lands: format, lints, tests, house rules, outside checks.
    Ci,
    /// Records the journal that the tests replay; commit what it writes when the core changed on purpose.
    Golden,
    /// No panic, allocation, lock or sleep reachable from a stage's turn, read from the release binary.
    Hotcheck(hotcheck::Options),
    /// The house rules that no compiler checks.
    Tidy,
}

fn main() -> ExitCode {
    let root = repository();
    let outcome = match Arguments::parse().chore {
        Chore::Bench(options) => bench::run(&root, &options),
        Chore::Ci => ci::run(&root),
        Chore::Golden => golden::run(&root),
        Chore::Hotcheck(options) => hotcheck::run(&root, &options),
        Chore::Tidy => tidy::run(&root),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&why);
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace, wherever it was cloned to.
fn repository() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or(here.clone(), PathBuf::from)
}

/// A line for the person who runs this.
fn say(line: &str) {
    use std::io::Write;
    // A closed terminal is no reason to fail a check.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
