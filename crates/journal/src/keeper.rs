//! The cold end: prepares files ahead of the writer, makes durable what lies behind it, and clears
//! away what nobody needs any more.

use crate::error::JournalError;
use crate::files;
use crate::open::{Options, forget_plans};
use crate::reader::Reader;
use crate::segment::{self, Header, PAGE, RECORD, Segment};
use crate::snapshot;
use crate::writer::Progress;
use base::Record;
use core::fmt;
use rtrb::{Consumer, Producer};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Segments the rings between the two ends hold.
pub(crate) const SEGMENTS_MAX: usize = 8;
/// Records in front of the writer whose pages are kept writable against the kernel's write-back: it
/// cleans a dirty page after some 30 s, and the next store into a clean page faults.
const WARM_RECORDS: u64 = 512 * PAGE_RECORDS;
/// The nearest of them are left to the writer, so that both do not meet on a line.
const WARM_FROM_RECORDS: u64 = 2 * PAGE_RECORDS;
/// How often.
const WARM_EVERY: Duration = Duration::from_secs(1);
/// Records of a page.
const PAGE_RECORDS: u64 = (PAGE / RECORD) as u64;

/// Keeps the journal of a running engine. For one cold thread, which calls [`Keeper::turn`] every few
/// milliseconds.
pub struct Keeper {
    dir: PathBuf,
    options: Options,
    /// Segments made and not yet wholly written and synced, oldest first.
    live: VecDeque<Arc<Segment>>,
    /// The header of the newest segment.
    last: Header,
    ready: Producer<Arc<Segment>>,
    done: Consumer<Arc<Segment>>,
    progress: Progress,
    /// Everything before this is durable.
    synced: u64,
    /// A sync that failed once is not asked again: the kernel has forgotten what it could not write.
    failed: Option<String>,
    in_memory: bool,
    warmed: Instant,
    _lock: Arc<File>,
}

impl Keeper {
    pub(crate) fn new(
        dir: &Path,
        options: Options,
        first: &Arc<Segment>,
        rings: (Producer<Arc<Segment>>, Consumer<Arc<Segment>>),
        progress: Progress,
        lock: Arc<File>,
    ) -> Result<Self, JournalError> {
        let space = files::space(dir).map_err(JournalError::io(dir))?;
        let (ready, done) = rings;
        Ok(Self {
            dir: dir.into(),
            options,
            live: VecDeque::from([Arc::clone(first)]),
            last: first.header,
            ready,
            done,
            progress,
            synced: first.header.first,
            failed: None,
            in_memory: space.in_memory,
            warmed: Instant::now(),
            _lock: lock,
        })
    }

    /// One round: segments ahead, pages warm, whole pages behind the writer durable.
    ///
    /// # Errors
    /// [`JournalError::NoSpace`] when no further segment can be made (asked again next time), and any
    /// failed sync for ever after: what it concerned may be lost with the power, so a person must
    /// know, and nothing new should be risked.
    pub fn turn(&mut self) -> Result<(), JournalError> {
        while let Ok(full) = self.done.pop() {
            drop(full); // bound: the ring; `live` holds it until it is synced
        }
        let synced = self.sync_pages();
        self.release();
        self.warm();
        let prepared = self.prepare();
        synced.and(prepared)
    }

    /// Makes everything appended so far durable, the page in use included: at the end of a run, or
    /// before something that must not be lost with the power.
    ///
    /// # Errors
    /// As [`Keeper::turn`].
    pub fn sync_all(&mut self) -> Result<u64, JournalError> {
        let written = self.written();
        self.sync_to(written)?;
        Ok(written)
    }

    /// One past the last record appended.
    #[must_use]
    pub fn written(&self) -> u64 {
        // SYNC record-counted: pairs with the Release store in `Writer::append`.
        self.progress.load(Ordering::Acquire)
    }

    /// Everything before this index is durable.
    #[must_use]
    pub fn synced(&self) -> u64 {
        self.synced
    }

