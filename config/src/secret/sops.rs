//! Files in the format of SOPS (`github.com/getsops/sops`) with age recipients.
//!
//! The file has a data key of its own, encrypted for each recipient under `sops.age`. Each value is
//! encrypted with it and bound to the keys it stands under; a MAC over all values, in their order, is
//! encrypted too and bound to `sops.lastmodified`. Keys of the tree and, with one of the suffix or regex
//! settings, chosen values stay readable; the MAC covers them as well, unless `mac_only_encrypted` says no.
//!
//! Read and written is what concerns age: other key services in the same file are left alone, Shamir
//! groups and rules by comment are refused by name.

mod meta;
mod write;

pub use meta::Rules;
pub(super) use write::{again, plain};
pub use write::{rotate, write};

use super::cipher::{DataKey, Kind, is_encrypted};
use super::keys::Keys;
use super::sealed::utf8;
use super::{SecretFault, Wrong, hide};
use crate::fault::Place;
use crate::raw::{Node, Value};
use meta::Meta;
use sha2::{Digest as _, Sha512};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// The key of the metadata.
pub(super) const SOPS: &str = "sops";
/// What the MAC begins with when it covers the encrypted values only.
const MAC_ONLY_ENCRYPTED: &str = "8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69";

/// Whether a file's tree is in this format.
#[must_use]
pub fn is_sops(tree: &Node) -> bool {
    let Value::Map(entries) = &tree.value else { return false };
    entries.iter().any(|entry| entry.key == SOPS && matches!(entry.node.value, Value::Map(_)))
}

/// Decrypts a tree where it stands, and takes its metadata out, once the MAC is found right.
pub(crate) fn open(tree: &mut Node, keys: &Keys) -> Result<(), Wrong> {
    let opened = Opened::of(tree, keys)?;
    opened.decrypt(tree)?;
    if let Value::Map(entries) = &mut tree.value {
        entries.retain(|entry| entry.key != SOPS);
    }
    Ok(())
}

/// A file whose data key is known.
pub(super) struct Opened {
    pub(super) meta: Meta,
    pub(super) key: DataKey,
}

impl Opened {
    pub(super) fn of(tree: &Node, keys: &Keys) -> Result<Self, Wrong> {
        let meta = Meta::read(tree)?;
        let wrong = |why| (meta.at.clone(), "sops.age".to_owned(), why);
        let mut last = SecretFault::form("no recipient; only age keys are read");
        for sealed in &meta.data_keys {
            match keys.open(sealed.trim().as_bytes()).and_then(|key| DataKey::of(&key)) {
                Ok(key) => return Ok(Self { meta, key }),
                Err(why) => last = why,
            }
        }
        Err(wrong(last))
    }

    /// Decrypts every value in place and checks the MAC.
    fn decrypt(&self, tree: &mut Node) -> Result<(), Wrong> {
        let mut mac = Mac::new(self.meta.mac_only_encrypted);
        let at = self.meta.at.clone();
        each_leaf(tree, &mut Vec::new(), &mut |node, path| {
            let wrong = |at: &Place, why| (at.clone(), dotted(path), why);
            let Value::Text(text) = &node.value else { return Ok(()) };
            let encrypted = self.meta.rules.encrypts(path);
            if !encrypted {
                if is_encrypted(text) {
                    let why = "encrypted, and the file's own rules say it is not";
                    return Err(wrong(&node.at, SecretFault::form(why)));
                }
                mac.add(&written(text, kind(text, node.quoted)), false);
                return Ok(());
            }
            if text.is_empty() {
                return Ok(());
            }
            let (plain, kind) =
                self.key.open(text, &aad(path)).map_err(|why| wrong(&node.at, why))?;
            let plain = utf8(&plain).map_err(|why| wrong(&node.at, why))?;
            mac.add(&written(&plain, kind), true);
            hide(node, plain);
            Ok(())
        })?;
        let told = self
            .key
            .open(&self.meta.mac, &self.meta.last_modified)
            .map_err(|why| (at.clone(), "sops.mac".to_owned(), why))?;
        if told.0.as_slice() == mac.text().as_bytes() {
            Ok(())
        } else {
            Err((at, "sops.mac".to_owned(), SecretFault::Mac))
        }
    }
}

/// The checksum over a file's values.
pub(super) struct Mac {
    hash: Sha512,
    only_encrypted: bool,
}

impl Mac {
    pub(super) fn new(only_encrypted: bool) -> Self {
        let mut hash = Sha512::new();
        if only_encrypted {
            let byte = |pair: &[u8]| {
                std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())
            };
            let begin: Vec<u8> = MAC_ONLY_ENCRYPTED.as_bytes().chunks(2).filter_map(byte).collect();
            hash.update(begin);
        }
        Self { hash, only_encrypted }
    }

    pub(super) fn add(&mut self, value: &str, encrypted: bool) {
        if encrypted || !self.only_encrypted {
            self.hash.update(value.as_bytes());
        }
    }

    pub(super) fn text(self) -> String {
        self.hash.finalize().iter().fold(String::with_capacity(128), |mut text, byte| {
            let _ = write!(text, "{byte:02X}");
            text
        })
    }
}

type EachLeaf<'e> = dyn FnMut(&mut Node, &[String]) -> Result<(), Wrong> + 'e;

/// Calls `each` with every value and the keys above it, in the order of the file; an item of a list has
/// the keys of its list. The metadata is no value.
pub(super) fn each_leaf(
    node: &mut Node,
    path: &mut Vec<String>,
    each: &mut EachLeaf<'_>,
) -> Result<(), Wrong> {
    match &mut node.value {
        Value::Map(entries) => {
            for entry in entries {
                if path.is_empty() && entry.key == SOPS {
                    continue;
                }
                path.push(entry.key.clone());
                each_leaf(&mut entry.node, path, each)?;
                path.pop();
            }
            Ok(())
        }
        Value::List(items) => items.iter_mut().try_for_each(|item| each_leaf(item, path, each)),
        Value::Text(_) | Value::Null | Value::Broken => each(node, path),
    }
}

/// What a value is bound to.
pub(super) fn aad(path: &[String]) -> String {
    path.iter().fold(String::new(), |text, key| text + key + ":")
}

pub(super) fn dotted(path: &[String]) -> String {
    path.join(".")
}

/// What YAML takes a plain text for, as SOPS' own reader does.
pub(super) fn kind(text: &str, quoted: bool) -> Kind {
    if quoted {
        return Kind::Str;
    }
    match text {
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => return Kind::Bool,
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Kind::Int;
    }
    let shaped = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    if shaped && text.parse::<f64>().is_ok() { Kind::Float } else { Kind::Str }
}

/// A value as the MAC and the cipher see it: numbers and flags in one form each.
pub(super) fn written(text: &str, kind: Kind) -> Zeroizing<String> {
    let text = match kind {
        Kind::Str => text.to_owned(),
        Kind::Int => text.parse::<i64>().map_or_else(|_| text.to_owned(), |n| n.to_string()),
        Kind::Float => text.parse::<f64>().map_or_else(|_| text.to_owned(), |n| n.to_string()),
        Kind::Bool if text.eq_ignore_ascii_case("true") => "True".to_owned(),
        Kind::Bool => "False".to_owned(),
    };
    Zeroizing::new(text)
}
