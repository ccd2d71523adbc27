//! The text format as a strict scraper reads it: what promtool would refuse, this refuses.

#![allow(clippy::unwrap_used)]
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Checks a whole exposition; returns its series by name and sorted labels.
pub(crate) fn check(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n'), "the last line has no end");
    let mut series = BTreeMap::new();
    let mut done = BTreeSet::new();
    let mut family: Option<(String, String)> = None;
    let mut helped = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty(), "{name} has no help");
            helped = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(helped, name, "TYPE without HELP before it");
            assert!(done.insert(name.to_owned()), "{name} twice");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
            family = Some((name.to_owned(), kind.to_owned()));
        } else {
            let (name, labels, value) = sample(line);
            let (of, kind) = family.as_ref().unwrap();
            let suffix = name.strip_prefix(of.as_str()).unwrap_or_else(|| panic!("{line} in {of}"));
            let allowed: &[&str] =
                if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(allowed.contains(&suffix), "{line}");
            assert!(kind != "counter" || value >= 0.0, "{line}");
            let joined: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
            let key =
                if joined.is_empty() { name } else { format!("{name}{{{}}}", joined.join(",")) };
            assert!(series.insert(key.clone(), value).is_none(), "{key} twice");
        }
    }
    histograms(&series);
    series
}

/// Name, labels sorted, value of one line.
fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (what, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = match what.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
        None => (what, ""),
    };
    let legal = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    assert!(legal(name), "{line}");
    let mut pairs = BTreeMap::new();
    for pair in labels.split(',').filter(|pair| !pair.is_empty()) {
        let (label, text) = pair.split_once('=').unwrap();
        assert!(legal(label), "{line}");
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap();
        assert!(pairs.insert(label.to_owned(), text.to_owned()).is_none(), "{line}");
    }
    (name.to_owned(), pairs, value.parse().unwrap())
}

/// Buckets rise, and the last one is the count.
fn histograms(series: &BTreeMap<String, f64>) {
    let mut buckets: HashMap<String, Vec<(f64, f64)>> = HashMap::new();
    for (key, value) in series {
        let Some((name, labels)) = key.split_once("_bucket{") else { continue };
        let le = labels.split(',').find_map(|label| label.strip_prefix("le=")).unwrap();
        let le = le.trim_end_matches('}').trim_matches('"');
        let rest: Vec<&str> =
            labels.trim_end_matches('}').split(',').filter(|l| !l.starts_with("le=")).collect();
        let edge = if le == "+Inf" { f64::INFINITY } else { le.parse().unwrap() };
        buckets
            .entry(format!("{name}_count{{{}}}", rest.join(",")))
            .or_default()
            .push((edge, *value));
    }
    for (count, mut list) in buckets {
        list.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(list.is_sorted_by(|a, b| a.1 <= b.1), "{count}: {list:?}");
        let (edge, last) = *list.last().unwrap();
        assert!(edge.is_infinite() && series.get(&count) == Some(&last), "{count}");
    }
}
