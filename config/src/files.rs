//! The files of a configuration directory, and what is refused before a byte of them is parsed.

use crate::fault::{Fault, FaultKind, Place, Source, nearest};
use crate::layer::SHIPPED;
use crate::raw::{self, Entry, Node, Value};
use crate::secret::{self, Finder};
use crate::{source, whole};
use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The folder of overlays in a configuration directory.
pub const OVERLAYS: &str = "environments";
/// The overlays, by `system.environment`.
pub const ENVIRONMENTS: [&str; 3] = ["development", "staging", "production"];

/// A file, and what it is called to people: of a copy of a source, its place there.
struct Named {
    path: PathBuf,
    shown: Source,
}

impl Named {
    fn of(dir: &Path, name: &str) -> Self {
        let path = dir.join(name);
        let shown = source::origin(dir).map_or_else(
            || Source::File(path.clone()),
            |origin| Source::Remote(format!("{origin}/{name}")),
        );
        Self { path, shown }
    }
}

/// The files of a directory as one tree. A key of the first level may stand in any of them, once.
pub(crate) fn directory(dir: &Path, finder: &Finder<'_>, faults: &mut Vec<Fault>) -> Node {
    let mut entries: Vec<Entry> = Vec::new();
    let known = SHIPPED.map(|(name, _)| name);
    for name in yaml_files(dir, &known, faults) {
        for entry in sections(&Named::of(dir, &name), finder, faults) {
            match entries.iter().find(|known| known.key == entry.key) {
                Some(first) => {
                    let why = format!("given in two files; also at {}", first.at);
                    let kind = FaultKind::Clash(why);
                    faults.push(Fault { at: entry.at, key: entry.key, kind });
                }
                None => entries.push(entry),
            }
        }
    }
    let overlays = dir.join(OVERLAYS);
    if fs::symlink_metadata(&overlays).is_ok() {
        let known = ENVIRONMENTS.map(|name| format!("{name}.yaml"));
        yaml_files(&overlays, &known.each_ref().map(String::as_str), faults);
    }
    Node::new(Place::whole(Source::File(dir.to_owned())), Value::Map(entries))
}

/// The overlay of an environment, if the directory has one.
pub(crate) fn overlay(
    dir: &Path,
    environment: &str,
    finder: &Finder<'_>,
    faults: &mut Vec<Fault>,
) -> Option<Node> {
    let file = Named::of(dir, &format!("{OVERLAYS}/{environment}.yaml"));
    fs::symlink_metadata(&file.path).ok()?;
    let entries = sections(&file, finder, faults);
    let at = Place::whole(file.shown);
    let node = Node::new(at, Value::Map(entries));
    if let Some(chooses) = node.at_path(&["system", "environment"]) {
        let why = format!("this file is read because it is {environment}; set it elsewhere");
        let (at, key) = (chooses.at.clone(), "system.environment".to_owned());
        faults.push(Fault { at, key, kind: FaultKind::Clash(why) });
    }
    Some(node)
}

/// The sections of one file.
fn sections(file: &Named, finder: &Finder<'_>, faults: &mut Vec<Fault>) -> Vec<Entry> {
    let text = match text(&file.path, raw::BYTES_MAX) {
        Ok(text) => text,
        Err(Unread { line, column, why }) => {
            let fault = at(&file.shown, FaultKind::Io(why));
            faults.push(Fault { at: Place { line, column, ..fault.at }, ..fault });
            return Vec::new();
        }
    };
    let parsed = raw::parse(&text, file.shown.clone(), faults);
    let Some(mut node) = parsed else { return Vec::new() };
    secret::open(&mut node, finder, faults);
    let shown = node.shown();
    match node.value {
        Value::Broken => Vec::new(),
        Value::Map(sections) => sections,
        _ => {
            let allowed = "sections such as system:".to_owned();
            let kind = FaultKind::Value { found: shown, allowed };
            faults.push(Fault { at: node.at, key: String::new(), kind });
            Vec::new()
        }
    }
}

/// The known files that are there. A YAML file of another name is a fault: nobody would read it.
fn yaml_files(dir: &Path, known: &[&str], faults: &mut Vec<Fault>) -> Vec<String> {
    let refuse = |why: String| at(&Source::File(dir.to_owned()), FaultKind::Io(why));
    let listed = match fs::read_dir(dir) {
        Ok(listed) => listed,
        Err(why) => {
            faults.push(refuse(format!("the directory cannot be read: {why}")));
            return Vec::new();
        }
    };
    match fs::metadata(dir) {
        Ok(about) if is_open(about.permissions().mode(), || is_mounted_read_only(dir)) => {
            faults.push(refuse(writable_by_all(&about)));
        }
        _ => {}
    }
    let mut names: Vec<String> =
        listed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names.retain(|name| {
        let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        if yaml && !name.starts_with('.') && !known.contains(&name.as_str()) {
            let near = nearest(name, known.iter().copied()).map(str::to_owned);
            let known = known.iter().map(|name| (*name).to_owned()).collect();
            let kind = FaultKind::UnknownFile { near, known };
            faults.push(at(&Named::of(dir, name).shown, kind));
        }
        known.contains(&name.as_str())
    });
    names
}

/// Why a file gives no text.
struct Unread {
    /// Where in it; 0 for the whole.
    line: u32,
    column: u32,
    /// What is wrong, and what to do where that is not plain.
    why: String,
}

impl From<String> for Unread {
    fn from(why: String) -> Self {
        Self { line: 0, column: 0, why }
    }
}

impl Unread {
    /// At a byte of the file.
    fn at(bytes: &[u8], index: usize, why: &str) -> Self {
        let before = String::from_utf8_lossy(bytes.get(..index).unwrap_or_default());
        let (lines, last) = (before.matches('\n').count(), before.rsplit('\n').next());
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        let column = number(last.unwrap_or_default().chars().count());
        Self { line: number(lines), column, why: why.to_owned() }
    }
}

/// The text of a plain file of at most `most` bytes.
fn text(path: &Path, most: usize) -> Result<Zeroizing<String>, Unread> {
    let (file, about) = whole::open_plain(path)?;
    if about.permissions().mode() & 0o002 != 0 {
        return Err(writable_by_all(&about).into());
    }
    let bytes = whole::read_all(file, &about, most)?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("UTF-16 text; save it as UTF-8".to_owned().into());
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(Unread::at(&bytes, at, "no text: a zero byte"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|why| {
        Unread::at(&bytes, why.valid_up_to(), "a byte that is no UTF-8; save the file as UTF-8")
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Whether anybody could put a file of theirs into a folder of this mode. Volumes of Kubernetes are 0777,
/// and mounted so that nobody here can write them.
fn is_open(mode: u32, read_only: impl FnOnce() -> bool) -> bool {
    let may = mode & 0o002 != 0;
    let sticky = mode & 0o1000 != 0;
    may && !sticky && !read_only()
}

/// Whether the file system a folder lies on is mounted read-only here; one that does not say counts as not.
fn is_mounted_read_only(dir: &Path) -> bool {
    use rustix::fs::{StatVfsMountFlags, statvfs};
    statvfs(dir).is_ok_and(|about| about.f_flag.contains(StatVfsMountFlags::RDONLY))
}

fn writable_by_all(about: &Metadata) -> String {
    let mode = about.permissions().mode() & 0o7777;
    format!("everybody may write it (mode {mode:04o}); chmod o-w")
}

fn at(source: &Source, kind: FaultKind) -> Fault {
    Fault { at: Place::whole(source.clone()), key: String::new(), kind }
}

#[cfg(test)]
mod tests;
