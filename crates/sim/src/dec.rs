//! Exact decimals of the simulated venues: whole counts of 10^-12 in 128 bits.
//!
//! The venues' books, balances and ledgers are kept in this type and in nothing else. It is written
//! apart from `base`'s numbers on purpose: the sums made here are the oracle the engine's are held to.
//! Range: 1.7 x 10^26 whole units. A product that has more than 12 decimals is cut by the method that
//! says so; instruments whose tick times lot is finer are refused when the scenario is read.

use core::fmt;
use core::iter::Sum;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A decimal number with twelve places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dec(pub i128);

const UNIT: i128 = 1_000_000_000_000;
/// Largest count read from text: leaves room for a product's carry.
const LIMIT: i128 = 100_000_000_000_000 * UNIT * 1_000;

impl Dec {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One whole.
    pub const ONE: Self = Self(UNIT);
    /// Decimals of one count.
    pub const PLACES: u8 = 12;

    /// That many wholes.
    #[must_use]
    pub const fn whole(value: i64) -> Self {
        Self(value as i128 * UNIT)
    }

    /// `value` x 10^-`places`, for up to twelve places; finer ones are cut.
    #[must_use]
    pub const fn scaled(value: i64, places: u8) -> Self {
        if places <= Self::PLACES {
            Self(value as i128 * 10_i128.pow((Self::PLACES - places) as u32))
        } else {
            Self(value as i128 / 10_i128.pow((places - Self::PLACES) as u32))
        }
    }

    /// Reads plain decimal text exactly: no exponent, no spaces, at most twelve places that count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) =
            text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut value: i128 = 0;
        for byte in whole.bytes() {
            value = value.checked_mul(10)?.checked_add(digit(byte)?)?;
        }
        let mut places = 0_u8;
        for byte in fraction.bytes() {
            let digit = digit(byte)?;
            if places < Self::PLACES {
                value = value.checked_mul(10)?.checked_add(digit)?;
                places += 1;
            } else if digit != 0 {
                return None;
            }
        }
        value = value.checked_mul(10_i128.pow(u32::from(Self::PLACES - places)))?;
        (value <= LIMIT).then_some(Self(if negative { -value } else { value }))
    }

    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// The product, what is finer than twelve places cut towards zero.
    #[must_use]
    pub const fn times(self, other: Self) -> Self {
        let (whole, rest) = (self.0 / UNIT, self.0 % UNIT);
        Self(whole * other.0 + rest * other.0 / UNIT)
    }

    /// The product when twelve places hold it.
    #[must_use]
    pub fn times_exact(self, other: Self) -> Option<Self> {
        let (whole, rest) = (self.0 / UNIT, self.0 % UNIT);
        let fine = rest.checked_mul(other.0)?;
        let product = whole.checked_mul(other.0)?.checked_add(fine / UNIT)?;
        (fine % UNIT == 0).then_some(Self(product))
    }

    /// The quotient cut towards zero; zero when divided by zero.
    #[must_use]
    pub const fn over(self, other: Self) -> Self {
        if other.0 == 0 {
            return Self::ZERO;
        }
        let (whole, rest) = (self.0 / other.0, self.0 % other.0);
        // `rest` is smaller than the divisor, so the second product only overflows for divisors
        // beyond 10^14 wholes, which no price, quantity or balance here reaches.
        Self(whole * UNIT + rest * UNIT / other.0)
    }

    /// Cut towards zero to a whole number of `step`s; itself when `step` is zero.
    #[must_use]
    pub const fn cut_to(self, step: Self) -> Self {
        if step.0 == 0 { self } else { Self(self.0 - self.0 % step.0) }
    }

    /// To the nearest whole number of `step`s, halves away from zero.
    #[must_use]
    pub const fn round_to(self, step: Self) -> Self {
        if step.0 == 0 {
            return self;
        }
        let half = step.0 / 2;
        let shifted = if self.0 < 0 { self.0 - half } else { self.0 + half };
        Self(shifted - shifted % step.0)
    }

    /// Cut towards zero to `places` decimals.
    #[must_use]
    pub const fn cut_places(self, places: u8) -> Self {
        self.cut_to(Self::scaled(1, places))
    }

    /// Whether it is a whole number of `step`s; true for a zero step.
    #[must_use]
    pub const fn is_multiple_of(self, step: Self) -> bool {
        step.0 == 0 || self.0 % step.0 == 0
    }

    /// The number of whole `step`s in it, cut towards zero; zero for a zero step.
    #[must_use]
    pub const fn count_of(self, step: Self) -> i128 {
        if step.0 == 0 { 0 } else { self.0 / step.0 }
    }

    /// That many times itself.
    #[must_use]
    pub const fn repeat(self, count: i128) -> Self {
        Self(self.0 * count)
    }

    /// Decimals it needs when printed.
    #[must_use]
    pub const fn places(self) -> u8 {
        let (mut rest, mut places) = (self.0, Self::PLACES);
        while places > 0 && rest % 10 == 0 {
            rest /= 10;
            places -= 1;
        }
        places
    }

    /// To be printed with exactly `places` decimals, the way most venues print; finer ones are cut.
    #[must_use]
    pub const fn fixed(self, places: u8) -> Fixed {
        Fixed { value: self, places }
    }
}

const fn digit(byte: u8) -> Option<i128> {
    if byte.is_ascii_digit() { Some((byte - b'0') as i128) } else { None }
}

impl Add for Dec {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl Sub for Dec {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl Neg for Dec {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
impl AddAssign for Dec {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}
impl SubAssign for Dec {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}
impl Sum for Dec {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Dec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fixed(self.places()).fmt(f)
    }
}

/// A [`Dec`] about to be printed with a fixed number of decimals.
#[derive(Clone, Copy, Debug)]
pub struct Fixed {
    value: Dec,
    places: u8,
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.places.min(Dec::PLACES);
        let cut = self.value.0 / 10_i128.pow(u32::from(Dec::PLACES - places));
        let mut text = [b'0'; 48];
        let mut at = text.len();
        let mut rest = cut.unsigned_abs();
        let mut written = 0_u8;
        while (rest > 0 || written <= places) && at > 1 {
            if written == places && places > 0 {
                at -= 1;
                text[at] = b'.';
            }
            at -= 1;
            text[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            // Most numbers fit 64 bits after a few digits, where dividing is many times cheaper.
            rest = match u64::try_from(rest) {
                Ok(short) => u128::from(short / 10),
                Err(_) => rest / 10,
            };
            written += 1;
        }
        if cut < 0 {
            at -= 1;
            text[at] = b'-';
        }
        f.pad(core::str::from_utf8(&text[at..]).unwrap_or("?"))
    }
}

/// As text: readers of JSON round long numbers.
impl Serialize for Dec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a decimal number")))
    }
}

#[cfg(test)]
mod tests;
