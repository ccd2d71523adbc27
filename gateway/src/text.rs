//! Writing request texts straight into the outgoing frame, without formatting machinery.

use zeroize::Zeroize;

/// A text being written into a buffer of fixed size.
///
/// What does not fit is left out and remembered: [`Draft::length`] then is `None`. Buffers are sized
/// from the longest text there can be, so this guards against a mistake here, not against input.
#[derive(Debug)]
pub struct Draft<'a> {
    out: &'a mut [u8],
    at: usize,
    cut: bool,
}

impl<'a> Draft<'a> {
    /// An empty text in `out`.
    #[must_use]
    #[inline]
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, at: 0, cut: false }
    }

    /// Appends bytes as they are.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        if let Some(place) = self.out.get_mut(self.at..end) {
            place.copy_from_slice(bytes);
            self.at = end;
        } else {
            self.cut = true;
        }
    }

    /// Appends a text of known room.
    #[inline]
    pub fn padded<const N: usize>(&mut self, text: &Padded<N>) {
        match self.out.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => {
                // All of its room, in one piece: what follows writes over what is too much.
                *place = text.bytes;
                self.at += text.length;
            }
            None => self.put(text.as_bytes()),
        }
    }

    /// Appends a whole number.
    #[inline]
    pub fn number(&mut self, value: u64) {
        self.padded(&decimal(value, 0));
    }

    /// Appends `value` x 10^-`decimals`, all decimals written.
    #[inline]
    pub fn fixed(&mut self, value: u64, decimals: u8) {
        self.padded(&decimal(value, decimals));
    }

    /// What was written so far.
    #[must_use]
    #[inline]
    pub fn written(&self) -> &[u8] {
        self.out.get(..self.at).unwrap_or_default()
    }

    /// The length of the text; `None` when something did not fit.
    #[must_use]
    #[inline]
    pub fn length(&self) -> Option<usize> {
        (!self.cut).then_some(self.at)
    }
}

/// A text with room behind it, so that it is copied in one piece whose size is known beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Padded<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

/// A decimal, a symbol.
pub type Short = Padded<32>;

impl<const N: usize> Padded<N> {
    /// That text; `None` when it is longer than its room.
    #[must_use]
    pub fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, length: text.len() })
    }

    /// The text.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl<const N: usize> Zeroize for Padded<N> {
    fn zeroize(&mut self) {
        self.bytes.zeroize();
        self.length.zeroize();
    }
}

impl Short {
    /// The first `length` bytes of a word.
    #[inline]
    fn of_word(word: u128, length: u32) -> Self {
        let mut bytes = [0; 32];
        if let Some(place) = bytes.first_chunk_mut() {
            *place = word.to_le_bytes();
        }
        Self { bytes, length: length as usize }
    }
}

/// Digits that are written at once.
const EIGHT: u64 = 100_000_000;

/// The eight digits of a number below 10^8, the first one lowest: three multiplications instead of eight
/// divisions, each halving what a lane of the word holds.
#[inline]
const fn eight(value: u64) -> u64 {
    let fours = (value / 10_000) | (value % 10_000) << 32;
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let pairs = hundreds | (fours - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    (tens | (pairs - 10 * tens) << 8) | 0x3030_3030_3030_3030
}

/// `value` x 10^-`decimals` (19 at most), all decimals written and one digit before the point at least.
#[must_use]
#[inline]
pub fn decimal(value: u64, decimals: u8) -> Short {
    // Nearly all numbers are short, or whole and of no more than sixteen digits: one word of text, or two.
    if value < EIGHT && decimals < 8 {
        let text = eight(value);
        let whole = (8 - zeros(text)).saturating_sub(u32::from(decimals)).max(1);
        let count = whole + u32::from(decimals);
        let text = u128::from(text >> (8 * (8 - count)));
        if decimals == 0 {
            return Short::of_word(text, count);
        }
        let before = (1 << (8 * whole)) - 1;
        let point = u128::from(b'.') << (8 * whole);
        return Short::of_word((text & before) | point | (text & !before) << 8, count + 1);
    }
    if decimals == 0 && value < EIGHT * EIGHT {
        let upper = eight(value / EIGHT);
        let text = u128::from(upper) | u128::from(eight(value % EIGHT)) << 64;
        let zeros = zeros(upper);
        return Short::of_word(text >> (8 * zeros), 16 - zeros);
    }
    long_decimal(value, decimals)
}

/// How many of eight digits are zeros at the front, the last one aside.
#[inline]
const fn zeros(text: u64) -> u32 {
    ((text ^ 0x3030_3030_3030_3030) | 1 << 56).trailing_zeros() / 8
}

#[cold]
#[inline(never)]
fn long_decimal(value: u64, decimals: u8) -> Short {
    // 24 digits with leading zeros, and room so that 24 can be taken from any of them on.
    let mut digits = [b'0'; 48];
    let (upper, lower) = (value / EIGHT, value % EIGHT);
    let groups = [upper / EIGHT, upper % EIGHT, lower];
    for (place, group) in digits.as_chunks_mut::<8>().0.iter_mut().zip(groups) {
        *place = eight(group).to_le_bytes();
    }
    let decimals = usize::from(decimals).min(19);
    let count = value.checked_ilog10().map_or(1, |log| log as usize + 1).max(decimals + 1);
    let mut bytes = [0; 32];
    let whole = count - decimals;
    // `count` is 20 at most, so each of these is there.
    if let Some(from) = digits.get(24 - count..).and_then(<[u8]>::first_chunk::<24>)
        && let Some(place) = bytes.first_chunk_mut::<24>()
    {
        *place = *from;
    }
    if decimals == 0 {
        return Padded { bytes, length: count };
    }
    if let Some(from) = digits.get(24 - decimals..).and_then(<[u8]>::first_chunk::<24>)
        && let Some([point, rest @ ..]) = bytes.get_mut(whole..)
    {
        *point = b'.';
        // With more than seven digits before the point there is no room for 24, nor need.
        match rest.first_chunk_mut::<24>() {
            Some(place) => *place = *from,
            None => rest.iter_mut().zip(from).for_each(|(place, digit)| *place = *digit),
        }
    }
    Padded { bytes, length: count + 1 }
}

/// A stable 64-bit number for a text id (FNV-1a): trade and order ids of venues that use text.
///
/// A text that is a plain decimal number of 64 bits is that number.
#[must_use]
#[inline]
pub fn id_number(text: &[u8]) -> u64 {
    let plain = !text.is_empty()
        && text.len() <= 19
        && text.iter().all(u8::is_ascii_digit)
        && (text.len() == 1 || text.first() != Some(&b'0'));
    if plain {
        return text.iter().fold(0, |value, byte| value * 10 + u64::from(byte - b'0'));
    }
    fnv(text)
}

/// FNV-1a over bytes.
#[must_use]
#[inline]
pub fn fnv(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
