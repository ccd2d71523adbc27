//! Frames in: where the payloads lie, and what is wrong with the peer.

use core::ops::Range;

use super::frame::{Header, Opcode, Role};
use super::mask::apply_mask_from;
use super::{PADDING, Violation};
use crate::bytes::put;

/// What the bytes so far hold at their front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// So many bytes at the front are done with. Until the next call they still hold the payload.
    pub used: usize,
    /// What they were.
    pub event: Event,
}

/// One thing a peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing whole. `frame` is the length of the frame at the front, 0 while that is not known.
    Incomplete {
        /// Bytes the buffer must be able to hold for this frame to become whole.
        frame: usize,
    },
    /// A part of a message, put aside.
    Fragment,
    /// A whole text.
    Text(Place),
    /// A whole binary message.
    Binary(Place),
    /// A ping: answer it with a pong of the same payload.
    Ping(Place),
    /// A pong.
    Pong(Place),
    /// A close frame with this code, 1005 when it gave none. Nothing after it is read.
    Close(u16),
}

/// Where a payload lies; [`Decoder::payload`] lends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the bytes given to [`Decoder::next`].
    Input {
        /// Its first byte there.
        at: usize,
        /// Its length.
        length: usize,
    },
    /// In the decoder: it came in fragments.
    Gathered {
        /// Its length.
        length: usize,
    },
}

impl Place {
    const fn input(range: &Range<usize>) -> Self {
        Self::Input { at: range.start, length: range.end - range.start }
    }
}

/// Reads one peer's frames, one after the other.
#[derive(Debug)]
pub struct Decoder {
    role: Role,
    max_message: usize,
    /// The message that comes in fragments, and [`PADDING`].
    gathered: Box<[u8]>,
    gathered_length: usize,
    /// So much of it is whole, valid UTF-8.
    gathered_checked: usize,
    /// What it is: [`Opcode::Text`] or [`Opcode::Binary`].
    begun: Option<Opcode>,
    /// Of the payload at the front, which is not whole yet: how much is unmasked, ...
    unmasked: usize,
    /// ... and how much is whole, valid UTF-8.
    checked: usize,
    /// A close frame has come.
    closed: bool,
    /// A whole unmasked text may lie at the front: nothing is begun, half checked or over.
    plain: bool,
}

impl Decoder {
    /// For one connection on which we are `role`; reserves what its largest message needs.
    #[must_use]
    pub fn new(role: Role, max_message: usize) -> Self {
        // Written, not only reserved: a page touched for the first time on a hot thread costs it
        // a microsecond.
        let gathered = vec![0xff; max_message.saturating_add(PADDING)].into_boxed_slice();
        Self {
            role,
            max_message,
            gathered,
            gathered_length: 0,
            gathered_checked: 0,
            begun: None,
            unmasked: 0,
            checked: 0,
            closed: false,
            plain: role == Role::Client,
        }
    }

    /// Reads what lies at the front of `input`: all that has arrived and was not used yet.
    ///
    /// # Errors
    /// How the peer broke the protocol; close with [`Violation::close_code`] and read no further.
    #[inline]
    pub fn next(&mut self, input: &mut [u8]) -> Result<Next, Violation> {
        // What a venue sends: a whole, unmasked, unfragmented text with nothing left over before it.
        if self.plain
            && let Some((at, length)) = plain_text(input)
            && let Some(text) = input.get(at..at + length)
            && length <= self.max_message
        {
            check(text)?;
            return Ok(Next { used: at + length, event: Event::Text(Place::Input { at, length }) });
        }
        self.any(input)
    }

    /// The payload a [`Next`] spoke of, out of the same `input`.
    #[must_use]
    #[inline]
    pub fn payload<'a>(&'a self, input: &'a [u8], place: Place) -> &'a [u8] {
        let payload = match place {
            Place::Input { at, length } => input.get(at..at.saturating_add(length)),
            Place::Gathered { length } => self.gathered.get(..length),
        };
        payload.unwrap_or_default()
    }

    /// Every kind of frame, whole or not.
    #[inline(never)]
    fn any(&mut self, input: &mut [u8]) -> Result<Next, Violation> {
        if self.closed {
            return Ok(incomplete(0));
        }
        let Some(header) = Header::read(input, self.role)? else { return Ok(incomplete(0)) };
        let header = &header;
        self.admit(header)?;
        let end = header.size.saturating_add(header.payload);
        let arrived = input.len().min(end);
        let range = header.size..arrived;
        let payload = input.get_mut(range.clone()).unwrap_or_default();
        if let Some(key) = header.mask
            && let Some(fresh) = payload.get_mut(self.unmasked..)
        {
            apply_mask_from(key, self.unmasked, fresh);
            self.unmasked = payload.len();
        }
        if arrived < end {
            self.plain = false;
            self.check_early(header, payload)?;
            return Ok(incomplete(end));
        }
        let event = if header.opcode.is_control() {
            self.control(header.opcode, payload, &range)?
        } else {
            self.data(header, payload, &range)?
        };
        self.unmasked = 0;
        self.checked = 0;
        self.plain = self.role == Role::Client && self.begun.is_none() && !self.closed;
        Ok(Next { used: end, event })
    }

