//! The one scale of a base asset over all venues' listings of it.

use super::{Exact, Listing, Rules};
use base::Scale;

/// How many times the largest price and size named by a venue must still fit.
const HEADROOM: i128 = 100;

/// Quantities are given at least this many decimals where they fit: market data prints as many.
const QTY_EXP_WANTED: i16 = 8;

/// Where a venue names no largest price: this many ticks.
const TICKS_MAX: i128 = 1_000_000_000;

/// What may stand on a book at once, in units of a dollar-like quote asset, and the fewest ticks a
/// price is thought to have. Sizes beyond a venue's own largest order do appear (1.1 x 10^12 BTTC), so
/// quantities are not widened into that room.
const BOOK_VALUE: i128 = 1_000_000_000;
const PRICE_TICKS: i128 = 100;
const DOLLARS: [&str; 9] = ["USDT", "USDC", "USD", "FDUSD", "BUSD", "TUSD", "DAI", "USD1", "USDE"];

/// Why no scale holds an asset exactly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScaleFault {
    /// A tick or lot that is not above zero.
    #[error("{listing} has a tick or lot of zero")]
    Step {
        /// Whose.
        listing: String,
    },
    /// The decimals of the finest price and the finest quantity do not fit an exact notional.
    #[error(
        "prices need {price} decimals (tick of {tick}) and quantities {qty} (lot of {lot}): together more than {}",
        Scale::EXP_SUM_MAX
    )]
    TooFine {
        /// Decimals of the finest tick.
        price: i16,
        /// Which listing has it.
        tick: String,
        /// Decimals of the finest lot.
        qty: i16,
        /// Which listing has it.
        lot: String,
    },
    /// The largest price, a hundredfold, at the finest tick.
    #[error(
        "a hundred times the largest price {price} ({listing}) with {decimals} decimals (tick of {tick}) does not fit 64 bits"
    )]
    Price {
        /// The largest price of one coin.
        price: String,
        /// Who names it.
        listing: String,
        /// Decimals of the finest tick.
        decimals: i16,
        /// Which listing has it.
        tick: String,
    },
    /// The largest quantity, a hundredfold, at the finest lot.
    #[error(
        "a hundred times the largest quantity {qty} ({listing}) with {decimals} decimals (lot of {lot}) does not fit 64 bits"
    )]
    Qty {
        /// The largest quantity in coins.
        qty: String,
        /// Who names it.
        listing: String,
        /// Decimals of the finest lot.
        decimals: i16,
        /// Which listing has it.
        lot: String,
    },
}

/// The scale in which every one of `listings` (of one base asset) is exact.
///
/// Listings whose rules could not be read are passed over: they are refused by name if wanted.
///
/// # Errors
/// [`ScaleFault`].
pub fn scale_of(listings: &[&Listing]) -> Result<Scale, ScaleFault> {
    let known: Vec<(&Listing, &Rules)> =
        listings.iter().filter_map(|l| l.rules.as_ref().ok().map(|rules| (*l, rules))).collect();
    if let Some((l, _)) = known.iter().find(|(_, r)| !r.tick.is_positive() || !r.lot.is_positive())
    {
        return Err(ScaleFault::Step { listing: label(l) });
    }
    let (price_exp, tick) = finest(&known, price_decimals);
    let (lot_exp, lot) = finest(&known, qty_decimals);
    let sum_max = i16::from(Scale::EXP_SUM_MAX);
    if price_exp + lot_exp > sum_max || price_exp > MAX_EXP || lot_exp > MAX_EXP {
        return Err(ScaleFault::TooFine { price: price_exp, tick, qty: lot_exp, lot });
    }
    for (l, rules) in &known {
        let price = price_max(l, rules);
        if !fits(price, HEADROOM, price_exp) {
            let (price, listing) = (price.to_string(), label(l));
            return Err(ScaleFault::Price { price, listing, decimals: price_exp, tick });
        }
        let qty = qty_max(l, rules);
        if !fits(qty, HEADROOM, lot_exp) {
            let (qty, listing) = (qty.to_string(), label(l));
            return Err(ScaleFault::Qty { qty, listing, decimals: lot_exp, lot });
        }
    }
    let mut qty_exp = lot_exp;
    while qty_exp < QTY_EXP_WANTED
        && price_exp + qty_exp < sum_max
        && known.iter().all(|(l, rules)| leaves_room(l, rules, qty_exp + 1))
    {
        qty_exp += 1;
    }
    Ok(Scale { price_exp: exp(price_exp), qty_exp: exp(qty_exp) })
}

