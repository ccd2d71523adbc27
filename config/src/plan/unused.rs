//! Keys that are read and checked, but that nothing in this version acts on: who sets one is told.

use crate::fault::{Place, Source, Warning};
use crate::layer::join;
use crate::raw::{Node, Value};

/// Whole sections or single keys; `*` is any one name.
const UNUSED: &[&str] = &[
    "system.timezone",
    "api.rest.cors_origins",
    "api.rest.rate_limit",
    "api.websocket",
    "monitoring.prometheus.path",
    "monitoring.grafana",
    "monitoring.alerting",
    "database",
    "redis",
    "messaging",
    "risk_management.var_limits",
    "risk_management.risk_alerts.var_breach",
];

/// Warns of every such key that stands anywhere but in the built-in files.
pub(super) fn warn(tree: &Node, warnings: &mut Vec<Warning>) {
    for pattern in UNUSED {
        let parts: Vec<_> = pattern.split('.').collect();
        find(tree, &parts, "", warnings);
    }
}

fn find(node: &Node, parts: &[&str], path: &str, warnings: &mut Vec<Warning>) {
    let Some((first, rest)) = parts.split_first() else { return tell(node, path, warnings) };
    let Value::Map(entries) = &node.value else { return };
    for entry in entries.iter().filter(|entry| *first == "*" || entry.key == *first) {
        find(&entry.node, rest, &join(path, &entry.key), warnings);
    }
}

/// The first value below `node` that a user wrote.
fn tell(node: &Node, path: &str, warnings: &mut Vec<Warning>) {
    if let Some(at) = own(node) {
        let what = "has no effect in this version".to_owned();
        warnings.push(Warning { at, key: path.to_owned(), what });
    }
}

fn own(node: &Node) -> Option<Place> {
    match &node.value {
        Value::Map(entries) => entries.iter().find_map(|entry| own(&entry.node)),
        Value::Null | Value::Broken => None,
        Value::Text(_) | Value::List(_) => {
            let shipped = matches!(&*node.at.source, Source::Shipped(_));
            (!shipped).then(|| node.at.clone())
        }
    }
}

/// Whether nothing acts on a key.
pub(crate) fn is_unused(path: &[&str]) -> bool {
    UNUSED.iter().any(|pattern| covers(pattern, path))
}

/// Whether a key is, or lies below, what a pattern names; `*` is any one name.
pub(crate) fn covers(pattern: &str, path: &[&str]) -> bool {
    let parts: Vec<_> = pattern.split('.').collect();
    parts.len() <= path.len()
        && parts.iter().zip(path).all(|(known, part)| *known == "*" || known == part)
}
