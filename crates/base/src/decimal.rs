//! Decimal text to whole counts of 10^-exp and back, without a float on the way.
//!
//! Venues send decimals as text. A number that goes through `f64` may come back one tick away, and
//! an order one tick away is an order that rests instead of filling. Two readings exist: exact, for
//! what can be traded on (a digit too fine is an error), and rounded half to even, for what is only
//! looked at (marks, indices, funding rates).

use core::fmt;

/// Why a decimal text is not a number of the wanted scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// The text is empty, or has no digit.
    Empty,
    /// A byte that is no digit, sign or point, or a second point.
    BadByte {
        /// Its index in the text.
        at: usize,
    },
    /// A non-zero digit finer than the scale.
    TooPrecise,
    /// The value does not fit the integer.
    TooLarge,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no digits"),
            Self::BadByte { at } => write!(f, "unexpected byte at index {at}"),
            Self::TooPrecise => f.write_str("more decimals than the scale holds"),
            Self::TooLarge => f.write_str("too large for the scale"),
        }
    }
}

impl core::error::Error for DecimalError {}

/// The most decimals any scale here has; a power of ten beyond it is never needed.
pub const EXP_MAX: u8 = 24;

/// 10^exp, for exp up to 38.
#[must_use]
pub const fn pow10(exp: u8) -> i128 {
    let mut value: i128 = 1;
    let mut left = exp;
    while left > 0 {
        value *= 10;
        left -= 1;
    }
    value
}

/// What is done with digits finer than the scale.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finer {
    Refuse,
    RoundHalfEven,
}

/// Reads `text` as a whole count of 10^-`exp`; trailing zeros beyond `exp` are accepted.
///
/// # Errors
/// [`DecimalError`], also for a leading `+`, an exponent, a space, `NaN`.
#[inline]
pub fn parse(text: &[u8], exp: u8) -> Result<i64, DecimalError> {
    // Short texts cannot overflow: one digit loop with no check in it.
    if text.len() <= 18 {
        return parse_short(text, exp);
    }
    narrow(parse_wide(text, exp, Finer::Refuse)?)
}

/// Like [`parse`], rounding what is finer than 10^-`exp` half to even.
///
/// # Errors
/// [`DecimalError`], never `TooPrecise`.
pub fn parse_rounded(text: &[u8], exp: u8) -> Result<i64, DecimalError> {
    narrow(parse_wide(text, exp, Finer::RoundHalfEven)?)
}

/// Reads `text` as a count of 10^-`exp` in 128 bits, exactly.
///
/// # Errors
/// [`DecimalError`].
pub fn parse_i128(text: &[u8], exp: u8) -> Result<i128, DecimalError> {
    parse_wide(text, exp, Finer::Refuse)
}

/// Like [`parse_i128`], rounding half to even.
///
/// # Errors
/// [`DecimalError`], never `TooPrecise`.
pub fn parse_i128_rounded(text: &[u8], exp: u8) -> Result<i128, DecimalError> {
    parse_wide(text, exp, Finer::RoundHalfEven)
}

#[inline]
fn parse_short(text: &[u8], exp: u8) -> Result<i64, DecimalError> {
    let (negative, digits, skipped) = match text.split_first() {
        Some((b'-', rest)) => (true, rest, 1),
        _ => (false, text, 0),
    };
    let mut value: i64 = 0;
    let mut point: Option<usize> = None;
    for (index, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            value = value * 10 + i64::from(digit);
        } else if byte == b'.' && point.is_none() {
            point = Some(index);
        } else {
            return Err(DecimalError::BadByte { at: index + skipped });
        }
    }
    let decimals = point.map_or(0, |at| digits.len() - at - 1);
    if digits.len() == usize::from(point.is_some()) {
        return Err(DecimalError::Empty);
    }
    let value = rescale_short(value, decimals, exp)?;
    Ok(if negative { -value } else { value })
}

#[inline]
fn rescale_short(value: i64, decimals: usize, exp: u8) -> Result<i64, DecimalError> {
    let wanted = usize::from(exp);
    if decimals <= wanted {
        let factor = POW10_I64.get(wanted - decimals).copied().ok_or(DecimalError::TooLarge);
        let factor = match factor {
            Ok(factor) => factor,
            Err(why) => return if value == 0 { Ok(0) } else { Err(why) },
        };
        return value.checked_mul(factor).ok_or(DecimalError::TooLarge);
    }
    let divisor = *POW10_I64.get(decimals - wanted).unwrap_or(&i64::MAX);
    // The divisor is never zero; saying it so leaves no panic path.
    match (value.checked_div(divisor), value.checked_rem(divisor)) {
        (Some(whole), Some(0)) => Ok(whole),
        _ => Err(DecimalError::TooPrecise),
    }
}

