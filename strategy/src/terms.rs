//! The limits of one instrument in its book's own units: what a quote is held against.
//!
//! A notional is price x quantity x a unit that the scale fixes ([`base::Scale::unit`]), so every limit
//! of money divided by that unit once, when the rules are made, says the same of the plain product
//! of the two whole numbers. A gate is then one multiplication and one comparison, exactly the
//! answer that the money would have given.

use crate::plan::RiskPlan;
use base::{Instrument, Money, Price, Product, Qty, Rate};

/// Below this many units of money in one unit of price times quantity, rounding up what one needs would be
/// seen: there it is computed anew each time.
const COARSEST: i128 = 1_000_000;

/// What an instrument's orders and positions are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The smallest product of price and quantity that the venue takes.
    least: i128,
    /// The largest of one order.
    order_most: i128,
    /// The largest of a position.
    position_most: i128,
    /// Money that an order which opens needs for each unit of the product, rounded up.
    need: Option<i64>,
}

impl Terms {
    pub(crate) fn new(instrument: &Instrument, risk: &RiskPlan) -> Self {
        let Some(unit) = instrument.scale.unit() else {
            // A scale beyond the exact ones: everything is too much.
            return Self { least: i128::MIN, order_most: -1, position_most: -1, need: None };
        };
        let most = |limit: Money| limit.0.div_euclid(unit.0);
        Self {
            least: -(-instrument.notional_min.0).div_euclid(unit.0),
            order_most: most(risk.max_order_notional),
            position_most: most(risk.max_position_size),
            need: need_of(instrument, risk, unit),
        }
    }

    /// Whether `qty` at `price` is below what the venue takes.
    #[inline]
    pub(crate) fn is_below_least(&self, price: Price, qty: Qty) -> bool {
        product(price, qty) < self.least
    }

    /// Whether it is more than one order may be worth.
    #[inline]
    pub(crate) fn is_beyond_order(&self, price: Price, qty: Qty) -> bool {
        product(price, qty) > self.order_most
    }

    /// Whether it is more than a position may be worth.
    #[inline]
    pub(crate) fn is_beyond_position(&self, price: Price, qty: Qty) -> bool {
        product(price, qty) > self.position_most
    }

    /// What an order that opens needs; `None` where it must be computed the long way.
    #[inline]
    pub(crate) fn need(&self, price: Price, qty: Qty) -> Option<Money> {
        let units = i64::try_from(product(price, qty)).ok()?;
        Some(Money(i128::from(units) * i128::from(self.need?)))
    }
}

/// The price of spot, the margin of a perpetual, and the fee.
fn need_of(instrument: &Instrument, risk: &RiskPlan, unit: Money) -> Option<i64> {
    if unit.0 < COARSEST {
        return None;
    }
    let one = i128::from(Rate::ONE.0);
    let up = |part: i128, whole: i128| part / whole + i128::from(part % whole != 0);
    let margin = match instrument.product {
        Product::Spot => unit.0,
        Product::Perpetual => up(unit.0 * one, i128::from(risk.max_leverage.0.max(1))),
    };
    let fee = up(unit.0 * i128::from(instrument.fee_taker.0.saturating_abs()), one);
    i64::try_from(margin + fee).ok()
}

#[inline]
fn product(price: Price, qty: Qty) -> i128 {
    i128::from(price.0) * i128::from(qty.0)
}

#[cfg(test)]
mod tests;
