//! Writing files of SOPS: the text stays as it is, but for its values and the metadata at its end.

use super::{Mac, Opened, Rules, SOPS, aad, dotted, each_leaf, is_encrypted, kind, written};
use crate::raw::Value;
use crate::secret::SecretFault;
use crate::secret::cipher::{DataKey, Kind};
use crate::secret::edit::{Page, Replacement, literal, told};
use crate::secret::keys::{Keys, Recipients};
use crate::secret::sealed::utf8;
use age::armor::Format;
use std::collections::HashMap;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// The version of the format, as `sops` writes it.
const VERSION: &str = "3.8.1";

/// What a file says under `sops`, before its MAC is known.
struct Envelope {
    /// Each recipient with the data key encrypted for it.
    data_keys: Vec<(String, String)>,
    rules: Rules,
    mac_only_encrypted: bool,
}

impl Envelope {
    fn new(
        key: &DataKey,
        recipients: &Recipients,
        rules: Rules,
        mac_only_encrypted: bool,
    ) -> Result<Self, SecretFault> {
        if recipients.is_empty() {
            return Err(SecretFault::NoRecipient);
        }
        let one = |name: String, alone: Recipients| {
            let sealed = alone.seal(key.bytes(), Format::AsciiArmor)?;
            let sealed = String::from_utf8(sealed)
                .map_err(|_| SecretFault::form("age wrote an armour that is no text"))?;
            Ok((name, sealed))
        };
        let names = recipients.names().into_iter();
        let data_keys = names.zip(recipients.each()).map(|(name, alone)| one(name, alone));
        Ok(Self { data_keys: data_keys.collect::<Result<_, _>>()?, rules, mac_only_encrypted })
    }

    fn of(opened: &Opened) -> Self {
        let meta = &opened.meta;
        let names = meta.recipients.iter().cloned();
        Self {
            data_keys: names.zip(meta.data_keys.iter().cloned()).collect(),
            rules: meta.rules.clone(),
            mac_only_encrypted: meta.mac_only_encrypted,
        }
    }
}

/// How a value was encrypted before: an unchanged one keeps its text, so that a diff shows what changed.
type Before = HashMap<(String, usize), (Zeroizing<String>, Kind, String)>;

/// Encrypts a text that nothing is encrypted in yet.
///
/// # Errors
/// It is no YAML, it is encrypted already, or there is no recipient.
pub fn write(text: &str, rules: Rules, recipients: &Recipients) -> Result<String, SecretFault> {
    let key = DataKey::new();
    let envelope = Envelope::new(&key, recipients, rules, false)?;
    compose(text, &key, &envelope, &Before::new())
}

/// Encrypts everything anew, with a new data key; for the same recipients when none are given.
///
/// # Errors
/// The file does not open with these keys, or one of its recipients is none that age knows.
pub fn rotate(text: &str, keys: &Keys, given: Option<&Recipients>) -> Result<String, SecretFault> {
    let (plain, opened, _) = read(text, keys)?;
    let same = Recipients::parse(opened.meta.recipients.iter().map(String::as_str))?;
    let recipients = given.unwrap_or(&same);
    let (key, meta) = (DataKey::new(), &opened.meta);
    let envelope = Envelope::new(&key, recipients, meta.rules.clone(), meta.mac_only_encrypted)?;
    compose(&plain, &key, &envelope, &Before::new())
}

/// The plain text of a file, without its metadata, once its MAC is found right.
pub(in crate::secret) fn plain(text: &str, keys: &Keys) -> Result<Zeroizing<String>, SecretFault> {
    read(text, keys).map(|(plain, ..)| plain)
}

/// Encrypts `plain`, which somebody made of `text`, for whom `text` is encrypted.
pub(in crate::secret) fn again(
    text: &str,
    plain: &str,
    keys: &Keys,
) -> Result<String, SecretFault> {
    let (_, opened, before) = read(text, keys)?;
    compose(plain, &opened.key, &Envelope::of(&opened), &before)
}

