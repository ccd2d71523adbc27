//! A channel that plays recorded texts through the real frame codec, for benches.

use base::Stamp;

use crate::ws::{Decoder, Event, HEADER_MAX, MaskKeys, Opcode, PADDING, Role, frame_in_place};
use crate::{Channel, CloseReason, LinkOptions, Polled, SendError};

/// Plays a list of texts over and over, one for each poll that finds one: the frame is copied into a
/// receive buffer, as a socket's read would, and decoded there. What is sent is framed and masked into a
/// send buffer and counted. It is always open.
#[derive(Debug)]
pub struct TapeChannel {
    frames: Vec<u8>,
    /// Where each frame ends.
    ends: Vec<usize>,
    next: usize,
    /// Whether the poll after a text finds nothing, as on a connection with one text in each read.
    pauses: bool,
    paused: bool,
    decoder: Decoder,
    inbox: Box<[u8]>,
    keys: MaskKeys,
    outbox: Box<[u8]>,
    last: core::ops::Range<usize>,
    sent: u64,
}

impl TapeChannel {
    /// Plays `texts`; with `pauses` every second poll finds nothing.
    #[must_use]
    pub fn new(texts: &[Vec<u8>], pauses: bool) -> Self {
        let mut frames = Vec::new();
        let mut ends = Vec::new();
        for text in texts {
            let mut buffer = vec![0; HEADER_MAX];
            buffer.extend_from_slice(text);
            let payload = HEADER_MAX..buffer.len();
            // The payload lies in the buffer behind room for the header, so there is a frame.
            let frame = frame_in_place(&mut buffer, payload, Opcode::Text, None).unwrap_or(0..0);
            frames.extend_from_slice(buffer.get(frame).unwrap_or_default());
            ends.push(frames.len());
        }
        let longest = frames.len();
        Self {
            frames,
            ends,
            next: 0,
            pauses,
            paused: false,
            decoder: Decoder::new(Role::Client, longest),
            inbox: vec![0xff; longest + PADDING].into_boxed_slice(),
            keys: MaskKeys::from_system(),
            outbox: vec![0xff; HEADER_MAX + LinkOptions::MAX_SEND].into_boxed_slice(),
            last: 0..0,
            sent: 0,
        }
    }

    /// How many texts were sent.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// The frame sent last, masked as it would leave.
    #[must_use]
    pub fn last_frame(&self) -> &[u8] {
        self.outbox.get(self.last.clone()).unwrap_or_default()
    }

    /// Copies the next frame into the receive buffer; its length.
    fn read(&mut self) -> Option<usize> {
        let start = self.next.checked_sub(1).and_then(|last| self.ends.get(last)).copied();
        let end = *self.ends.get(self.next)?;
        let frame = self.frames.get(start.unwrap_or(0)..end)?;
        self.inbox.get_mut(..frame.len())?.copy_from_slice(frame);
        self.next = if self.next + 1 == self.ends.len() { 0 } else { self.next + 1 };
        Some(frame.len())
    }
}

impl Channel for TapeChannel {
    fn poll(&mut self, now: Stamp) -> Polled<'_> {
        if self.pauses {
            self.paused = !self.paused;
            if !self.paused {
                return Polled::Idle;
            }
        }
        let Some(length) = self.read() else { return Polled::Idle };
        let Some(input) = self.inbox.get_mut(..length) else { return Polled::Idle };
        match self.decoder.next(input) {
            Ok(next) => match next.event {
                Event::Text(place) => {
                    Polled::Text { bytes: self.decoder.payload(&self.inbox, place), recv: now }
                }
                _ => Polled::Idle,
            },
            Err(violation) => Polled::Closed(CloseReason::Violation(violation)),
        }
    }

    fn send_with(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        let place = self.outbox.get_mut(HEADER_MAX..HEADER_MAX + max).ok_or(SendError::TooLong)?;
        let length = write(place).min(max);
        let payload = HEADER_MAX..HEADER_MAX + length;
        let key = Some(self.keys.take());
        self.last = frame_in_place(&mut self.outbox, payload, Opcode::Text, key)
            .ok_or(SendError::TooLong)?;
        self.sent += 1;
        Ok(())
    }

    fn reopen(&mut self, _now: Stamp) {}

    fn renew(&mut self, _now: Stamp) {}

    fn settle(&mut self) {}

    fn redirect(&mut self, _path: &str) {}

    fn is_open(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
