//! Encrypting and decrypting values of a text that otherwise stays as somebody wrote it.

use super::keys::{Keys, Recipients};
use super::{SecretFault, Wrong, sealed, sops};
use crate::fault::Source;
use crate::keys::{self, Kind};
use crate::layer::join;
use crate::raw::{self, Node, Value};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;
use zeroize::Zeroizing;

/// Whether a key of this last part holds a secret anywhere.
fn is_secret(last: &str) -> bool {
    let mut secrets = keys::Keys::all().list().iter().filter(|key| key.kind == Kind::Secret);
    secrets.any(|key| key.path.last() == Some(&last))
}

/// Encrypts single values: those of `keys`, or without any those whose key says that they are secret.
/// Tells which.
///
/// # Errors
/// The text is no YAML, a key is not there or encrypted already, or there is no recipient.
pub fn encrypt(
    text: &str,
    keys: &[String],
    recipients: &Recipients,
) -> Result<(String, Vec<String>), SecretFault> {
    let page = Page::read(text)?;
    let (mut replaced, mut done) = (Vec::new(), Vec::new());
    let mut sorry = None;
    page.each(&mut |path, node| {
        let Value::Text(value) = &node.value else { return };
        let last = path.rsplit('.').next().unwrap_or_default();
        let wanted = if keys.is_empty() {
            is_secret(last) && !value.is_empty() && !value.contains("${")
        } else {
            keys.iter().any(|key| key == path)
        };
        if !wanted || (keys.is_empty() && sealed::is_sealed(value)) {
            return;
        }
        if sealed::is_sealed(value) {
            sorry = Some(SecretFault::form(format!("{path}: encrypted already")));
            return;
        }
        match sealed::seal(value, recipients) {
            Ok(sealed) => {
                replaced.push(page.replacement(node, sealed));
                done.push(path.to_owned());
            }
            Err(why) => sorry = Some(why),
        }
    });
    if let Some(why) = sorry {
        return Err(why);
    }
    if let Some(missing) = keys.iter().find(|key| !done.contains(key)) {
        return Err(SecretFault::form(format!("{missing}: no such value in the file")));
    }
    Ok((page.with(replaced), done))
}

/// The text with everything decrypted.
///
/// # Errors
/// The text is no YAML, or something in it does not open with these keys.
pub fn decrypt(text: &str, keys: &Keys) -> Result<Zeroizing<String>, SecretFault> {
    let page = Page::read(text)?;
    if sops::is_sops(&page.tree) {
        return sops::plain(text, keys);
    }
    let opened = page.opened(keys)?;
    let replaced = opened
        .values()
        .map(|(plain, _, at)| Replacement { bytes: at.clone(), text: literal(plain, true) });
    Ok(Zeroizing::new(page.with(replaced.collect())))
}

/// Encrypts `plain`, which somebody made of what [`decrypt`] gave for `text`: what was encrypted is
/// encrypted again, what did not change keeps its text.
///
/// # Errors
/// One of the texts is no YAML, something does not open, or a changed value has no recipient.
pub fn again(
    text: &str,
    plain: &str,
    keys: &Keys,
    recipients: &Recipients,
) -> Result<String, SecretFault> {
    let page = Page::read(text)?;
    if sops::is_sops(&page.tree) {
        return sops::again(text, plain, keys);
    }
    let before = page.opened(keys)?;
    let page = Page::read(plain)?;
    let (mut replaced, mut sorry) = (Vec::new(), None);
    page.each(&mut |path, node| {
        let (Value::Text(value), Some((was, sealed, _))) = (&node.value, before.get(path)) else {
            return;
        };
        let same = was.as_str() == value.as_str();
        let sealed = if same { Ok(sealed.clone()) } else { sealed::seal(value, recipients) };
        match sealed {
            Ok(sealed) => replaced.push(page.replacement(node, sealed)),
            Err(why) => sorry = Some(why),
        }
    });
    sorry.map_or_else(|| Ok(page.with(replaced)), Err)
}

/// Encrypts everything that is encrypted anew, for `given`. Without them a SOPS file keeps its own, and
/// single values are for whom `own` says.
///
/// # Errors
/// The text is no YAML, something does not open, or there is no recipient.
pub fn rotate(
    text: &str,
    keys: &Keys,
    given: Option<&Recipients>,
    own: impl FnOnce() -> Result<Recipients, SecretFault>,
) -> Result<String, SecretFault> {
    let page = Page::read(text)?;
    if sops::is_sops(&page.tree) {
        return sops::rotate(text, keys, given);
    }
    let recipients = &given.map_or_else(own, |given| Ok(given.clone()))?;
    let mut replaced = Vec::new();
    let opened = page.opened(keys)?;
    if opened.is_empty() {
        return Err(SecretFault::form("nothing in it is encrypted"));
    }
    for (plain, _, at) in opened.values() {
        replaced.push(page.place(at.clone(), sealed::seal(plain, recipients)?));
    }
    Ok(page.with(replaced))
}

/// A text and its tree.
pub(super) struct Page {
    text: String,
    pub(super) tree: Node,
}

/// What comes in the place of some bytes.
pub(super) struct Replacement {
    pub(super) bytes: Range<usize>,
    pub(super) text: String,
}

