//! One file of the journal: a page of header, then the places of its records.

use crate::VERSION;
use crate::error::JournalError;
use crate::files;
use crate::seal::{checksum, seal};
use base::{Instance, Record};
use memmap2::{MmapOptions, MmapRaw};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of the header, and of a page.
pub(crate) const PAGE: usize = 4096;
/// Bytes of a record.
pub(crate) const RECORD: usize = size_of::<Record>();
/// Words of a record.
pub(crate) const WORDS: usize = RECORD / 8;
/// The smallest segment: the header and one page of records.
pub(crate) const BYTES_MIN: usize = 2 * PAGE;

const MAGIC: u64 = u64::from_le_bytes(*b"FARBJRNL");
/// Words of the header that say something; the last one is their checksum.
const HEADER_WORDS: usize = 8;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) instance: Instance,
    /// The start that wrote it.
    pub(crate) epoch: u32,
    /// The index of its first record.
    pub(crate) first: u64,
    /// How many records it can hold.
    pub(crate) capacity: u64,
    /// The checksum of the plan of its start.
    pub(crate) plan: u64,
}

impl Header {
    /// One past the last record it can hold.
    pub(crate) fn end(&self) -> u64 {
        self.first.saturating_add(self.capacity)
    }

    /// Whether `next` may be the segment after this one: right behind it in the same start, or from
    /// wherever this one's start ended in a later one.
    pub(crate) fn is_followed_by(&self, next: &Self) -> bool {
        if next.epoch == self.epoch {
            return next.first == self.end();
        }
        next.epoch > self.epoch && next.first > self.first && next.first <= self.end()
    }

    fn encode(&self) -> [u8; HEADER_WORDS * 8] {
        let mut name = [0; 8];
        name[..4].copy_from_slice(self.instance.as_str().as_bytes());
        let words = [
            MAGIC,
            u64::from(VERSION),
            u64::from_le_bytes(name),
            u64::from(self.epoch),
            self.first,
            self.capacity,
            self.plan,
        ];
        let mut bytes = [0; HEADER_WORDS * 8];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        let sum = checksum(&bytes[..56]);
        bytes[56..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn decode(path: &Path, bytes: &[u8; HEADER_WORDS * 8]) -> Result<Self, JournalError> {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at * 8..at * 8 + 8]);
            u64::from_le_bytes(word)
        };
        if word(0) != MAGIC {
            return Err(JournalError::damaged(path, "it does not begin as a segment does"));
        }
        // The version comes before the checksum: another format may sum differently.
        if word(1) != u64::from(VERSION) {
            let found = u32::try_from(word(1)).unwrap_or(u32::MAX);
            return Err(JournalError::Version { path: path.into(), found, known: VERSION });
        }
        if word(7) != checksum(&bytes[..56]) {
            return Err(JournalError::damaged(path, "the checksum of its header is wrong"));
        }
        let name = word(2).to_le_bytes();
        let instance = core::str::from_utf8(&name[..4]).ok().and_then(Instance::new);
        let instance = instance.ok_or_else(|| JournalError::damaged(path, "it has no instance"))?;
        let epoch = u32::try_from(word(3)).map_err(|_| JournalError::damaged(path, "epoch"))?;
        Ok(Self { instance, epoch, first: word(4), capacity: word(5), plan: word(6) })
    }
}

/// The name of the segment that begins at `first`.
pub(crate) fn path_of(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:016x}.seg"))
}

/// The segments of a folder, in the order of their records.
pub(crate) fn list(dir: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let entries = fs::read_dir(dir).map_err(JournalError::io(dir))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(JournalError::io(dir))?.path();
        if path.extension().is_some_and(|end| end == "seg") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// A segment that is written: mapped, its space taken, every page touched.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) header: Header,
    pub(crate) path: PathBuf,
    map: MmapRaw,
}

// SAFETY: after it was made, its memory is reached as `AtomicU64` only, and a mapping stays where it
// is until it is dropped.
unsafe impl Send for Segment {}
// SAFETY: as above; atomics may be shared.
unsafe impl Sync for Segment {}

impl Segment {
    /// Makes the file beside its place, takes its space, touches every page, makes the header durable
    /// and moves it to its place: whoever finds it finds it whole.
    pub(crate) fn create(dir: &Path, header: Header, bytes: usize) -> Result<Self, JournalError> {
        let path = path_of(dir, header.first);
        let draft = files::draft_of(&path);
        let make = || {
            let file = files::create(&draft)?;
            files::allocate(&file, bytes)?;
            file.write_all_at(&header.encode(), 0)?;
            let map = MmapOptions::new().len(bytes).map_raw(&file)?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            files::sync_dir(&path)?;
            Ok(map)
        };
        let map = make().map_err(|source| {
            // What was made of it is of no use; that it cannot be removed changes nothing.
            let _ = fs::remove_file(&draft);
            JournalError::Io { path: path.clone(), source }
        })?;
        let segment = Self { header, path, map };
        // After the sync, which would have left the pages clean and write-protected again.
        segment.warm(0, segment.header.capacity);
        Ok(segment)
    }

    pub(crate) fn cells(&self) -> &[AtomicU64] {
        let length = (self.map.len() - PAGE) / size_of::<AtomicU64>();
        let start = self.map.as_mut_ptr().cast::<AtomicU64>().wrapping_add(PAGE / 8);
        // SAFETY: 1. The mapping is longer than the header (`BYTES_MIN`), page-aligned, and lives as
        // long as `self`. 2. Any bytes are legal u64s. 3. Its memory is reached through atomics only.
        unsafe { core::slice::from_raw_parts(start, length) }
    }

