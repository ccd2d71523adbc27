//! What a key means: the comment beside it in the shipped files.
//!
//! Every shipped key is commented by the lines right above it. A key that is not shipped has the comment
//! of its shipped sibling, else that of its section.

use crate::fault::{Place, Source};
use crate::keys::{ANY, Keys};
use crate::layer::SHIPPED;
use crate::raw::{Node, Value};

/// What the shipped comment says of a key, or of the nearest section above that has one.
#[must_use]
pub fn meaning(path: &[&str]) -> Option<String> {
    let shipped = &Keys::all().shipped;
    (1..=path.len()).rev().find_map(|length| {
        let path = path.get(..length)?;
        let found = shipped_place(shipped, path).or_else(|| sibling_place(shipped, path))?;
        comment_at(&found)
    })
}

/// Where a shipped key stands.
fn shipped_place(shipped: &Node, path: &[&str]) -> Option<Place> {
    let (last, above) = path.split_last()?;
    let Value::Map(entries) = &shipped.at_path(above)?.value else { return None };
    entries.iter().find(|entry| entry.key == *last).map(|entry| entry.at.clone())
}

/// Where the same key of a shipped section stands, for a section of the user's own.
fn sibling_place(shipped: &Node, path: &[&str]) -> Option<Place> {
    let key = Keys::all().find(path, shipped)?;
    let at = key.path.iter().position(|part| *part == ANY)?;
    let Value::Map(entries) = &shipped.at_path(path.get(..at)?)?.value else { return None };
    entries.iter().find_map(|entry| {
        let mut other = path.to_vec();
        *other.get_mut(at)? = &entry.key;
        shipped_place(shipped, &other)
    })
}

/// The comment right above the line a shipped key stands on.
fn comment_at(place: &Place) -> Option<String> {
    let Source::Shipped(name) = &*place.source else { return None };
    let (_, text) = SHIPPED.iter().find(|(known, _)| known == name)?;
    let lines: Vec<&str> = text.lines().collect();
    let above = usize::try_from(place.line).ok()?.checked_sub(2)?;
    lines.get(above)?.trim_start().starts_with('#').then(|| gathered(&lines, above))
}

/// The comment that ends with a line, as one text.
fn gathered(lines: &[&str], last: usize) -> String {
    let comments = lines.get(..=last).unwrap_or_default().iter().rev();
    let mut parts: Vec<&str> =
        comments.map_while(|line| line.trim_start().strip_prefix('#')).map(str::trim).collect();
    parts.reverse();
    parts.join(" ")
}
