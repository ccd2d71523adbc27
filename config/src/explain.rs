//! What one key means, what is allowed there, and who set it.

use crate::Inspected;
use crate::comments;
use crate::fault::nearest;
use crate::keys::{ANY, Key, Keys, Kind};
use crate::plan::unused;
use crate::raw::{Node, Value};
use crate::report;
use crate::show::{self, Shown};
use serde_json::{Value as Json, json};
use std::fmt;

/// One key, explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The key, as it was asked for.
    pub key: String,
    /// The comment beside the shipped one.
    pub meaning: Option<String>,
    /// What may stand there.
    pub allowed: String,
    /// What is built in.
    pub default: Option<Shown>,
    /// What each layer says, the lowest first.
    pub layers: Vec<(String, Shown)>,
    /// What is in effect.
    pub effective: Option<Shown>,
    /// Of a section: its keys, each with its meaning.
    pub keys: Vec<(String, Option<String>)>,
    /// Nothing acts on it yet.
    pub unused: bool,
    /// It may change while the engine runs.
    pub running: bool,
}

/// Explains a key.
///
/// # Errors
/// There is no such key; the words name the nearest one, or those that are known there.
pub fn explain(key: &str, inspected: &Inspected) -> Result<Explained, String> {
    let path: Vec<&str> = key.split('.').collect();
    let keys = Keys::all();
    let found = keys.find(&path, &inspected.tree).ok_or_else(|| unknown(&path, inspected))?;
    let owned: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
    let shown = |node: &Node| match node.value {
        Value::Map(_) | Value::Null => None,
        _ => Some(show::shown(node, &inspected.tree, &owned)),
    };
    let of_layer = |layer: &crate::Layer| {
        let node = layer.tree.at_path(&path)?;
        Some((layer.name.clone(), shown(node)?))
    };
    Ok(Explained {
        key: key.to_owned(),
        meaning: comments::meaning(&path),
        allowed: found.allowed.clone(),
        default: keys.shipped.at_path(&path).and_then(shown),
        layers: inspected.layers.iter().filter_map(of_layer).collect(),
        effective: inspected.tree.at_path(&path).and_then(shown),
        keys: below(found, &path, inspected),
        unused: unused::is_unused(&path),
        running: crate::running::may_change(&path.join(".")),
    })
}

/// The keys of a section; of one with names of the user's own, those that are there.
fn below(key: &Key, path: &[&str], inspected: &Inspected) -> Vec<(String, Option<String>)> {
    let meaning = |name: &str| {
        let path: Vec<&str> = path.iter().copied().chain([name]).collect();
        comments::meaning(&path)
    };
    match key.kind {
        Kind::Named => {
            let node = inspected.tree.at_path(path).map(|node| &node.value);
            let Some(Value::Map(entries)) = node else { return Vec::new() };
            entries.iter().map(|entry| (entry.key.clone(), meaning(&entry.key))).collect()
        }
        Kind::Section => {
            let known = Keys::all()
                .under(&key.path)
                .into_iter()
                .filter(|below| key.class.is_none_or(|class| below.class == Some(class)));
            let mut names: Vec<&str> = Vec::new();
            for name in known.filter_map(|key| key.path.last().copied()) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names.into_iter().map(|name| (name.to_owned(), meaning(name))).collect()
        }
        Kind::Value | Kind::Secret | Kind::List => Vec::new(),
    }
}

/// The first part that is not known, with what is.
fn unknown(path: &[&str], inspected: &Inspected) -> String {
    let keys = Keys::all();
    let known = (1..path.len())
        .take_while(|length| keys.find(&path[..*length], &inspected.tree).is_some())
        .count();
    let above = path.get(..known).unwrap_or_default();
    let word = path.get(known).copied().unwrap_or_default();
    let names: Vec<&str> = match keys.find(above, &inspected.tree) {
        Some(section) => keys
            .under(&section.path)
            .into_iter()
            .filter_map(|key| key.path.last().copied())
            .collect(),
        None => keys.under(&[]).into_iter().filter_map(|key| key.path.last().copied()).collect(),
    };
    let place = if above.is_empty() { String::new() } else { format!(" in {}", above.join(".")) };
    let names: Vec<&str> = names.into_iter().filter(|name| *name != ANY).collect();
    match nearest(word, names.iter().copied()) {
        Some(near) => format!("no key {word:?}{place}; did you mean {near}?"),
        None if names.is_empty() => format!("no key {word:?}{place}"),
        None => format!("no key {word:?}{place}; known there: {}", names.join(", ")),
    }
}

impl Explained {
    /// The same for machines.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let value =
            |shown: &Shown| json!({ "value": shown.value, "origin": report::place(&shown.at) });
        let layer = |(name, shown): &(String, Shown)| {
            let mut out = value(shown);
            out["layer"] = json!(name);
            out
        };
        let key =
            |(name, meaning): &(String, Option<String>)| json!({ "key": name, "meaning": meaning });
        json!({
            "key": self.key,
            "meaning": self.meaning,
            "allowed": self.allowed,
            "default": self.default.as_ref().map(|shown| &shown.value),
            "layers": self.layers.iter().map(layer).collect::<Vec<_>>(),
            "effective": self.effective.as_ref().map(value),
            "keys": self.keys.iter().map(key).collect::<Vec<_>>(),
            "has_effect": !self.unused,
            "while_running": self.running,
        })
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.key)?;
        if let Some(meaning) = &self.meaning {
            writeln!(f, "  {meaning}")?;
        }
        if self.unused {
            writeln!(f, "  It is read and checked, and has no effect in this version.")?;
        }
        if self.keys.is_empty() {
            let running = if self.running { "while the engine runs" } else { "with a restart" };
            writeln!(f, "  changes    {running}")?;
        }
        write!(f, "  allowed    {}", self.allowed)?;
        if let Some(default) = &self.default {
            write!(f, "\n  default    {}", default.text)?;
        }
        for (layer, shown) in &self.layers {
            write!(f, "\n  {:<10} {:<24} {}: {}", "set", shown.text, layer, shown.at)?;
        }
        if let Some(effective) = &self.effective {
            write!(f, "\n  effective  {:<24} {}", effective.text, effective.origin())?;
        }
        for (key, meaning) in &self.keys {
            write!(f, "\n  {key:<24} {}", meaning.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}
