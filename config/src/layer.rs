//! From several texts to one tree: shipped < files of a directory < the overlay of its environment <
//! environment variables < options; then `${VAR:default}`.
//!
//! Sections are laid over one another key by key; a list or a value replaces what lies below it, and
//! nothing (`~`) leaves it. Every node keeps the place it came from.

use crate::fault::{Fault, FaultKind, Place, Source};
use crate::files;
use crate::overrides::{self, Override};
use crate::raw::{self, Filled, Node, Value};
use crate::secret::{self, Finder};
use std::path::Path;
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// The files, with what the program ships.
pub const SHIPPED: [(&str, &str); 5] = [
    ("main.yaml", include_str!("../main.yaml")),
    ("exchanges.yaml", include_str!("../exchanges.yaml")),
    ("strategies.yaml", include_str!("../strategies.yaml")),
    ("risk.yaml", include_str!("../risk.yaml")),
    ("nodes.yaml", include_str!("../nodes.yaml")),
];

/// Where a configuration comes from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The directory of files, if there is one.
    pub dir: Option<&'a Path>,
    /// The environment variables whose names begin with [`overrides::PREFIX`].
    pub settings: &'a [(String, String)],
    /// What the command line sets.
    pub overrides: &'a [Override],
    /// The environment variables that values may name.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl std::fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be secrets.
        f.debug_struct("Inputs").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// One layer: a higher one replaces keys of the lower ones.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it is, for people.
    pub name: String,
    /// What it holds, variables not filled in.
    pub tree: Node,
}

/// What is built in, parsed once.
pub(crate) fn shipped() -> &'static Node {
    static TREE: OnceLock<Node> = OnceLock::new();
    TREE.get_or_init(|| {
        // Its faults would be found by every test there is.
        let parse = |(name, text)| raw::parse(text, Source::Shipped(name), &mut Vec::new());
        SHIPPED.into_iter().filter_map(parse).fold(nothing(), over)
    })
}

fn nothing() -> Node {
    Node::new(Place::whole(Source::Shipped("main.yaml")), Value::Map(Vec::new()))
}

/// All layers, the lowest first.
pub(crate) fn layers(inputs: &Inputs<'_>, faults: &mut Vec<Fault>) -> Vec<Layer> {
    let finder = Finder::new(inputs.variable);
    let layer = |name: &str, tree: Node| Layer { name: name.to_owned(), tree };
    let mut below = vec![layer("built in", shipped().clone())];
    if let Some(dir) = inputs.dir {
        below.push(layer("files", files::directory(dir, &finder, faults)));
    }
    let mut options = overrides::of_options(inputs.overrides, faults);
    secret::open(&mut options, &finder, faults);
    let known = merge(&below);
    let mut settings = overrides::of_environment(inputs.settings, &known, faults);
    secret::open(&mut settings, &finder, faults);
    // The overlay lies between the files and the environment, but both of them can choose it.
    let chosen = over(over(known, settings.clone()), options.clone());
    if let (Some(dir), Some(name)) = (inputs.dir, environment(&chosen, inputs.variable))
        && let Some(overlay) = files::overlay(dir, name, &finder, faults)
    {
        below.push(layer(&format!("overlay {name}"), overlay));
    }
    below.push(layer("environment", settings));
    below.push(layer("command line", options));
    below
}

/// All layers over one another.
pub(crate) fn merge(layers: &[Layer]) -> Node {
    layers.iter().map(|layer| layer.tree.clone()).reduce(over).unwrap_or_else(nothing)
}

/// The environment that a tree chooses, if it is a known one.
fn environment(tree: &Node, variable: &dyn Fn(&str) -> Option<String>) -> Option<&'static str> {
    let node = tree.at_path(&["system", "environment"])?;
    let Value::Text(text) = &node.value else { return None };
    let full = match filled(text, variable) {
        Ok(full) => full.map_or_else(|| text.clone(), |(full, _)| full),
        Err(_) => return None,
    };
    files::ENVIRONMENTS.into_iter().find(|name| name.eq_ignore_ascii_case(full.trim()))
}