    /// Whether a frame of this header may come now.
    fn admit(&self, header: &Header) -> Result<(), Violation> {
        if header.opcode.is_control() {
            return Ok(());
        }
        let before = match (header.opcode, self.begun) {
            (Opcode::Continuation, None) => return Err(Violation::NothingToContinue),
            (Opcode::Continuation, Some(_)) => self.gathered_length,
            (_, Some(_)) => return Err(Violation::MessageInterrupted),
            (_, None) => 0,
        };
        if before.saturating_add(header.payload) > self.max_message {
            return Err(Violation::TooLong);
        }
        Ok(())
    }

    /// A text whose beginning is wrong is refused before its end has come.
    #[cold]
    fn check_early(&mut self, header: &Header, payload: &[u8]) -> Result<(), Violation> {
        if header.opcode == Opcode::Text {
            let fresh = payload.get(self.checked..).unwrap_or_default();
            self.checked += whole_characters(fresh)?;
        }
        Ok(())
    }

    fn control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        range: &Range<usize>,
    ) -> Result<Event, Violation> {
        let place = Place::input(range);
        match opcode {
            Opcode::Ping => Ok(Event::Ping(place)),
            Opcode::Pong => Ok(Event::Pong(place)),
            _ => {
                let code = close_code(payload)?;
                self.closed = true;
                Ok(Event::Close(code))
            }
        }
    }

    fn data(
        &mut self,
        header: &Header,
        payload: &[u8],
        range: &Range<usize>,
    ) -> Result<Event, Violation> {
        if header.opcode != Opcode::Continuation && header.fin {
            if header.opcode == Opcode::Binary {
                return Ok(Event::Binary(Place::input(range)));
            }
            let fresh = payload.get(self.checked..).unwrap_or_default();
            check(fresh)?;
            return Ok(Event::Text(Place::input(range)));
        }
        self.gather(header, payload)
    }

    /// Puts a fragment behind those before it.
    #[cold]
    fn gather(&mut self, header: &Header, payload: &[u8]) -> Result<Event, Violation> {
        let kind = match self.begun {
            Some(kind) => kind,
            None => {
                self.gathered_length = 0;
                self.gathered_checked = 0;
                header.opcode
            }
        };
        let end = self.gathered_length.saturating_add(payload.len());
        let place = self.gathered.get_mut(self.gathered_length..end).ok_or(Violation::TooLong)?;
        put(place, payload);
        self.gathered_length = end;
        self.begun = Some(kind);
        if kind == Opcode::Text {
            let fresh = self.gathered.get(self.gathered_checked..end).unwrap_or_default();
            self.gathered_checked += whole_characters(fresh)?;
        }
        if !header.fin {
            return Ok(Event::Fragment);
        }
        self.begun = None;
        let place = Place::Gathered { length: end };
        if kind == Opcode::Binary {
            return Ok(Event::Binary(place));
        }
        if self.gathered_checked != end { Err(Violation::Utf8) } else { Ok(Event::Text(place)) }
    }
}

/// Where the payload of an unfragmented, unmasked text of less than 64 KiB lies.
#[inline]
fn plain_text(input: &[u8]) -> Option<(usize, usize)> {
    match input {
        [0x81, 126, high, low, ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            (length >= 126).then_some((4, length))
        }
        [0x81, length @ 0..126, ..] => Some((2, usize::from(*length))),
        _ => None,
    }
}

/// Whether `text` is valid UTF-8. Venues' texts are ASCII, which is seen sooner.
#[inline]
fn check(text: &[u8]) -> Result<(), Violation> {
    if is_ascii(text) || simdutf8::basic::from_utf8(text).is_ok() {
        return Ok(());
    }
    Err(Violation::Utf8)
}

/// Whether no byte has its high bit set: vectors of 32 bytes, the last one overlapping.
#[inline]
fn is_ascii(text: &[u8]) -> bool {
    let (chunks, _) = text.as_chunks::<32>();
    let Some(last) = text.last_chunk::<32>() else { return text.is_ascii() };
    let mut seen = *last;
    for chunk in chunks {
        for (seen, byte) in seen.iter_mut().zip(chunk) {
            *seen |= byte;
        }
    }
    seen.iter().fold(0, |all, byte| all | byte) < 0x80
}

const fn incomplete(frame: usize) -> Next {
    Next { used: 0, event: Event::Incomplete { frame } }
}

/// How many bytes of `bytes` are whole characters, when what is behind them may still become one.
fn whole_characters(bytes: &[u8]) -> Result<usize, Violation> {
    match simdutf8::compat::from_utf8(bytes) {
        Ok(_) => Ok(bytes.len()),
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(_) => Err(Violation::Utf8),
    }
}

/// The code of a close frame's payload; 1005 when it is empty.
#[cold]
fn close_code(payload: &[u8]) -> Result<u16, Violation> {
    if payload.is_empty() {
        return Ok(1005);
    }
    let (code, reason) = payload.split_first_chunk::<2>().ok_or(Violation::CloseCode)?;
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Violation::CloseCode);
    }
    simdutf8::basic::from_utf8(reason).map_err(|_| Violation::Utf8)?;
    Ok(code)
}

#[cfg(test)]
mod tests;
