//! Single keys from outside the files: `FUNDING_ARB__SECTION__KEY=value` and `--set section.key=value`.

use crate::fault::{Fault, FaultKind, Place, Source};
use crate::keys::{Keys, Kind};
use crate::layer::over;
use crate::raw::{self, Entry, Node, Value};
use zeroize::Zeroizing;

/// What the name of an environment variable that sets a key begins with.
pub const PREFIX: &str = "FUNDING_ARB__";

/// One key set from the command line.
#[derive(Clone, PartialEq, Eq)]
pub struct Override {
    /// The key with its whole path: `nodes.layout`.
    pub key: String,
    /// Its value, as YAML: a word, a number, a `[list]`.
    pub value: String,
    /// What the user wrote to set it, without the value, for faults: `--set nodes.layout`.
    pub source: String,
}

impl std::fmt::Debug for Override {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The value may be a secret.
        f.debug_struct("Override").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Override {
    /// Reads the `key=value` of a `--set`.
    ///
    /// # Errors
    /// What is missing. The value is not shown: it may be a secret.
    pub fn of_option(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("write it as section.key=value")?;
        let key = key.trim();
        if key.is_empty() {
            return Err("no key before the =; write it as section.key=value".to_owned());
        }
        let source = format!("--set {key}");
        Ok(Self { key: key.to_owned(), value: value.to_owned(), source })
    }
}

/// The tree of all options, later ones over earlier ones.
pub(crate) fn of_options(options: &[Override], faults: &mut Vec<Fault>) -> Node {
    let mut tree = nothing(Source::Option("--set".to_owned()));
    for option in options {
        let source = Source::Option(option.source.clone());
        let path: Vec<&str> = option.key.split('.').collect();
        if path.contains(&"") {
            let kind = FaultKind::Clash("a key has an empty part".to_owned());
            faults.push(Fault { at: Place::whole(source), key: option.key.clone(), kind });
            continue;
        }
        tree = over(tree, branch(&path, &option.value, source, faults));
    }
    tree
}

/// The tree of all environment variables that set a key. Which key a part of a name means is looked up
/// among the known ones and those of `below`, whatever their case and with `_` for what no name of a
/// variable can hold: `BTC_USDT` finds `BTC/USDT`.
pub(crate) fn of_environment(
    variables: &[(String, String)],
    below: &Node,
    faults: &mut Vec<Fault>,
) -> Node {
    let mut tree = nothing(Source::Variable(PREFIX.to_owned()));
    let mut set: Vec<(Vec<String>, &str)> = Vec::new();
    let mut sorted: Vec<_> =
        variables.iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    sorted.sort();
    for (name, value) in sorted {
        let source = Source::Variable(name.clone());
        let path = resolve(name.trim_start_matches(PREFIX), below);
        let refuse = |why: String| Fault {
            at: Place::whole(source.clone()),
            key: path.join("."),
            kind: FaultKind::Clash(why),
        };
        if path.iter().any(String::is_empty) {
            faults.push(refuse("a key has an empty part".to_owned()));
            continue;
        }
        if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER)
        {
            faults.push(Fault { kind: FaultKind::NotText(name.clone()), ..refuse(String::new()) });
            continue;
        }
        if let Some((_, first)) = set.iter().find(|(known, _)| *known == path) {
            faults.push(refuse(format!("set by two variables; also by {first}")));
            continue;
        }
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        tree = over(tree, branch(&parts, value, source, faults));
        set.push((path, name));
    }
    tree
}

/// The keys that the parts of a variable's name mean.
fn resolve(name: &str, below: &Node) -> Vec<String> {
    let plain = |text: &str| -> String {
        let one = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        text.chars().map(one).collect()
    };
    let keys = Keys::all();
    let mut path: Vec<String> = Vec::new();
    // The section of risk.yaml may be called as its file is.
    let parts = name.split("__").enumerate().map(|(index, part)| match index {
        0 if part.eq_ignore_ascii_case("risk") => "risk_management",
        _ => part,
    });
    for part in parts {
        let so_far: Vec<&str> = path.iter().map(String::as_str).collect();
        let there = match below.at_path(&so_far).map(|node| &node.value) {
            Some(Value::Map(entries)) => &entries[..],
            _ => &[],
        };
        let of_files = there.iter().map(|entry| entry.key.as_str());
        let known = keys.names_under(&so_far).map(|name| -> &str { name });
        let found = known.chain(of_files).find(|key| plain(key) == plain(part));
        path.push(found.map_or_else(|| part.to_ascii_lowercase(), str::to_owned));
    }
    path
}

fn nothing(source: Source) -> Node {
    Node::new(Place::whole(source), Value::Map(Vec::new()))
}

/// `["nodes", "layout"]` and `fused` as the tree `nodes: {layout: fused}`.
fn branch(path: &[&str], value: &str, source: Source, faults: &mut Vec<Fault>) -> Node {
    let at = Place::whole(source.clone());
    let mut node = Node::new(at.clone(), value_of(path, value, source, faults));
    for key in path.iter().rev() {
        let entry = Entry { key: (*key).to_owned(), at: at.clone(), node };
        node = Node::new(at.clone(), Value::Map(vec![entry]));
    }
    node
}

/// A secret is what is written, to the letter. So is another single value, unless it is quoted.
/// Everything else is YAML.
fn value_of(path: &[&str], value: &str, source: Source, faults: &mut Vec<Fault>) -> Value {
    let keys = Keys::all();
    let kind = keys.find(path, &keys.shipped).map(|key| key.kind);
    let as_it_is = match kind {
        Some(Kind::Secret) => true,
        Some(Kind::Value) => !value.trim_start().starts_with(['"', '\'', '~']),
        _ => value.trim().is_empty(),
    };
    if as_it_is {
        return Value::Text(Zeroizing::new(value.to_owned()));
    }
    let mut own = Vec::new();
    let node = raw::parse(value, source.clone(), &mut own);
    if own.is_empty() {
        return node.map_or(Value::Null, |node| node.value);
    }
    // Lines and columns of a value say nothing about where it was set.
    let at = Place::whole(source);
    let place = |fault: Fault| Fault { at: at.clone(), key: path.join("."), ..fault };
    faults.extend(own.into_iter().map(place));
    Value::Broken
}
