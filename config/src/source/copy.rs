//! The last good copy of a source, as a folder of files.

use super::{Fetched, SourceFault};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const CURRENT: &str = "current";
/// When the copy was fetched: the time of this file.
const STAMP: &str = ".fetched";

/// Where the copies of one source lie.
#[derive(Clone, Debug)]
pub struct Copies(PathBuf);

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
    /// The copies of the source of that name.
    #[must_use]
    pub fn of(state: &Path, name: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        Self(state.join("source").join(name.chars().map(plain).collect::<String>()))
    }

    /// The last copy, if there is one.
    #[must_use]
    pub fn last(&self) -> Option<Copied> {
        let dir = self.0.join(CURRENT);
        let stamp = fs::metadata(dir.join(STAMP)).and_then(|meta| meta.modified()).ok()?;
        let age = SystemTime::now().duration_since(stamp).unwrap_or_default();
        Some(Copied { dir, age, away: None })
    }

    /// Writes a copy, which then is the last one: at every moment there is a whole one.
    ///
    /// # Errors
    /// It cannot be written; the former one stays.
    pub fn put(&self, fetched: &Fetched) -> Result<Copied, String> {
        self.write(fetched).map_err(|why| format!("{}: {why}", self.0.display()))?;
        Ok(Copied { dir: self.0.join(CURRENT), age: Duration::ZERO, away: None })
    }

    fn write(&self, fetched: &Fetched) -> io::Result<()> {
        let folder = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
        folder(&self.0)?;
        let before = fs::read_link(self.0.join(CURRENT)).ok();
        let name =
            ["copy-a", "copy-b"].into_iter().find(|n| before.as_deref() != Some(Path::new(n)));
        let name = name.unwrap_or("copy-a");
        let dir = self.0.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        folder(&dir)?;
        let stamp = (STAMP.to_owned(), String::new());
        for (name, text) in fetched.files.iter().chain([(&stamp.0, &stamp.1)]) {
            let path = dir.join(name);
            if let Some(parent) = path.parent() {
                folder(parent)?;
            }
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
        }
        let fresh = self.0.join("next");
        let _ = fs::remove_file(&fresh);
        symlink(name, &fresh)?;
        fs::rename(&fresh, self.0.join(CURRENT))
    }
}
