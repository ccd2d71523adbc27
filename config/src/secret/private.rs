//! Files that hold a secret: read only when nobody else can.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Longest file of a secret that is read.
const BYTES_MAX: u64 = 64 << 10;

/// The text of a file that its owner alone can read.
///
/// One exception: a file of root's that its group may read and others may not, which is how Kubernetes
/// mounts a secret for a process that is not root (`fsGroup` with `defaultMode: 0440`).
///
/// # Errors
/// What is wrong with the file; nothing of its text.
pub fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let mut file = File::open(path).map_err(|why| format!("cannot be read: {why}"))?;
    // Asked of the open file: a name could be changed between two looks.
    let meta = file.metadata().map_err(|why| format!("cannot be read: {why}"))?;
    if !meta.is_file() {
        return Err("no regular file".to_owned());
    }
    if !private(meta.mode(), meta.uid(), own_user()) {
        let mode = meta.mode() & 0o7777;
        return Err(format!(
            "its mode {mode:04o} lets others read or write it; chmod 600 {}",
            path.display()
        ));
    }
    if meta.len() > BYTES_MAX {
        return Err(format!("{} bytes; a secret has at most {BYTES_MAX}", meta.len()));
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(meta.len()).unwrap_or(0)));
    let read = Read::take(&mut file, BYTES_MAX).read_to_string(&mut text);
    read.map_err(|why| format!("cannot be read: {why}"))?;
    Ok(text)
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
