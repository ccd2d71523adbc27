//! Texts that must not be seen: in memory, and in the files they are kept in.
//!
//! A value of a file may be encrypted alone (`ENC[age,...]`, [`sealed`]), or a whole file may have the
//! format of SOPS with age recipients ([`sops`]). Both are opened while the file is read, with the keys
//! that [`keys`] finds. What was opened is marked: no fault shows it, no variable is looked for in it.

mod cipher;
mod private;

pub mod edit;
pub mod file;
pub mod keys;
pub mod sealed;
pub mod sops;

#[cfg(test)]
mod tests;

pub use keys::Keys;
pub use private::read as read_private;

use crate::fault::{Fault, FaultKind, Place};
use crate::layer::join;
use crate::raw::{Node, Value};
use std::cell::OnceCell;
use std::fmt;
use zeroize::Zeroizing;

/// A password or key: not printed, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Hides `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Hides a text without the blanks and line ends around it.
    #[must_use]
    pub fn trimmed(text: &str) -> Self {
        Self::new(text.trim().to_owned())
    }

    /// Forgets the text.
    pub fn clear(&mut self) {
        self.0 = Zeroizing::default();
    }

    /// The text, for whoever signs with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "(none)" } else { "[redacted]" })
    }
}

/// Why an encrypted value cannot be read or written. Says nothing of what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// No key was found anywhere.
    #[error(
        "encrypted, and there is no age key to open it with; set FUNDING_ARB_AGE_KEY_FILE or SOPS_AGE_KEY_FILE"
    )]
    NoKey,
    /// A place of keys that cannot be used.
    #[error("age keys from {place}: {why}")]
    Keys {
        /// The variable and the file.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// Encrypted for others.
    #[error("encrypted for other age keys than the {0} found here")]
    NotForUs(
        /// How many keys were tried.
        usize,
    ),
    /// It looks encrypted and is not in that format.
    #[error("{0}")]
    Form(
        /// What is wrong.
        String,
    ),
    /// A value that was changed, moved or damaged after it was encrypted.
    #[error(
        "was changed, moved or damaged after it was encrypted: it does not open with the file's key"
    )]
    Changed,
    /// The checksum over the whole file is wrong.
    #[error(
        "a value of the file was changed, added or removed by something else than sops: its MAC differs"
    )]
    Mac,
    /// Nothing to encrypt for.
    #[error("no recipient; give --recipient age1..., or set SOPS_AGE_RECIPIENTS")]
    NoRecipient,
}

impl SecretFault {
    fn form(why: impl Into<String>) -> Self {
        Self::Form(why.into())
    }
}

/// The keys of this process, looked for when the first encrypted value is met.
pub(crate) struct Finder<'v> {
    variable: &'v dyn Fn(&str) -> Option<String>,
    found: OnceCell<Result<Keys, SecretFault>>,
}

impl<'v> Finder<'v> {
    pub(crate) fn new(variable: &'v dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable, found: OnceCell::new() }
    }

    fn keys(&self) -> Result<&Keys, SecretFault> {
        self.found.get_or_init(|| Keys::find(self.variable)).as_ref().map_err(Clone::clone)
    }
}

/// Opens whatever is encrypted in one file's tree.
pub(crate) fn open(tree: &mut Node, finder: &Finder<'_>, faults: &mut Vec<Fault>) {
    if sops::is_sops(tree) {
        if let Err((at, key, why)) = finder
            .keys()
            .map_err(|why| (tree.at.clone(), "sops".to_owned(), why))
            .and_then(|keys| sops::open(tree, keys))
        {
            faults.push(Fault { at, key, kind: FaultKind::Secret(why) });
            tree.value = Value::Broken;
        }
        return;
    }
    open_single(tree, "", finder, faults);
}

fn open_single(node: &mut Node, key: &str, finder: &Finder<'_>, faults: &mut Vec<Fault>) {
    match &mut node.value {
        Value::Text(text) if sealed::is_sealed(text) => {
            let opened = finder.keys().and_then(|keys| sealed::open(text, keys));
            match opened {
                Ok(plain) => hide(node, plain),
                Err(why) => {
                    let (at, key) = (node.at.clone(), key.to_owned());
                    faults.push(Fault { at, key, kind: FaultKind::Secret(why) });
                    node.value = Value::Broken;
                }
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                open_single(item, &format!("{key}[{index}]"), finder, faults);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                open_single(&mut entry.node, &join(key, &entry.key), finder, faults);
            }
        }
        Value::Text(_) | Value::Null | Value::Broken => {}
    }
}

/// Puts an opened value where the encrypted one stood.
fn hide(node: &mut Node, plain: Zeroizing<String>) {
    node.value = Value::Text(plain);
    node.hidden = true;
}

/// A place in a tree with its key and what is wrong there.
pub(crate) type Wrong = (Place, String, SecretFault);
