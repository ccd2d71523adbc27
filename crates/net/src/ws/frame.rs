//! The header of a frame: read it, write it.

use core::ops::Range;

use super::{Violation, mask::apply_mask};

/// Longest header of a frame: two bytes, eight of length, four of mask.
pub const HEADER_MAX: usize = 14;

/// Longest payload of a control frame.
pub(super) const CONTROL_MAX: u64 = 125;

/// Which end of the connection we are: it decides who masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We mask; the server's frames must not be masked.
    Client,
    /// We do not mask; the client's frames must be masked.
    Server,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// More of the message begun.
    Continuation = 0,
    /// The beginning, or the whole, of a text.
    Text = 1,
    /// The beginning, or the whole, of a binary message.
    Binary = 2,
    /// The last frame of its sender.
    Close = 8,
    /// To be answered with a pong of the same payload.
    Ping = 9,
    /// The answer to a ping, or unasked for.
    Pong = 10,
}

impl Opcode {
    const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::Continuation),
            1 => Some(Self::Text),
            2 => Some(Self::Binary),
            8 => Some(Self::Close),
            9 => Some(Self::Ping),
            10 => Some(Self::Pong),
            _ => None,
        }
    }

    pub(super) const fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

/// A header, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The last frame of its message.
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    /// Bytes of the header itself.
    pub(super) size: usize,
    /// Bytes of the payload; a length above [`usize::MAX`] is [`usize::MAX`].
    pub(super) payload: usize,
    /// The key of a masked payload.
    pub(super) mask: Option<[u8; 4]>,
}

impl Header {
    /// Reads the header at the front of `bytes`; `None` while it is not whole.
    ///
    /// What can be judged from fewer bytes is judged at once.
    pub(super) fn read(bytes: &[u8], role: Role) -> Result<Option<Self>, Violation> {
        let Some((&[first, second], rest)) = bytes.split_first_chunk::<2>() else {
            return bytes.first().map_or(Ok(None), |first| judge(*first).map(|_| None));
        };
        let opcode = judge(first)?;
        let fin = first & 0x80 != 0;
        let masked = second & 0x80 != 0;
        match (role, masked) {
            (Role::Client, true) => return Err(Violation::Masked),
            (Role::Server, false) => return Err(Violation::Unmasked),
            (Role::Client, false) | (Role::Server, true) => {}
        }
        let short = second & 0x7f;
        if opcode.is_control() {
            if !fin {
                return Err(Violation::ControlFragmented);
            }
            if u64::from(short) > CONTROL_MAX {
                return Err(Violation::ControlTooLong);
            }
        }
        let Some((length, length_size)) = read_length(short, rest)? else { return Ok(None) };
        let mask = if masked {
            let Some(key) = rest.get(length_size..).and_then(|rest| rest.first_chunk::<4>()) else {
                return Ok(None);
            };
            Some(*key)
        } else {
            None
        };
        let size = 2 + length_size + if masked { 4 } else { 0 };
        let payload = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(Some(Self { fin, opcode, size, payload, mask }))
    }
}

/// The opcode of a first byte, or what is wrong with that byte.
fn judge(first: u8) -> Result<Opcode, Violation> {
    if first & 0x70 != 0 {
        return Err(Violation::ReservedBits);
    }
    Opcode::from_bits(first & 0x0f).ok_or(Violation::Opcode)
}

/// The length and how many bytes behind the second tell it; `None` while they are not all there.
#[inline]
fn read_length(short: u8, rest: &[u8]) -> Result<Option<(u64, usize)>, Violation> {
    match short {
        126 => {
            let Some(bytes) = rest.first_chunk::<2>() else { return Ok(None) };
            let length = u64::from(u16::from_be_bytes(*bytes));
            if length < 126 { Err(Violation::Length) } else { Ok(Some((length, 2))) }
        }
        127 => {
            let Some(bytes) = rest.first_chunk::<8>() else { return Ok(None) };
            let length = u64::from_be_bytes(*bytes);
            let shortest = length > u64::from(u16::MAX) && length < 1 << 63;
            if shortest { Ok(Some((length, 8))) } else { Err(Violation::Length) }
        }
        short => Ok(Some((u64::from(short), 0))),
    }
}

/// Turns the `payload` of `buffer` into one whole frame: masks it where it lies when a `key` is
/// given, and writes the header right before it. Returns where the frame lies.
///
/// `None`, and nothing is written, unless [`HEADER_MAX`] bytes lie before the payload and the
/// payload lies in the buffer.
#[must_use]
#[inline]
pub fn frame_in_place(
    buffer: &mut [u8],
    payload: Range<usize>,
    opcode: Opcode,
    key: Option<[u8; 4]>,
) -> Option<Range<usize>> {
    let length = payload.end.checked_sub(payload.start)?;
    let (before, after) = buffer.split_at_mut_checked(payload.start)?;
    let body = after.get_mut(..length)?;
    let room: &mut [u8; HEADER_MAX] = before.last_chunk_mut()?;
    let masked = if key.is_some() { 0x80 } else { 0 };
    // The header from its end to its front: mask, length, opcode.
    let [first, second, l0, l1, l2, l3, l4, l5, l6, l7, mask @ ..] = room;
    if let Some(key) = key {
        *mask = key;
        apply_mask(key, body);
        let head = 0x80 | opcode as u8;
        return match length {
            0..126 => {
                (*l6, *l7) = (head, masked | low_byte(length));
                Some(payload.start - 6..payload.end)
            }
            126..0x1_0000 => {
                (*l4, *l5) = (head, masked | 126);
                [*l6, *l7] = low_two(length);
                Some(payload.start - 8..payload.end)
            }
            _ => {
                (*first, *second) = (head, masked | 127);
                [*l0, *l1, *l2, *l3, *l4, *l5, *l6, *l7] = (length as u64).to_be_bytes();
                Some(payload.start - 14..payload.end)
            }
        };
    }
    frame_unmasked(room, length, opcode).map(|size| payload.start - size..payload.end)
}

/// The header of a server's frame, right-aligned in `room`; returns its size.
fn frame_unmasked(room: &mut [u8; HEADER_MAX], length: usize, opcode: Opcode) -> Option<usize> {
    let head = 0x80 | opcode as u8;
    let size = match length {
        0..126 => 2,
        126..0x1_0000 => 4,
        _ => 10,
    };
    let place = room.get_mut(HEADER_MAX - size..)?;
    let (front, extended) = place.split_first_chunk_mut::<2>()?;
    *front = match size {
        2 => [head, low_byte(length)],
        4 => [head, 126],
        _ => [head, 127],
    };
    let bytes = (length as u64).to_be_bytes();
    extended.copy_from_slice(bytes.get(8 - extended.len()..)?);
    Some(size)
}

#[expect(clippy::cast_possible_truncation, reason = "only called below 126")]
const fn low_byte(length: usize) -> u8 {
    length as u8
}

#[expect(clippy::cast_possible_truncation, reason = "only called below 65536")]
const fn low_two(length: usize) -> [u8; 2] {
    (length as u16).to_be_bytes()
}

#[cfg(test)]
mod tests;
