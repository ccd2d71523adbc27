//! Following a journal that is being written, by this process or another.

use crate::error::JournalError;
use crate::reader::{Entry, Reader};
use crate::segment::{self, PAGE, RECORD, SegmentFile};
use std::path::{Path, PathBuf};

/// Reads records as they come. It reads the page cache, never the writer's memory: a slow or stuck
/// follower costs the writer nothing, and it may fall behind as far as the segments reach.
#[derive(Debug)]
pub struct Follower {
    dir: PathBuf,
    index: u64,
    file: Option<SegmentFile>,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
}

impl Follower {
    /// Follows the journal in `dir` from record `index` on, which need not be written yet.
    ///
    /// # Errors
    /// [`JournalError`], when that record was pruned or the journal cannot be read.
    pub fn open(dir: &Path, index: u64) -> Result<Self, JournalError> {
        let reader = Reader::open(dir)?;
        if index < reader.first() {
            // Fails with the range there is.
            let _ = reader.from(index)?;
        }
        Ok(Self {
            dir: dir.into(),
            index,
            file: None,
            buffer: vec![0; 16 * PAGE],
            at: 0,
            filled: 0,
        })
    }

    /// The index of the record that comes next.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The next record, or `None` when it is not written yet.
    ///
    /// # Errors
    /// [`JournalError`]: the journal cannot be read, or was pruned under the follower.
    pub fn poll(&mut self) -> Result<Option<Entry>, JournalError> {
        if let Some(entry) = self.buffered() {
            return Ok(Some(entry));
        }
        // What was not whole a moment ago may be now.
        self.fill()?;
        if let Some(entry) = self.buffered() {
            return Ok(Some(entry));
        }
        if self.turn_page()? {
            self.fill()?;
        }
        Ok(self.buffered())
    }

    fn buffered(&mut self) -> Option<Entry> {
        let file = self.file.as_ref()?;
        let bytes = self.buffer.get(self.at..self.filled)?.get(..RECORD)?;
        let record = file.unseal(self.index, bytes)?;
        let entry = Entry { index: self.index, epoch: file.header.epoch, record };
        self.at += RECORD;
        self.index += 1;
        Some(entry)
    }

    fn fill(&mut self) -> Result<(), JournalError> {
        (self.at, self.filled) = (0, 0);
        if let Some(file) = &self.file
            && self.index < file.header.end()
        {
            self.filled = file.read(self.index, &mut self.buffer)?;
        }
        Ok(())
    }

    /// Goes to the segment that now holds the next record, if it is another one: the next of the same
    /// start, or the first of a new start, which may begin in the middle of an old one's last.
    fn turn_page(&mut self) -> Result<bool, JournalError> {
        let path = segment::path_of(&self.dir, self.index);
        if self.file.is_some() && !path.exists() {
            return Ok(false);
        }
        let Some(file) = self.find(&path)? else { return Ok(false) };
        let is_new = self.file.as_ref().is_none_or(|have| have.header != file.header);
        self.file = Some(file);
        Ok(is_new)
    }

    fn find(&self, exact: &Path) -> Result<Option<SegmentFile>, JournalError> {
        if exact.exists() {
            return SegmentFile::open(exact).map(Some);
        }
        let mut found = None;
        for path in segment::list(&self.dir)? {
            let file = SegmentFile::open(&path)?;
            let header = file.header;
            if header.first <= self.index {
                found = Some(file);
            } else if found.is_none() {
                let (path, index) = (self.dir.clone(), self.index);
                return Err(JournalError::Range {
                    path,
                    index,
                    first: header.first,
                    end: header.end(),
                });
            }
        }
        Ok(found.filter(|file| self.index < file.header.end()))
    }
}

#[cfg(test)]
mod tests;
