//! `funding-arb stats [PAGE]`: the numbers of a running or dead engine.

use super::{StatsArguments, exit, say};
use crate::{page, report};
use serde_json::json;
use std::process::ExitCode;
use telemetry::{PageReader, Snapshot};

pub(super) fn run(arguments: &StatsArguments) -> ExitCode {
    let path = page::find(&arguments.page);
    if let Some(lay) = page::gone(&path) {
        return exit::refused(&format!(
            "stats: {} is gone: it lay in memory, which ended with its machine or pod",
            lay.display()
        ));
    }
    match PageReader::open(&path) {
        Ok(reader) => {
            let page = reader.snapshot();
            let text = if arguments.json { as_json(&page) } else { page.to_string() };
            say::line(&text);
            ExitCode::SUCCESS
        }
        Err(why) => exit::refused(&format!("stats: {why}")),
    }
}

fn as_json(page: &Snapshot) -> String {
    let stages: Vec<_> = page
        .stages
        .iter()
        .map(|stage| {
            let named = |row: &telemetry::Row| row.to_string();
            let counters: serde_json::Map<_, _> = (page.schema.counters.iter().map(named))
                .zip(stage.counters.iter().map(|value| json!(value)))
                .collect();
            let hists: serde_json::Map<_, _> = (page.schema.hists.iter().map(named))
                .zip(stage.hists.iter().map(|hist| json!(report::Latency::of(hist))))
                .collect();
            json!({
                "stage": stage.name, "cpu": stage.cpu, "thread": stage.thread, "beats": stage.beats,
                "regimes_ns": stage.regimes, "counters": counters, "histograms_ns": hists,
            })
        })
        .collect();
    let rings: Vec<_> = page
        .rings
        .iter()
        .map(|ring| {
            json!({
                "ring": ring.name, "depth": ring.depth, "fill": ring.fill, "fill_max": ring.fill_max,
                "refused": ring.refused,
            })
        })
        .collect();
    json!({ "pid": page.pid, "stages": stages, "rings": rings }).to_string()
}
