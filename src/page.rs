//! Where the shared statistics page of an engine lies, and how it is found.
//!
//! Its name is always in the state folder, so that who knows that folder finds the page. Where
//! `nodes.pages_dir` names another folder, the page lies there and its name is a link to it: the journal
//! wants a disk, and a page that is written all the time wants memory, where no disk can stall a writer.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use telemetry::{Page, PageError};

/// The page's name in a state folder.
const NAME: &str = "stats.page";

/// The page's name in a state folder.
fn named(state: &Path) -> PathBuf {
    state.join(NAME)
}

/// Whether an engine has ever run on this state folder.
pub(crate) fn is_named_in(state: &Path) -> bool {
    fs::symlink_metadata(named(state)).is_ok()
}

/// The file itself, or the newest page below a folder.
pub(crate) fn find(path: &Path) -> PathBuf {
    if !path.is_dir() {
        return path.to_owned();
    }
    let below = fs::read_dir(path).into_iter().flatten().flatten().map(|e| named(&e.path()));
    let candidates = std::iter::once(named(path)).chain(below).filter(|page| page.is_file());
    let made = |page: &PathBuf| page.metadata().and_then(|m| m.modified()).ok();
    candidates.max_by_key(made).unwrap_or_else(|| named(path))
}

/// Where a page lay that is gone: in memory, which ended with its machine or its pod.
pub(crate) fn gone(page: &Path) -> Option<PathBuf> {
    fs::read_link(page).ok().filter(|lay| !lay.exists())
}

/// Makes the page of an engine on a state folder: in the folder of pages, if there is one.
pub(crate) fn make(
    state: &Path,
    pages: Option<&Path>,
    blocks: &[&str],
    rings: &[(&str, usize)],
) -> Result<Page, PageError> {
    let name = named(state);
    let fault = |path: &Path, source| PageError::Io { path: path.to_owned(), source };
    let place = match pages {
        Some(pages) => place(state, pages).map_err(|why| fault(pages, why))?,
        None => name.clone(),
    };
    if fs::read_link(&name).is_ok_and(|former| former != place) {
        forget(state);
    }
    let page = Page::create_with_rings(&place, blocks, rings)?;
    if place != name {
        link(&place, &name).map_err(|why| fault(&name, why))?;
    }
    Ok(page)
}

/// Removes a page that lies elsewhere; what lies in the state folder goes with it.
pub(crate) fn forget(state: &Path) {
    let Ok(page) = fs::read_link(named(state)) else { return };
    let name = page.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
        // It may have ended with its memory.
        let _ = fs::remove_file(page);
    }
}

const PREFIX: &str = "stats-";
const SUFFIX: &str = ".page";

/// Where in the folder of pages this state folder's lies: always at the same place, and no other's there.
fn place(state: &Path, pages: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(pages)?;
    let about = fs::metadata(state)?;
    let name = format!("{PREFIX}{:x}-{:x}{SUFFIX}", about.dev(), about.ino());
    Ok(fs::canonicalize(pages)?.join(name))
}

/// Puts a link in the place of whatever has that name.
fn link(to: &Path, name: &Path) -> io::Result<()> {
    let draft = name.with_extension(format!("link-{}", std::process::id()));
    match fs::remove_file(&draft) {
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    symlink(to, &draft)?;
    fs::rename(&draft, name)
}

#[cfg(test)]
mod tests;
