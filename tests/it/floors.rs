//! The floors of the house: a crate imports lower floors only, and no async runtime anywhere.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use std::collections::{BTreeMap, BTreeSet};

/// Which floor each crate lies on. A new crate must be given its floor here.
#[rustfmt::skip]
const FLOORS: &[(&str, u8)] = &[
    ("base",        0),
    ("rings",       1), ("telemetry", 1), ("journal", 1), ("net", 1),
    ("config",      2), ("tuning",    2), ("venue",   2), ("lease", 2),
    ("sim",         3),
    ("feeds",       4), ("strategy",  4), ("gateway",   4), ("paper", 4),
    ("sidecar",     5),
    ("funding-arb", 6),
    ("xtask",       6),
];

/// The crates of the hot path.
const HOT: &[&str] = &[
    "base",
    "rings",
    "telemetry",
    "journal",
    "net",
    "venue",
    "feeds",
    "strategy",
    "gateway",
    "paper",
];

/// What the hot path must not even link.
const NOT_IN_HOT: &[&str] = &["serde-saphyr", "prometheus", "clap", "crossterm"];

/// Async runtimes: nowhere in the engine.
const ASYNC: &[&str] = &["tokio", "async-std", "smol", "async-io", "futures-executor", "glommio"];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .expect("cargo metadata of this workspace")
}

/// `(importer, imported)` for each normal dependency between workspace crates that goes up or sideways.
fn wrong_imports(edges: &[(String, String)], floors: &BTreeMap<&str, u8>) -> Vec<String> {
    edges
        .iter()
        .filter(|(from, to)| floors[to.as_str()] >= floors[from.as_str()])
        .map(|(from, to)| format!("{from} imports {to}"))
        .collect()
}

fn edges(metadata: &Metadata) -> Vec<(String, String)> {
    let members: BTreeSet<_> =
        metadata.workspace_packages().iter().map(|p| p.name.to_string()).collect();
    let mut edges = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Normal && members.contains(&dependency.name) {
                edges.push((package.name.to_string(), dependency.name.clone()));
            }
        }
    }
    edges
}

/// Names of everything `root` links in a normal build.
fn linked(metadata: &Metadata, root: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|n| (&n.id, n)).collect();
    let start = metadata.workspace_packages().into_iter().find(|p| p.name == root).expect(root);
    let mut open = vec![&start.id];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in &nodes[id].deps {
            if dependency.dep_kinds.iter().any(|k| k.kind == DependencyKind::Normal) {
                open.push(&dependency.pkg);
            }
        }
    }
    seen.into_iter().map(|id| metadata[id].name.to_string()).collect()
}

#[test]
fn every_crate_imports_lower_floors_only() {
    let metadata = metadata();
    let floors: BTreeMap<_, _> = FLOORS.iter().copied().collect();
    for package in metadata.workspace_packages() {
        assert!(floors.contains_key(package.name.as_str()), "{} has no floor", package.name);
    }
    assert_eq!(wrong_imports(&edges(&metadata), &floors), Vec::<String>::new());
}

#[test]
fn an_import_upwards_or_sideways_is_seen() {
    let floors: BTreeMap<_, _> = FLOORS.iter().copied().collect();
    let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let edges = [edge("feeds", "net"), edge("feeds", "gateway"), edge("base", "rings")];
    assert_eq!(wrong_imports(&edges, &floors), ["feeds imports gateway", "base imports rings"]);
}

#[test]
fn the_engine_links_no_async_runtime() {
    let linked = linked(&metadata(), "funding-arb");
    assert!(linked.contains("rtrb"), "the walk over the graph found nothing");
    for name in ASYNC {
        assert!(!linked.contains(*name), "funding-arb links {name}");
    }
}

#[test]
fn the_hot_path_links_nothing_cold() {
    let metadata = metadata();
    for hot in HOT {
        let linked = linked(&metadata, hot);
        for name in NOT_IN_HOT {
            assert!(!linked.contains(*name), "{hot} links {name}");
        }
    }
}

#[test]
fn what_fills_orders_on_paper_has_no_way_out() {
    let linked = linked(&metadata(), "paper");
    assert!(linked.contains("rings"), "the walk over the graph found nothing");
    for name in ["net", "venue", "gateway", "mio", "rustls", "ureq", "tungstenite"] {
        assert!(!linked.contains(name), "paper links {name}");
    }
}

#[test]
fn the_simulated_venues_share_no_wire_code_with_the_engine() {
    let linked = linked(&metadata(), "sim");
    for name in ["net", "venue", "feeds", "gateway"] {
        assert!(!linked.contains(name), "sim links {name}");
    }
}
