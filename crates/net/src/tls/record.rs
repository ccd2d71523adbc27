//! TLS 1.3 records, sealed and opened where they lie.
//!
//! rustls makes the handshake and then hands the keys over, as it does for a kernel that encrypts by
//! itself; from there on this is the record layer. It exists because rustls allocates for every
//! record in both directions and a hot thread must not. Public for the benches; a link uses it by itself.

use core::fmt;
use core::ops::Range;

use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use rustls::ConnectionTrafficSecrets;

use crate::TlsFault;

/// Bytes before the content of a record.
pub const RECORD_HEADER: usize = 5;
/// Bytes behind it: its true type and the tag.
pub const RECORD_TRAILER: usize = 1 + TAG;
/// Longest content of a record.
pub const CONTENT_MAX: usize = 1 << 14;
/// Longest record as it lies in a buffer.
pub const RECORD_MAX: usize = RECORD_HEADER + CONTENT_MAX + 256;

const TAG: usize = 16;
/// What an encrypted record says it is, and the version it says it has.
const OUTER: [u8; 3] = [23, 3, 3];
/// Records one key may seal before it must be replaced; the limit for AES-GCM is 2^24.5.
const SEAL_LIMIT: u64 = 1 << 23;

/// What a record carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The application's bytes.
    Data,
    /// Messages of the handshake protocol: tickets, key updates.
    Handshake,
    /// A warning or the reason for an end.
    Alert,
}

impl Content {
    const fn byte(self) -> u8 {
        match self {
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::Data => 23,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::Data),
            _ => None,
        }
    }
}

/// One direction's key, its nonces and how many of them are used. Never shown.
pub struct Half {
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

impl fmt::Debug for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Half").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

impl Half {
    /// The key that rustls hands over, of which `sequence` nonces are used. `None` when the suite is not one of the three, or the key has not its length.
    #[must_use]
    pub fn new(sequence: u64, secrets: &ConnectionTrafficSecrets) -> Option<Self> {
        let (algorithm, key, iv): (&'static Algorithm, _, _) = match secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (&CHACHA20_POLY1305, key, iv),
            _ => return None,
        };
        let key = UnboundKey::new(algorithm, key.as_ref()).ok()?;
        let iv = iv.as_ref().try_into().ok()?;
        Some(Self { key: LessSafeKey::new(key), iv, sequence })
    }

    /// The next nonce; `None` when all are used.
    #[inline]
    fn nonce(&mut self) -> Option<Nonce> {
        let sequence = self.sequence;
        self.sequence = sequence.checked_add(1)?;
        let iv = u128::from_be_bytes({
            let mut wide = [0; 16];
            let [_, _, _, _, low @ ..] = &mut wide;
            *low = self.iv;
            wide
        });
        let [_, _, _, _, nonce @ ..] = (iv ^ u128::from(sequence)).to_be_bytes();
        Some(Nonce::assume_unique_for_key(nonce))
    }
}

/// Our direction.
#[derive(Debug)]
pub struct Sealer {
    half: Half,
}

impl Sealer {
    /// Seals with this key.
    #[must_use]
    pub const fn new(half: Half) -> Self {
        Self { half }
    }

    /// Makes one record of the `content` of `buffer`, where it lies; returns where the record lies.
    ///
    /// `None`, and the key unused, when the content is longer than a record's or has not
    /// [`RECORD_HEADER`] bytes before and [`RECORD_TRAILER`] behind it.
    #[inline]
    #[must_use]
    pub fn seal(
        &mut self,
        buffer: &mut [u8],
        content: Range<usize>,
        kind: Content,
    ) -> Option<Range<usize>> {
        let start = content.start.checked_sub(RECORD_HEADER)?;
        let end = content.end.checked_add(RECORD_TRAILER)?;
        let length = content.end.checked_sub(content.start)?;
        if length > CONTENT_MAX {
            return None;
        }
        let sealed = u16::try_from(length + RECORD_TRAILER).ok()?.to_be_bytes();
        let record = buffer.get_mut(start..end)?;
        let (head, body) = record.split_first_chunk_mut::<RECORD_HEADER>()?;
        let (inner, tag_place) = body.split_last_chunk_mut::<TAG>()?;
        *inner.last_mut()? = kind.byte();
        let [v0, v1, v2] = OUTER;
        let [l0, l1] = sealed;
        *head = [v0, v1, v2, l0, l1];
        let nonce = self.half.nonce()?;
        let tag = self.half.key.seal_in_place_separate_tag(nonce, Aad::from(*head), inner).ok()?;
        tag_place.copy_from_slice(tag.as_ref());
        Some(start..end)
    }

