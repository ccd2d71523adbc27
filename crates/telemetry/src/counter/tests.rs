#![allow(clippy::unwrap_used)]
use super::Counter;
use crate::hist::Hist;
use crate::metric::{Metric, MetricKind};
use std::collections::HashSet;

fn rows() -> Vec<Metric> {
    let counters = Counter::ALL.iter().map(|counter| counter.metric());
    counters.chain(Hist::ALL.iter().map(|hist| hist.metric())).collect()
}

#[test]
fn a_counter_is_found_at_its_own_number() {
    for (index, counter) in Counter::ALL.iter().enumerate() {
        assert_eq!(counter.index(), index);
    }
    assert_eq!(Counter::COUNT, Counter::ALL.len());
}

#[test]
fn names_follow_the_house_rule() {
    for metric in rows() {
        let Metric { name, kind, labels, help } = metric;
        let letters = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(name.starts_with("arb_") && letters(name), "{name}");
        assert_eq!(name.ends_with("_total"), kind == MetricKind::Counter, "{name}");
        assert_eq!(name.ends_with("_seconds"), kind == MetricKind::Histogram, "{name}");
        assert!(!help.is_empty() && !help.contains(['\t', '\n']), "{name}");
        for (label, value) in labels {
            assert!(letters(label) && *label != "stage", "{name} {label}");
            assert!(value.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name} {value}");
        }
    }
}

#[test]
fn rows_of_one_name_stand_together_and_differ_in_their_labels() {
    let rows = rows();
    let mut names = HashSet::new();
    for group in rows.chunk_by(|a, b| a.name == b.name) {
        assert!(names.insert(group[0].name), "{} is split", group[0].name);
        let mut labels = HashSet::new();
        for metric in group {
            assert!(labels.insert(metric.labels), "{} twice with the same labels", metric.name);
            assert_eq!((metric.help, metric.kind), (group[0].help, group[0].kind));
            let names = |metric: &Metric| metric.labels.iter().map(|l| l.0).collect::<Vec<_>>();
            assert_eq!(names(metric), names(&group[0]), "{}", metric.name);
        }
    }
}
