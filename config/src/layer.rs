//! From several texts to one tree: shipped < files of a directory < options; then `${VAR:default}`.
//!
//! Sections are laid over one another key by key; a list or a value replaces what lies below it, and
//! nothing (`~`) leaves it. Every node keeps the place it came from.

use crate::fault::{Fault, FaultKind, Place, Source, nearest};
use crate::raw::{self, Entry, Node, Value};
use crate::secret::{self, Finder};
use std::path::Path;

/// The files, with what the program ships.
pub const SHIPPED: [(&str, &str); 5] = [
    ("main.yaml", include_str!("../main.yaml")),
    ("exchanges.yaml", include_str!("../exchanges.yaml")),
    ("strategies.yaml", include_str!("../strategies.yaml")),
    ("risk.yaml", include_str!("../risk.yaml")),
    ("nodes.yaml", include_str!("../nodes.yaml")),
];

/// One key set from outside the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The key with its whole path: `nodes.layout`.
    pub key: String,
    /// Its value, as YAML: a word, a number, a `[list]`.
    pub value: String,
    /// What the user wrote to set it, without the value, for faults: `--set nodes.layout`.
    pub source: String,
}

/// All layers over one another, variables filled in.
pub(crate) fn lay_out(
    dir: Option<&Path>,
    overrides: &[Override],
    variable: &dyn Fn(&str) -> Option<String>,
    faults: &mut Vec<Fault>,
) -> Node {
    let mut tree = Node::new(Place::whole(Source::Shipped("main.yaml")), Value::Map(vec![]));
    for (name, text) in SHIPPED {
        if let Some(node) = raw::parse(text, Source::Shipped(name), faults) {
            tree = over(tree, node);
        }
    }
    if let Some(dir) = dir {
        tree = over(tree, directory(dir, &Finder::new(variable), faults));
    }
    for option in overrides {
        if let Some(node) = from_option(option, faults) {
            tree = over(tree, node);
        }
    }
    fill_in(&mut tree, "", variable, faults);
    tree
}

/// `upper` over `lower`.
fn over(lower: Node, upper: Node) -> Node {
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

/// The files of a directory as one tree. A key of the first level may stand in any of them, once.
fn directory(dir: &Path, finder: &Finder<'_>, faults: &mut Vec<Fault>) -> Node {
    let mut entries: Vec<Entry> = Vec::new();
    for name in yaml_files(dir, faults) {
        let path = dir.join(&name);
        let text = match read(&path) {
            Ok(text) => text,
            Err(why) => {
                faults.push(at_file(&path, FaultKind::Io(why)));
                continue;
            }
        };
        let Some(mut node) = raw::parse(&text, Source::File(path.clone()), faults) else {
            continue;
        };
        secret::open(&mut node, finder, faults);
        if node.value == Value::Broken {
            continue;
        }
        let Value::Map(sections) = node.value else {
            let (found, allowed) = (node.shown(), "sections such as system:".to_owned());
            faults.push(Fault {
                at: node.at,
                key: String::new(),
                kind: FaultKind::Value { found, allowed },
            });
            continue;
        };
        for entry in sections {
            match entries.iter().find(|known| known.key == entry.key) {
                Some(first) => {
                    let why = format!("given in two files; also at {}", first.at);
                    faults.push(Fault {
                        at: entry.at,
                        key: entry.key,
                        kind: FaultKind::Clash(why),
                    });
                }
                None => entries.push(entry),
            }
        }
    }
    Node::new(Place::whole(Source::File(dir.to_owned())), Value::Map(entries))
}

/// The known files that are there. A YAML file of another name is a fault: nobody would read it.
fn yaml_files(dir: &Path, faults: &mut Vec<Fault>) -> Vec<String> {
    let listed = match std::fs::read_dir(dir) {
        Ok(listed) => listed,
        Err(why) => {
            faults
                .push(at_file(dir, FaultKind::Io(format!("the directory cannot be read: {why}"))));
            return Vec::new();
        }
    };
    let mut names: Vec<String> =
        listed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let known = SHIPPED.map(|(name, _)| name);
    names.retain(|name| {
        let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        if yaml && !name.starts_with('.') && !known.contains(&name.as_str()) {
            let near = nearest(name, known).map(str::to_owned);
            let known = known.map(str::to_owned).to_vec();
            let kind = FaultKind::UnknownFile { near, known };
            faults.push(at_file(&dir.join(name), kind));
        }
        known.contains(&name.as_str())
    });
    names
}

fn read(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|why| format!("cannot be read: {why}"))?.len();
    if length > raw::BYTES_MAX as u64 {
        return Err(format!("{length} bytes; a configuration has at most {}", raw::BYTES_MAX));
    }
    let bytes = std::fs::read(path).map_err(|why| format!("cannot be read: {why}"))?;
    String::from_utf8(bytes).map_err(|why| format!("not UTF-8 text: {}", why.utf8_error()))
}

fn at_file(path: &Path, kind: FaultKind) -> Fault {
    Fault { at: Place::whole(Source::File(path.to_owned())), key: String::new(), kind }
}

/// `nodes.layout` = `fused` as the tree `nodes: {layout: fused}`.
fn from_option(option: &Override, faults: &mut Vec<Fault>) -> Option<Node> {
    let source = Source::Option(option.source.clone());
    let at = Place::whole(source.clone());
    let mut node = raw::parse(&option.value, source, faults)
        .unwrap_or(Node::new(at.clone(), Value::Text(String::new())));
    node.at = at.clone();
    for key in option.key.rsplit('.') {
        if key.is_empty() {
            let kind = FaultKind::Clash("a key has an empty part".to_owned());
            faults.push(Fault { at, key: option.key.clone(), kind });
            return None;
        }
        let entry = Entry { key: key.to_owned(), at: at.clone(), node };
        node = Node::new(at.clone(), Value::Map(vec![entry]));
    }
    Some(node)
}

/// Replaces every `${NAME}` and `${NAME:default}` in every value. What a variable holds is a value and
/// never becomes structure, and is not looked into again.
fn fill_in(
    node: &mut Node,
    key: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    faults: &mut Vec<Fault>,
) {
    match &mut node.value {
        Value::Null | Value::Broken => {}
        Value::Text(_) if node.hidden => {}
        Value::Text(text) => match filled(text, variable) {
            Ok(None) => {}
            Ok(Some(full)) => {
                *text = full;
                node.filled = true;
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

/// The text with its variables filled in; `None` when it has none.
fn filled(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<String>, FaultKind> {
    let mut out = String::new();
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
        out.push_str(before);
        match variable(name).or_else(|| default.map(str::to_owned)) {
            Some(value) => out.push_str(&value),
            None => return Err(FaultKind::Unset(name.to_owned())),
        }
        rest = later;
    }
    if rest.len() == text.len() {
        return Ok(None);
    }
    out.push_str(rest);
    Ok(Some(out))
}

/// A key with its whole path.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// What a value is, for the eye.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null | Value::Broken => "nothing".to_owned(),
        Value::Text(text) => format!("\"{text}\""),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a section".to_owned(),
    }
}
