//! The hot end: one thread appends.

use crate::seal::seal;
use crate::segment::{Segment, WORDS};
use base::Record;
use core::fmt;
use crossbeam_utils::CachePadded;
use rtrb::{Consumer, Producer};
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The next segment is not ready: the disk is full, or the keeper does not keep up. Nothing was
/// written; the caller must not act on the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the journal's next segment is not ready")
    }
}

impl core::error::Error for Full {}

/// How far the writer is, on a line of its own.
pub(crate) type Progress = Arc<CachePadded<AtomicU64>>;

/// Appends records. One thread holds it; an append is nine stores into memory that is there.
pub struct Writer {
    /// The words of the segment's records, `capacity` x [`WORDS`].
    cells: *const [AtomicU64],
    segment: Arc<Segment>,
    epoch: u32,
    /// The index the next record gets.
    next: u64,
    /// Where it goes: its first word in `cells`.
    at: usize,
    ready: Consumer<Arc<Segment>>,
    done: Producer<Arc<Segment>>,
    progress: Progress,
    _lock: Arc<File>,
}

// SAFETY: 1. `cells` points into the mapping of `segment`, which it holds. 2. Neither `Clone` nor
// `Sync` (raw pointer): one thread at a time appends.
unsafe impl Send for Writer {}

impl Writer {
    pub(crate) fn new(
        segment: Arc<Segment>,
        ready: Consumer<Arc<Segment>>,
        done: Producer<Arc<Segment>>,
        progress: Progress,
        lock: Arc<File>,
    ) -> Self {
        let cells = core::ptr::from_ref(segment.cells());
        let (epoch, next) = (segment.header.epoch, segment.header.first);
        Self { cells, segment, epoch, next, at: 0, ready, done, progress, _lock: lock }
    }

    /// Appends a record and returns its index. When it has returned, a kill of the process does not
    /// lose the record.
    ///
    /// # Errors
    /// [`Full`] when there is no place; see [`Writer::has_room`].
    #[inline]
    pub fn append(&mut self, record: &Record) -> Result<u64, Full> {
        // bound: a segment that was just taken has room
        loop {
            // SAFETY: made from a reference into the mapping that `segment` keeps in place.
            let cells = unsafe { &*self.cells };
            let Some(place) = cells.get(self.at..).and_then(<[AtomicU64]>::first_chunk::<WORDS>)
            else {
                self.next_segment()?;
                continue;
            };
            let [a, b, c, d, e, f, g, _] = record.to_words();
            let index = self.next;
            let sealed = seal([a, b, c, d, e, f, g], index, self.epoch);
            for (cell, word) in place.iter().zip([a, b, c, d, e, f, g]) {
                cell.store(word, Ordering::Relaxed);
            }
            let [.., last] = place;
            // SYNC record-sealed: a reader (another process, through the page cache) that sees the
            // seal of this place sees the words it was made of; stores above do not sink below it.
            last.store(sealed, Ordering::Release);
            self.at += WORDS;
            self.next = index + 1;
            // SYNC record-counted: pairs with the Acquire load in `Keeper::written`.
            self.progress.store(self.next, Ordering::Release);
            return Ok(index);
        }
    }

    /// The index the next record gets.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        self.next
    }

    /// The start this writer belongs to.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether `count` more records certainly fit: to be asked before an input is consumed, so that
    /// it and everything it causes is written or nothing is.
    #[inline]
    #[must_use]
    pub fn has_room(&self, count: usize) -> bool {
        let left = (self.cells.len() - self.at) / WORDS;
        left >= count || self.room_beyond(left, count)
    }

    #[cold]
    #[inline(never)]
    fn room_beyond(&self, left: usize, count: usize) -> bool {
        // Handing the full segment back needs a place, too.
        let segments = self.ready.slots().min(self.done.slots());
        left + segments * (self.cells.len() / WORDS) >= count
    }

    #[cold]
    #[inline(never)]
    fn next_segment(&mut self) -> Result<(), Full> {
        if self.done.is_full() {
            return Err(Full);
        }
        let next = self.ready.pop().map_err(|_| Full)?;
        self.cells = core::ptr::from_ref(next.cells());
        self.at = 0;
        let full = core::mem::replace(&mut self.segment, next);
        // There is a place (seen above, and only this thread fills it). The keeper still holds the
        // segment as well, so nothing is unmapped on this thread either way.
        let _ = self.done.push(full);
        Ok(())
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Writer");
        shown.field("epoch", &self.epoch).field("next", &self.next).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