    /// Writes the core's state as it is before record `index`, whole or not at all, and removes all
    /// but the newest few snapshots.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn write_snapshot(&mut self, index: u64, state: &[Record]) -> Result<(), JournalError> {
        // A snapshot of records that are not durable could outlive them.
        if index > self.synced {
            self.sync_to(index.min(self.written()))?;
        }
        snapshot::write(&self.dir, self.last.instance, self.last.epoch, index, state)
    }

    /// Removes segments all of whose records lie before `index`, and the plans of starts of which no record
    /// is left; returns how many segments.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn prune(&mut self, index: u64) -> Result<usize, JournalError> {
        let mut removed = 0;
        let paths = segment::list(&self.dir)?;
        for pair in paths.windows(2) {
            let [path, next] = pair else { continue };
            let end = Reader::first_of(next)?;
            if end > index || end > self.synced {
                break;
            }
            fs::remove_file(path).map_err(JournalError::io(path))?;
            removed += 1;
        }
        if removed > 0
            && let Some((oldest, _)) = Reader::open(&self.dir)?.epochs().first()
        {
            forget_plans(&self.dir, *oldest)?;
        }
        Ok(removed)
    }

    /// Where the journal is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The start it belongs to.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.last.epoch
    }

    pub(crate) fn prepare(&mut self) -> Result<(), JournalError> {
        let wanted = self.options.ahead.min(SEGMENTS_MAX - 1);
        // bound: the segments wanted ahead
        while SEGMENTS_MAX - self.ready.slots() < wanted && self.live.len() < SEGMENTS_MAX {
            let header = Header { first: self.last.end(), ..self.last };
            let segment = Arc::new(make(&self.dir, header, &self.options)?);
            if self.ready.push(Arc::clone(&segment)).is_err() {
                break;
            }
            self.last = header;
            self.live.push_back(segment);
        }
        Ok(())
    }

    fn warm(&mut self) {
        if self.in_memory || self.warmed.elapsed() < WARM_EVERY {
            return;
        }
        self.warmed = Instant::now();
        let written = self.written();
        let (from, to) = (written + WARM_FROM_RECORDS, written + WARM_RECORDS);
        for segment in &self.live {
            let first = segment.header.first;
            segment.warm(from.saturating_sub(first), to.saturating_sub(first));
        }
    }

    /// Syncs the pages the writer has left: the one in use would fault at its next store.
    fn sync_pages(&mut self) -> Result<(), JournalError> {
        let written = self.written();
        let segment = self.live.iter().rev().find(|segment| segment.header.first <= written);
        let first = segment.map_or(0, |segment| segment.header.first);
        let whole = first + (written - first) / PAGE_RECORDS * PAGE_RECORDS;
        if whole > self.synced {
            self.sync_to(whole)?;
        }
        self.fault()
    }

    /// Lets go of the segments that lie wholly behind; of those that could not be synced, too, since
    /// exits and hedges go on being written after the disk has failed.
    fn release(&mut self) {
        let behind = if self.failed.is_some() { self.written() } else { self.synced };
        // bound: the segments that are wholly behind
        while self.live.len() > 1
            && self.live.front().is_some_and(|front| front.header.end() <= behind)
        {
            self.live.pop_front();
        }
    }

    fn sync_to(&mut self, to: u64) -> Result<(), JournalError> {
        self.fault()?;
        for segment in &self.live {
            let first = segment.header.first;
            let (from, to) = (self.synced.saturating_sub(first), to.saturating_sub(first));
            if let Err(source) = segment.sync(from, to) {
                self.failed = Some(source.to_string());
                return Err(JournalError::Io { path: segment.path.clone(), source });
            }
        }
        self.synced = self.synced.max(to);
        Ok(())
    }

    fn fault(&self) -> Result<(), JournalError> {
        match &self.failed {
            None => Ok(()),
            Some(why) => {
                let source = std::io::Error::other(format!("a sync failed before: {why}"));
                Err(JournalError::Io { path: self.dir.clone(), source })
            }
        }
    }
}

/// Makes a segment if the disk has room for it and the reserve.
pub(crate) fn make(dir: &Path, header: Header, options: &Options) -> Result<Segment, JournalError> {
    let free = files::space(dir).map_err(JournalError::io(dir))?.free;
    let needed = (options.segment_bytes as u64).saturating_add(options.reserve_bytes);
    if free < needed {
        return Err(JournalError::NoSpace { path: dir.into(), needed, free });
    }
    Segment::create(dir, header, options.segment_bytes)
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Keeper");
        shown.field("dir", &self.dir).field("synced", &self.synced).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