/// 10^0 to 10^18 as i64.
pub const POW10_I64: [i64; 19] = {
    let mut table = [1_i64; 19];
    let mut exp = 1;
    while exp < 19 {
        table[exp] = table[exp - 1] * 10;
        exp += 1;
    }
    table
};

fn parse_wide(text: &[u8], exp: u8, finer: Finer) -> Result<i128, DecimalError> {
    let (negative, digits, skipped) = match text.split_first() {
        Some((b'-', rest)) => (true, rest, 1),
        _ => (false, text, 0),
    };
    let mut value: i128 = 0;
    let mut decimals: Option<u8> = None;
    let mut count = 0_usize;
    let mut cut: Option<u8> = None; // the first digit finer than the scale
    let mut cut_rest = false; // a non-zero digit after it
    for (index, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            count += 1;
            match decimals {
                Some(n) if n == exp => match cut {
                    None => cut = Some(digit),
                    Some(_) => cut_rest |= digit != 0,
                },
                _ => {
                    let shifted = value.checked_mul(10).ok_or(DecimalError::TooLarge)?;
                    value = shifted.checked_add(i128::from(digit)).ok_or(DecimalError::TooLarge)?;
                    decimals = decimals.map(|n| n + 1);
                }
            }
        } else if byte == b'.' && decimals.is_none() {
            decimals = Some(0);
        } else {
            return Err(DecimalError::BadByte { at: index + skipped });
        }
    }
    if count == 0 {
        return Err(DecimalError::Empty);
    }
    let missing = exp - decimals.unwrap_or(0);
    value = value.checked_mul(pow10(missing)).ok_or(DecimalError::TooLarge)?;
    match finer {
        Finer::Refuse if cut_rest || cut.unwrap_or(0) != 0 => return Err(DecimalError::TooPrecise),
        Finer::RoundHalfEven => {
            let cut = cut.unwrap_or(0);
            let up = cut > 5 || (cut == 5 && (cut_rest || value % 2 == 1));
            value += i128::from(up);
        }
        Finer::Refuse => {}
    }
    Ok(if negative { -value } else { value })
}

fn narrow(value: i128) -> Result<i64, DecimalError> {
    i64::try_from(value).map_err(|_| DecimalError::TooLarge)
}

/// How many decimals `text` really needs: `"0.0100"` needs 2. Used to find an asset's scale.
///
/// # Errors
/// [`DecimalError`] when it is no decimal of at most [`EXP_MAX`] places.
pub fn decimals_needed(text: &[u8]) -> Result<u8, DecimalError> {
    let value = parse_i128(text, EXP_MAX)?;
    let mut exp = EXP_MAX;
    let mut rest = value;
    while exp > 0 && rest % 10 == 0 {
        rest /= 10;
        exp -= 1;
    }
    Ok(exp)
}

/// The longest text [`write`] makes: sign, 39 digits, point.
pub const TEXT_MAX: usize = 41;

/// Writes `value` x 10^-`exp` into `out` without trailing zeros (`"0"`, `"-1.5"`); returns its length.
///
/// `out` must hold [`TEXT_MAX`] bytes; a shorter one gets as much as fits.
pub fn write(value: i128, exp: u8, out: &mut [u8]) -> usize {
    let mut value = value;
    let mut exp = exp;
    while exp > 0 && value % 10 == 0 {
        value /= 10;
        exp -= 1;
    }
    write_fixed(value, exp, out)
}

/// Writes `value` x 10^-`exp` with exactly `exp` decimals; returns its length. What `out` has no room for
/// is cut off.
pub fn write_fixed(value: i128, exp: u8, out: &mut [u8]) -> usize {
    let mut digits = [b'0'; TEXT_MAX];
    let mut free = digits.iter_mut().rev();
    let mut length = 0;
    let mut put = |byte: u8| {
        if let Some(place) = free.next() {
            *place = byte;
            length += 1;
        }
    };
    let mut rest = value.unsigned_abs();
    let (mut written, exp) = (0_u16, u16::from(exp));
    // bound: 39 digits of a u128, or exp + 1 leading zeros
    while rest > 0 || written <= exp {
        if written == exp && exp > 0 {
            put(b'.');
        }
        put(b'0' + (rest % 10) as u8);
        rest /= 10;
        written += 1;
    }
    if value < 0 {
        put(b'-');
    }
    let text = digits.get(TEXT_MAX - length..).unwrap_or_default();
    for (to, from) in out.iter_mut().zip(text) {
        *to = *from;
    }
    text.len().min(out.len())
}

/// A decimal ready to be printed.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    /// Whole counts of 10^-`exp`.
    pub value: i128,
    /// The number of decimals of one count.
    pub exp: u8,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; TEXT_MAX];
        let length = write(self.value, self.exp, &mut text);
        f.pad(core::str::from_utf8(&text[..length]).unwrap_or("?"))
    }
}

#[cfg(test)]
mod tests;