fn read(text: &str, keys: &Keys) -> Result<(Zeroizing<String>, Opened, Before), SecretFault> {
    let page = Page::read(text)?;
    let opened = Opened::of(&page.tree, keys).map_err(told)?;
    let mut tree = page.tree.clone();
    opened.decrypt(&mut tree).map_err(told)?;
    let (mut replaced, mut before) = (Vec::new(), Before::new());
    let mut seen = Places::default();
    each_leaf(&mut page.tree.clone(), &mut Vec::new(), &mut |node, path| {
        let place = seen.next(path);
        let Value::Text(sealed) = &node.value else { return Ok(()) };
        if !opened.meta.rules.encrypts(path) || sealed.is_empty() {
            return Ok(());
        }
        let wrong = |why| (node.at.clone(), dotted(path), why);
        let (value, kind) = opened.key.open(sealed, &aad(path)).map_err(wrong)?;
        let value = utf8(&value).map_err(wrong)?;
        let text = literal(&value, kind == Kind::Str);
        replaced.push(Replacement { bytes: page.bytes_of(node), text });
        before.insert(place, (written(&value, kind), kind, sealed.to_string()));
        Ok(())
    })
    .map_err(told)?;
    let plain = Zeroizing::new(page.without_section(SOPS, replaced));
    Ok((plain, opened, before))
}

/// The n-th value below a path.
#[derive(Default)]
struct Places(HashMap<String, usize>);

impl Places {
    fn next(&mut self, path: &[String]) -> (String, usize) {
        let count = self.0.entry(aad(path)).or_default();
        *count += 1;
        (aad(path), *count)
    }
}

fn compose(
    plain: &str,
    key: &DataKey,
    envelope: &Envelope,
    before: &Before,
) -> Result<String, SecretFault> {
    let page = Page::read(plain)?;
    if super::is_sops(&page.tree) {
        return Err(SecretFault::form("it has a section `sops` already: decrypt or rotate it"));
    }
    let mut mac = Mac::new(envelope.mac_only_encrypted);
    let (mut replaced, mut seen) = (Vec::new(), Places::default());
    each_leaf(&mut page.tree.clone(), &mut Vec::new(), &mut |node, path| {
        let place = seen.next(path);
        let Value::Text(text) = &node.value else { return Ok(()) };
        let wrong = |why| (node.at.clone(), dotted(path), why);
        if is_encrypted(text) || crate::secret::sealed::is_sealed(text) {
            return Err(wrong(SecretFault::form("encrypted already: decrypt it first")));
        }
        let kind = kind(text, node.quoted);
        let value = written(text, kind);
        let encrypted = envelope.rules.encrypts(path);
        mac.add(&value, encrypted);
        if !encrypted || text.is_empty() {
            return Ok(());
        }
        let sealed = match before.get(&place) {
            Some((same, k, sealed)) if *same == value && *k == kind => sealed.clone(),
            _ => key.seal(value.as_bytes(), kind, &aad(path)).map_err(wrong)?,
        };
        replaced.push(page.replacement(node, sealed));
        Ok(())
    })
    .map_err(told)?;
    let mut text = page.with(replaced);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    metadata(&mut text, key, envelope, mac)?;
    Ok(text)
}

fn metadata(
    text: &mut String,
    key: &DataKey,
    envelope: &Envelope,
    mac: Mac,
) -> Result<(), SecretFault> {
    let now = jiff::Timestamp::now();
    let now = jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string();
    let mac = key.seal(mac.text().as_bytes(), Kind::Str, &now)?;
    let (rule, pattern) = envelope.rules.line();
    let _ = writeln!(text, "{SOPS}:\n    age:");
    for (recipient, sealed) in &envelope.data_keys {
        let _ = writeln!(text, "        - recipient: {recipient}\n          enc: |");
        for line in sealed.lines() {
            let _ = writeln!(text, "            {line}");
        }
    }
    let _ = writeln!(text, "    lastmodified: \"{now}\"\n    mac: {mac}");
    let _ = writeln!(text, "    {rule}: {}", literal(pattern, true));
    if envelope.mac_only_encrypted {
        let _ = writeln!(text, "    mac_only_encrypted: true");
    }
    let _ = writeln!(text, "    version: {VERSION}");
    Ok(())
}
