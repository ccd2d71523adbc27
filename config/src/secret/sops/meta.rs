//! The metadata of a SOPS file, under its key `sops`.

use super::SOPS;
use crate::fault::Place;
use crate::raw::{Node, Value};
use crate::secret::{SecretFault, Wrong};
use regex_lite::Regex;

/// What SOPS leaves readable when a file does not say.
const DEFAULT_SUFFIX: &str = "_unencrypted";

/// Which values are encrypted: by the keys above them. At most one of these is said in a file.
#[derive(Clone, Debug)]
pub enum Rules {
    /// All but below keys that end so.
    AllButSuffix(String),
    /// Only below keys that end so.
    Suffix(String),
    /// All but below keys that match.
    AllButRegex(Regex),
    /// Only below keys that match.
    Regex(Regex),
}

impl Default for Rules {
    fn default() -> Self {
        Self::AllButSuffix(DEFAULT_SUFFIX.to_owned())
    }
}

impl Rules {
    /// Only values below keys that match `pattern` anywhere.
    ///
    /// # Errors
    /// It is no regular expression.
    pub fn only(pattern: &str) -> Result<Self, SecretFault> {
        regex(pattern).map(Self::Regex)
    }

    /// Whether the value below these keys is encrypted.
    #[must_use]
    pub fn encrypts(&self, path: &[String]) -> bool {
        match self {
            Self::AllButSuffix(suffix) => !path.iter().any(|key| key.ends_with(suffix)),
            Self::Suffix(suffix) => path.iter().any(|key| key.ends_with(suffix)),
            Self::AllButRegex(regex) => !path.iter().any(|key| regex.is_match(key)),
            Self::Regex(regex) => path.iter().any(|key| regex.is_match(key)),
        }
    }

    /// Its line in a file.
    pub(super) fn line(&self) -> (&'static str, &str) {
        match self {
            Self::AllButSuffix(suffix) => ("unencrypted_suffix", suffix),
            Self::Suffix(suffix) => ("encrypted_suffix", suffix),
            Self::AllButRegex(regex) => ("unencrypted_regex", regex.as_str()),
            Self::Regex(regex) => ("encrypted_regex", regex.as_str()),
        }
    }
}

/// Settings that this reader does not take, with why.
const REFUSED: [(&str, &str); 3] = [
    ("key_groups", "key groups (Shamir) are not taken; use one group of age recipients"),
    (
        "unencrypted_comment_regex",
        "rules by comment are not taken; use a suffix or a regex of keys",
    ),
    ("encrypted_comment_regex", "rules by comment are not taken; use a suffix or a regex of keys"),
];

/// What is said under `sops`.
pub(in crate::secret) struct Meta {
    pub(in crate::secret) at: Place,
    pub(in crate::secret) recipients: Vec<String>,
    /// The data key, encrypted for each recipient.
    pub(in crate::secret) data_keys: Vec<String>,
    pub(in crate::secret) last_modified: String,
    pub(in crate::secret) mac: String,
    pub(in crate::secret) mac_only_encrypted: bool,
    pub(in crate::secret) rules: Rules,
}

impl Meta {
    pub(super) fn read(tree: &Node) -> Result<Self, Wrong> {
        let node = child(tree, SOPS).unwrap_or(tree);
        let wrong = |key: &str, why: String| {
            let at = child(node, key).unwrap_or(node).at.clone();
            (at, format!("{SOPS}.{key}"), SecretFault::Form(why))
        };
        for (key, why) in REFUSED {
            if child(node, key).is_some() {
                return Err(wrong(key, why.to_owned()));
            }
        }
        let need = |key: &str| {
            text(node, key).ok_or_else(|| wrong(key, "missing in the file's metadata".to_owned()))
        };
        let (mut recipients, mut data_keys) = (Vec::new(), Vec::new());
        if let Some(Value::List(items)) = child(node, "age").map(|age| &age.value) {
            for item in items {
                recipients.extend(text(item, "recipient").map(str::to_owned));
                data_keys.extend(text(item, "enc").map(str::to_owned));
            }
        }
        if data_keys.is_empty() {
            let others = ["kms", "gcp_kms", "azure_kv", "hc_vault", "pgp"];
            let others = others.into_iter().filter(|key| {
                matches!(child(node, key).map(|n| &n.value), Some(Value::List(l)) if !l.is_empty())
            });
            let others = others.collect::<Vec<_>>().join(", ");
            let others = if others.is_empty() { String::new() } else { format!(" but {others}") };
            return Err(wrong("age", format!("no age recipient{others}; only age is read")));
        }
        Ok(Self {
            at: node.at.clone(),
            recipients,
            data_keys,
            last_modified: need("lastmodified")?.to_owned(),
            mac: need("mac")?.to_owned(),
            mac_only_encrypted: text(node, "mac_only_encrypted") == Some("true"),
            rules: rules(node).map_err(|(key, why)| wrong(key, why.to_string()))?,
        })
    }
}

fn rules(node: &Node) -> Result<Rules, (&'static str, SecretFault)> {
    let mut found = Vec::new();
    for key in ["unencrypted_suffix", "encrypted_suffix", "unencrypted_regex", "encrypted_regex"] {
        let Some(said) = text(node, key).filter(|said| !said.is_empty()) else { continue };
        let compiled = || regex(said).map_err(|why| (key, why));
        found.push(match key {
            "unencrypted_suffix" => Rules::AllButSuffix(said.to_owned()),
            "encrypted_suffix" => Rules::Suffix(said.to_owned()),
            "unencrypted_regex" => Rules::AllButRegex(compiled()?),
            _ => Rules::Regex(compiled()?),
        });
    }
    if found.len() > 1 {
        let why = "more than one of the suffix and regex settings; SOPS takes one";
        return Err(("encrypted_regex", SecretFault::form(why)));
    }
    Ok(found.pop().unwrap_or_default())
}

fn regex(pattern: &str) -> Result<Regex, SecretFault> {
    Regex::new(pattern)
        .map_err(|why| SecretFault::form(format!("{pattern} is no regular expression: {why}")))
}

fn child<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    match child(node, key).map(|node| &node.value) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}
