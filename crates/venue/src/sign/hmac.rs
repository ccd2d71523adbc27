//! HMAC-SHA256 (RFC 2104) with the keyed states made once and an optional constant beginning hashed
//! ahead.
//!
//! Written out over the compression function of `sha2` instead of taken from `hmac`: the key is then
//! sixteen words that are wiped when dropped (`hmac` 0.12 leaves its states in memory), and a prefix
//! is a plain value that can be kept per instrument.

use core::fmt;
use sha2::compress256;
use zeroize::Zeroize;

const BLOCK: usize = 64;
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A secret, as the two hash states every signature with it begins from. The secret itself is gone.
pub struct HmacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl Drop for HmacKey {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey([redacted])")
    }
}

impl HmacKey {
    /// The states of `secret`, which may have any length.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let mut block = [0_u8; BLOCK];
        if secret.len() > BLOCK {
            let mut hash = Hash::new(START);
            hash.update(secret);
            let mut digest = hash.finish();
            block.iter_mut().zip(digest).for_each(|(place, byte)| *place = byte);
            digest.zeroize();
        } else {
            block.iter_mut().zip(secret).for_each(|(place, byte)| *place = *byte);
        }
        let mut key = Self { inner: START, outer: START };
        block.iter_mut().for_each(|byte| *byte ^= 0x36);
        compress(&mut key.inner, &block);
        block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        compress(&mut key.outer, &block);
        block.zeroize();
        key
    }

    /// Begins a signature.
    #[inline]
    #[must_use]
    pub fn start(&self) -> Mac<'_> {
        Mac { key: self, hash: Hash { total: BLOCK as u64, ..Hash::new(self.inner) } }
    }

    /// Hashes a constant beginning ahead. Not a secret by itself: it signs nothing without its key.
    #[must_use]
    pub fn prefix(&self, beginning: &[u8]) -> Prefix {
        let mut mac = self.start();
        mac.update(beginning);
        Prefix(mac.hash)
    }

    /// Begins a signature after a beginning hashed ahead with this key.
    #[inline]
    #[must_use]
    pub fn resume(&self, prefix: &Prefix) -> Mac<'_> {
        Mac { key: self, hash: prefix.0 }
    }

    /// The signature of one text.
    #[must_use]
    pub fn sign(&self, text: &[u8]) -> [u8; 32] {
        let mut mac = self.start();
        mac.update(text);
        mac.finish()
    }
}

/// The state after a constant beginning, for [`HmacKey::resume`].
#[derive(Clone, Copy)]
pub struct Prefix(Hash);

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prefix")
    }
}

/// A signature being made.
#[derive(Clone, Copy)]
pub struct Mac<'k> {
    key: &'k HmacKey,
    hash: Hash,
}

impl fmt::Debug for Mac<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mac")
    }
}

impl Mac<'_> {
    /// Signs these bytes too.
    #[inline]
    pub fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// The signature.
    #[inline]
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        let inner = self.hash.finish();
        let mut outer = Hash { total: BLOCK as u64, ..Hash::new(self.key.outer) };
        outer.update(&inner);
        outer.finish()
    }
}

/// SHA-256 in progress.
#[derive(Clone, Copy)]
struct Hash {
    state: [u32; 8],
    /// Bytes that do not fill a block yet: the first `total % 64` of them.
    rest: [u8; BLOCK],
    total: u64,
}

impl Hash {
    #[inline]
    const fn new(state: [u32; 8]) -> Self {
        Self { state, rest: [0; BLOCK], total: 0 }
    }

    #[inline]
    fn held(&self) -> usize {
        usize::try_from(self.total % BLOCK as u64).unwrap_or(0)
    }

    #[inline]
    fn update(&mut self, bytes: &[u8]) {
        let held = self.held();
        self.total = self.total.wrapping_add(bytes.len() as u64);
        let mut left = bytes;
        if held > 0 {
            let (Some(space), Some((now, later))) =
                (self.rest.get_mut(held..), left.split_at_checked(left.len().min(BLOCK - held)))
            else {
                return;
            };
            space.iter_mut().zip(now).for_each(|(place, byte)| *place = *byte);
            if held + now.len() < BLOCK {
                return;
            }
            compress(&mut self.state, &self.rest);
            left = later;
        }
        let (blocks, tail) = left.as_chunks::<BLOCK>();
        for block in blocks {
            compress(&mut self.state, block);
        }
        self.rest.iter_mut().zip(tail).for_each(|(place, byte)| *place = *byte);
    }

    #[inline]
    fn finish(mut self) -> [u8; 32] {
        let held = self.held();
        for (index, place) in self.rest.iter_mut().enumerate().skip(held) {
            *place = if index == held { 0x80 } else { 0 };
        }
        if held >= BLOCK - 8 {
            compress(&mut self.state, &self.rest);
            self.rest = [0; BLOCK];
        }
        let bits = self.total.wrapping_mul(8).to_be_bytes();
        self.rest.iter_mut().skip(BLOCK - 8).zip(bits).for_each(|(place, byte)| *place = byte);
        compress(&mut self.state, &self.rest);
        let mut out = [0_u8; 32];
        let (words, _) = out.as_chunks_mut::<4>();
        words.iter_mut().zip(self.state).for_each(|(place, word)| *place = word.to_be_bytes());
        out
    }
}

#[inline]
fn compress(state: &mut [u32; 8], block: &[u8; BLOCK]) {
    compress256(state, core::slice::from_ref(block.into()));
}