/// A value that was encrypted alone: its plain text, the encrypted one, and where that stands.
type Single = (Zeroizing<String>, String, Range<usize>);

impl Page {
    pub(super) fn read(text: &str) -> Result<Self, SecretFault> {
        let mut faults = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let tree = raw::parse(&text, Source::Option("the file".to_owned()), &mut faults);
        if let Some(fault) = faults.first() {
            let line = fault.at.line;
            return Err(SecretFault::form(format!("line {line}: {}", fault.kind)));
        }
        let tree = tree.ok_or_else(|| SecretFault::form("the file is empty"))?;
        Ok(Self { text, tree })
    }

    /// Calls `each` with every value and its whole key.
    fn each(&self, each: &mut dyn FnMut(&str, &Node)) {
        fn walk(node: &Node, path: &str, each: &mut dyn FnMut(&str, &Node)) {
            match &node.value {
                Value::Map(entries) => {
                    entries.iter().for_each(|e| walk(&e.node, &join(path, &e.key), each));
                }
                Value::List(items) => {
                    let items = items.iter().enumerate();
                    items.for_each(|(i, item)| walk(item, &format!("{path}[{i}]"), each));
                }
                Value::Text(_) | Value::Null | Value::Broken => each(path, node),
            }
        }
        walk(&self.tree, "", each);
    }

    fn opened(&self, keys: &Keys) -> Result<HashMap<String, Single>, SecretFault> {
        let (mut opened, mut sorry) = (HashMap::new(), None);
        self.each(&mut |path, node| {
            let Value::Text(text) = &node.value else { return };
            if !sealed::is_sealed(text) {
                return;
            }
            match sealed::open(text, keys) {
                Ok(plain) => {
                    let single = (plain, text.to_string(), self.bytes_of(node));
                    opened.insert(path.to_owned(), single);
                }
                Err(why) => sorry = Some(SecretFault::form(format!("{path}: {why}"))),
            }
        });
        sorry.map_or(Ok(opened), Err)
    }

    /// Puts an encrypted value in the place of a node; between brackets it needs quotes.
    pub(super) fn replacement(&self, node: &Node, sealed: String) -> Replacement {
        self.place(self.bytes_of(node), sealed)
    }

    fn place(&self, bytes: Range<usize>, sealed: String) -> Replacement {
        let line = self.text[..bytes.start].rfind('\n').map_or(0, |at| at + 1);
        let before = &self.text[line..bytes.start];
        let plain = !before.contains(['[', '{', ',']) && before.trim_end().ends_with([':', '-']);
        Replacement { bytes, text: if plain { sealed } else { literal(&sealed, true) } }
    }

    /// Where a value stands, with the `|` or `>` that begins a block.
    pub(super) fn bytes_of(&self, node: &Node) -> Range<usize> {
        let Range { start, end } = node.bytes;
        let before = self.text[..start].trim_end();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let head = before[line..].split(" #").next().unwrap_or_default().trim_end();
        let last = head.rsplit([' ', '\t']).next().unwrap_or_default();
        let block = last.starts_with(['|', '>'])
            && last[1..].bytes().all(|b| b == b'+' || b == b'-' || b.is_ascii_digit());
        let fresh = self.text[before.len()..start].contains('\n');
        let start =
            if node.quoted && block && fresh { line + head.len() - last.len() } else { start };
        start..end
    }

    /// The text with these replaced.
    pub(super) fn with(&self, mut replaced: Vec<Replacement>) -> String {
        replaced.sort_by_key(|one| one.bytes.start);
        let (mut text, mut at) = (String::with_capacity(self.text.len() * 2), 0);
        for one in replaced {
            let was = &self.text[one.bytes.clone()];
            text.push_str(&self.text[at..one.bytes.start]);
            text.push_str(&one.text);
            // A block ends with its line.
            text.push_str(&was[was.trim_end().len()..]);
            at = one.bytes.end;
        }
        text.push_str(&self.text[at..]);
        text
    }

    /// The text with these replaced and without one section of the first level.
    pub(super) fn without_section(&self, key: &str, mut replaced: Vec<Replacement>) -> String {
        let Value::Map(entries) = &self.tree.value else { return self.with(replaced) };
        let lines: Vec<usize> =
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let start_of = |line: u32| {
            let index = usize::try_from(line).unwrap_or(0).saturating_sub(1);
            lines.get(index).copied().unwrap_or(self.text.len())
        };
        if let Some(index) = entries.iter().position(|entry| entry.key == key) {
            let end = entries.get(index + 1).map_or(self.text.len(), |next| start_of(next.at.line));
            let bytes = start_of(entries[index].at.line)..end;
            replaced.push(Replacement { bytes, text: String::new() });
        }
        // The section's own blank end is not kept.
        self.with(replaced).trim_end().to_owned() + "\n"
    }
}

/// A value as YAML text; in double quotes when it must stay a text.
pub(super) fn literal(value: &str, text: bool) -> String {
    if !text {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A fault of a place in a file as one text.
pub(super) fn told((at, key, why): Wrong) -> SecretFault {
    match why {
        SecretFault::Form(why) => SecretFault::form(format!("line {}: {key}: {why}", at.line)),
        other => other,
    }
}
