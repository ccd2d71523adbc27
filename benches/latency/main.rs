//! How fast the engine is: every stage, beside the floor and the libraries, in one interleaved run.
//!
//! `cargo xtask bench`, or `cargo bench --bench latency -- [--quick] [--only GROUP] [--out FILE]`. Prints
//! distributions, ratios and goals and writes one JSON; `benches/README.md` says what each row means. Run by
//! `cargo test` it does everything once with tiny inputs, so that it cannot rot.

#![allow(missing_docs, reason = "a program, not a library")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod capture;
mod channel;
mod decode;
mod engine;

mod floors;
mod frame;
mod growth;

mod joined;
mod journal_append;
mod measure;
mod order;
mod path;
mod plan;

mod result;
mod ring;
mod venue_side;
mod wire;

use measure::{Scale, Timer};
use result::Report;
use std::path::PathBuf;
use std::process::ExitCode;

/// A part of the run.
type Part = fn(&mut Report, &Timer, Scale);

const PARTS: &[(&str, Part)] = &[
    ("floors", floors::run),
    ("decode", decode::run),
    ("frame", frame::run),
    ("ring", ring::run),
    ("order", order::run),
    ("path", path::run),
    ("wire", wire::run),
    ("journal", journal_append::run),
    ("growth", growth::run),
    ("capture", capture::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    // Cargo says `--bench` when it measures and nothing when it tests.
    let quick = has("--quick") || !has("--bench");
    if quick && !has("--quick") {
        result::be_quiet();
    }
    let (only, out) = (value("--only"), value("--out").map(PathBuf::from));
    let scale = Scale { quick };
    let (timer, mut report) = (Timer::start(), Report::default());
    pin(0);
    for (name, part) in PARTS {
        if only.as_deref().is_none_or(|only| only == *name) {
            part(&mut report, &timer, scale);
        }
    }
    let result = report.finish(quick);
    if quick && out.is_none() {
        return ExitCode::SUCCESS;
    }
    match result::write(&result, out) {
        Ok(path) => {
            result::say(&format!("written to {}", path.display()));
            ExitCode::SUCCESS
        }
        Err(why) => {
            result::say(&format!("the result could not be written: {why}"));
            ExitCode::FAILURE
        }
    }
}

/// The processors allowed to this process when it began.
pub(crate) fn processors() -> &'static [u32] {
    static ALLOWED: std::sync::OnceLock<Vec<u32>> = std::sync::OnceLock::new();
    ALLOWED.get_or_init(|| {
        let host = tuning::Host::read(None);
        host.map(|host| host.allowed.iter().map(|cpu| cpu.id).collect()).unwrap_or_default()
    })
}

/// Puts this thread on the `index`-th of the processors allowed here, around again when there are fewer.
pub(crate) fn pin(index: usize) {
    let allowed = processors();
    if let Some(cpu) = allowed.get(index % allowed.len().max(1)) {
        // Unpinned it still measures, only worse.
        let _ = tuning::pin_current(*cpu);
    }
}