    /// Writes to the pages of the records `from..to` without changing them, so that the next store
    /// into them does not fault: a page faults once when it is new, and again whenever the kernel has
    /// written it back.
    pub(crate) fn warm(&self, from: u64, to: u64) {
        let to = to.min(self.header.capacity);
        let per_page = (PAGE / RECORD) as u64;
        let mut record = from;
        // bound: the pages of one segment
        while record < to {
            // The last word of the page's last record: the line the writer reaches last.
            let last = (record / per_page + 1) * per_page - 1;
            let cell = usize::try_from(last.min(self.header.capacity - 1)).unwrap_or(0) * WORDS + 7;
            if let Some(cell) = self.cells().get(cell) {
                // Zero for zero, or nothing when it is in use: it takes the page for writing either
                // way. (An addition of zero does not: the compiler makes a load of it.)
                let _ = cell.compare_exchange(0, 0, Ordering::Relaxed, Ordering::Relaxed);
            }
            record = last + 1;
        }
    }

    /// Makes the records `from..to` durable.
    pub(crate) fn sync(&self, from: u64, to: u64) -> io::Result<()> {
        let (from, to) = (from.min(self.header.capacity), to.min(self.header.capacity));
        if from >= to {
            return Ok(());
        }
        let at = |record: u64| usize::try_from(record).unwrap_or(0) * RECORD + PAGE;
        let start = at(from) / PAGE * PAGE;
        self.map.flush_range(start, at(to) - start)
    }
}

/// A segment that is read. It reads with calls, not by mapping: its writer may be another process,
/// and a file that another process may cut is not safe to map.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    pub(crate) header: Header,
    pub(crate) path: PathBuf,
    file: File,
}

impl SegmentFile {
    pub(crate) fn open(path: &Path) -> Result<Self, JournalError> {
        let file = File::open(path).map_err(JournalError::io(path))?;
        let mut bytes = [0; HEADER_WORDS * 8];
        file.read_exact_at(&mut bytes, 0).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => {
                JournalError::damaged(path, "it is shorter than a header")
            }
            _ => JournalError::Io { path: path.into(), source },
        })?;
        let header = Header::decode(path, &bytes)?;
        Ok(Self { header, path: path.into(), file })
    }

    /// Reads what there is of the records from `index` on, as many as `buffer` holds; returns the
    /// number of bytes, a multiple of a record's.
    pub(crate) fn read(&self, index: u64, buffer: &mut [u8]) -> Result<usize, JournalError> {
        let place = index - self.header.first;
        let left = self.header.capacity.saturating_sub(place).saturating_mul(RECORD as u64);
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let mut done = 0;
        // bound: each call reads something or ends it
        while done < want {
            let at = PAGE as u64 + place * RECORD as u64 + done as u64;
            let Some(rest) = buffer.get_mut(done..want) else { break };
            match self.file.read_at(rest, at) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(JournalError::Io { path: self.path.clone(), source }),
            }
        }
        Ok(done / RECORD * RECORD)
    }

    /// The record of these bytes if they carry the seal of place `index`, with the seal taken off.
    pub(crate) fn unseal(&self, index: u64, bytes: &[u8]) -> Option<Record> {
        let mut words = [0_u64; WORDS];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into().ok()?);
        }
        let [a, b, c, d, e, f, g, sealed] = words;
        let whole = seal([a, b, c, d, e, f, g], index, self.header.epoch) == sealed;
        whole.then(|| Record::from_words([a, b, c, d, e, f, g, 0]))
    }

    /// How many places from `from` on are not empty.
    pub(crate) fn used_from(&self, from: u64) -> Result<u64, JournalError> {
        let mut buffer = vec![0; 256 * PAGE];
        let (mut index, mut used) = (from, 0);
        // bound: the records of one segment
        loop {
            let bytes = self.read(index, &mut buffer)?;
            let places = buffer[..bytes].chunks_exact(RECORD);
            used += places.filter(|place| place.iter().any(|byte| *byte != 0)).count() as u64;
            index += (bytes / RECORD) as u64;
            if bytes < buffer.len() {
                return Ok(used);
            }
        }
    }

    /// Whether its first place is not empty.
    pub(crate) fn is_used(&self) -> Result<bool, JournalError> {
        let mut place = [0; RECORD];
        let bytes = self.read(self.header.first, &mut place)?;
        Ok(place[..bytes].iter().any(|byte| *byte != 0))
    }

    /// Makes what it holds durable.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        self.file.sync_all().map_err(JournalError::io(&self.path))
    }

    /// Takes it out of the journal: removed when it is empty, else renamed, since what it holds comes
    /// after a gap but may tell a person something.
    pub(crate) fn put_aside(&self, used: u64) -> Result<(), JournalError> {
        let moved = if used == 0 {
            fs::remove_file(&self.path)
        } else {
            fs::rename(&self.path, self.path.with_extension("seg-lost"))
        };
        moved.and_then(|()| files::sync_dir(&self.path)).map_err(JournalError::io(&self.path))
    }

    /// One past the last record of the valid prefix that begins at `from`.
    pub(crate) fn valid_end(&self, from: u64) -> Result<u64, JournalError> {
        let mut buffer = vec![0; 256 * PAGE];
        let mut index = from;
        // bound: the records of one segment
        loop {
            let bytes = self.read(index, &mut buffer)?;
            for record in buffer[..bytes].chunks_exact(RECORD) {
                if self.unseal(index, record).is_none() {
                    return Ok(index);
                }
                index += 1;
            }
            if bytes < buffer.len() {
                return Ok(index);
            }
        }
    }
}

#[cfg(test)]
mod tests;
