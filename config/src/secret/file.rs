//! The commands on files of secrets: each reads a file, and writes it as a whole or leaves it as it was.

use super::keys::{Keys, Recipients};
use super::sops::{self, Rules};
use super::{SecretFault, edit};
use crate::raw::BYTES_MAX;
use crate::whole;
use std::ffi::OsStr;
use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use zeroize::Zeroizing;

/// What to encrypt of a file.
#[derive(Clone, Debug)]
pub enum What {
    /// Single values: these keys, or without any those whose key says that they are secret.
    Values(Vec<String>),
    /// The whole file, in the format of SOPS.
    Whole(Rules),
}

/// Encrypts a file in place; tells the keys of single values.
///
/// # Errors
/// Why it was left as it was.
pub fn encrypt(path: &Path, what: &What, recipients: &Recipients) -> Result<Vec<String>, String> {
    let text = read(path)?;
    let (after, done) = match what {
        What::Values(keys) => edit::encrypt(&text, keys, recipients),
        What::Whole(rules) => {
            sops::write(&text, rules.clone(), recipients).map(|text| (text, Vec::new()))
        }
    }
    .map_err(|why| at(path, &why))?;
    if after != *text {
        write(path, &after)?;
    }
    Ok(done)
}

/// The plain text of a file.
///
/// # Errors
/// What is wrong with it.
pub fn decrypt(path: &Path, keys: &Keys) -> Result<Zeroizing<String>, String> {
    edit::decrypt(&read(path)?, keys).map_err(|why| at(path, &why))
}

/// Decrypts a file in place.
///
/// # Errors
/// Why it was left as it was.
pub fn decrypt_in_place(path: &Path, keys: &Keys) -> Result<(), String> {
    write(path, &decrypt(path, keys)?)
}

/// Encrypts everything in a file anew, for `given`, else for those of a whole file, else for `own`.
///
/// # Errors
/// Why it was left as it was.
pub fn rotate(
    path: &Path,
    keys: &Keys,
    given: Option<&Recipients>,
    own: impl FnOnce() -> Result<Recipients, SecretFault>,
) -> Result<(), String> {
    let after = edit::rotate(&read(path)?, keys, given, own).map_err(|why| at(path, &why))?;
    write(path, &after)
}

/// Lets `editor` change the plain text of a file, in a folder that is no disk where there is one. Says
/// whether anything changed.
///
/// # Errors
/// Why it was left as it was.
pub fn edit(
    path: &Path,
    keys: &Keys,
    recipients: &Recipients,
    editor: &OsStr,
    folder: &Path,
) -> Result<bool, String> {
    let text = read(path)?;
    let plain = edit::decrypt(&text, keys).map_err(|why| at(path, &why))?;
    let copy = Copy::new(folder, &plain)?;
    // The editor may be given with options: `code --wait`.
    let status = Command::new("sh")
        .arg("-c")
        .arg("$FUNDING_ARB_EDITOR \"$1\"")
        .arg("sh")
        .arg(&copy.0)
        .env("FUNDING_ARB_EDITOR", editor)
        .status()
        .map_err(|why| format!("cannot start {}: {why}", editor.to_string_lossy()))?;
    if !status.success() {
        return Err(format!("the editor ended with {status}: {} is as it was", path.display()));
    }
    let after = read(&copy.0)?;
    if *after == *plain {
        return Ok(false);
    }
    let after = edit::again(&text, &after, keys, recipients).map_err(|why| at(path, &why))?;
    // An editor is open for minutes.
    if *read(path)? != *text {
        let kept = copy.keep();
        let why =
            "somebody else changed it meanwhile; yours was not written, it is in plain text in";
        return Err(at(path, &format!("{why} {}", kept.display())));
    }
    write(path, &after)?;
    Ok(true)
}

/// A plain copy that only its owner reads, and that is wiped when done.
struct Copy(PathBuf);

impl Copy {
    fn new(folder: &Path, plain: &str) -> Result<Self, String> {
        let path = folder.join(format!("funding-arb-edit-{}.yaml", std::process::id()));
        let failed = |why| format!("cannot write {}: {why}", path.display());
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let copy = Self(path.clone());
        file.write_all(plain.as_bytes()).map_err(failed)?;
        Ok(copy)
    }

    /// Leaves it where it is.
    fn keep(mut self) -> PathBuf {
        core::mem::take(&mut self.0)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Ok(meta) = fs::metadata(&self.0) {
            let zeros = vec![0; usize::try_from(meta.len()).unwrap_or(0)];
            let _ = OpenOptions::new().write(true).open(&self.0).and_then(|mut file| {
                file.write_all(&zeros)?;
                file.sync_all()
            });
        }
        let _ = fs::remove_file(&self.0);
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    whole::read_text(path, BYTES_MAX).map_err(|why| at(path, &why))
}

/// The new text in the place of the old: all of it or none.
fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |why| format!("cannot write {}: {why}", path.display());
    whole::write(path, text.as_bytes(), 0o600).map_err(failed)
}

fn at(path: &Path, why: &dyn Display) -> String {
    format!("{}: {why}", path.display())
}
