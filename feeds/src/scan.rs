//! A cursor over the bytes of one message: every step matches exactly or gives up.
//!
//! A scanner is a row of such steps. It checks every literal byte, so a message of another shape (other
//! key order, a space, an escape, an unknown field) can never be misread: it is handed to the full parser
//! instead. The steps are narrower than JSON on purpose: what they accept, a JSON reader reads alike.
//!
//! Written without an index or a slice range, so that no bounds check and no panic is left in the code.

use base::decimal::{self, POW10_I64};

/// What is left of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

/// Bytes that may stand in a string between its quotes with nothing special about them.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x20;
    // bound: the printable bytes
    while byte < 0x7f {
        plain[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

/// Digits that cannot overflow an `i64`.
const DIGITS_SAFE: usize = 18;

/// The digits of a decimal before its point.
#[derive(Clone, Copy)]
struct Head<'a> {
    value: u64,
    /// The byte behind them, and what follows that.
    stop: u8,
    rest: &'a [u8],
    /// How many they are.
    digits: usize,
}

/// Digits of a decimal that are finer than its scale.
#[derive(Clone, Copy)]
struct Finer {
    /// The first of them.
    cut: Option<u8>,
    /// Whether one behind it is not zero.
    more: bool,
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    pub(crate) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Steps over exactly `text`, or stays and says `None`.
    #[inline(always)]
    pub(crate) fn literal<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        if head != text {
            return None;
        }
        self.rest = rest;
        Some(())
    }

    /// Steps over `text` of a length known only now.
    #[inline(always)]
    pub(crate) fn matches(&mut self, text: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// The next byte, not stepped over.
    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Whether the message ends here.
    #[inline(always)]
    pub(crate) fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }

    /// The bytes up to the closing quote, which is stepped over. Not checked for escapes: good only for
    /// a lookup among known names, where a hit proves that they are clean.
    #[inline(always)]
    pub(crate) fn name(&mut self) -> Option<&'a [u8]> {
        let mut bytes = self.rest.iter();
        let length = bytes.position(|byte| *byte == b'"')?;
        let name = self.rest.get(..length)?;
        self.rest = bytes.as_slice();
        Some(name)
    }

    /// The bytes of a plain string up to the closing quote, which is stepped over.
    #[inline(always)]
    pub(crate) fn text(&mut self) -> Option<&'a [u8]> {
        let mut bytes = self.rest.iter();
        let length = bytes.position(|byte| !PLAIN[usize::from(*byte)])?;
        let text = self.rest.get(..length)?;
        let rest = self.rest.get(length..)?;
        let (close, rest) = rest.split_first()?;
        if *close != b'"' {
            return None;
        }
        self.rest = rest;
        Some(text)
    }

    /// A JSON integer that is not negative, of at most 18 digits.
    #[inline(always)]
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let zero = self.peek()? == b'0';
        let start = self.rest.len();
        let mut value = 0_u64;
        if let Some((head, rest)) = self.rest.split_first_chunk::<8>()
            && let Some(eight) = eight_digits(*head)
        {
            value = eight;
            self.rest = rest;
        }
        let mut bytes = self.rest.iter();
        let mut after = self.rest;
        // bound: the length of the message
        while let Some(byte) = bytes.next() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            after = bytes.as_slice();
        }
        self.rest = after;
        let digits = start - after.len();
        if digits == 0 || digits > DIGITS_SAFE || (zero && digits > 1) {
            return None;
        }
        i64::try_from(value).ok()
    }

    /// Like [`Self::integer`], or with a minus sign before it.
    #[inline(always)]
    pub(crate) fn signed(&mut self) -> Option<i64> {
        match self.literal(b"-") {
            Some(()) if self.peek()? == b'0' => None,
            Some(()) => self.integer().map(|value| -value),
            None => self.integer(),
        }
    }

    /// A decimal up to the closing quote, which is stepped over, as a count of 10^-`exp`.
    ///
    /// Gives up on a sign, on an empty side of the point and on what is finer than the scale.
    #[inline(always)]
    pub(crate) fn decimal(&mut self, exp: u8) -> Option<i64> {
        let head = self.head()?;
        if head.digits == 0 || head.digits + usize::from(exp) > DIGITS_SAFE {
            return self.decimal_long(exp);
        }
        if head.stop == b'.'
            && let Some((eight, rest)) = head.rest.split_first_chunk::<8>()
            && let Some((b'"', rest)) = rest.split_first()
            && let Some(value) = eight_decimals(head.value, *eight, exp)
        {
            self.rest = rest;
            return Some(value);
        }
        self.tail::<false>(head, exp).map(|(value, _)| value)
    }

    /// A decimal up to the closing quote, which is stepped over, rounded half to even to 10^-`exp`: for what is
    /// only looked at. Gives up on an empty side of the point.
    #[inline(always)]
    pub(crate) fn rounded(&mut self, exp: u8) -> Option<i64> {
        let negative = self.literal(b"-").is_some();
        let head = self.head()?;
        if head.digits == 0 || head.digits + usize::from(exp) > DIGITS_SAFE {
            return None;
        }
        let (value, finer) = self.tail::<true>(head, exp)?;
        let up = match finer.cut.unwrap_or(0) {
            0..=4 => false,
            5 => finer.more || value & 1 == 1,
            _ => true,
        };
        let value = value.wrapping_add(i64::from(up));
        Some(if negative { -value } else { value })
    }

    /// The digits before the point or the closing quote, and what follows; steps over nothing.
    #[inline(always)]
    fn head(&self) -> Option<Head<'a>> {
        let mut bytes = self.rest.iter();
        let mut value = 0_u64;
        // bound: the length of the message
        let stop = loop {
            let byte = *bytes.next()?;
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break byte;
            }
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        };
        let digits = self.rest.len() - bytes.len() - 1;
        Some(Head { value, stop, digits, rest: bytes.as_slice() })
    }

    /// The rest of a decimal, its head and `exp` being at most 18 digits together: all of it as a count of
    /// 10^-`exp`, and the digits finer than that. They are only looked at to round; else they must be zeros.
    #[inline(always)]
    fn tail<const ROUND: bool>(&mut self, head: Head<'a>, exp: u8) -> Option<(i64, Finer)> {
        let mut bytes = head.rest.iter();
        let mut value = head.value;
        let mut left = usize::from(exp);
        let mut finer = Finer { cut: None, more: false };
        if head.stop == b'.' {
            let before = bytes.len();
            // bound: the length of the message
            let end = loop {
                let byte = *bytes.next()?;
                let digit = byte.wrapping_sub(b'0');
                if digit > 9 {
                    break byte;
                }
                if left > 0 {
                    value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
                    left -= 1;
                } else if !ROUND {
                    if digit != 0 {
                        return None;
                    }
                } else if finer.cut.is_none() {
                    finer.cut = Some(digit);
                } else {
                    finer.more |= digit != 0;
                }
            };
            if end != b'"' || before - bytes.len() < 2 {
                return None;
            }
        } else if head.stop != b'"' {
            return None;
        }
        self.rest = bytes.as_slice();
        let factor = *POW10_I64.get(left)?;
        // At most 18 digits in all: neither the digits nor the factor can overflow.
        Some((value.cast_signed().wrapping_mul(factor), finer))
    }

    /// A decimal that may be long: checked digit by digit.
    #[cold]
    #[inline(never)]
    fn decimal_long(&mut self, exp: u8) -> Option<i64> {
        let text = self.name()?;
        match text.first() {
            Some(b'0'..=b'9') => decimal::parse(text, exp).ok(),
            _ => None,
        }
    }

    /// Steps over digits up to the closing quote and over the quote.
    #[inline(always)]
    pub(crate) fn digits(&mut self) -> Option<()> {
        let mut bytes = self.rest.iter();
        let count = bytes.position(|byte| !byte.is_ascii_digit())?;
        let (close, _) = self.rest.get(count..)?.split_first()?;
        if *close != b'"' || count == 0 {
            return None;
        }
        self.rest = bytes.as_slice();
        Some(())
    }
}