/// The most decimals that the hot readers shift by.
const MAX_EXP: i16 = 18;

fn exp(decimals: i16) -> u8 {
    u8::try_from(decimals).unwrap_or(0)
}

/// The listing with the most decimals by `of`, and how many.
fn finest(known: &[(&Listing, &Rules)], of: fn(&Listing, &Rules) -> i16) -> (i16, String) {
    let most = known.iter().max_by_key(|(l, rules)| of(l, rules));
    most.map_or((0, String::new()), |(l, rules)| (of(l, rules), label(l)))
}

/// Decimals of a price of one base coin; at least the multiplier's, so that the edge has none below 0.
fn price_decimals(listing: &Listing, rules: &Rules) -> i16 {
    rules.tick.decimals() + i16::from(listing.multiplier_exp)
}

/// Decimals of a quantity in base coins, such that the venue's size text has none below its lot's.
fn qty_decimals(listing: &Listing, rules: &Rules) -> i16 {
    (listing.unit().exp() + rules.lot.decimals()).max(0)
}

/// The largest price of one base coin.
fn price_max(listing: &Listing, rules: &Rules) -> Exact {
    let priced = rules.price_max.unwrap_or_else(|| {
        Exact::new(rules.tick.value().saturating_mul(TICKS_MAX), rules.tick.exp())
    });
    priced.shifted(-i16::from(listing.multiplier_exp))
}

/// The largest order in base coins, at least one lot. Where the venue also bounds it by value, what that
/// buys at a hundred ticks: a venue's largest size alone may be just a large number.
fn qty_max(listing: &Listing, rules: &Rules) -> Exact {
    let lot = rules.lot.checked_mul(listing.unit()).unwrap_or(Exact::new(i128::MAX, 0));
    let size = rules.size_max.and_then(|size| size.checked_mul(listing.unit()));
    let value = rules.value_max.and_then(|value| coins_for(value, listing, rules));
    let named = match (size, value) {
        (Some(size), Some(value)) => Some(size.min(value)),
        (one, other) => one.or(other),
    };
    named.map_or(lot, |named| named.max(lot))
}

/// Base coins that `value` buys at a price of [`PRICE_TICKS`] ticks, rounded up to whole coins.
fn coins_for(value: Exact, listing: &Listing, rules: &Rules) -> Option<Exact> {
    let price = Exact::new(rules.tick.value().checked_mul(PRICE_TICKS)?, rules.tick.exp())
        .shifted(-i16::from(listing.multiplier_exp));
    // value / price, both as whole counts of the price's last decimal.
    let decimals = price.decimals().max(value.decimals());
    let coins = value.units(decimals)?.checked_div(price.units(decimals)?)?;
    Some(Exact::new(coins.checked_add(1)?, 0))
}

fn leaves_room(listing: &Listing, rules: &Rules, qty_exp: i16) -> bool {
    let named = fits(qty_max(listing, rules), HEADROOM, qty_exp);
    let dollars = DOLLARS.contains(&listing.quote.as_str());
    let book = if dollars { coins_for(Exact::new(BOOK_VALUE, 0), listing, rules) } else { None };
    named && book.is_none_or(|qty| fits(qty, 1, qty_exp))
}

fn fits(value: Exact, times: i128, exp: i16) -> bool {
    let scaled = value.units_up(exp).checked_mul(times);
    scaled.is_some_and(|units| units <= i128::from(i64::MAX))
}

fn label(listing: &Listing) -> String {
    format!("{} {}", listing.venue, listing.symbol)
}
