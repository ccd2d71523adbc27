//! METRICS.md, written from the tables.

use crate::counter::Counter;
use crate::hist::Hist;
use crate::metric::Metric;
use core::fmt::Write as _;

/// The page of all metrics, in Markdown.
#[must_use]
pub fn metrics_page() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         Written from the tables in `src/counter.rs` and `src/hist.rs`; renew it with\n\
         `BLESS=1 cargo test -p telemetry`. Every metric has the label `stage`. Histograms are in\n\
         seconds on /metrics and in nanoseconds in `funding-arb stats` and in the report.\n\n\
         | metric | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    let counters = Counter::ALL.iter().map(|counter| counter.metric());
    let rows: Vec<Metric> = counters.chain(Hist::ALL.iter().map(|hist| hist.metric())).collect();
    for group in rows.chunk_by(|a, b| a.name == b.name) {
        let Some(first) = group.first() else { continue };
        let labels: Vec<String> = group
            .iter()
            .flat_map(|metric| metric.labels)
            .map(|(name, value)| format!("`{name}=\"{value}\"`"))
            .collect();
        let (name, kind, help) = (first.name, first.kind.name(), first.help);
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{name}` | {kind} | {} | {help} |", labels.join(", "));
    }
    page
}

#[cfg(test)]
mod tests;
