//! Plain files, read and written as wholes.
//!
//! A file is asked what it is after it was opened, since a name may be changed between two looks, and it
//! is opened so that a pipe nobody writes to does not wait. It is written beside its name first: who reads
//! the name finds the old text or the new one.

use aes_gcm::aead::Generate as _;
use rustix::fs::{Mode, OFlags, open};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Opens a plain file; a folder, pipe or device is refused.
///
/// # Errors
/// Why not, for people.
pub(crate) fn open_plain(path: &Path) -> Result<(File, Metadata), String> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let nobody = |about: &Metadata| {
        let mode = about.permissions().mode() & 0o7777;
        (mode & 0o444 == 0).then(|| format!("nobody may read it (mode {mode:04o})"))
    };
    let file = match open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(why) => {
            let told = fs::metadata(path).ok().filter(Metadata::is_file);
            return Err(told.as_ref().and_then(nobody).unwrap_or_else(|| cannot(&why.into())));
        }
    };
    let about = file.metadata().map_err(|why| cannot(&why))?;
    // A pipe or a device could be read for ever.
    if !about.is_file() {
        return Err("no plain file".to_owned());
    }
    // Root may read what nobody may.
    nobody(&about).map_or(Ok((file, about)), Err)
}

fn cannot(why: &io::Error) -> String {
    format!("cannot be read: {why}")
}

/// All of an open file of at most `most` bytes, whatever it grows by meanwhile.
///
/// # Errors
/// Why not, for people.
pub(crate) fn read_all(
    file: File,
    about: &Metadata,
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let too_long = |length: u64| format!("{length} bytes; at most {most} are read");
    if about.len() > most as u64 {
        return Err(too_long(about.len()));
    }
    // One more: the end is seen without growing, which would leave a copy behind.
    let room = usize::try_from(about.len()).unwrap_or(most) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|why| cannot(&why))?;
    if bytes.len() > most {
        return Err(too_long(bytes.len() as u64));
    }
    Ok(bytes)
}

/// The text of a plain file of at most `most` bytes.
///
/// # Errors
/// Why there is none, for people.
pub(crate) fn read_text(path: &Path, most: usize) -> Result<Zeroizing<String>, String> {
    let (file, about) = open_plain(path)?;
    text(&read_all(file, &about, most)?)
}

/// The bytes as text.
pub(crate) fn text(bytes: &[u8]) -> Result<Zeroizing<String>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "no UTF-8 text".to_owned())?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A whole text on the disk that is not yet in its place; dropped, it never was there.
#[derive(Debug)]
pub(crate) struct Draft {
    beside: PathBuf,
    /// Where it belongs.
    path: PathBuf,
}

impl Draft {
    /// Writes and syncs `bytes` beside `path`, with the mode and owner of the file that is there, or `mode`.
    pub(crate) fn new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<Self> {
        // A link (Kubernetes mounts, dotfiles) stays one.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let was = fs::metadata(&path).ok();
        if was.as_ref().is_some_and(|was| !was.is_file()) {
            return Err(io::Error::other("no plain file"));
        }
        Self::with(path, bytes, was.as_ref(), mode)
    }

    /// As [`Draft::new`], with the mode and owner of another file.
    pub(crate) fn like(path: &Path, bytes: &[u8], other: &Path) -> io::Result<Self> {
        Self::with(path.to_owned(), bytes, Some(&fs::metadata(other)?), 0o600)
    }

    fn with(path: PathBuf, bytes: &[u8], was: Option<&Metadata>, mode: u32) -> io::Result<Self> {
        // Random: two threads of a process may both be here.
        let number = u64::from_le_bytes(<[u8; 8]>::generate());
        let beside = path.with_file_name(format!(".{number:016x}.new"));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        let draft = Self { beside, path };
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(match was {
            Some(was) => inherit(&file, was),
            None => mode,
        }))?;
        file.sync_all()?;
        Ok(draft)
    }

    /// Puts it in the place of what is there.
    pub(crate) fn put(self) -> io::Result<()> {
        fs::rename(&self.beside, &self.path)
    }

    /// Puts it where nothing is; fails when something is.
    pub(crate) fn put_new(self) -> io::Result<()> {
        fs::hard_link(&self.beside, &self.path)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.beside);
    }
}

/// Gives a file the owner and group of another, as far as this process may; says which mode it then gets.
fn inherit(file: &File, was: &Metadata) -> u32 {
    let mode = was.permissions().mode() & 0o777;
    let _ = fchown(file, Some(was.uid()), None);
    let kept = fchown(file, None, Some(was.gid())).is_ok();
    // What the group was allowed is not for another group.
    if kept { mode } else { mode & 0o707 }
}

/// Writes a file as a whole or not at all; a new one gets `mode`.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    Draft::new(path, bytes, mode)?.put()
}
