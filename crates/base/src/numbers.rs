//! Prices, quantities, rates and money as whole numbers.
//!
//! `Price` and `Qty` count units of a [`Scale`] fixed per **base asset** at start, so that one asset
//! compares across venues as integers. What a venue calls a contract, or `1000PEPE`, is converted at
//! the edge, once ([`crate::Edge`]). `Rate` counts 10^-12. `Money` counts 10^-24 of its asset in 128
//! bits: every product of a price and a quantity is exact in it, and so is every fee a venue prints.

use crate::decimal::{self, Decimal, DecimalError};
use crate::ids::Side;
use core::fmt;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod divide;

pub use divide::{by_one, divide};

macro_rules! count {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// Whether it is zero.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Its absolute value, saturating.
            #[must_use]
            pub const fn abs(self) -> Self {
                Self(self.0.saturating_abs())
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(self.0.saturating_neg())
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
    };
}

count! {
    /// A price of one whole base asset, in units of 10^-`Scale::price_exp` of the quote asset.
    Price(i64)
}
count! {
    /// A quantity of the base asset in units of 10^-`Scale::qty_exp`; signed where it is a position.
    Qty(i64)
}
count! {
    /// A ratio in units of 10^-12: funding rates, fees, edges. 1 basis point is 100,000,000.
    Rate(i64)
}
count! {
    /// An amount of an asset in units of 10^-24. Additions saturate: 1.7 x 10^14 whole units.
    Money(i128)
}

/// Serialised as the plain integer.
macro_rules! serde_as_integer {
    ($name:ident, $inner:ty) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$inner>::deserialize(deserializer).map(Self)
            }
        }
    };
}
serde_as_integer!(Price, i64);
serde_as_integer!(Qty, i64);
serde_as_integer!(Rate, i64);

/// Serialised as decimal text: JSON readers round large numbers.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}

impl Rate {
    /// Decimals of one unit.
    pub const EXP: u8 = 12;
    /// 1, or 100 %.
    pub const ONE: Self = Self(1_000_000_000_000);
    /// One basis point.
    pub const BP: Self = Self(100_000_000);

    /// Reads a venue's decimal text, rounding half to even (OKX prints 16 digits).
    ///
    /// # Errors
    /// [`DecimalError`] when it is no decimal or too large.
    pub fn parse(text: &[u8]) -> Result<Self, DecimalError> {
        decimal::parse_rounded(text, Self::EXP).map(Self)
    }

    /// `part / whole` towards zero; `None` unless `whole` is positive and the ratio fits.
    #[must_use]
    #[inline]
    pub fn of(part: i64, whole: i64) -> Option<Self> {
        if whole <= 0 {
            return None;
        }
        match part.checked_mul(Self::ONE.0) {
            Some(scaled) => scaled.checked_div(whole).map(Self),
            None => Self::of_large(part.into(), whole.into()),
        }
    }

    /// As [`Rate::of`], of numbers that are nearly always no wider either.
    #[must_use]
    #[inline]
    pub fn of_wide(part: i128, whole: i128) -> Option<Self> {
        match (i64::try_from(part), i64::try_from(whole)) {
            (Ok(part), Ok(whole)) => Self::of(part, whole),
            _ => Self::of_large(part, whole),
        }
    }

    #[cold]
    #[inline(never)]
    fn of_large(part: i128, whole: i128) -> Option<Self> {
        let ratio = divide(part.checked_mul(i128::from(Self::ONE.0))?, whole)?;
        i64::try_from(ratio).ok().map(Self)
    }

    /// In basis points with decimals, for display.
    #[must_use]
    pub const fn bps(self) -> Decimal {
        Decimal { value: self.0 as i128, exp: 8 }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal { value: i128::from(self.0), exp: Self::EXP }.fmt(f)
    }
}

impl Money {
    /// Decimals of one unit.
    pub const EXP: u8 = 24;
    /// One whole unit of the asset.
    pub const ONE: Self = Self(decimal::pow10(Self::EXP));

    /// That many whole units.
    #[must_use]
    pub const fn from_whole(units: i64) -> Self {
        Self(units as i128 * Self::ONE.0)
    }

