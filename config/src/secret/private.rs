//! Files that hold a secret: read only when nobody else can.

use crate::whole;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Longest file of a secret that is read.
const BYTES_MAX: usize = 64 << 10;

/// The text of a file that its owner alone can read.
///
/// One exception: a file of root's that its group may read and others may not, which is how Kubernetes
/// mounts a secret for a process that is not root (`fsGroup` with `defaultMode: 0440`).
///
/// # Errors
/// What is wrong with the file; nothing of its text.
pub fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let (file, meta) = whole::open_plain(path)?;
    if !private(meta.mode(), meta.uid(), own_user()) {
        let mode = meta.mode() & 0o7777;
        return Err(format!(
            "its mode {mode:04o} lets others read or write it; chmod 600 {}",
            path.display()
        ));
    }
    whole::text(&whole::read_all(file, &meta, BYTES_MAX)?)
}

/// Whether a file of this mode and owner is a secret of `user`'s.
pub(super) fn private(mode: u32, owner: u32, user: Option<u32>) -> bool {
    let others = mode & 0o077;
    others == 0 || (owner == 0 && user != Some(0) && others & !0o040 == 0)
}

/// Who this process is; what procfs says of it.
fn own_user() -> Option<u32> {
    std::fs::metadata("/proc/self").ok().map(|meta| meta.uid())
}
