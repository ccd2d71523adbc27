//! Versions of the configuration, kept in the state folder.
//!
//! A version is named by its number and by the SHA-256 over its effective tree: every value as the engine
//! uses it, sorted by its key. Of a secret only a digest goes in, keyed with a salt that never leaves the
//! folder: a changed secret is a new version, and the folder tells nobody what it is. The files it came
//! from are kept beside it, so that a version can be put back, unless one of them holds a secret in the
//! clear.

mod store;

#[cfg(test)]
mod tests;

pub use store::{History, Kept, NotBack, Recorded, Version};

use crate::Inspected;
use crate::fault::{ConfigFaults, Source};
use crate::files::{ENVIRONMENTS, OVERLAYS};
use crate::keys::Keys;
use crate::layer::SHIPPED;
use crate::raw::{BYTES_MAX, Node, Value};
use crate::whole;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// What keys digests of secrets: random, one a folder.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Every value the engine uses, by its whole key; secrets as digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The values.
    pub values: BTreeMap<String, String>,
    /// The files they came from, each with its text; `None` when one holds a secret in the clear.
    pub files: Option<BTreeMap<String, String>>,
}

impl Effective {
    /// Of a configuration that was laid open; `dir` is where its files lie.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn of(
        inspected: &Inspected,
        dir: Option<&Path>,
        salt: &Salt,
    ) -> Result<Self, ConfigFaults> {
        inspected.faults.clone()?;
        let (mut values, mut clear) = (BTreeMap::new(), false);
        flatten(&inspected.tree, &mut Vec::new(), salt, &mut values, &mut clear);
        mounted(inspected, salt, &mut values);
        let files = dir.filter(|_| !clear).map_or_else(BTreeMap::new, texts);
        Ok(Self { values, files: (!clear).then_some(files) })
    }

    /// The version's name: SHA-256 over the values, as 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for (key, value) in &self.values {
            // Lengths first: no value can pass for a key.
            hash.update(u64::try_from(key.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(key.as_bytes());
            hash.update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(value.as_bytes());
        }
        hex(&hash.finalize())
    }
}

/// One value that is not the same in two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The whole key.
    pub key: String,
    /// What it was, if it was there.
    pub from: Option<String>,
    /// What it is, if it is there.
    pub to: Option<String>,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, "{}: {from} -> {to}", self.key),
            (None, Some(to)) => write!(f, "{}: {to} (new)", self.key),
            (Some(from), None) => write!(f, "{}: {from} (gone)", self.key),
            (None, None) => write!(f, "{}", self.key),
        }
    }
}

/// What must change to come from `from` to `to`, by key.
#[must_use]
pub fn difference(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> Vec<Change> {
    let mut keys: Vec<&String> = from.keys().chain(to.keys()).collect();
    keys.sort();
    keys.dedup();
    let changed = keys.into_iter().filter(|key| from.get(*key) != to.get(*key));
    changed
        .map(|key| Change {
            key: key.clone(),
            from: from.get(key).cloned(),
            to: to.get(key).cloned(),
        })
        .collect()
}

fn flatten(
    node: &Node,
    path: &mut Vec<String>,
    salt: &Salt,
    values: &mut BTreeMap<String, String>,
    clear: &mut bool,
) {
    if let Value::Map(entries) = &node.value {
        for entry in entries {
            path.push(entry.key.clone());
            flatten(&entry.node, path, salt, values, clear);
            path.pop();
        }
        return;
    }
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let secret = Keys::all().is_secret(&parts);
    if let Some(text) = one(node, secret, salt, clear) {
        values.insert(path.join("."), text);
    }
}

/// What keys were read from files of their own: a file that holds something else is another version, though
/// its name stays.
fn mounted(inspected: &Inspected, salt: &Salt, values: &mut BTreeMap<String, String>) {
    for exchange in &inspected.config.exchanges {
        let name = exchange.name.key();
        let read = [
            ("api_key", &exchange.api_key),
            ("secret_key", &exchange.secret_key),
            ("passphrase", &exchange.passphrase),
        ];
        for (key, secret) in read {
            let whole = format!("exchanges.{name}.{key}");
            if values.contains_key(&format!("{whole}_file")) && !secret.is_empty() {
                values.insert(whole, digest(salt, secret.expose()));
            }
        }
    }
}

/// A list is one value: what was put in or taken out says more than shifted numbers.
fn one(node: &Node, secret: bool, salt: &Salt, clear: &mut bool) -> Option<String> {
    match &node.value {
        Value::Text(text) if (secret || node.hidden) && !text.is_empty() => {
            *clear |= in_the_clear(node);
            Some(digest(salt, text))
        }
        Value::Text(text) => Some(text.to_string()),
        Value::List(items) => {
            let items: Vec<String> =
                items.iter().filter_map(|item| one(item, secret, salt, clear)).collect();
            Some(format!("[{}]", items.join(", ")))
        }
        Value::Map(entries) => {
            let items: Vec<String> = entries
                .iter()
                .filter_map(|entry| {
                    one(&entry.node, secret, salt, clear)
                        .map(|text| format!("{}: {text}", entry.key))
                })
                .collect();
            Some(format!("{{{}}}", items.join(", ")))
        }
        Value::Null | Value::Broken => None,
    }
}

/// Whether a secret stands in a file for everybody to read.
fn in_the_clear(node: &Node) -> bool {
    let from_file = matches!(*node.at.source, Source::File(_) | Source::Remote(_));
    from_file && !node.hidden && node.filled.is_empty()
}

/// HMAC-SHA-256, cut to 64 bits: enough to see a change.
fn digest(salt: &Salt, text: &str) -> String {
    let keyed = Hmac::<Sha256>::new_from_slice(&salt.0).expect("HMAC takes a key of any length");
    let mac = keyed.chain_update(text.as_bytes()).finalize().into_bytes();
    format!("secret {}", hex(&mac[..8]))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Names of every file a configuration may have, overlays too.
fn names() -> impl Iterator<Item = String> {
    let overlays = ENVIRONMENTS.iter().map(|name| format!("{OVERLAYS}/{name}.yaml"));
    SHIPPED.iter().map(|(name, _)| (*name).to_owned()).chain(overlays)
}

fn texts(dir: &Path) -> BTreeMap<String, String> {
    let read = |name: String| {
        let text = whole::read_text(&dir.join(&name), BYTES_MAX).ok()?;
        Some((name, text.to_string()))
    };
    names().filter_map(read).collect()
}
