//! What a metric is called and what it means: the row type of the tables.

/// How a metric's numbers are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution of nanoseconds.
    Histogram,
}

impl MetricKind {
    /// Its name, as Prometheus and the page's description write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Counter, Self::Gauge, Self::Histogram].into_iter().find(|kind| kind.name() == name)
    }
}

/// One row of a table. Variants that differ in a label only share the name and the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// As Prometheus prints it; never renamed once released.
    pub name: &'static str,
    /// How to read it.
    pub kind: MetricKind,
    /// Fixed labels of this row, beside `stage`, which every row has.
    pub labels: &'static [(&'static str, &'static str)],
    /// What it counts, in one sentence.
    pub help: &'static str,
}
