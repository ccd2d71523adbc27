//! Writing request texts straight into the outgoing frame, without formatting machinery.

/// Longest decimal [`Draft::fixed`] writes: 20 digits, a point and a leading zero.
pub const DECIMAL_MAX: usize = 22;

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

    /// Appends a whole number.
    #[inline]
    pub fn number(&mut self, value: u64) {
        let mut digits = [0; 20];
        let start = digits_into(value, &mut digits);
        self.put(digits.get(start..).unwrap_or_default());
    }

    /// Appends `value` x 10^-`decimals`, all decimals written.
    #[inline]
    pub fn fixed(&mut self, value: u64, decimals: u8) {
        let mut text = [0; DECIMAL_MAX];
        let start = fixed_into(value, decimals, &mut text);
        self.put(text.get(start..).unwrap_or_default());
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

/// "00" to "99".
const PAIRS: [[u8; 2]; 100] = {
    let mut table = [[b'0'; 2]; 100];
    let mut n = 0_u8;
    // bound: a hundred pairs
    while n < 100 {
        table[n as usize] = [b'0' + n / 10, b'0' + n % 10];
        n += 1;
    }
    table
};

/// Writes the digits of `value` at the end of `out`; returns where they start.
#[inline]
fn digits_into(value: u64, out: &mut [u8; 20]) -> usize {
    let mut rest = value;
    let mut at = 20;
    // bound: ten pairs of digits
    while rest >= 100 {
        at -= 2;
        put_pair(out, at, rest % 100);
        rest /= 100;
    }
    if rest >= 10 {
        at -= 2;
        put_pair(out, at, rest);
    } else {
        at -= 1;
        if let (Some(place), Ok(digit)) = (out.get_mut(at), u8::try_from(rest)) {
            *place = b'0' + digit;
        }
    }
    at
}

#[inline]
fn put_pair(out: &mut [u8], at: usize, pair: u64) {
    let pair = usize::try_from(pair).ok().and_then(|pair| PAIRS.get(pair));
    if let (Some(place), Some(pair)) = (out.get_mut(at..at + 2), pair) {
        place.copy_from_slice(pair);
    }
}

/// Writes `value` x 10^-`decimals` at the end of `out`; returns where it starts.
#[inline]
fn fixed_into(value: u64, decimals: u8, out: &mut [u8; DECIMAL_MAX]) -> usize {
    let mut digits = [b'0'; 20];
    let start = digits_into(value, &mut digits);
    let decimals = usize::from(decimals).min(19);
    if decimals == 0 {
        let text = digits.get(start..).unwrap_or_default();
        let at = DECIMAL_MAX - text.len();
        if let Some(place) = out.get_mut(at..) {
            place.copy_from_slice(text);
        }
        return at;
    }
    let start = start.min(19 - decimals); // one digit before the point at least
    let (whole, part) = digits.split_at(20 - decimals);
    let whole = whole.get(start..).unwrap_or_default();
    let at = DECIMAL_MAX - decimals - 1 - whole.len();
    if let Some(place) = out.get_mut(DECIMAL_MAX - decimals..) {
        place.copy_from_slice(part);
    }
    if let Some(place) = out.get_mut(DECIMAL_MAX - decimals - 1) {
        *place = b'.';
    }
    if let Some(place) = out.get_mut(at..DECIMAL_MAX - decimals - 1) {
        place.copy_from_slice(whole);
    }
    at
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
