//! A commented starting set: what is shipped, as files to change, and a schema for editors beside it.

use crate::fault::Source;
use crate::files::{ENVIRONMENTS, OVERLAYS};
use crate::layer::SHIPPED;
use crate::plan::unused;
use crate::raw::{self, Node, Value};
use crate::schema;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The schema of the files of a directory.
pub const SCHEMA: &str = "schema.json";
/// The schema of its overlays.
pub const OVERLAY_SCHEMA: &str = "overlay.schema.json";

/// Why no starting set was written.
#[derive(Debug, thiserror::Error)]
pub enum InitFault {
    /// Something is there already. Nothing was written.
    #[error("{} is there already; nothing was written", .0.display())]
    There(
        /// What.
        PathBuf,
    ),
    /// A file could not be written.
    #[error("{}: cannot be written: {why}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// The system's words.
        why: io::Error,
    },
}

/// Writes the starting set into `dir`, which is made if need be. Returns the files written.
///
/// # Errors
/// A file of the set is there already, or cannot be written. Nothing is ever overwritten.
pub fn init(dir: &Path) -> Result<Vec<PathBuf>, InitFault> {
    let mut files: Vec<(PathBuf, String)> = vec![
        (dir.join(SCHEMA), pretty(schema::For::Files)),
        (dir.join(OVERLAY_SCHEMA), pretty(schema::For::Overlay)),
    ];
    for (name, text) in SHIPPED {
        files.push((dir.join(name), format!("{}{}", modeline(SCHEMA), effective(name, text))));
    }
    for name in ENVIRONMENTS {
        let path = dir.join(OVERLAYS).join(format!("{name}.yaml"));
        files.push((path, overlay(name)));
    }
    if let Some((path, _)) = files.iter().find(|(path, _)| fs::symlink_metadata(path).is_ok()) {
        return Err(InitFault::There(path.clone()));
    }
    let folder = dir.join(OVERLAYS);
    fs::create_dir_all(&folder).map_err(|why| InitFault::Io { path: folder, why })?;
    for (path, text) in &files {
        write_new(path, text).map_err(|why| match why.kind() {
            io::ErrorKind::AlreadyExists => InitFault::There(path.clone()),
            _ => InitFault::Io { path: path.clone(), why },
        })?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
    file.write_all(text.as_bytes())
}

fn pretty(of: schema::For) -> String {
    format!("{:#}\n", schema::schema(of))
}

/// A shipped file with the keys that nothing acts on made comments: who sets one is warned.
fn effective(name: &'static str, text: &str) -> String {
    let mut unused = Vec::new();
    if let Some(tree) = raw::parse(text, Source::Shipped(name), &mut Vec::new()) {
        unused_lines(&tree, &mut Vec::new(), &mut unused);
    }
    if unused.is_empty() {
        return text.to_owned();
    }
    let mut out = "# Keys that have no effect in this version are comments here.\n#\n".to_owned();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let inner = line.trim_start();
        let indent = &line[..line.len() - inner.len()];
        let mark = if unused.iter().any(|lines| lines.contains(&number)) { "# " } else { "" };
        out.push_str(&format!("{indent}{mark}{inner}\n"));
    }
    out
}

/// The lines of keys that nothing acts on.
fn unused_lines<'t>(node: &'t Node, path: &mut Vec<&'t str>, lines: &mut Vec<RangeInclusive<u32>>) {
    let Value::Map(entries) = &node.value else { return };
    for entry in entries {
        path.push(&entry.key);
        if unused::is_unused(path) {
            lines.push(entry.at.line..=last_line(&entry.node));
        } else {
            unused_lines(&entry.node, path, lines);
        }
        path.pop();
    }
}

/// The last line of a value that is written in lines of its own or on one.
fn last_line(node: &Node) -> u32 {
    let below = match &node.value {
        Value::Map(entries) => entries.last().map(|entry| &entry.node),
        Value::List(items) => items.last(),
        Value::Text(_) | Value::Null | Value::Broken => None,
    };
    below.map_or(node.at.line, last_line)
}

/// What tells an editor which schema a file has.
fn modeline(schema: &str) -> String {
    format!("# yaml-language-server: $schema={schema}\n")
}

fn overlay(environment: &str) -> String {
    format!(
        "{}# What differs where system.environment is {environment}. It is laid over the files of the folder \
         above;\n# keys that are not here keep their value.\n#\n# risk_management:\n#   global_limits:\n\
         #     max_daily_loss: 1000\n",
        modeline(&format!("../{OVERLAY_SCHEMA}"))
    )
}