    /// Reads a decimal text exactly.
    ///
    /// # Errors
    /// [`DecimalError`].
    pub fn parse(text: &[u8]) -> Result<Self, DecimalError> {
        decimal::parse_i128(text, Self::EXP).map(Self)
    }

    /// This amount times a ratio, rounded half to even; `None` when it does not fit.
    #[must_use]
    pub fn checked_mul_rate(self, rate: Rate) -> Option<Self> {
        // 128 x 64 bits would overflow for large amounts: split off what lies below the rate's unit.
        let (whole, part) = divide::by_one_euclid(self.0);
        let rate = i128::from(rate.0);
        let high = whole.checked_mul(rate)?;
        let (quotient, rest) = divide::by_one_euclid(part * rate);
        let low = half_even(quotient, rest, i128::from(Rate::ONE.0));
        high.checked_add(low).map(Self)
    }

    /// As two words, low first: how a record carries it.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of 128 bits")]
    pub const fn to_words(self) -> [i64; 2] {
        [self.0 as i64, (self.0 >> 64) as i64]
    }

    /// From two words, low first.
    #[must_use]
    pub const fn from_words(words: [i64; 2]) -> Self {
        Self((words[1] as i128) << 64 | words[0].cast_unsigned() as i128)
    }

    /// Rounded half to even to `exp` decimals, as venues round what they book.
    #[must_use]
    pub fn round_to(self, exp: u8) -> Self {
        let unit = decimal::pow10(Self::EXP - exp.min(Self::EXP));
        Self(div_half_even(self.0, unit) * unit)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal { value: self.0, exp: Self::EXP }.fmt(f)
    }
}

impl core::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// `a / b` rounded half to even; `b` is positive.
#[must_use]
pub const fn div_half_even(a: i128, b: i128) -> i128 {
    half_even(a.div_euclid(b), a.rem_euclid(b), b)
}

/// The quotient, or the next one when `rest` is more than half of `b`, or half and the quotient odd.
const fn half_even(quotient: i128, rest: i128, b: i128) -> i128 {
    let twice = rest.saturating_mul(2);
    if twice > b || (twice == b && quotient % 2 != 0) { quotient + 1 } else { quotient }
}

/// The units of one base asset's prices and quantities, the same on every venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scale {
    /// A `Price` counts 10^-`price_exp` of the quote asset per whole base asset.
    pub price_exp: u8,
    /// A `Qty` counts 10^-`qty_exp` of the base asset.
    pub qty_exp: u8,
}

impl Scale {
    /// `price_exp + qty_exp` may not exceed this, so that notionals are exact in [`Money`].
    pub const EXP_SUM_MAX: u8 = Money::EXP;

    /// What one unit of price times one unit of quantity is; `None` beyond [`Scale::EXP_SUM_MAX`].
    #[must_use]
    pub fn unit(self) -> Option<Money> {
        NOTIONAL_UNIT.get(usize::from(self.price_exp + self.qty_exp)).copied().map(Money)
    }

    /// Price times quantity, exact; `None` beyond what `Money` holds.
    #[must_use]
    pub fn checked_notional(self, price: Price, qty: Qty) -> Option<Money> {
        let unit = *NOTIONAL_UNIT.get(usize::from(self.price_exp + self.qty_exp))?;
        let units = i128::from(price.0) * i128::from(qty.0);
        match (i64::try_from(units), i64::try_from(unit)) {
            // Nearly always: two words make a product of 128 bits, which cannot be too large.
            (Ok(units), Ok(unit)) => Some(Money(i128::from(units) * i128::from(unit))),
            _ => units.checked_mul(unit).map(Money),
        }
    }

    /// Price times quantity, saturating: for limits and displays, where "too much" is enough.
    #[must_use]
    pub fn notional(self, price: Price, qty: Qty) -> Money {
        let negative = (price.0 < 0) != (qty.0 < 0);
        self.checked_notional(price, qty).unwrap_or(Money(if negative {
            i128::MIN
        } else {
            i128::MAX
        }))
    }

