//! Divisions of 128-bit numbers that mostly hold less than 64 bits, or are by 10^12.
//!
//! A 128-bit division is a call into a library routine. Every gate of an order divides several times,
//! nearly always numbers that fit a machine word, so those are divided as machine words.

use super::Rate;

/// 10^12 is 2^12 x 5^12; the second factor leaves room for 36 more bits in a word.
const TWOS: u32 = 12;
const FIVES: u64 = 244_140_625;
const PIECE: u32 = 36;
const ONE: u64 = 1_000_000_000_000;
const _: () = assert!(FIVES << TWOS == ONE && ONE.cast_signed() == Rate::ONE.0);
const _: () = assert!(FIVES <= 1 << (64 - PIECE));

/// `a / b` towards zero; `None` unless `b` is positive.
#[inline]
#[must_use]
pub fn divide(a: i128, b: i128) -> Option<i128> {
    if b <= 0 {
        return None;
    }
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => a.checked_div(b).map(i128::from),
        _ => a.checked_div(b),
    }
}

/// `value / 10^12` and what is left, both of them euclidean: the rest is not negative.
#[inline]
pub(super) const fn by_one_euclid(value: i128) -> (i128, i128) {
    let (quotient, rest) = by_one_unsigned(value.unsigned_abs());
    let (quotient, rest) = (quotient.cast_signed(), rest as i128);
    match (value < 0, rest) {
        (false, _) => (quotient, rest),
        (true, 0) => (-quotient, 0),
        (true, _) => (-quotient - 1, ONE as i128 - rest),
    }
}

/// `value / 10^12` towards zero.
#[inline]
#[must_use]
pub const fn by_one(value: i128) -> i128 {
    let (quotient, _) = by_one_unsigned(value.unsigned_abs());
    let quotient = quotient.cast_signed();
    if value < 0 { -quotient } else { quotient }
}

/// Long division in pieces that fit a word: the compiler turns each into a multiplication.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each piece is masked or shifted to its bits")]
const fn by_one_unsigned(value: u128) -> (u128, u64) {
    if value >> 64 == 0 {
        let value = value as u64;
        return ((value / ONE) as u128, value % ONE);
    }
    let mask = (1 << PIECE) - 1;
    let low = value as u64 & ((1 << TWOS) - 1);
    let value = value >> TWOS;
    let top = (value >> (2 * PIECE)) as u64;
    let middle = (value >> PIECE) as u64 & mask;
    let bottom = value as u64 & mask;
    let middle = (top % FIVES) << PIECE | middle;
    let bottom = (middle % FIVES) << PIECE | bottom;
    let quotient = ((top / FIVES) as u128) << (2 * PIECE)
        | ((middle / FIVES) as u128) << PIECE
        | (bottom / FIVES) as u128;
    (quotient, (bottom % FIVES) << TWOS | low)
}

#[cfg(test)]
mod tests;
