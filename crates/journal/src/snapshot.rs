//! Snapshots: the core's state as records, so that a restart need not begin at record 0.

use crate::VERSION;
use crate::error::JournalError;
use crate::files;
use crate::seal::checksum;
use base::{Instance, Record};
use std::fs;
use std::path::{Path, PathBuf};

const MAGIC: u64 = u64::from_le_bytes(*b"FARBSNAP");
/// Words before the records.
const HEADER_WORDS: usize = 8;
/// Snapshots kept: should the newest be damaged, there is another.
const KEEP: usize = 3;

/// The core's state before one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The first record it has not seen.
    pub index: u64,
    /// The start that wrote it.
    pub epoch: u32,
    /// What the core saved.
    pub state: Vec<Record>,
    /// Newer ones that could not be read, and why.
    pub passed_over: Vec<String>,
}

/// The newest snapshot in `dir` that can be read; damaged ones are passed over and named.
///
/// # Errors
/// [`JournalError`] when the folder cannot be read, or when the newest was written in another format
/// or by another instance.
pub fn latest_snapshot(dir: &Path, instance: Instance) -> Result<Option<Snapshot>, JournalError> {
    let mut passed_over = Vec::new();
    for path in list(dir)?.into_iter().rev() {
        match read(&path, instance) {
            Ok((index, epoch, state)) => {
                return Ok(Some(Snapshot { index, epoch, state, passed_over }));
            }
            Err(damaged @ JournalError::Damaged { .. }) => passed_over.push(damaged.to_string()),
            Err(other) => return Err(other),
        }
    }
    match passed_over.first() {
        None => Ok(None),
        Some(first) => Err(JournalError::damaged(dir, format!("no snapshot is whole ({first})"))),
    }
}

pub(crate) fn write(
    dir: &Path,
    instance: Instance,
    epoch: u32,
    index: u64,
    state: &[Record],
) -> Result<(), JournalError> {
    let mut name = [0; 8];
    name[..4].copy_from_slice(instance.as_str().as_bytes());
    let mut bytes = Vec::with_capacity((HEADER_WORDS + state.len() * 8) * 8 + 8);
    let header = [
        MAGIC,
        u64::from(VERSION),
        u64::from_le_bytes(name),
        u64::from(epoch),
        index,
        state.len() as u64,
        0,
        0,
    ];
    let records = state.iter().flat_map(Record::to_words);
    for word in header.into_iter().chain(records) {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    files::write_atomically(&dir.join(format!("{index:016x}.snap")), &bytes)?;
    let mut old = list(dir)?;
    old.truncate(old.len().saturating_sub(KEEP));
    for path in old {
        fs::remove_file(&path).map_err(JournalError::io(&path))?;
    }
    Ok(())
}

fn list(dir: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(JournalError::io(dir))? {
        let path = entry.map_err(JournalError::io(dir))?.path();
        if path.extension().is_some_and(|end| end == "snap") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn read(path: &Path, instance: Instance) -> Result<(u64, u32, Vec<Record>), JournalError> {
    let bytes = fs::read(path).map_err(JournalError::io(path))?;
    let bad = |what: &str| JournalError::damaged(path, what);
    let (words, rest) = bytes.as_chunks::<8>();
    let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let [magic, version, name, epoch, index, count, _, _, records @ .., sum] = &words[..] else {
        return Err(bad("it is shorter than a snapshot"));
    };
    if *magic != MAGIC || !rest.is_empty() {
        return Err(bad("it does not begin or end as a snapshot does"));
    }
    if *version != u64::from(VERSION) {
        let found = u32::try_from(*version).unwrap_or(u32::MAX);
        return Err(JournalError::Version { path: path.into(), found, known: VERSION });
    }
    if checksum(&bytes[..bytes.len() - 8]) != *sum {
        return Err(bad("its checksum is wrong"));
    }
    let name = name.to_le_bytes();
    let found = core::str::from_utf8(&name[..4]).unwrap_or("????");
    if found != instance.as_str() {
        let (found, wanted) = (found.to_owned(), instance.as_str().to_owned());
        return Err(JournalError::Instance { path: path.into(), found, wanted });
    }
    let (records, rest) = records.as_chunks::<8>();
    if records.len() as u64 != *count || !rest.is_empty() {
        return Err(bad("its length is not what it says"));
    }
    let epoch = u32::try_from(*epoch).map_err(|_| bad("its epoch is impossible"))?;
    Ok((*index, epoch, records.iter().map(|words| Record::from_words(*words)).collect()))
}

#[cfg(test)]
mod tests;
