//! Reading: every record from an index on, across segments and starts.

use crate::error::JournalError;
use crate::open::{adopted_plan, read_plan};
use crate::segment::{self, PAGE, RECORD, SegmentFile};
use base::{Instance, Record};
use std::path::{Path, PathBuf};

/// A record with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number since the journal began.
    pub index: u64,
    /// The start that wrote it.
    pub epoch: u32,
    /// What it says, as the writer was given it.
    pub record: Record,
}

/// A journal seen at one moment, whether somebody writes it or not.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    files: Vec<SegmentFile>,
}

impl Reader {
    /// Looks at the journal in `dir`.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(dir: &Path) -> Result<Self, JournalError> {
        let paths = segment::list(dir)?;
        let files =
            paths.iter().map(|path| SegmentFile::open(path)).collect::<Result<Vec<_>, _>>()?;
        for pair in files.windows(2) {
            let [file, next] = pair else { continue };
            let same = file.header.instance == next.header.instance;
            if !same || !file.header.is_followed_by(&next.header) {
                return Err(JournalError::damaged(
                    &next.path,
                    "it does not follow the one before it",
                ));
            }
        }
        Ok(Self { dir: dir.into(), files })
    }

    /// The index of the oldest record there is.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.files.first().map_or(0, |file| file.header.first)
    }

    /// Whose journal it is; `None` for an empty one.
    #[must_use]
    pub fn instance(&self) -> Option<Instance> {
        self.files.first().map(|file| file.header.instance)
    }

    /// The starts whose records are there, oldest first, each with the index of its first record.
    #[must_use]
    pub fn epochs(&self) -> Vec<(u32, u64)> {
        let mut epochs: Vec<(u32, u64)> = Vec::new();
        for header in self.files.iter().map(|file| file.header) {
            if epochs.last().is_none_or(|(epoch, _)| *epoch != header.epoch) {
                epochs.push((header.epoch, header.first));
            }
        }
        epochs
    }

    /// What the core of a start was made from.
    #[must_use]
    pub fn plan(&self, epoch: u32) -> Option<Vec<u8>> {
        read_plan(&self.dir, epoch)
    }

    /// What the core of a start was given while it ran, by version.
    #[must_use]
    pub fn adopted(&self, epoch: u32, version: u32) -> Option<Vec<u8>> {
        adopted_plan(&self.dir, epoch, version)
    }

    /// The records from `index` on.
    ///
    /// # Errors
    /// [`JournalError::Range`] when that record was pruned.
    pub fn from(&self, index: u64) -> Result<Records<'_>, JournalError> {
        if index < self.first() {
            let path = self.dir.clone();
            let end = self.files.last().map_or(0, |file| file.header.end());
            return Err(JournalError::Range { path, index, first: self.first(), end });
        }
        let after = self.files.partition_point(|file| file.header.first <= index);
        Ok(Records {
            files: self.files.get(after.saturating_sub(1)..).unwrap_or_default(),
            index,
            buffer: vec![0; 64 * PAGE],
            at: 0,
            filled: 0,
            ended: false,
        })
    }

    pub(crate) fn first_of(path: &Path) -> Result<u64, JournalError> {
        Ok(SegmentFile::open(path)?.header.first)
    }
}

/// Records in order. Ends at the first place that holds none; an error is the last item.
#[derive(Debug)]
pub struct Records<'a> {
    /// The segment being read and those after it.
    files: &'a [SegmentFile],
    index: u64,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    ended: bool,
}

impl Records<'_> {
    fn step(&mut self) -> Result<Option<Entry>, JournalError> {
        // bound: at most one segment ends per turn
        while let Some((file, rest)) = self.files.split_first() {
            let next = rest.first().map(|next| next.header);
            // A later start begins where the records of this one end.
            if next.is_some_and(|next| next.first <= self.index) || self.index >= file.header.end()
            {
                self.files = rest;
                (self.at, self.filled) = (0, 0);
                continue;
            }
            if self.at == self.filled {
                (self.at, self.filled) = (0, file.read(self.index, &mut self.buffer)?);
            }
            let bytes = self.buffer.get(self.at..self.filled).and_then(|rest| rest.get(..RECORD));
            if let Some(record) = bytes.and_then(|bytes| file.unseal(self.index, bytes)) {
                let entry = Entry { index: self.index, epoch: file.header.epoch, record };
                self.at += RECORD;
                self.index += 1;
                return Ok(Some(entry));
            }
            return match rest.first() {
                // The next segment of the same start may be made and still be empty.
                Some(next) if next.header.epoch != file.header.epoch || next.is_used()? => {
                    let what = format!("record {} is not what was written", self.index);
                    Err(JournalError::damaged(&file.path, what))
                }
                _ => Ok(None),
            };
        }
        Ok(None)
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.step().transpose();
        self.ended = !matches!(step, Some(Ok(_)));
        step
    }
}

#[cfg(test)]
mod tests;
