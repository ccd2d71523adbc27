//! The one command of CI: each step is a command anyone can run by hand.

use crate::{hotcheck, say, tidy};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Cargo steps, in the order in which they fail fastest.
const CARGO: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    ("tests", &["test", "--workspace"]),
];

/// The crates whose atomics are checked in every order that memory may have.
const LOOM: &[&str] = &[
    "test",
    "--package",
    "rings",
    "--package",
    "telemetry",
    "--lib",
    "--",
    "fence",
    "flag",
    "seqlock",
];

/// Scripts that check the engine against programs nobody here wrote. Where what those need
/// cannot be had they end with [`SKIPPED`].
const SCRIPTS: &[(&str, &str)] = &[
    ("WebSocket conformance", "scripts/autobahn/run"),
    ("the venues' public SDKs", "scripts/sdk/run"),
    ("sops and age", "scripts/sops/run"),
    ("Kubernetes, monitoring and the image's recipe", "scripts/k8s/check"),
];

/// Runs every step and stops at the first that fails.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    for (name, arguments) in CARGO {
        step(name, Command::new(env!("CARGO")).args(*arguments).current_dir(root))?;
    }
    say("ci: house rules");
    tidy::run(root)?;
    let mut loom = Command::new(env!("CARGO"));
    // A folder of its own: other flags would build the rest of the house anew.
    loom.args(LOOM)
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", target(root).join("loom"));
    step("memory orders", loom.current_dir(root))?;
    for (name, script) in SCRIPTS {
        let mut script = Command::new(root.join(script));
        script.env("FUNDING_ARB", target(root).join("debug/funding-arb"));
        step(name, script.current_dir(root))?;
    }
    say("ci: the machine code of the hot path");
    hotcheck::run(root, &hotcheck::Options::default())?;
    say("ci: all steps passed");
    Ok(())
}

/// What a script ends with that cannot run here.
const SKIPPED: i32 = 77;

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

fn step(name: &str, command: &mut Command) -> Result<(), String> {
    say(&format!("ci: {name}: {command:?}"));
    let start = Instant::now();
    let status = command.status().map_err(|why| format!("ci: {name}: cannot start: {why}"))?;
    if status.code() == Some(SKIPPED) {
        say(&format!("ci: {name} was skipped: see above"));
        return Ok(());
    }
    if !status.success() {
        return Err(format!("ci: {name} failed ({status})"));
    }
    say(&format!("ci: {name} passed in {} s", start.elapsed().as_secs()));
    Ok(())
}
