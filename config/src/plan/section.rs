//! Reading one section: every key asked for is known, every other one is a fault.

use super::form::Form;
use crate::fault::{Fault, FaultKind, Place, nearest};
use crate::layer::join;
use crate::raw::{Entry, Node, Value};
use crate::secret::Secret;

/// A section being read.
pub(crate) struct Section<'n> {
    path: String,
    at: Place,
    entries: &'n [Entry],
    known: Vec<&'static str>,
    /// It is no section, and that has been told: nothing in it is missing.
    broken: bool,
}

impl<'n> Section<'n> {
    /// The whole tree.
    pub(crate) fn root(node: &'n Node, faults: &mut Vec<Fault>) -> Self {
        Self::of(Some(node), String::new(), node.at.clone(), faults)
    }

    fn of(node: Option<&'n Node>, path: String, parent: Place, faults: &mut Vec<Fault>) -> Self {
        let at = node.map_or(parent, |node| node.at.clone());
        let mut broken = false;
        let entries = match node.map(|node| &node.value) {
            Some(Value::Map(entries)) => &entries[..],
            Some(Value::Null) | None => &[],
            Some(Value::Broken) => {
                broken = true;
                &[]
            }
            Some(_) => {
                broken = true;
                let found = node.map_or_else(String::new, Node::shown);
                let allowed = "a section of keys".to_owned();
                let kind = FaultKind::Value { found, allowed };
                faults.push(Fault { at: at.clone(), key: path.clone(), kind });
                &[]
            }
        };
        Self { path, at, entries, known: Vec::new(), broken }
    }

    /// The section of that key; an empty one when it is not there.
    pub(crate) fn section(&mut self, key: &'static str, faults: &mut Vec<Fault>) -> Self {
        let path = join(&self.path, key);
        let mut section = Self::of(self.node(key), path, self.at.clone(), faults);
        section.broken |= self.broken;
        section
    }

    /// Sections under keys of the user's own, each with its key.
    pub(crate) fn named(&self, faults: &mut Vec<Fault>) -> Vec<(&'n Entry, Self)> {
        let with = |entry: &'n Entry, faults: &mut Vec<Fault>| {
            let path = join(&self.path, &entry.key);
            (entry, Self::of(Some(&entry.node), path, entry.at.clone(), faults))
        };
        self.entries.iter().map(|entry| with(entry, faults)).collect()
    }

    /// The node of a key, unless nothing stands there.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(&entry.node).filter(|node| node.value != Value::Null)
    }

    /// A value, if it is there and of its form.
    pub(crate) fn maybe<T>(
        &mut self,
        key: &'static str,
        form: &Form<'_, T>,
        faults: &mut Vec<Fault>,
    ) -> Option<T> {
        let node = self.node(key)?;
        read_one(node, &join(&self.path, key), form, faults)
    }

    /// A value that must be there. On a fault it is only a stand-in.
    pub(crate) fn need<T: Default>(
        &mut self,
        key: &'static str,
        form: &Form<'_, T>,
        faults: &mut Vec<Fault>,
    ) -> T {
        if self.node(key).is_none() {
            if self.broken {
                return T::default();
            }
            let (at, key) = (self.at.clone(), join(&self.path, key));
            faults.push(Fault {
                at,
                key,
                kind: FaultKind::Missing { allowed: form.allowed.clone() },
            });
            return T::default();
        }
        self.maybe(key, form, faults).unwrap_or_default()
    }

    /// A list of values of one form; an empty one when it is not there.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        form: &Form<'_, T>,
        faults: &mut Vec<Fault>,
    ) -> Vec<T> {
        let path = join(&self.path, key);
        let Some(node) = self.node(key) else { return Vec::new() };
        let Value::List(items) = &node.value else {
            if node.value == Value::Broken {
                return Vec::new();
            }
            let allowed = format!("a list, each {}", form.allowed);
            let kind = FaultKind::Value { found: node.shown(), allowed };
            faults.push(Fault { at: node.at.clone(), key: path, kind });
            return Vec::new();
        };
        let one = |(index, item)| read_one(item, &format!("{path}[{index}]"), form, faults);
        items.iter().enumerate().filter_map(one).collect()
    }

    /// A secret: its value is in no fault.
    pub(crate) fn secret(
        &mut self,
        key: &'static str,
        faults: &mut Vec<Fault>,
    ) -> (Secret, Option<&'n Node>) {
        let path = join(&self.path, key);
        let Some(node) = self.node(key) else { return (Secret::default(), None) };
        match &node.value {
            Value::Text(text) => (Secret::new(text.clone()), Some(node)),
            Value::Broken => (Secret::default(), None),
            _ => {
                let (found, allowed) = ("a list or section".to_owned(), "a text".to_owned());
                let kind = FaultKind::Value { found, allowed };
                faults.push(Fault { at: node.at.clone(), key: path, kind });
                (Secret::default(), None)
            }
        }
    }

    /// Where the value of a key stands; the section itself when it has none.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map_or(self.at.clone(), |entry| entry.node.at.clone())
    }

    /// A key with its whole path.
    pub(crate) fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// A fault of one of its keys.
    pub(crate) fn clash(&self, key: &str, why: String, faults: &mut Vec<Fault>) {
        let (at, key) = (self.place_of(key), self.path_of(key));
        faults.push(Fault { at, key, kind: FaultKind::Clash(why) });
    }

    /// Every key that was not asked for is a fault.
    pub(crate) fn finish(self, faults: &mut Vec<Fault>) {
        for entry in self.entries.iter().filter(|entry| !self.known.contains(&entry.key.as_str())) {
            let near = nearest(&entry.key, self.known.iter().copied()).map(str::to_owned);
            let known = self.known.iter().map(|key| (*key).to_owned()).collect();
            let kind = FaultKind::UnknownKey { near, known };
            let key = join(&self.path, &entry.key);
            faults.push(Fault { at: entry.at.clone(), key, kind });
        }
    }
}

fn read_one<T>(node: &Node, path: &str, form: &Form<'_, T>, faults: &mut Vec<Fault>) -> Option<T> {
    let value = match &node.value {
        Value::Text(text) => (form.read)(text.trim()),
        _ => None,
    };
    if value.is_none() && node.value != Value::Broken {
        let kind = FaultKind::Value { found: node.shown(), allowed: form.allowed.clone() };
        faults.push(Fault { at: node.at.clone(), key: path.to_owned(), kind });
    }
    value
}
