//! Copies of a source, as folders of files.

use super::{Fetched, SourceFault};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The link to the last good copy.
const CURRENT: &str = "current";
/// Says of a copy what it is one of; its time is that of the copy.
const ORIGIN: &str = ".source";
/// Longest text of it that is read.
const ORIGIN_MAX: u64 = 1_000;

/// Where the copies of one source lie.
#[derive(Debug)]
pub(super) struct Copies {
    dir: PathBuf,
    /// The source, for people.
    called: String,
    /// Copies made so far.
    made: u32,
    /// What was written and is not kept yet.
    fresh: Option<PathBuf>,
}

/// A copy to load from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The folder.
    pub dir: PathBuf,
    /// How old it is.
    pub age: Duration,
    /// Why the source itself gave nothing, when this is an old copy.
    pub away: Option<SourceFault>,
}

impl Copies {
    pub(super) fn of(state: &Path, called: String) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let name: String = called.chars().map(plain).collect();
        Self { dir: state.join("source").join(name), called, made: 0, fresh: None }
    }

    /// The last good copy, if there is one.
    pub(super) fn last(&self) -> Option<Copied> {
        let dir = self.dir.join(fs::read_link(self.dir.join(CURRENT)).ok()?);
        let written = fs::metadata(dir.join(ORIGIN)).and_then(|meta| meta.modified()).ok()?;
        let age = SystemTime::now().duration_since(written).unwrap_or_default();
        Some(Copied { dir, age, away: None })
    }

    /// Writes a copy beside the last good one.
    pub(super) fn write(&mut self, fetched: &Fetched) -> Result<Copied, SourceFault> {
        self.discard();
        self.made = self.made.wrapping_add(1);
        let dir = self.dir.join(format!("copy-{}-{}", std::process::id(), self.made));
        self.fresh = Some(dir.clone());
        self.write_to(&dir, fetched).map_err(|why| self.failed(&why))?;
        Ok(Copied { dir, age: Duration::ZERO, away: None })
    }

    fn write_to(&self, dir: &Path, fetched: &Fetched) -> io::Result<()> {
        let folder = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
        if dir.exists() {
            // Of a process of the same number that did not end in order.
            fs::remove_dir_all(dir)?;
        }
        folder(dir)?;
        let origin = (ORIGIN.to_owned(), self.called.clone());
        for (name, text) in fetched.files.iter().chain([(&origin.0, &origin.1)]) {
            let path = dir.join(name);
            if let Some(parent) = path.parent() {
                folder(parent)?;
            }
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
        }
        Ok(())
    }

    /// Makes what was written last the last good copy: at every moment there is a whole one.
    pub(super) fn keep(&mut self) -> Result<(), SourceFault> {
        let Some(dir) = self.fresh.take() else { return Ok(()) };
        let before = self.last();
        let link = || {
            let beside = self.dir.join(format!(".{}.new", std::process::id()));
            let _ = fs::remove_file(&beside);
            symlink(dir.file_name().unwrap_or_default(), &beside)?;
            fs::rename(&beside, self.dir.join(CURRENT))
        };
        link().map_err(|why| self.failed(&why))?;
        if let Some(before) = before.filter(|before| before.dir != dir) {
            let _ = fs::remove_dir_all(before.dir);
        }
        Ok(())
    }

    fn discard(&mut self) {
        if let Some(dir) = self.fresh.take() {
            let _ = fs::remove_dir_all(dir);
        }
    }

    fn failed(&self, why: &io::Error) -> SourceFault {
        SourceFault::Copy(format!("{}: {why}", self.dir.display()))
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        self.discard();
    }
}

/// The source that a folder is a copy of.
pub(crate) fn origin(dir: &Path) -> Option<String> {
    let path = dir.join(ORIGIN);
    let about = fs::symlink_metadata(&path).ok()?;
    if !about.is_file() || about.len() > ORIGIN_MAX {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    (text.contains("://") && !text.contains(char::is_control)).then_some(text)
}