    /// The largest quantity whose notional at `price` is at most `notional`; zero for no price.
    #[must_use]
    pub fn qty_for(self, notional: Money, price: Price) -> Qty {
        let Some(unit) = NOTIONAL_UNIT.get(usize::from(self.price_exp + self.qty_exp)) else {
            return Qty::ZERO;
        };
        let one = i128::from(price.0).saturating_mul(*unit);
        if one <= 0 || notional.0 <= 0 {
            return Qty::ZERO;
        }
        Qty(i64::try_from(notional.0 / one).unwrap_or(i64::MAX))
    }

    /// A price for display.
    #[must_use]
    pub fn show_price(self, price: Price) -> Decimal {
        Decimal { value: i128::from(price.0), exp: self.price_exp }
    }

    /// A quantity for display.
    #[must_use]
    pub fn show_qty(self, qty: Qty) -> Decimal {
        Decimal { value: i128::from(qty.0), exp: self.qty_exp }
    }

    /// A quantity as an amount of the base asset.
    #[must_use]
    pub fn amount(self, qty: Qty) -> Money {
        Money(i128::from(qty.0) * decimal::pow10(Money::EXP - self.qty_exp.min(Money::EXP)))
    }
}

/// By the sum of both exponents: how many units of `Money` one price unit times one quantity unit is.
const NOTIONAL_UNIT: [i128; Scale::EXP_SUM_MAX as usize + 1] = {
    let mut table = [1_i128; Scale::EXP_SUM_MAX as usize + 1];
    let mut sum = 0;
    while sum <= Scale::EXP_SUM_MAX {
        table[sum as usize] = decimal::pow10(Scale::EXP_SUM_MAX - sum);
        sum += 1;
    }
    table
};

impl Price {
    /// Rounded to a multiple of `tick` so that the order is not worse for its owner than `self`:
    /// down for a buy, up for a sell.
    #[must_use]
    pub fn round_passive(self, tick: Self, side: Side) -> Self {
        self.round(tick, side == Side::Sell)
    }

    /// Rounded to a multiple of `tick` so that the order reaches at least `self`: up for a buy, down
    /// for a sell.
    #[must_use]
    pub fn round_aggressive(self, tick: Self, side: Side) -> Self {
        self.round(tick, side == Side::Buy)
    }

    #[inline]
    fn round(self, tick: Self, up: bool) -> Self {
        if tick.0 <= 0 {
            return self;
        }
        let rest = self.0.rem_euclid(tick.0);
        if rest == 0 {
            self
        } else if up {
            Self(self.0.saturating_add(tick.0 - rest))
        } else {
            Self(self.0 - rest)
        }
    }

    /// This price moved by a ratio (`Rate::BP` = one basis point up), rounded towards zero.
    #[must_use]
    #[inline]
    pub fn scaled(self, rate: Rate) -> Self {
        // Nearly always: the product fits a word.
        let moved = self.0.checked_mul(rate.0).map(|product| product / Rate::ONE.0);
        self + Self(moved.unwrap_or_else(|| self.moved_far(rate)))
    }

    #[cold]
    #[inline(never)]
    fn moved_far(self, rate: Rate) -> i64 {
        let moved = by_one(i128::from(self.0) * i128::from(rate.0));
        i64::try_from(moved).unwrap_or(i64::MAX)
    }

    /// `(self - other) / other` as a ratio; `None` for a price that is not positive.
    #[must_use]
    #[inline]
    pub fn over(self, other: Self) -> Option<Rate> {
        if self.0 <= 0 || other.0 <= 0 {
            return None;
        }
        Rate::of(self.0 - other.0, other.0)
    }
}

impl Qty {
    /// Rounded down to a multiple of `lot`.
    #[must_use]
    pub fn floor_to(self, lot: Self) -> Self {
        if lot.0 <= 0 { self } else { Self(self.0 - self.0.rem_euclid(lot.0)) }
    }

    /// With the sign of `side`.
    #[must_use]
    pub const fn signed(self, side: Side) -> Self {
        Self(self.0 * side.sign())
    }
}

#[cfg(test)]
mod tests;
