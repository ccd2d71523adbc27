//! The send buffer of one connection: frames are composed, masked and sealed where they will be sent
//! from, and wait there when the socket takes no more.

use crate::bytes::{put, shift};
use crate::socket::{Socket, Taken};
use crate::tls::record::{Content, RECORD_HEADER, RECORD_TRAILER};
use crate::tls::session::{Session, UPDATE_NOT_REQUESTED};
use crate::ws::{HEADER_MAX, MaskKeys, Opcode, frame_in_place};
use crate::{CloseReason, SendError};

/// Bytes before a payload: the headers of its frame and of its record.
const FRONT: usize = RECORD_HEADER + HEADER_MAX;
/// Kept free of texts, so that pongs, a key update and a farewell always find room.
const RESERVE: usize = 1024;

/// The buffer: `head..tail` are sealed records that have not left.
pub(super) struct Outbox {
    bytes: Box<[u8]>,
    head: usize,
    tail: usize,
    max_send: usize,
}

/// How much of the buffer a frame may use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    /// All but the reserve.
    Text,
    /// All of it.
    Control,
}

impl Outbox {
    pub(super) fn new(max_send: usize, queue: usize) -> Self {
        let room = queue.max(FRONT + max_send + RECORD_TRAILER) + RESERVE;
        // Written, not only reserved, so that no page is touched first by a hot thread.
        Self { bytes: vec![0xff; room].into_boxed_slice(), head: 0, tail: 0, max_send }
    }

    /// Whether everything has left.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    /// Composes one text of at most `max` bytes; [`Outbox::flush`] sends it.
    #[inline]
    pub(super) fn text(
        &mut self,
        session: &mut Session,
        keys: &mut MaskKeys,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        if max > self.max_send {
            return Err(SendError::TooLong);
        }
        self.frame(session, keys, Opcode::Text, Share::Text, max, write)
    }

    /// Composes a ping, a pong or a close frame.
    #[cold]
    #[inline(never)]
    pub(super) fn control(
        &mut self,
        session: &mut Session,
        keys: &mut MaskKeys,
        opcode: Opcode,
        payload: &[u8],
    ) -> Result<(), SendError> {
        self.frame(session, keys, opcode, Share::Control, payload.len(), &mut |place| {
            put(place, payload)
        })
    }

    /// Composes an alert.
    #[cold]
    pub(super) fn alert(&mut self, session: &mut Session, fatal: bool, alert: u8) {
        let level = if fatal { 2 } else { 1 };
        // A full buffer has no room for a farewell that nobody waits for.
        let _ = self.record(session, &[level, alert], Content::Alert);
    }

    /// Hands the socket what it takes.
    #[inline]
    pub(super) fn flush(&mut self, socket: &mut Socket) -> Result<(), CloseReason> {
        let waiting = self.bytes.get(self.head..self.tail).unwrap_or_default();
        if waiting.is_empty() {
            return Ok(());
        }
        match socket.write(waiting) {
            Taken::Bytes(count) => {
                self.head = self.head.saturating_add(count).min(self.tail);
                if self.is_empty() {
                    (self.head, self.tail) = (0, 0);
                }
                Ok(())
            }
            Taken::Failed(errno) => Err(CloseReason::Socket(errno)),
        }
    }

    /// One frame in one record behind what waits.
    #[inline]
    fn frame(
        &mut self,
        session: &mut Session,
        keys: &mut MaskKeys,
        opcode: Opcode,
        share: Share,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        if session.owes_update() {
            self.update(session)?;
        }
        let start = self.make_room(FRONT + max + RECORD_TRAILER, share)? + FRONT;
        let place = self.bytes.get_mut(start..start + max).ok_or(SendError::Full)?;
        let length = write(place).min(max);
        let payload = start..start + length;
        let frame = frame_in_place(&mut self.bytes, payload, opcode, Some(keys.take()))
            .ok_or(SendError::Full)?;
        let record =
            session.sealer.seal(&mut self.bytes, frame, Content::Data).ok_or(SendError::Closed)?;
        if self.is_empty() {
            (self.head, self.tail) = (record.start, record.end);
        } else {
            self.close_up(record.start, record.end);
        }
        Ok(())
    }

    /// The record at `start..end` behind what waits, without the gap of the longest header.
    // Not `cold`: that would keep checks which faster code proves away.
    #[inline(never)]
    fn close_up(&mut self, start: usize, end: usize) {
        shift(&mut self.bytes, start..end, self.tail);
        self.tail += end - start;
    }

    /// A record of this content behind what waits.
    #[cold]
    fn record(
        &mut self,
        session: &mut Session,
        content: &[u8],
        kind: Content,
    ) -> Result<(), SendError> {
        let whole = RECORD_HEADER + content.len() + RECORD_TRAILER;
        let start = self.make_room(whole, Share::Control)? + RECORD_HEADER;
        let end = start + content.len();
        put(self.bytes.get_mut(start..end).ok_or(SendError::Full)?, content);
        let record =
            session.sealer.seal(&mut self.bytes, start..end, kind).ok_or(SendError::Closed)?;
        self.tail = record.end;
        Ok(())
    }

    /// Seals a key update with the old key and takes the new one.
    #[cold]
    #[inline(never)]
    fn update(&mut self, session: &mut Session) -> Result<(), SendError> {
        self.record(session, &UPDATE_NOT_REQUESTED, Content::Handshake)?;
        session.updated().map_err(|_| SendError::Closed)
    }

    /// Where `length` bytes find room behind what waits.
    #[inline]
    fn make_room(&mut self, length: usize, share: Share) -> Result<usize, SendError> {
        let usable = match share {
            Share::Text => self.bytes.len().saturating_sub(RESERVE),
            Share::Control => self.bytes.len(),
        };
        if self.tail + length > usable {
            self.move_to_front();
            if self.tail + length > usable {
                return Err(SendError::Full);
            }
        }
        Ok(self.tail)
    }

    #[cold]
    #[inline(never)]
    fn move_to_front(&mut self) {
        shift(&mut self.bytes, self.head..self.tail, 0);
        (self.head, self.tail) = (0, self.tail - self.head);
    }
}

#[cfg(test)]
mod tests;
