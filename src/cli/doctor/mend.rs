//! `doctor fix` and `doctor undo`: what would have to be written, writing it, and the way back.

use super::Subject;
use crate::cli::{exit, say};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use tuning::doctor::fix::{self, Change, Outcome};
use tuning::doctor::{Place, Report, Sight, State, examine};

/// Where the way back lies, unless another place is said.
const UNDO: &str = "funding-arb-doctor.undo";

#[derive(Debug, Clone, Args)]
pub(super) struct FixArguments {
    #[command(flatten)]
    subject: Subject,
    /// Only print what would be written: a script for root on the node. The default.
    #[arg(long, conflicts_with = "apply")]
    print: bool,
    /// Write it; never in a container.
    #[arg(long)]
    apply: bool,
    /// Keep the former values here; must not be there yet.
    #[arg(long, value_name = "FILE", default_value = UNDO)]
    undo: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub(super) struct UndoArguments {
    /// The former values that fix --apply kept.
    #[arg(default_value = UNDO)]
    file: PathBuf,
    /// Only print what would be written.
    #[arg(long)]
    print: bool,
    /// The machine's / is mounted here, as it was for fix.
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
}

pub(super) fn fix(arguments: &FixArguments) -> ExitCode {
    let examined = arguments.subject.examined(|patient, profile| {
        let report = examine(patient, profile);
        (fix::plan(patient, &report), report, patient.place.clone())
    });
    let (changes, report, place) = match examined {
        Ok(examined) => examined,
        Err(code) => return code,
    };
    if !arguments.apply {
        say::line(&script(&changes, &report));
        return ExitCode::SUCCESS;
    }
    match fix::apply(&arguments.subject.sight(), &place, &changes, &arguments.undo) {
        Ok(outcome) => {
            let code = told(&outcome);
            say::note(&format!("undo with: funding-arb doctor undo {}", arguments.undo.display()));
            code
        }
        Err(why) => exit::refused(&format!("doctor: {why}")),
    }
}

pub(super) fn undo(arguments: &UndoArguments) -> ExitCode {
    let sight = Sight::below(&arguments.root);
    let file = &arguments.file;
    if arguments.print {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(why) => return exit::refused(&format!("doctor: {}: {why}", file.display())),
        };
        return match fix::formers(&text) {
            Ok(formers) => {
                let lines = formers.iter().rev().map(|(path, value)| echo(value, path));
                say::line(&lines.collect::<Vec<_>>().join("\n"));
                ExitCode::SUCCESS
            }
            Err((line, why)) => {
                exit::refused(&format!("doctor: {}, line {line}: {why}", file.display()))
            }
        };
    }
    match fix::undo(&sight, &Place::look(&sight), file) {
        Ok(outcome) => told(&outcome),
        Err(why) => exit::refused(&format!("doctor: {why}")),
    }
}

/// The changes as a shell would make them, and as comments what only a person can do.
fn script(changes: &[Change], report: &Report) -> String {
    let mut lines = vec!["# as root on the node, never in a container".to_owned()];
    for change in changes {
        lines.push(format!(
            "{}  # {}: was {}",
            echo(&change.value, &change.path),
            change.check,
            change.former
        ));
    }
    let by_hand = report.checks.iter().filter(|check| {
        let ill = matches!(check.state, State::Degraded | State::Wrong);
        ill && !check.mend.is_empty() && !changes.iter().any(|change| change.check == check.name)
    });
    let by_hand: Vec<_> =
        by_hand.map(|check| format!("# {}: {}", check.name, check.mend)).collect();
    if !by_hand.is_empty() {
        lines.push("# by hand:".to_owned());
        lines.extend(by_hand);
    }
    lines.join("\n")
}

fn echo(value: &str, path: &str) -> String {
    format!("echo {value} > {path}")
}

/// Says what was written and what was not.
fn told(outcome: &Outcome) -> ExitCode {
    for path in &outcome.written {
        say::line(&format!("written  {path}"));
    }
    for (path, why) in &outcome.refused {
        say::line(&format!("refused  {path}: {why}"));
    }
    if outcome.refused.is_empty() {
        return ExitCode::SUCCESS;
    }
    exit::failed(&format!("doctor: {} were not written", outcome.refused.len()))
}
