//! The page as Prometheus sees it: read when it is asked for, nothing in between.

use crate::own::help;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};
use std::sync::Arc;
use telemetry::reader::StageState;
use telemetry::{Buckets, MetricKind, PageReader, RingView, Snapshot, StageView};
use tuning::ThreadFacts;

/// Edges of the histograms' buckets, nanoseconds: two a doubling up to 64 us, one beyond, up to 17 s. All
/// of them are edges of the page's own buckets, so the cumulative counts are exact.
fn edges() -> impl Iterator<Item = u64> {
    let fine = (6..16).flat_map(|bits| [1_u64 << bits, 3 << (bits - 1)]);
    fine.chain((16..35).map(|bits| 1 << bits))
}

/// Reads the page for the registry.
pub(crate) struct PageCollector {
    page: Arc<PageReader>,
    descs: Vec<Desc>,
}

impl PageCollector {
    pub(crate) fn new(page: Arc<PageReader>) -> Result<Self, prometheus::Error> {
        let mut descs = Vec::new();
        let mut describe = |name: &str, help: &str, labels: &[&str]| {
            let labels = labels.iter().map(|label| (*label).to_owned()).collect();
            descs.push(Desc::new(
                name.into(),
                help.into(),
                labels,
                std::collections::HashMap::new(),
            )?);
            Ok::<(), prometheus::Error>(())
        };
        let rows: Vec<_> = page.schema().counters.iter().chain(&page.schema().hists).collect();
        for group in rows.chunk_by(|a, b| a.name == b.name) {
            let Some(row) = group.first() else { continue };
            let mut labels = vec!["stage"];
            labels.extend(row.labels.iter().map(|(name, _)| name.as_str()));
            describe(&row.name, &row.help, &labels)?;
        }
        for name in ["arb_ring_depth", "arb_ring_fill", "arb_ring_fill_max", "arb_ring_full_total"]
        {
            describe(name, help(name), &["ring"])?;
        }
        describe(REGIMES, help(REGIMES), &["stage", "regime"])?;
        for name in [BEATS, CPU, SWITCHES, MIGRATIONS, RUN_DELAY, STEAL] {
            describe(name, help(name), &["stage"])?;
        }
        for name in [ALLOCATIONS, THROTTLED] {
            describe(name, help(name), &[])?;
        }
        Ok(Self { page, descs })
    }
}

const REGIMES: &str = "arb_stage_regime_seconds_total";
const BEATS: &str = "arb_stage_beats_total";
const CPU: &str = "arb_stage_cpu";
const SWITCHES: &str = "arb_stage_involuntary_switches_total";
const MIGRATIONS: &str = "arb_stage_migrations_total";
const RUN_DELAY: &str = "arb_stage_run_delay_seconds_total";
const STEAL: &str = "arb_stage_steal_seconds_total";
const ALLOCATIONS: &str = "arb_process_hot_allocations_total";
const THROTTLED: &str = "arb_process_throttled_total";

impl Collector for PageCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let page = self.page.snapshot();
        let mut families = Families::default();
        values(&page, &mut families);
        hists(&page, &mut families);
        threads(&page, &mut families);
        rings(&page.rings, &mut families);
        let allocations = telemetry::alloc::hot_allocations();
        families.add(
            ALLOCATIONS,
            help(ALLOCATIONS),
            MetricType::COUNTER,
            number(&[], allocations, true),
        );
        if let Some(throttled) = tuning::cgroup::quota(&tuning::read_file).throttled {
            families.add(
                THROTTLED,
                help(THROTTLED),
                MetricType::COUNTER,
                number(&[], throttled, true),
            );
        }
        families.0
    }
}

/// Families in the order in which they were begun.
#[derive(Default)]
struct Families(Vec<MetricFamily>);

impl Families {
    fn add(&mut self, name: &str, help: &str, kind: MetricType, metric: Metric) {
        if self.0.last().is_none_or(|family| family.name() != name) {
            let mut family = MetricFamily::default();
            family.set_name(name.to_owned());
            family.set_help(help.to_owned());
            family.set_field_type(kind);
            self.0.push(family);
        }
        if let Some(family) = self.0.last_mut() {
            family.mut_metric().push(metric);
        }
    }
}

fn values(page: &Snapshot, families: &mut Families) {
    for (index, row) in page.schema.counters.iter().enumerate() {
        for stage in &page.stages {
            let value = stage.counters.get(index).copied().unwrap_or(0);
            let labels = labels(stage, &row.labels);
            let counts = row.kind == MetricKind::Counter;
            let kind = if counts { MetricType::COUNTER } else { MetricType::GAUGE };
            families.add(&row.name, &row.help, kind, number(&labels, value, counts));
        }
    }
}

