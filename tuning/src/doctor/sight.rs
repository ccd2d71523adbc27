//! Reading the system's files below a root: `/`, or a written machine.

use core::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// No file of the system that is looked at is longer; of one that is, the beginning is read.
const BYTES_MAX: u64 = 4 << 20;

/// Why a file told nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// There is no such file.
    Absent,
    /// It is there and empty, though it never is.
    Empty,
    /// This user may not read it.
    Denied,
    /// The kernel refused, or the text makes no sense.
    Unreadable(String),
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "no such file",
            Self::Empty => "empty",
            Self::Denied => "no privilege",
            Self::Unreadable(why) => why,
        })
    }
}

impl From<io::Error> for Unseen {
    fn from(why: io::Error) -> Self {
        match why.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent,
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Unreadable(why.to_string()),
        }
    }
}

/// The files of a machine.
#[derive(Clone, Debug)]
pub struct Sight {
    root: PathBuf,
}

impl Sight {
    /// Those of this machine.
    #[must_use]
    pub fn host() -> Self {
        Self::below(Path::new("/"))
    }

    /// Those written below a folder.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where a path of the machine really lies.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// A file's text, without the white space around it.
    ///
    /// # Errors
    /// [`Unseen`]; an empty file is none of them.
    pub fn read(&self, path: &str) -> Result<String, Unseen> {
        let mut bytes = Vec::new();
        File::open(self.path(path))?.take(BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// The same of a file that is never empty unless somebody covers it.
    ///
    /// # Errors
    /// [`Unseen`].
    pub fn full(&self, path: &str) -> Result<String, Unseen> {
        let text = self.read(path)?;
        if text.is_empty() { Err(Unseen::Empty) } else { Ok(text) }
    }

    /// A number that is the whole file.
    ///
    /// # Errors
    /// [`Unseen`].
    pub fn number(&self, path: &str) -> Result<i64, Unseen> {
        let text = self.full(path)?;
        text.parse().map_err(|_| Unseen::Unreadable(format!("{text:.40?} is no number")))
    }

    /// The names in a folder, sorted; numbers by their size.
    ///
    /// # Errors
    /// [`Unseen`].
    pub fn list(&self, path: &str) -> Result<Vec<String>, Unseen> {
        let entries = fs::read_dir(self.path(path))?;
        let mut names: Vec<String> =
            entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort_by_key(|name| (name.parse::<u64>().unwrap_or(u64::MAX), name.clone()));
        Ok(names)
    }

    /// What a link says.
    ///
    /// # Errors
    /// [`Unseen`].
    pub fn link(&self, path: &str) -> Result<String, Unseen> {
        Ok(fs::read_link(self.path(path))?.to_string_lossy().into_owned())
    }

    /// Whether there is such a file or folder.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    /// For what reads through a function.
    pub fn reader(&self) -> impl Fn(&str) -> Option<String> {
        |path| self.read(path).ok()
    }
}
