//! The page's description of itself: one line a stage, ring, regime and metric, in the order of the
//! cells. Plain text, so that a person with `strings` can read it too.

use crate::counter::Counter;
use crate::hist::Hist;
use crate::metric::{Metric, MetricKind};
use crate::regime::Regime;
use core::fmt::Write as _;

/// A row of a metrics table as a reader knows it: from the page, not from the reader's build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// As Prometheus prints it.
    pub name: String,
    /// How to read it.
    pub kind: MetricKind,
    /// Fixed labels, beside `stage`.
    pub labels: Vec<(String, String)>,
    /// What it counts.
    pub help: String,
}

impl Row {
    /// Whether it is this row of the reader's own table.
    #[must_use]
    pub fn is(&self, metric: &Metric) -> bool {
        let labels = self.labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        self.name == metric.name && labels.eq(metric.labels.iter().copied())
    }
}

impl core::fmt::Display for Row {
    /// As Prometheus writes it: `name{label="value"}`.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.name)?;
        let mut open = '{';
        for (label, value) in &self.labels {
            write!(f, "{open}{label}=\"{value}\"")?;
            open = ',';
        }
        if open == ',' { f.write_str("}") } else { Ok(()) }
    }
}

/// What a page holds, in the order of its cells.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Schema {
    /// Names of the stages, one block each.
    pub stages: Vec<String>,
    /// Names and depths of the rings, one line each.
    pub rings: Vec<(String, u64)>,
    /// Names of the regimes.
    pub regimes: Vec<String>,
    /// The counters and gauges of every block.
    pub counters: Vec<Row>,
    /// The histograms of every block.
    pub hists: Vec<Row>,
}

/// Writes the description of a page with these stages and rings.
pub(crate) fn describe(stages: &[&str], rings: &[(&str, usize)]) -> String {
    let mut text = String::new();
    let mut line = |fields: &[&str]| {
        text.push_str(&fields.join("\t"));
        text.push('\n');
    };
    for stage in stages {
        line(&["stage", stage]);
    }
    for (ring, depth) in rings {
        line(&["ring", ring, &depth.to_string()]);
    }
    for regime in Regime::ALL {
        line(&["regime", regime.name()]);
    }
    let counters = Counter::ALL.iter().map(|counter| ("value", counter.metric()));
    for (what, metric) in counters.chain(Hist::ALL.iter().map(|hist| ("hist", hist.metric()))) {
        let mut labels = String::new();
        for (name, value) in metric.labels {
            // Writing to a String cannot fail.
            let _ = write!(labels, "{name}={value},");
        }
        line(&[what, metric.name, metric.kind.name(), &labels, metric.help]);
    }
    text
}

/// Reads a description; `None` when a line of it makes no sense. Lines of unknown kinds are left out,
/// so that a newer page can say more.
pub(crate) fn parse(text: &str) -> Option<Schema> {
    let mut schema = Schema::default();
    for line in text.lines() {
        let mut fields = line.split('\t');
        match fields.next()? {
            "stage" => schema.stages.push(fields.next()?.to_owned()),
            "ring" => {
                let name = fields.next()?.to_owned();
                schema.rings.push((name, fields.next()?.parse().ok()?));
            }
            "regime" => schema.regimes.push(fields.next()?.to_owned()),
            "value" => schema.counters.push(row(fields)?),
            "hist" => schema.hists.push(row(fields)?),
            _ => {}
        }
    }
    Some(schema)
}

fn row<'a>(mut fields: impl Iterator<Item = &'a str>) -> Option<Row> {
    let name = fields.next()?.to_owned();
    let kind = MetricKind::from_name(fields.next()?)?;
    let pairs = fields.next()?.split_terminator(',');
    let labels = pairs.map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    let labels = labels.collect::<Option<_>>()?;
    Some(Row { name, kind, labels, help: fields.next()?.to_owned() })
}

#[cfg(test)]
mod tests;
