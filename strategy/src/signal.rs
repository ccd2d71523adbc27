//! What a trade would earn: executable spreads, funding until the next settlements, fees, edge.
//!
//! For buying one leg and selling the other:
//!
//! - *spread*: (sold at - bought at) / bought at, at the prices the size really trades at;
//! - *carry*: the funding of both legs over the horizon, each leg's settlements counted on its own
//!   schedule and interval: the short leg receives its rate, the long leg pays its own;
//! - *crossing*: what leaving costs when both books are as wide then as now;
//! - *fees*: taker fees of both legs, in and out;
//! - *edge* = spread - crossing + carry - fees: what is left if the mids come together.
//!
//! The last line is deliberately not optimistic: an entry against the mids (negative spread) pays
//! the way back to equal mids, and an entry for funding alone must carry all its costs.

use crate::market::{Market, Rated, Slot};
use crate::rules::Row;
use base::{Price, Qty, Rate, Side, Span, Stamp, WallNs};

/// Nanoseconds of an hour.
const HOUR: i128 = 3_600_000_000_000;

/// A way to trade a combination, with all its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    /// (sold at - bought at) / bought at, at executable prices.
    pub(crate) spread: Rate,
    /// Cost of leaving through both books.
    pub(crate) crossing: Rate,
    /// Funding expected over the horizon.
    pub(crate) carry: Rate,
    /// Fees of both legs, in and out.
    pub(crate) fees: Rate,
    /// What is left.
    pub(crate) net: Rate,
    /// Where the long leg is bought.
    pub(crate) long_price: Price,
    /// Where the short leg is sold.
    pub(crate) short_price: Price,
}

/// How many settlements lie in `(wall, wall + horizon]`.
pub(crate) fn settlements(rated: &Rated, wall: WallNs, horizon: Span) -> i64 {
    // Wall times are of this century and spans below a century: nothing saturates.
    let left = wall.0.saturating_add_unsigned(horizon.0).saturating_sub(rated.next.0);
    let Ok(left) = u64::try_from(left) else { return 0 };
    left.checked_div(rated.interval.0)
        .map_or(0, |more| i64::try_from(more).unwrap_or(i64::MAX - 1) + 1)
}

/// A rate for one interval as a rate for one hour: the only way two rates are compared.
pub(crate) fn per_hour(rated: &Rated) -> Rate {
    if rated.interval.0 == 0 {
        return Rate::ZERO;
    }
    narrow(i128::from(rated.rate.0) * HOUR / i128::from(rated.interval.0))
}

/// What holding `long` and being short of `short` receives within the horizon; `None` when a
/// perpetual's funding is not known. Spot pays nothing.
pub(crate) fn carry(
    market: &Market,
    long: &Row,
    short: &Row,
    at: (Stamp, WallNs),
    horizon: Span,
) -> Option<Rate> {
    let leg = |row: &Row| {
        if !row.is_perpetual() {
            return Some(0);
        }
        let rated = market.rated(row.id, at.0, at.1)?;
        let count = settlements(&rated, at.1, horizon);
        Some(i128::from(rated.rate.0) * i128::from(count))
    };
    Some(narrow(leg(short)?.saturating_sub(leg(long)?)))
}

/// The same per hour, whatever the intervals.
pub(crate) fn carry_per_hour(
    market: &Market,
    long: &Row,
    short: &Row,
    at: (Stamp, WallNs),
) -> Option<Rate> {
    let leg = |row: &Row| {
        if !row.is_perpetual() {
            return Some(Rate::ZERO);
        }
        Some(per_hour(&market.rated(row.id, at.0, at.1)?))
    };
    Some(leg(short)? - leg(long)?)
}

/// (mid of the short leg - mid of the long leg) / mid of the long leg: what convergence would earn.
pub(crate) fn basis(long: &Slot, short: &Slot) -> Option<Rate> {
    Rate::of_wide(short.twice_mid()? - long.twice_mid()?, long.twice_mid()?)
}

/// All numbers of buying `qty` of `long` and selling it on `short`; `None` when a side is not known
/// to be deep enough.
pub(crate) fn edge(
    long: &Slot,
    short: &Slot,
    qty: Qty,
    fixed: (Rate, Rate),
    at: (Stamp, Span),
) -> Option<Edge> {
    let (carry, fees) = fixed;
    let long_price = long.executable(Side::Buy, qty, at.0, at.1)?;
    let short_price = short.executable(Side::Sell, qty, at.0, at.1)?;
    let spread = short_price.over(long_price)?;
    let width = |slot: &Slot| slot.touch().map(|(bid, ask)| i128::from(ask.0) - i128::from(bid.0));
    let crossing = Rate::of_wide(width(long)? + width(short)?, long.twice_mid()?)?;
    let net = spread - crossing + carry - fees;
    Some(Edge { spread, crossing, carry, fees, net, long_price, short_price })
}

/// Whether selling at `bid` and buying at `ask` earns at least `least`. No division: exact.
#[inline]
pub(crate) fn spread_reaches(bid: Price, ask: Price, least: Rate) -> bool {
    let gained = i128::from(bid.0) - i128::from(ask.0);
    gained * i128::from(Rate::ONE.0) >= i128::from(least.0) * i128::from(ask.0)
}

fn narrow(value: i128) -> Rate {
    Rate(i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX }))
}

#[cfg(test)]
mod tests;
