//! Where the API server is, and the files that let us in: those a projected volume holds.

use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

/// Most bytes of one of the files.
const FILE_MAX: u64 = 64 << 10;

/// Which Lease, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// `https://host:port`.
    pub server: String,
    /// The Lease's name.
    pub name: String,
    /// The folder with `token`, `ca.crt` and `namespace`.
    pub folder: PathBuf,
}

/// What the files say now.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) token: Zeroizing<String>,
    pub(crate) namespace: String,
}

/// Why a file cannot be used.
#[derive(Debug, Error)]
#[error("{}: {why}", path.display())]
pub(crate) struct Unusable {
    path: PathBuf,
    why: String,
}

impl Access {
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// Reads token and namespace.
    ///
    /// # Errors
    /// [`Unusable`]: which file, and why.
    pub(crate) fn read(&self) -> Result<Credentials, Unusable> {
        let token = word(&self.folder.join("token"), |byte| byte.is_ascii_graphic())?;
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let namespace = word(&self.folder.join("namespace"), is_name)?;
        Ok(Credentials { token, namespace: namespace.to_string() })
    }
}

/// The one word a file holds; it goes into a request as it is.
fn word(path: &Path, fits: impl Fn(u8) -> bool) -> Result<Zeroizing<String>, Unusable> {
    let unusable = |why: String| Unusable { path: path.to_owned(), why };
    let length = fs::metadata(path).map_err(|why| unusable(why.to_string()))?.len();
    if length > FILE_MAX {
        return Err(unusable(format!("{length} bytes are too many")));
    }
    let text = fs::read_to_string(path).map_err(|why| unusable(why.to_string()))?;
    let text = Zeroizing::new(text);
    let word = text.trim();
    if word.is_empty() || !word.bytes().all(fits) {
        return Err(unusable("it does not hold one word of the characters it may have".to_owned()));
    }
    Ok(Zeroizing::new(word.to_owned()))
}
