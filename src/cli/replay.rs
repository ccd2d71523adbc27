//! `funding-arb replay DIR`

use super::{ReplayArguments, exit, say};
use crate::replay;
use std::process::ExitCode;

pub(super) fn run(arguments: &ReplayArguments) -> ExitCode {
    let found = match replay::run(&arguments.journal) {
        Ok(found) => found,
        Err(why) => return exit::refused(&format!("replay: {why}")),
    };
    if arguments.json {
        say::line(&serde_json::to_string(&found).unwrap_or_default());
    } else {
        let rate = f64_rate(found.records, found.took.as_secs_f64());
        say::line(&format!(
            "{} records, {} starts: {} inputs, {} outputs and {} checkpoints compared in {:.2} s ({rate})",
            found.records,
            found.epochs,
            found.inputs,
            found.outputs,
            found.checkpoints,
            found.took.as_secs_f64(),
        ));
        say::line(&format!("hash {}", found.hash));
    }
    match found.diverged {
        None => ExitCode::SUCCESS,
        Some(at) => exit::failed(&format!(
            "replay: record {} differs\n  journal: {}\n  core:    {}",
            at.index, at.journal, at.core
        )),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn f64_rate(records: u64, seconds: f64) -> String {
    if seconds > 0.0 {
        format!("{:.2} M records/s", records as f64 / seconds / 1e6)
    } else {
        "at once".to_owned()
    }
}
