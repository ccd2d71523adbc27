//! From listings to [`Instruments`].

use super::{Exact, Listing, Reason, Refusal, Rules, State, Unread, multiplied, scale_of};
use base::{
    Edge, Instrument, InstrumentId, Instruments, Money, Price, Product, Qty, Rate, Scale, VenueId,
    decimal,
};
use std::collections::HashMap;

/// An instrument somebody wants to trade.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Where.
    pub venue: VenueId,
    /// Its unified name: as the venue prices it (`1000PEPE/USDT:USDT`), or of the plain coin
    /// (`PEPE/USDT:USDT`), which finds a multiplied listing too.
    pub name: String,
}

/// What a venue charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// For an order that rested; negative is a rebate.
    pub maker: Rate,
    /// For an order that took.
    pub taker: Rate,
}

impl Tier {
    /// From hundredths of a basis point.
    const fn of(maker: i64, taker: i64) -> Self {
        Self { maker: Rate(maker * 1_000_000), taker: Rate(taker * 1_000_000) }
    }
}

/// The fees of every venue and product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees([[Tier; 2]; VenueId::COUNT]);

impl Default for Fees {
    /// What a new account pays, before any discount.
    fn default() -> Self {
        Self([
            [Tier::of(1_000, 1_000); 2],                  // Binance spot
            [Tier::of(200, 500); 2],                      // Binance USD-M
            [Tier::of(800, 1_000), Tier::of(200, 500)],   // OKX
            [Tier::of(1_000, 1_000), Tier::of(200, 550)], // Bybit
        ])
    }
}

impl Fees {
    /// The fees of one venue and product.
    #[must_use]
    pub const fn get(&self, venue: VenueId, product: Product) -> Tier {
        self.0[venue.index()][product as usize]
    }

    /// Replaces them, from configuration or the account's own answer.
    pub const fn set(&mut self, venue: VenueId, product: Product, tier: Tier) {
        self.0[venue.index()][product as usize] = tier;
    }
}

/// Makes the wanted instruments, in the order they are wanted, or says of each that cannot be made why.
///
/// `listings` are those of all venues, wanted or not: a scale depends on all of an asset's listings, so
/// that it does not change with what is traded. `unread` are the entries that gave none: a wanted
/// instrument among them is refused for that, not for being unlisted.
///
/// # Errors
/// Every [`Refusal`], at least one.
pub fn build(
    listings: &[Listing],
    unread: &[Unread],
    wanted: &[Wanted],
    fees: &Fees,
) -> Result<Instruments, Vec<Refusal>> {
    let (instruments, refusals) = sort_out(listings, unread, wanted, fees);
    if refusals.is_empty() { Ok(instruments) } else { Err(refusals) }
}

/// As [`build`], but makes what can be made beside the refusals.
#[must_use]
pub fn sort_out(
    listings: &[Listing],
    unread: &[Unread],
    wanted: &[Wanted],
    fees: &Fees,
) -> (Instruments, Vec<Refusal>) {
    let mut by_base: HashMap<&str, Vec<&Listing>> = HashMap::new();
    for listing in listings {
        by_base.entry(&listing.base).or_default().push(listing);
    }
    let mut instruments = Instruments::default();
    let mut refusals = Vec::new();
    for want in wanted {
        if instruments.by_name(want.venue, &want.name).is_some() {
            continue; // wanted by two strategies
        }
        match make(&by_base, want, fees, &mut instruments) {
            Ok(Some(instrument)) => instruments.list.push(instrument),
            Ok(None) => {}
            Err(reason) => {
                let reason = unread_instead(reason, unread, want);
                let refusal = Refusal { venue: want.venue, name: want.name.clone(), reason };
                if !refusals.contains(&refusal) {
                    refusals.push(refusal);
                }
            }
        }
    }
    (instruments, refusals)
}

/// The instrument, or `None` when another name has already brought it in.
fn make(
    by_base: &HashMap<&str, Vec<&Listing>>,
    want: &Wanted,
    fees: &Fees,
    instruments: &mut Instruments,
) -> Result<Option<Instrument>, Reason> {
    let listed = want.name.split('/').next().unwrap_or_default();
    let family = by_base.get(multiplied(listed).base).map_or(&[][..], Vec::as_slice);
    let listing = find(family, want).ok_or_else(|| Reason::NotListed(near(family, want.venue)))?;
    if let State::Closed(status) = &listing.state {
        return Err(Reason::Closed(status.clone()));
    }
    let rules = listing.rules.as_ref().map_err(|why| Reason::Rules(why.clone()))?;
    if instruments.by_name(listing.venue, &listing.name).is_some() {
        return Ok(None);
    }
    let base = listing.base.clone();
    let scale = scale_of(family).map_err(|fault| Reason::Scale { base, fault })?;
    let id = u16::try_from(instruments.list.len()).ok().map(InstrumentId);
    let id = id.filter(|id| *id != InstrumentId::ALL).ok_or(Reason::TooMany)?;
    let tier = fees.get(listing.venue, listing.product);
    let steps = steps(listing, rules, scale).ok_or_else(|| {
        Reason::Rules("a rule is finer than its own tick or lot, or too large".to_owned())
    })?;
    Ok(Some(Instrument {
        id,
        venue: listing.venue,
        product: listing.product,
        name: listing.name.clone(),
        symbol: listing.symbol.clone(),
        code: listing.code,
        base: instruments.asset(&listing.base).ok_or(Reason::TooMany)?,
        quote: instruments.asset(&listing.quote).ok_or(Reason::TooMany)?,
        scale,
        edge: steps.edge,
        tick: steps.tick,
        lot: steps.lot,
        qty_min: steps.qty_min,
        qty_max: steps.qty_max,
        notional_min: steps.notional_min,
        fee_maker: tier.maker,
        fee_taker: tier.taker,
    }))
}

