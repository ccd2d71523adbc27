//! The receive buffer of one connection: records behind, opened content before, one allocation.
//!
//! ```text
//! 0 ...... read ====== plain ...... raw ------ filled ...... capacity + padding
//!          opened, not yet used     records not yet opened
//! ```
//! A record is opened where it lies when nothing opened is left before it, else right behind what is
//! left, so that a frame that spans records becomes one slice without another copy.

use core::ops::Range;

use crate::TlsFault;
use crate::bytes::shift;
use crate::tls::record::{Content, RECORD_HEADER, RECORD_MAX, record_length};
use crate::tls::session::Session;
use crate::ws::{HEADER_MAX, PADDING};

/// What lies next among the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// None that is whole.
    Missing,
    /// Its content is now behind the opened bytes.
    Data,
    /// It is not data; its content lies here until the next call.
    Other(Content, Range<usize>),
}

/// The buffer.
pub(super) struct Inbox {
    bytes: Box<[u8]>,
    capacity: usize,
    read: usize,
    plain: usize,
    raw: usize,
    filled: usize,
}

impl Inbox {
    /// Room for the largest frame and for the records that complete it.
    pub(super) fn new(max_message: usize) -> Self {
        let capacity = max_message + HEADER_MAX + 3 * RECORD_MAX;
        // Written, not only reserved, so that no page is touched first by a hot thread.
        let bytes = vec![0xff; capacity + PADDING].into_boxed_slice();
        Self { bytes, capacity, read: 0, plain: 0, raw: 0, filled: 0 }
    }

    /// Opened bytes that were not used yet.
    #[inline]
    pub(super) fn plain(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.read..self.plain).unwrap_or_default()
    }

    /// Whether nothing is buffered, opened or not.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.read == self.plain && self.raw == self.filled
    }

    /// Where [`Inbox::plain`] begins, for [`Inbox::lend`].
    #[inline]
    pub(super) const fn plain_start(&self) -> usize {
        self.read
    }

    /// The first `count` opened bytes are used. They stay where they are until the next read.
    #[inline]
    pub(super) fn use_up(&mut self, count: usize) {
        self.read = self.read.saturating_add(count).min(self.plain);
    }

    /// Bytes at a place that was learnt before; used ones, too.
    #[inline]
    pub(super) fn lend(&self, at: usize, length: usize) -> &[u8] {
        self.bytes.get(at..at.saturating_add(length)).unwrap_or_default()
    }

    /// Opens the next record, if it is whole.
    #[inline]
    pub(super) fn open(&mut self, session: &mut Session) -> Result<Record, TlsFault> {
        let waiting = self.bytes.get(self.raw..self.filled).unwrap_or_default();
        let Some(length) = record_length(waiting)? else { return Ok(Record::Missing) };
        let end = self.raw + length;
        if end > self.filled {
            return Ok(Record::Missing);
        }
        let alone = self.read == self.plain;
        let to = if alone { self.raw + RECORD_HEADER } else { self.plain };
        let opened = session.opener.open(&mut self.bytes, self.raw..end, to)?;
        self.raw = end;
        if opened.kind != Content::Data {
            return Ok(Record::Other(opened.kind, opened.content));
        }
        if alone {
            self.read = opened.content.start;
        }
        self.plain = opened.content.end;
        Ok(Record::Data)
    }

    /// Where the socket's next bytes go; at least a whole record's length.
    #[inline]
    pub(super) fn free(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.read, self.plain, self.raw, self.filled) = (0, 0, 0, 0);
        } else if self.capacity - self.filled < RECORD_MAX {
            self.gather();
        }
        self.bytes.get_mut(self.filled..self.capacity).unwrap_or_default()
    }

    /// So many bytes were put at the front of [`Inbox::free`].
    #[inline]
    pub(super) fn received(&mut self, count: usize) {
        self.filled = self.filled.saturating_add(count).min(self.capacity);
    }

    /// Moves what is left to the front of the buffer.
    #[cold]
    #[inline(never)]
    fn gather(&mut self) {
        let opened = self.plain - self.read;
        let records = self.filled - self.raw;
        shift(&mut self.bytes, self.read..self.plain, 0);
        shift(&mut self.bytes, self.raw..self.filled, opened);
        (self.read, self.plain, self.raw, self.filled) = (0, opened, opened, opened + records);
    }
}

#[cfg(test)]
mod tests;
