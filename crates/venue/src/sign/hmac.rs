//! HMAC-SHA256 (RFC 2104) with the keyed states made once and an optional constant beginning hashed
//! ahead.
//!
//! Written out over the compression function of `sha2` instead of taken from `hmac`: the key is then
//! sixteen words that are wiped when dropped (`hmac` 0.12 leaves its states in memory), and a prefix
//! is a plain value that can be kept per instrument.

use core::fmt;
use sha2::compress256;
use sha2::digest::block_buffer::{BlockBuffer, Eager};
use sha2::digest::generic_array::typenum::U64;
use zeroize::Zeroize;

const BLOCK: usize = 64;

/// Room behind a text that [`HmacKey::sign_after`] needs.
pub const PADDING: usize = BLOCK + 9;
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
            let mut hash = Hash::new(START, 0);
            hash.update(secret);
            let mut digest = hash.finish();
            block.iter_mut().zip(digest).for_each(|(place, byte)| *place = byte);
            digest.zeroize();
        } else {
            block.iter_mut().zip(secret).for_each(|(place, byte)| *place = *byte);
        }
        let mut key = Self { inner: START, outer: START };
        block.iter_mut().for_each(|byte| *byte ^= 0x36);
        compress256(&mut key.inner, core::slice::from_ref((&block).into()));
        block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        compress256(&mut key.outer, core::slice::from_ref((&block).into()));
        block.zeroize();
        key
    }

    /// Begins a signature.
    #[inline]
    #[must_use]
    pub fn start(&self) -> Mac<'_> {
        Mac { key: self, hash: Hash::new(self.inner, BLOCK) }
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
        Mac { key: self, hash: prefix.0.clone() }
    }

    /// The signature of `text[..length]`, which begins with what `prefix` says [`rest`](Prefix::rest) of it,
    /// after the whole blocks of `prefix`. Padded where it lies and hashed in one go; `None` without
    /// [`PADDING`] bytes of room behind it.
    #[inline]
    #[must_use]
    pub fn sign_after(&self, prefix: &Prefix, text: &mut [u8], length: usize) -> Option<[u8; 32]> {
        let hashed = prefix.0.total - prefix.rest().len() as u64;
        let text = text.get_mut(..(length + 9).next_multiple_of(BLOCK))?;
        let (_, padding) = text.split_at_mut_checked(length)?;
        padding.fill(0);
        *padding.first_mut()? = 0x80;
        *padding.last_chunk_mut()? = ((hashed + length as u64) * 8).to_be_bytes();
        let mut inner = prefix.0.state;
        BlockBuffer::<U64, Eager>::default()
            .digest_blocks(text, |blocks| compress256(&mut inner, blocks));
        let mut block = [0_u8; BLOCK];
        words_to_bytes(&inner, &mut block);
        *block.get_mut(32)? = 0x80;
        *block.last_chunk_mut()? = (8 * (BLOCK as u64 + 32)).to_be_bytes();
        let mut outer = self.outer;
        compress256(&mut outer, core::slice::from_ref((&block).into()));
        let mut out = [0_u8; 32];
        words_to_bytes(&outer, &mut out);
        Some(out)
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
#[derive(Clone)]
pub struct Prefix(Hash);

impl Prefix {
    /// What of the beginning did not fill a block.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.0.rest.get_data()
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prefix")
    }
}

/// A signature being made.
#[derive(Clone)]
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
        let mut outer = Hash::new(self.key.outer, BLOCK);
        outer.update(&inner);
        outer.finish()
    }
}

/// SHA-256 in progress: `digest`'s buffer around `sha2`'s compression, from any state.
#[derive(Clone)]
struct Hash {
    state: [u32; 8],
    rest: BlockBuffer<U64, Eager>,
    /// Bytes hashed so far, the key's block included.
    total: u64,
}

impl Hash {
    #[inline]
    fn new(state: [u32; 8], total: usize) -> Self {
        Self { state, rest: BlockBuffer::default(), total: total as u64 }
    }

    #[inline]
    fn update(&mut self, bytes: &[u8]) {
        self.total = self.total.wrapping_add(bytes.len() as u64);
        let state = &mut self.state;
        self.rest.digest_blocks(bytes, |blocks| compress256(state, blocks));
    }

    #[inline]
    fn finish(mut self) -> [u8; 32] {
        let state = &mut self.state;
        let bits = self.total.wrapping_mul(8);
        self.rest.len64_padding_be(bits, |block| compress256(state, core::slice::from_ref(block)));
        let mut out = [0_u8; 32];
        words_to_bytes(&self.state, &mut out);
        out
    }
}

#[inline]
fn words_to_bytes(words: &[u32; 8], out: &mut [u8]) {
    let (places, _) = out.as_chunks_mut::<4>();
    places.iter_mut().zip(words).for_each(|(place, word)| *place = word.to_be_bytes());
}