/// What is not listed may stand in the list as an entry that could not be read.
fn unread_instead(reason: Reason, unread: &[Unread], want: &Wanted) -> Reason {
    let Reason::NotListed(_) = reason else { return reason };
    let here = |entry: &&Unread| entry.venue == want.venue && entry.symbol == symbol(want);
    match unread.iter().find(here) {
        Some(entry) => Reason::Unread(entry.why.clone()),
        None => reason,
    }
}

/// The venue's own name of what is wanted.
fn symbol(want: &Wanted) -> String {
    let (pair, settle) = want.name.split_once(':').unwrap_or((&want.name, ""));
    let (base, quote) = pair.split_once('/').unwrap_or((pair, ""));
    match (want.venue, settle.is_empty()) {
        (VenueId::Okx, true) => format!("{base}-{quote}"),
        (VenueId::Okx, false) => format!("{base}-{quote}-SWAP"),
        _ => format!("{base}{quote}"),
    }
}

/// The listing of that exact name; else the one of the plain coin.
fn find<'l>(family: &[&'l Listing], want: &Wanted) -> Option<&'l Listing> {
    let here = || family.iter().filter(|listing| listing.venue == want.venue);
    here()
        .find(|listing| listing.name == want.name)
        .or_else(|| here().find(|listing| listing.plain_name() == want.name))
        .copied()
}

/// A few of the names the venue does list of the same asset.
fn near(family: &[&Listing], venue: VenueId) -> Option<String> {
    let here = family.iter().filter(|listing| listing.venue == venue);
    let names: Vec<&str> = here.map(|listing| listing.name.as_str()).take(4).collect();
    if names.is_empty() { None } else { Some(names.join(", ")) }
}

/// A listing's rules in our units.
struct Steps {
    edge: Edge,
    tick: Price,
    lot: Qty,
    qty_min: Qty,
    qty_max: Qty,
    notional_min: Money,
}

fn steps(listing: &Listing, rules: &Rules, scale: Scale) -> Option<Steps> {
    let edge = edge(listing, scale)?;
    let price_exp = i16::from(edge.price_exp);
    let qty_exp = i16::from(scale.qty_exp);
    let qty = |size: Exact| size.checked_mul(listing.unit());
    let tick = i64::try_from(rules.tick.units(price_exp)?).ok()?;
    let lot = i64::try_from(qty(rules.lot)?.units(qty_exp)?).ok()?;
    // A smallest size between two lots means the next whole one.
    let smallest = i64::try_from(qty(rules.size_min)?.units_up(qty_exp)).ok()?.max(lot);
    let qty_min = smallest.checked_add(lot - 1)? / lot * lot;
    let qty_max = match rules.size_max {
        Some(size) => i64::try_from(qty(size)?.units_up(qty_exp)).unwrap_or(i64::MAX),
        None => i64::MAX,
    };
    let notional = rules.notional_min.units(i16::from(Money::EXP))?;
    Some(Steps {
        edge,
        tick: Price(tick),
        lot: Qty(lot),
        qty_min: Qty(qty_min),
        qty_max: Qty(qty_max).floor_to(Qty(lot)),
        notional_min: Money(notional),
    })
}

/// How the listing's texts become counts of `scale`.
fn edge(listing: &Listing, scale: Scale) -> Option<Edge> {
    let unit = listing.unit();
    let decimals = i16::from(scale.qty_exp) - unit.exp();
    // Beyond 18 decimals the reader's table ends; the rest of the power goes into the factor.
    let size_exp = u8::try_from(decimals.min(18)).ok()?;
    let rest = u8::try_from(decimals - i16::from(size_exp)).ok().filter(|places| *places <= 18)?;
    let factor = unit.value().checked_mul(decimal::pow10(rest))?;
    Some(Edge {
        price_exp: scale.price_exp.checked_sub(listing.multiplier_exp)?,
        size_exp,
        size_factor: i64::try_from(factor).ok()?,
    })
}
