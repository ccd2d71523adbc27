//! Every key there is: written down by the readers themselves as they ask for it.
//!
//! There is no list of keys beside the code that reads them. The shipped configuration is read once
//! with a [`Recorder`], which notes each key that is asked for, its form and whether it must be there.
//! The schema, `explain`, the masking of secrets and the names of environment variables come from it.

use crate::layer;
use crate::plan::{self, Shape};
use crate::raw::{Node, Value};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;

/// What stands for a key of the user's own in the path of a [`Key`].
pub const ANY: &str = "*";

/// One key as its reader asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its path; [`ANY`] stands for a name of the user's own.
    pub path: Vec<&'static str>,
    /// It is only known where the section of its parent's has this `class`.
    pub class: Option<&'static str>,
    /// What stands there.
    pub kind: Kind,
    /// What is allowed, for people.
    pub allowed: String,
    /// What is allowed, for a schema. Of [`Kind::Named`]: the names.
    pub shape: Shape,
    /// Whether it must be there.
    pub needed: bool,
}

/// What stands at a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One value.
    Value,
    /// One value that is not shown.
    Secret,
    /// A list of values.
    List,
    /// A section of known keys.
    Section,
    /// A section under names of the user's own.
    Named,
}

/// Notes what is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Rc<RefCell<Vec<Key>>>);

impl Recorder {
    /// Notes one key; the first note of it counts.
    pub(crate) fn note(&self, key: Key) {
        let mut keys = self.0.borrow_mut();
        match keys.iter_mut().find(|known| known.path == key.path && known.class == key.class) {
            // A section of the user's own: that it is one is known before what it is.
            Some(known) if known.kind == Kind::Section && key.kind == Kind::Named => *known = key,
            Some(_) => {}
            None => keys.push(key),
        }
    }
}

/// All keys, in the order in which they are read.
#[derive(Debug)]
pub struct Keys {
    list: Vec<Key>,
    /// What is shipped, variables at their defaults.
    pub(crate) shipped: Node,
}

impl Keys {
    /// The keys of this program.
    #[must_use]
    pub fn all() -> &'static Self {
        static ALL: OnceLock<Keys> = OnceLock::new();
        ALL.get_or_init(|| {
            let recorder = Recorder::default();
            let mut filled = layer::shipped().clone();
            layer::fill_in(&mut filled, "", &|_| None, &mut Vec::new());
            plan::read(&filled, Some(recorder.clone()), &mut Vec::new());
            let list = recorder.0.take();
            Self { list, shipped: filled }
        })
    }

    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[Key] {
        &self.list
    }

    /// The keys directly under a section, those of every class.
    pub(crate) fn under(&self, path: &[&str]) -> Vec<&Key> {
        let below = |key: &&Key| {
            let (_, above) = key.path.split_last().unwrap_or((&ANY, &[]));
            !key.path.is_empty() && above == path
        };
        self.list.iter().filter(below).collect()
    }

    /// The names known under a written path.
    pub(crate) fn names_under(&self, path: &[&str]) -> impl Iterator<Item = &'static str> {
        self.list
            .iter()
            .filter(move |key| key.path.len() == path.len() + 1 && fits(&key.path, path))
            .filter_map(|key| key.path.last().copied())
            .filter(|name| *name != ANY)
    }

    /// The key of a written path, where `class` says of which class a section is.
    #[must_use]
    pub fn find(&self, path: &[&str], tree: &Node) -> Option<&Key> {
        let class = class_of(path, tree);
        let same = |key: &&Key| key.path.len() == path.len() && fits(&key.path, path);
        let mut found: Vec<&Key> = self.list.iter().filter(same).collect();
        // A name of one's own gives way to a key of the program's.
        found.sort_by_key(|key| key.path.contains(&ANY));
        let of_class = |key: &&&Key| match (key.class, &class) {
            (Some(known), Some(class)) => known.eq_ignore_ascii_case(class),
            _ => true,
        };
        found.iter().find(of_class).copied()
    }

    /// Whether what stands at a path is a secret.
    #[must_use]
    pub fn is_secret(&self, path: &[&str]) -> bool {
        self.find(path, &self.shipped).is_some_and(|key| key.kind == Kind::Secret)
    }
}

/// Whether a key's path fits a written one, as far as that goes.
fn fits(known: &[&'static str], path: &[&str]) -> bool {
    known.iter().zip(path).all(|(known, part)| *known == ANY || known == part)
}

/// The class of the section a path leads through.
fn class_of(path: &[&str], tree: &Node) -> Option<String> {
    (1..=path.len()).find_map(|length| {
        let mut at = path.get(..length)?.to_vec();
        at.push("class");
        match &tree.at_path(&at)?.value {
            Value::Text(class) => Some(class.to_string()),
            _ => None,
        }
    })
}
