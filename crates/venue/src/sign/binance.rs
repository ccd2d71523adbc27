//! Binance: the parameters themselves are signed.
//!
//! WS API: all parameters but `signature`, `apiKey` included, sorted by name, `k=v` joined with `&`,
//! values as they are. REST: query and body as sent, percent-encoded before. Either HMAC-SHA256 in hex
//! or Ed25519 in base64; only an Ed25519 key may log a session on.

use super::text;
use crate::credentials::Secret;
use ed25519_dalek::Signer;

/// The longest signature: 64 bytes in base64.
pub const SIGNATURE_MAX: usize = 88;

/// The longest signature inside a query: base64 may need two more bytes for each of its marks.
pub const QUERY_SIGNATURE_MAX: usize = 3 * SIGNATURE_MAX;

/// Signs `payload` as the WS API wants it in `params.signature`; returns the length written.
#[inline]
pub fn sign(secret: &Secret, payload: &[u8], out: &mut [u8; SIGNATURE_MAX]) -> usize {
    match secret {
        Secret::Hmac(key) => put(&text::hex(&key.sign(payload)), out),
        Secret::Ed25519(key) => put(&text::base64_64(&key.sign(payload).to_bytes()), out),
    }
}

/// Signs `payload` (query and body as sent) as REST wants it after `&signature=`; returns the length.
pub fn sign_query(secret: &Secret, payload: &[u8], out: &mut [u8; QUERY_SIGNATURE_MAX]) -> usize {
    let mut raw = [0_u8; SIGNATURE_MAX];
    let length = sign(secret, payload, &mut raw);
    // Never `None`: each byte takes at most three.
    raw.get(..length).and_then(|signature| text::percent(signature, out)).unwrap_or(0)
}

#[inline]
fn put(bytes: &[u8], out: &mut [u8]) -> usize {
    out.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    bytes.len().min(out.len())
}

/// The text the WS API signs, written parameter by parameter in the order of their names.
///
/// Out of order or too long: nothing more is written and [`Payload::finish`] gives `None`, so that a
/// wrong signature is never sent.
#[derive(Debug)]
pub struct Payload<'b> {
    buffer: &'b mut [u8],
    length: usize,
    last: &'static str,
    sound: bool,
}

impl<'b> Payload<'b> {
    /// An empty text over `buffer`.
    #[inline]
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, length: 0, last: "", sound: true }
    }

    /// Appends `name=value`. Names come in ascending order.
    #[inline]
    pub fn param(&mut self, name: &'static str, value: &[u8]) -> &mut Self {
        self.sound &= name > self.last;
        self.last = name;
        if self.length > 0 {
            self.push(b"&");
        }
        self.push(name.as_bytes());
        self.push(b"=");
        self.push(value);
        self
    }

    /// The text to sign.
    #[inline]
    #[must_use]
    pub fn finish(self) -> Option<&'b [u8]> {
        if self.sound { self.buffer.get(..self.length) } else { None }
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        match self.buffer.get_mut(self.length..self.length + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            None => self.sound = false,
        }
    }
}