    /// Whether the key has sealed as much as it should.
    #[inline]
    #[must_use]
    pub const fn is_worn(&self) -> bool {
        self.half.sequence >= SEAL_LIMIT
    }
}

/// The peer's direction.
#[derive(Debug)]
pub struct Opener {
    half: Half,
}

/// An opened record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it carries.
    pub kind: Content,
    /// Where its content lies in the buffer.
    pub content: Range<usize>,
}

/// How long the record at the front of `bytes` is; `None` while that is not known.
///
/// # Errors
/// When no record of this kind or length may come now.
#[inline]
pub fn record_length(bytes: &[u8]) -> Result<Option<usize>, TlsFault> {
    let Some([kind, _, _, high, low]) = bytes.first_chunk::<RECORD_HEADER>() else {
        return Ok(None);
    };
    if *kind != 23 {
        return Err(TlsFault::Unexpected);
    }
    let length = RECORD_HEADER + usize::from(u16::from_be_bytes([*high, *low]));
    if length > RECORD_MAX { Err(TlsFault::Oversized) } else { Ok(Some(length)) }
}

impl Opener {
    /// Opens with this key.
    #[must_use]
    pub const fn new(half: Half) -> Self {
        Self { half }
    }

    /// Opens the whole record that lies at `record` in `buffer` and leaves its content so that it
    /// begins at `to`: at the record's own content's place, or anywhere before it.
    ///
    /// # Errors
    /// Whatever does not authenticate or is not in form. The connection is then over.
    #[inline]
    pub fn open(
        &mut self,
        buffer: &mut [u8],
        record: Range<usize>,
        to: usize,
    ) -> Result<Opened, TlsFault> {
        let whole = buffer.get(record.clone()).ok_or(TlsFault::BadRecord)?;
        let head = *whole.first_chunk::<RECORD_HEADER>().ok_or(TlsFault::BadRecord)?;
        let sealed = record.start + RECORD_HEADER;
        let shift = sealed.checked_sub(to).ok_or(TlsFault::BadRecord)?;
        let place = buffer.get_mut(to..record.end).ok_or(TlsFault::BadRecord)?;
        let nonce = self.half.nonce().ok_or(TlsFault::KeysSpent)?;
        let inner = self
            .half
            .key
            .open_within(nonce, Aad::from(head), place, shift..)
            .map_err(|_| TlsFault::BadRecord)?;
        // The true type is the last byte that is not padding.
        let (kind, length) = match inner.split_last() {
            Some((23, content)) => (Content::Data, content.len()),
            _ => unpad(inner)?,
        };
        if length > CONTENT_MAX {
            return Err(TlsFault::Oversized);
        }
        Ok(Opened { kind, content: to..to + length })
    }
}

/// Type and length of a content that is padded or is not data.
#[cold]
fn unpad(inner: &[u8]) -> Result<(Content, usize), TlsFault> {
    let length = inner.iter().rposition(|byte| *byte != 0).ok_or(TlsFault::Unexpected)?;
    let kind = inner.get(length).copied().and_then(Content::from_byte);
    Ok((kind.ok_or(TlsFault::Unexpected)?, length))
}

#[cfg(test)]
mod tests;