/// `whole` and exactly eight decimals as a count of 10^-`exp`; `None` when these are no digits, or finer.
///
/// Whole and `exp` together are at most 18 digits.
#[inline(always)]
fn eight_decimals(whole: u64, eight: [u8; 8], exp: u8) -> Option<i64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let keep = exp.min(8);
    let kept_bits = 8 * u32::from(keep);
    let word = u64::from_le_bytes(eight);
    // The first digit lies lowest: what is too fine lies on top, and must be zeros.
    let zeros = ZEROS.checked_shr(kept_bits).unwrap_or(0);
    if word.checked_shr(kept_bits).unwrap_or(0) != zeros {
        return None;
    }
    let aligned = word.checked_shl(64 - kept_bits).unwrap_or(0) | zeros;
    let decimals = eight_digits(aligned.to_le_bytes())?;
    let unit = *POW10_I64.get(usize::from(exp))?;
    let finer = *POW10_I64.get(usize::from(exp - keep))?;
    let whole = whole.cast_signed().wrapping_mul(unit);
    Some(whole.wrapping_add(decimals.cast_signed().wrapping_mul(finer)))
}

/// The number of eight ASCII digits, all at once.
#[inline(always)]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(text);
    let high = word & 0xf0f0_f0f0_f0f0_f0f0;
    let carried = word.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0;
    if high != 0x3030_3030_3030_3030 || carried != 0x3030_3030_3030_3030 {
        return None;
    }
    let ones = word.wrapping_sub(0x3030_3030_3030_3030);
    let tens = ones.wrapping_mul(10).wrapping_add(ones >> 8);
    let low = (tens & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let top = ((tens >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    Some(low.wrapping_add(top) >> 32)
}

#[cfg(test)]
mod tests;
