mod edit;
mod file;
mod keys;
mod sealed;
mod sops;

use super::{Finder, Keys, open};
use crate::fault::{Fault, Source};
use crate::raw::{self, Node, Value};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// The published test key, as variables show it.
pub(super) fn published(name: &str) -> Option<String> {
    (name == "SOPS_AGE_KEY").then(|| include_str!("../../testdata/sops/keys.txt").to_owned())
}

/// A file of these keys with that mode, in a folder of its own.
pub(super) fn key_file(keys: &Keys, mode: u32) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.txt");
    fs::write(&path, keys.to_text().as_bytes()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    (dir, path)
}

/// A text as a tree, opened.
pub(super) fn opened(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Node, Vec<String>> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut tree = raw::parse(text, Source::File("f.yaml".into()), &mut faults).expect("a tree");
    open(&mut tree, &Finder::new(variable), &mut faults);
    if faults.is_empty() { Ok(tree) } else { Err(faults.iter().map(Fault::to_string).collect()) }
}

/// Every value with its key, in order.
pub(super) fn flat(node: &Node) -> Vec<(String, String)> {
    fn walk(node: &Node, path: &str, out: &mut Vec<(String, String)>) {
        match &node.value {
            Value::Map(entries) => {
                entries.iter().for_each(|e| walk(&e.node, &crate::layer::join(path, &e.key), out));
            }
            Value::List(items) => items.iter().for_each(|item| walk(item, path, out)),
            Value::Text(text) => out.push((path.to_owned(), text.to_string())),
            Value::Null | Value::Broken => {}
        }
    }
    let mut out = Vec::new();
    walk(node, "", &mut out);
    out
}
