//! What is in effect, value by value, and where each comes from. Secrets are never shown.

use crate::Inspected;
use crate::fault::Place;
use crate::keys::{Key, Keys, Kind};
use crate::layer::{join, quoted};
use crate::plan::Numbers;
use crate::raw::{Filled, Node, Value};
use crate::report;
use serde_json::{Map, Number, Value as Json, json};
use std::fmt;

/// What stands for a secret.
pub const HIDDEN: &str = "[redacted]";

/// One effective value.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The key with its whole path, part by part: a name of the user's own may hold dots.
    pub path: Vec<String>,
    /// The value, for people.
    pub text: String,
    /// The value, for machines.
    pub value: Json,
    /// Where it comes from.
    pub at: Place,
    /// The variables that were filled into it.
    pub filled: Vec<Filled>,
}

impl Shown {
    /// Where it comes from, with the variables it names.
    #[must_use]
    pub fn origin(&self) -> String {
        let mut out = self.at.to_string();
        for variable in &self.filled {
            let from = if variable.set { "set" } else { "not set: its default" };
            out.push_str(&format!(", ${{{}}} ({from})", variable.name));
        }
        out
    }
}

/// Every effective value, in the order of the files.
#[must_use]
pub fn values(inspected: &Inspected) -> Vec<Shown> {
    let mut all = Vec::new();
    walk(&inspected.tree, &inspected.tree, &mut Vec::new(), &mut all);
    all
}

fn walk(node: &Node, tree: &Node, path: &mut Vec<String>, all: &mut Vec<Shown>) {
    if let Value::Map(entries) = &node.value
        && (!entries.is_empty() || path.is_empty())
    {
        for entry in entries {
            path.push(entry.key.clone());
            walk(&entry.node, tree, path, all);
            path.pop();
        }
        return;
    }
    all.push(shown(node, tree, path));
}

/// One value as it may be seen.
pub(crate) fn shown(node: &Node, tree: &Node, path: &[String]) -> Shown {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let key = Keys::all().find(&parts, tree);
    Shown {
        path: path.to_vec(),
        text: text_of(node, key),
        value: json_of(node, key),
        at: node.at.clone(),
        filled: node.filled.clone(),
    }
}

fn is_hidden(text: &str, key: Option<&Key>) -> bool {
    // What is not known could be anything.
    !text.is_empty() && key.is_none_or(|key| key.kind == Kind::Secret)
}

fn text_of(node: &Node, key: Option<&Key>) -> String {
    match &node.value {
        Value::Null | Value::Broken => "~".to_owned(),
        Value::Text(text) if node.hidden || is_hidden(text, key) => HIDDEN.to_owned(),
        Value::Text(text) => {
            let plain = |c: char| c.is_alphanumeric() || "._-/:*@+%".contains(c);
            let bare = !text.is_empty() && text.chars().all(plain);
            if bare { text.to_string() } else { quoted(text) }
        }
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| text_of(item, key)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(_) => "{}".to_owned(),
    }
}

/// A value as JSON: numbers and flags where the key is one, if nothing of them is lost.
pub(crate) fn json_of(node: &Node, key: Option<&Key>) -> Json {
    match &node.value {
        Value::Null | Value::Broken => Json::Null,
        Value::Text(text) if node.hidden || is_hidden(text, key) => json!(HIDDEN),
        Value::Text(text) => scalar(text, key),
        Value::List(items) => items.iter().map(|item| json_of(item, key)).collect(),
        Value::Map(_) => json!({}),
    }
}

fn scalar(text: &str, key: Option<&Key>) -> Json {
    let Some(shape) = key.map(|key| &key.shape) else { return json!(text) };
    if shape.flags && shape.numbers == Numbers::None {
        return json!(text.eq_ignore_ascii_case("true"));
    }
    let number = match shape.numbers {
        Numbers::Within { .. } => serde_json::from_str::<Number>(text).ok(),
        Numbers::None | Numbers::Any => None,
    };
    number.filter(|number| number.to_string() == text).map_or_else(|| json!(text), Json::Number)
}

/// All of them as one tree; with their origin, each value is an object of `value` and `origin`.
#[must_use]
pub fn to_json(all: &[Shown], origins: bool) -> Json {
    let mut root = Json::Object(Map::new());
    for one in all {
        let mut at = &mut root;
        for part in &one.path {
            if !at.is_object() {
                *at = Json::Object(Map::new());
            }
            at = &mut at[part.as_str()];
        }
        *at = match origins {
            false => one.value.clone(),
            true => json!({ "value": one.value, "origin": origin_json(one) }),
        };
    }
    root
}

fn origin_json(one: &Shown) -> Json {
    let mut place = report::place(&one.at);
    if !one.filled.is_empty() {
        let named = |f: &Filled| json!({ "name": f.name, "set": f.set });
        place["variables"] = one.filled.iter().map(named).collect();
    }
    place
}

/// All of them for people, one a line.
#[derive(Debug)]
pub struct Listing<'a> {
    /// What is listed.
    pub values: &'a [Shown],
    /// Whether each is followed by where it comes from.
    pub origins: bool,
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.values.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let key = one.path.iter().fold(String::new(), |path, part| join(&path, part));
            let line = format!("{key} = {}", one.text);
            match self.origins {
                true => write!(f, "{line:<72}  {}", one.origin())?,
                false => f.write_str(&line)?,
            }
        }
        Ok(())
    }
}
