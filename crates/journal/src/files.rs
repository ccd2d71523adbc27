//! Files that are there whole or not at all.

use crate::error::JournalError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path` so that after a crash either the old file or the new one is there.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let draft = draft_of(path);
    let write = || {
        let mut file = create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        sync_dir(path)
    };
    write().map_err(JournalError::io(path))
}

/// Where a file is made before it is moved to its place.
pub(crate) fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".draft");
    path.with_file_name(name)
}

/// A new file, readable by its owner only.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Makes the names in the folder of `path` durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    File::open(dir.unwrap_or(Path::new(".")))?.sync_all()
}

/// Takes the space now: storing into a hole of a full file system would be a SIGBUS.
pub(crate) fn allocate(file: &File, bytes: usize) -> io::Result<()> {
    let length = libc::off_t::try_from(bytes).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open for writing for the whole call.
    let code = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) };
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
}

/// What the file system of an open file says of itself.
pub(crate) struct Space {
    /// Bytes an ordinary user may still take.
    pub(crate) free: u64,
    /// It lives in memory: its pages are never written back and so never fault again.
    pub(crate) in_memory: bool,
}

/// Asks the file system of `dir`.
pub(crate) fn space(dir: &Path) -> io::Result<Space> {
    let file = File::open(dir)?;
    let mut stat = core::mem::MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: 1. The descriptor is open for the whole call. 2. `stat` is a statfs of this frame.
    let code = unsafe { libc::fstatfs(file.as_raw_fd(), stat.as_mut_ptr()) };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all-zero is a legal statfs, and the call filled it.
    let stat = unsafe { stat.assume_init() };
    let block = u64::try_from(stat.f_bsize).unwrap_or(4096);
    Ok(Space {
        free: stat.f_bavail.saturating_mul(block),
        in_memory: stat.f_type == libc::TMPFS_MAGIC,
    })
}