/// `upper` over `lower`.
pub(crate) fn over(lower: Node, upper: Node) -> Node {
    match (lower.value, upper.value) {
        (Value::Map(mut below), Value::Map(above)) => {
            for entry in above {
                match below.iter_mut().find(|known| known.key == entry.key) {
                    Some(known) => {
                        let under = std::mem::replace(
                            &mut known.node,
                            Node::new(lower.at.clone(), Value::Null),
                        );
                        known.node = over(under, entry.node);
                    }
                    None => below.push(entry),
                }
            }
            Node::new(lower.at, Value::Map(below))
        }
        (value, Value::Null) => {
            Node { value, hidden: lower.hidden, ..Node::new(lower.at, Value::Null) }
        }
        (_, value) => Node { value, hidden: upper.hidden, ..Node::new(upper.at, Value::Null) },
    }
}

/// Replaces every `${NAME}` and `${NAME:default}` in every value. What a variable holds is a value and
/// never becomes structure, and is not looked into again.
pub(crate) fn fill_in(
    node: &mut Node,
    key: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    faults: &mut Vec<Fault>,
) {
    if matches!(&*node.at.source, Source::Variable(_)) && !matches!(node.value, Value::Map(_)) {
        return;
    }
    match &mut node.value {
        Value::Null | Value::Broken => {}
        Value::Text(_) if node.hidden => {}
        Value::Text(text) => match filled(text, variable) {
            Ok(None) => {}
            Ok(Some((full, variables))) => {
                *text = full;
                node.filled = variables;
            }
            Err(kind) => {
                faults.push(Fault { at: node.at.clone(), key: key.to_owned(), kind });
                node.value = Value::Broken;
            }
        },
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                fill_in(item, &format!("{key}[{index}]"), variable, faults);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                let path = join(key, &entry.key);
                fill_in(&mut entry.node, &path, variable, faults);
            }
        }
    }
}

/// A text with its variables filled in, and which they were.
type Full = (Zeroizing<String>, Vec<Filled>);

/// The text with its variables filled in; `None` when it has none.
fn filled(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Full>, FaultKind> {
    let (mut parts, mut all) = (Vec::new(), Vec::new());
    let part = |text: &str| Zeroizing::new(text.to_owned());
    let mut rest = text;
    // bound: each turn consumes the text up to one closing brace
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, later) = after.split_once('}').ok_or(FaultKind::BadVariable)?;
        let (name, default) = match inside.split_once(':') {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let named = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !named || default.is_some_and(|default| default.contains("${")) {
            return Err(FaultKind::BadVariable);
        }
        parts.push(part(before));
        let value = variable(name).map(Zeroizing::new);
        all.push(Filled { name: name.to_owned(), set: value.is_some() });
        match value.or_else(|| default.map(part)) {
            Some(value) if value.contains(char::REPLACEMENT_CHARACTER) => {
                return Err(FaultKind::NotText(name.to_owned()));
            }
            Some(value) => parts.push(value),
            None => return Err(FaultKind::Unset(name.to_owned())),
        }
        rest = later;
    }
    if parts.is_empty() {
        return Ok(None);
    }
    parts.push(part(rest));
    // Room for all of it at once: a text that grows leaves its former self behind.
    let length = parts.iter().map(|part| part.len()).sum();
    let mut full = Zeroizing::new(String::with_capacity(length));
    parts.iter().for_each(|part| full.push_str(part));
    Ok(Some((full, all)))
}

/// A key with its whole path.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// What a value is, for the eye.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null | Value::Broken => "nothing".to_owned(),
        Value::Text(text) => quoted(text),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a section".to_owned(),
    }
}

/// A text for the eye: in quotes, on one line, not without end.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 80;
    let short: String = text.chars().take(MOST).collect();
    let mut shown = visible(&short);
    if text.chars().nth(MOST).is_some() {
        shown.push_str("...");
    }
    format!("\"{shown}\"")
}

/// A text without what would move the cursor or turn the direction of letters: that is spelt out.
pub(crate) fn visible(text: &str) -> String {
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_control() || unseen(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}
