//! The one command of CI: each step is a command anyone can run by hand.

use crate::{say, tidy};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Cargo steps, in the order in which they fail fastest.
const CARGO: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    ("tests", &["test", "--workspace"]),
];

/// Scripts that check the engine against programs nobody here wrote. Each says so and succeeds where
/// the interpreter it needs is missing.
const SCRIPTS: &[(&str, &str)] = &[
    ("WebSocket conformance", "scripts/autobahn/run"),
    ("the venues' public SDKs", "scripts/sdk/run"),
];

/// Runs every step and stops at the first that fails.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    for (name, arguments) in CARGO {
        step(name, Command::new(env!("CARGO")).args(*arguments).current_dir(root))?;
    }
    say("ci: house rules");
    tidy::run(root)?;
    for (name, script) in SCRIPTS {
        step(name, Command::new(root.join(script)).current_dir(root))?;
    }
    say("ci: all steps passed");
    Ok(())
}

fn step(name: &str, command: &mut Command) -> Result<(), String> {
    say(&format!("ci: {name}: {command:?}"));
    let start = Instant::now();
    let status = command.status().map_err(|why| format!("ci: {name}: cannot start: {why}"))?;
    if !status.success() {
        return Err(format!("ci: {name} failed ({status})"));
    }
    say(&format!("ci: {name} passed in {} s", start.elapsed().as_secs()));
    Ok(())
}
