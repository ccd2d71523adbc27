//! Decimals of instrument rules, exact, with positive and negative exponents.

use base::{DecimalError, decimal};
use core::fmt;

/// `value` x 10^-`exp`, in lowest terms: 0.010 is (1, 2), 10000000 is (1, -7), 0 is (0, 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exact {
    value: i128,
    exp: i16,
}

impl Exact {
    /// Zero.
    pub const ZERO: Self = Self { value: 0, exp: 0 };
    /// One.
    pub const ONE: Self = Self { value: 1, exp: 0 };

    /// `value` x 10^-`exp`.
    #[must_use]
    pub const fn new(value: i128, exp: i16) -> Self {
        let (mut value, mut exp) = (value, exp);
        if value == 0 {
            return Self::ZERO;
        }
        while value % 10 == 0 {
            value /= 10;
            exp -= 1;
        }
        Self { value, exp }
    }

    /// Reads a venue's decimal text.
    ///
    /// # Errors
    /// [`DecimalError`] for what is no decimal, has more than 24 decimals or more than 38 digits.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let text = match text.contains('.') {
            true => text.trim_end_matches('0'),
            false => text,
        };
        let decimals = text.rsplit_once('.').map_or(0, |(_, after)| after.len());
        let exp = u8::try_from(decimals).ok().filter(|exp| *exp <= decimal::EXP_MAX);
        let exp = exp.ok_or(DecimalError::TooPrecise)?;
        Ok(Self::new(decimal::parse_i128(text.as_bytes(), exp)?, i16::from(exp)))
    }

    /// Its significant digits as a whole number.
    #[must_use]
    pub const fn value(self) -> i128 {
        self.value
    }

    /// The power of ten: the number is `value` x 10^-`exp`.
    #[must_use]
    pub const fn exp(self) -> i16 {
        self.exp
    }

    /// How many decimals it needs.
    #[must_use]
    pub const fn decimals(self) -> i16 {
        if self.exp > 0 { self.exp } else { 0 }
    }

    /// Whether it is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.value > 0
    }

    /// Times 10^`places`.
    #[must_use]
    pub const fn shifted(self, places: i16) -> Self {
        if self.value == 0 { self } else { Self { value: self.value, exp: self.exp - places } }
    }

    /// The product; `None` beyond 38 digits.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        Some(Self::new(self.value.checked_mul(other.value)?, self.exp.checked_add(other.exp)?))
    }

    /// As a count of 10^-`exp`; `None` when it is finer than that or too large.
    #[must_use]
    pub fn units(self, exp: i16) -> Option<i128> {
        if self.value == 0 {
            return Some(0);
        }
        let places = u8::try_from(exp.checked_sub(self.exp)?).ok().filter(|p| *p <= 38)?;
        self.value.checked_mul(decimal::pow10(places))
    }

    /// As a count of 10^-`exp`, rounded up; saturates.
    #[must_use]
    pub fn units_up(self, exp: i16) -> i128 {
        let finer = self.exp.saturating_sub(exp);
        match u8::try_from(finer) {
            Ok(places @ 1..=38) => {
                let divisor = decimal::pow10(places);
                self.value.div_euclid(divisor) + i128::from(self.value.rem_euclid(divisor) != 0)
            }
            Ok(0) | Err(_) => self.units(exp).unwrap_or(i128::MAX),
            Ok(_) => i128::from(self.value > 0),
        }
    }

    /// The smaller one.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        if self.exceeds(other) { other } else { self }
    }

    /// The larger one.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if self.exceeds(other) { self } else { other }
    }

    /// Whether it is larger; for numbers that are not negative.
    fn exceeds(self, other: Self) -> bool {
        let exp = self.exp.max(other.exp);
        // What does not fit 128 bits is the larger one.
        match (self.units(exp), other.units(exp)) {
            (Some(ours), Some(theirs)) => ours > theirs,
            (ours, _) => ours.is_none(),
        }
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u8::try_from(self.exp) {
            Ok(exp) => decimal::Decimal { value: self.value, exp }.fmt(f),
            Err(_) => match self.units(0) {
                Some(value) => decimal::Decimal { value, exp: 0 }.fmt(f),
                None => write!(f, "{}e{}", self.value, -self.exp),
            },
        }
    }
}
