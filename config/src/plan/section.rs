//! Reading one section: every key asked for is known, every other one is a fault.

use super::form::{BLANKS, Form, Shape, text};
use crate::fault::{Fault, FaultKind, Place, nearest};
use crate::keys::{ANY, Key, Kind, Recorder};
use crate::layer::{join, quoted};
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
    notes: Notes,
}

/// Where what is asked for is noted, if it is.
#[derive(Clone, Default)]
struct Notes {
    recorder: Option<Recorder>,
    path: Vec<&'static str>,
    class: Option<&'static str>,
}

impl Notes {
    /// Those of a section below.
    fn below(&self, key: &'static str) -> Self {
        let mut notes = self.clone();
        if self.recorder.is_some() {
            notes.path.push(key);
        }
        notes
    }

    fn note(&self, kind: Kind, needed: bool, allowed: &str, shape: &Shape) {
        let Some(recorder) = &self.recorder else { return };
        recorder.note(Key {
            path: self.path.clone(),
            class: self.class,
            kind,
            allowed: allowed.to_owned(),
            shape: shape.clone(),
            needed,
        });
    }

    fn section(&self, needed: bool) {
        self.note(Kind::Section, needed, "a section of keys", &Shape::default());
    }
}

impl<'n> Section<'n> {
    /// The whole tree.
    pub(crate) fn root(
        node: &'n Node,
        recorder: Option<Recorder>,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let notes = Notes { recorder, ..Notes::default() };
        Self::of(Some(node), String::new(), node.at.clone(), notes, faults)
    }

    fn of(
        node: Option<&'n Node>,
        path: String,
        parent: Place,
        notes: Notes,
        faults: &mut Vec<Fault>,
    ) -> Self {
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
        Self { path, at, entries, known: Vec::new(), broken, notes }
    }

    /// The section of that key; an empty one when it is not there.
    pub(crate) fn section(&mut self, key: &'static str, faults: &mut Vec<Fault>) -> Self {
        let notes = self.notes.below(key);
        notes.section(true);
        self.section_with(key, notes, faults)
    }

    /// The section of that key, whose keys are those of a class.
    pub(crate) fn section_of(
        &mut self,
        key: &'static str,
        class: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let notes = Notes { class: Some(class), ..self.notes.below(key) };
        notes.section(true);
        self.section_with(key, notes, faults)
    }

    /// The section of that key, if it is there. One whose reader is recorded always is.
    pub(crate) fn section_if_any(
        &mut self,
        key: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let notes = self.notes.below(key);
        notes.section(false);
        let there = self.node(key).is_some() || self.notes.recorder.is_some();
        there.then(|| self.section_with(key, notes, faults))
    }

    fn section_with(&mut self, key: &'static str, notes: Notes, faults: &mut Vec<Fault>) -> Self {
        let path = join(&self.path, key);
        let mut section = Self::of(self.node(key), path, self.at.clone(), notes, faults);
        section.broken |= self.broken;
        section
    }

    /// Sections under names of the user's own, each with its name; one of another form is a fault.
    pub(crate) fn named<T>(
        &self,
        form: &Form<'_, T>,
        faults: &mut Vec<Fault>,
    ) -> Vec<(&'n Entry, Option<T>, Self)> {
        self.notes.note(Kind::Named, false, &form.allowed, &form.shape);
        let mut all = Vec::with_capacity(self.entries.len());
        for entry in self.entries {
            let (path, notes) = (join(&self.path, &entry.key), self.notes.below(ANY));
            notes.section(false);
            let name = (form.read)(&entry.key);
            if name.is_none() {
                let found = quoted(&entry.key);
                let kind = FaultKind::Value { found, allowed: form.allowed.clone() };
                faults.push(Fault { at: entry.at.clone(), key: path.clone(), kind });
            }
            let at = entry.at.clone();
            all.push((entry, name, Self::of(Some(&entry.node), path, at, notes, faults)));
        }
        all
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
        self.notes.below(key).note(Kind::Value, false, &form.allowed, &form.shape);
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
        self.notes.below(key).note(Kind::Value, true, &form.allowed, &form.shape);
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
        self.notes.below(key).note(Kind::List, false, &form.allowed, &form.shape);
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
        self.secret_like(key, &text().map(Secret::new), faults)
    }

    /// A secret of some form.
    pub(crate) fn secret_like(
        &mut self,
        key: &'static str,
        form: &Form<'_, Secret>,
        faults: &mut Vec<Fault>,
    ) -> (Secret, Option<&'n Node>) {
        self.notes.below(key).note(Kind::Secret, false, &form.allowed, &form.shape);
        let path = join(&self.path, key);
        let Some(node) = self.node(key) else { return (Secret::default(), None) };
        let found = match &node.value {
            Value::Text(text) if (form.read)(text.trim_matches(BLANKS)).is_some() => {
                return (Secret::new(text.to_string()), Some(node));
            }
            Value::Broken => return (Secret::default(), None),
            Value::Text(_) => "what stands there (not shown)",
            _ => "a list or section",
        };
        let (found, allowed) = (found.to_owned(), form.allowed.clone());
        let kind = FaultKind::Value { found, allowed };
        faults.push(Fault { at: node.at.clone(), key: path, kind });
        (Secret::default(), None)
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
        Value::Text(text) => (form.read)(text.trim_matches(BLANKS)),
        _ => None,
    };
    if value.is_none() && node.value != Value::Broken {
        let kind = FaultKind::Value { found: node.shown(), allowed: form.allowed.clone() };
        faults.push(Fault { at: node.at.clone(), key: path.to_owned(), kind });
    }
    value
}