fn hists(page: &Snapshot, families: &mut Families) {
    for (index, row) in page.schema.hists.iter().enumerate() {
        for stage in &page.stages {
            // Most stages record few of them: an empty one is left out.
            let Some(buckets) = stage.hists.get(index).filter(|b| b.max > 0 || b.count() > 0)
            else {
                continue;
            };
            let mut metric = Metric::from_label(pairs(&labels(stage, &row.labels)));
            metric.set_histogram(histogram(buckets));
            families.add(&row.name, &row.help, MetricType::HISTOGRAM, metric);
        }
    }
}

fn histogram(buckets: &Buckets) -> Histogram {
    let mut list = Vec::new();
    for edge in edges() {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(seconds(edge));
        bucket.set_cumulative_count(buckets.count_below(edge));
        list.push(bucket);
    }
    let mut histogram = Histogram::default();
    histogram.set_sample_count(buckets.count());
    histogram.set_sample_sum(seconds(buckets.sum));
    histogram.set_bucket(list);
    histogram
}

fn threads(page: &Snapshot, families: &mut Families) {
    let running = || page.stages.iter().filter(|stage| stage.state != StageState::Waiting);
    for stage in running() {
        for (regime, ns) in page.schema.regimes.iter().zip(&stage.regimes) {
            let labels = [("stage", stage.name.as_str()), ("regime", regime.as_str())];
            families.add(REGIMES, help(REGIMES), MetricType::COUNTER, time(&labels, *ns));
        }
    }
    let rows: Vec<_> = running().map(|stage| (stage, tuning::thread_facts(stage.thread))).collect();
    let mut put = |name, of: &dyn Fn(&StageView, Option<&ThreadFacts>) -> Option<Value>| {
        for (stage, facts) in &rows {
            let labels = [("stage", stage.name.as_str())];
            let (kind, metric) = match of(stage, facts.as_ref()) {
                Some(Value::Count(count)) => (MetricType::COUNTER, number(&labels, count, true)),
                Some(Value::Level(level)) => (MetricType::GAUGE, number(&labels, level, false)),
                Some(Value::Time(ns)) => (MetricType::COUNTER, time(&labels, ns)),
                None => continue,
            };
            families.add(name, help(name), kind, metric);
        }
    };
    put(BEATS, &|stage, _| Some(Value::Count(stage.beats)));
    put(CPU, &|stage, _| stage.cpu.map(|cpu| Value::Level(cpu.into())));
    put(SWITCHES, &|_, facts| Some(Value::Count(facts?.involuntary_switches)));
    put(MIGRATIONS, &|_, facts| facts?.migrations.map(Value::Count));
    put(RUN_DELAY, &|_, facts| facts?.run_delay_ns.map(Value::Time));
    let stat = tuning::read_file("/proc/stat").unwrap_or_default();
    put(STEAL, &|stage, _| tuning::stolen_ns(&stat, stage.cpu?).map(Value::Time));
}

/// What is told of a thread.
enum Value {
    Count(u64),
    Level(u64),
    /// Nanoseconds that add up.
    Time(u64),
}

/// A counter of time.
fn time(labels: &[(&str, &str)], ns: u64) -> Metric {
    let mut metric = Metric::from_label(pairs(labels));
    let mut counter = Counter::default();
    counter.set_value(seconds(ns));
    metric.set_counter(counter);
    metric
}

fn rings(rings: &[RingView], families: &mut Families) {
    let mut put = |name: &str, counts: bool, of: &dyn Fn(&RingView) -> u64| {
        let kind = if counts { MetricType::COUNTER } else { MetricType::GAUGE };
        for ring in rings {
            let metric = number(&[("ring", ring.name.as_str())], of(ring), counts);
            families.add(name, help(name), kind, metric);
        }
    };
    put("arb_ring_depth", false, &|ring| ring.depth);
    put("arb_ring_fill", false, &|ring| ring.fill);
    put("arb_ring_fill_max", false, &|ring| ring.fill_max);
    put("arb_ring_full_total", true, &|ring| ring.refused);
}

fn labels<'a>(stage: &'a StageView, own: &'a [(String, String)]) -> Vec<(&'a str, &'a str)> {
    let mut labels = vec![("stage", stage.name.as_str())];
    labels.extend(own.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    labels
}

fn pairs(labels: &[(&str, &str)]) -> Vec<LabelPair> {
    let pair = |(name, value): &(&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    };
    labels.iter().map(pair).collect()
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn number(labels: &[(&str, &str)], value: u64, counts: bool) -> Metric {
    let mut metric = Metric::from_label(pairs(labels));
    if counts {
        let mut counter = Counter::default();
        counter.set_value(value as f64);
        metric.set_counter(counter);
    } else {
        let mut gauge = Gauge::default();
        gauge.set_value(value as f64);
        metric.set_gauge(gauge);
    }
    metric
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests;
