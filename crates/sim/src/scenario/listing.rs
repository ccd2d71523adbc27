//! The instruments a scenario lists on a venue, with the venue's published rules (read in 2026-07).

use super::Scenario;
use crate::dec::Dec;
use crate::spec::{Spec, Specs};
use base::{Product, VenueId};

/// Rules of one asset on one venue and product.
struct Rules {
    tick: Dec,
    lot: Dec,
    qty_max: Dec,
    qty_max_market: Dec,
    notional_min: Dec,
    contract: Dec,
    price_places: u8,
    qty_places: u8,
}

/// The instruments of `venue`, in the order of their unified names.
///
/// # Errors
/// What is wrong with the list, in words.
pub fn list(scenario: &Scenario, venue: VenueId) -> Result<Specs, String> {
    let Some(listing) = scenario.venues.get(&venue) else {
        return Ok(Specs::default());
    };
    let mut specs = Vec::new();
    for (name, listed) in &listing.instruments {
        let (product, base, quote) = split_name(name)
            .ok_or_else(|| format!("`{name}` is no name like BTC/USDT or BTC/USDT:USDT"))?;
        let known = base == "BTC" || scenario.assets.contains_key(base);
        if !known || quote != "USDT" {
            return Err(format!("{name}: describe {base} under `assets`; the quote is USDT"));
        }
        let lists = match venue {
            VenueId::BinanceSpot => product == Product::Spot,
            VenueId::BinanceUsdm => product == Product::Perpetual,
            VenueId::Okx | VenueId::Bybit => true,
        };
        if !lists {
            return Err(format!("{venue} does not list {name}"));
        }
        let mut spec = spec(venue, product, base, quote, name);
        spec.row = specs.len();
        spec.code = 10_000 + 100 * venue.index() as u64 + specs.len() as u64;
        spec.funding_hours = if spec.is_perpetual() { listed.funding.hours } else { 0 };
        if let (Some(fee), false) = (listing.fee_maker, spec.is_perpetual()) {
            spec.fee_maker = fee;
        }
        if let (Some(fee), false) = (listing.fee_taker, spec.is_perpetual()) {
            spec.fee_taker = fee;
        }
        if spec.tick.places() + spec.lot.places() > Dec::PLACES {
            return Err(format!("{name}: tick and lot together are finer than 12 decimals"));
        }
        specs.push(spec);
    }
    Ok(Specs(specs))
}

fn split_name(name: &str) -> Option<(Product, &str, &str)> {
    let (base, rest) = name.split_once('/')?;
    match rest.split_once(':') {
        None => Some((Product::Spot, base, rest)),
        Some((quote, settle)) if quote == settle => Some((Product::Perpetual, base, quote)),
        Some(_) => None,
    }
}

fn spec(venue: VenueId, product: Product, base: &str, quote: &str, name: &str) -> Spec {
    let rules = rules(venue, product, base);
    let (fee_maker, fee_taker) = fees(venue, product);
    Spec {
        row: 0,
        venue,
        product,
        name: name.to_owned(),
        symbol: symbol(venue, product, base, quote),
        code: 0,
        base: base.to_owned(),
        quote: quote.to_owned(),
        tick: rules.tick,
        lot: rules.lot,
        qty_min: smallest(venue, product, base).unwrap_or(rules.lot),
        qty_max: rules.qty_max,
        qty_max_market: rules.qty_max_market,
        notional_min: rules.notional_min,
        contract: rules.contract,
        fee_maker,
        fee_taker,
        fee_places: 8,
        price_places: rules.price_places,
        qty_places: rules.qty_places,
        price_band: if product == Product::Perpetual { Dec::scaled(5, 2) } else { Dec::ZERO },
        orders_max: 200,
        funding_hours: 0,
        funding_cap: Dec::scaled(2, 2),
        leverage: 20,
    }
}

/// The smallest order where it is more than one lot: OKX's spot counts finer than it trades.
fn smallest(venue: VenueId, product: Product, base: &str) -> Option<Dec> {
    match (venue, product, base) {
        (VenueId::Okx, Product::Spot, "BTC") => Some(Dec::scaled(1, 5)),
        (VenueId::Okx, Product::Spot, "ETH") => Some(Dec::scaled(1, 4)),
        (VenueId::Okx, Product::Spot, _) => Some(Dec::scaled(1, 2)),
        _ => None,
    }
}

fn symbol(venue: VenueId, product: Product, base: &str, quote: &str) -> String {
    match (venue, product) {
        (VenueId::Okx, Product::Spot) => format!("{base}-{quote}"),
        (VenueId::Okx, Product::Perpetual) => format!("{base}-{quote}-SWAP"),
        _ => format!("{base}{quote}"),
    }
}

/// Maker and taker fee of the lowest tier.
fn fees(venue: VenueId, product: Product) -> (Dec, Dec) {
    let (maker, taker) = match (venue, product) {
        (VenueId::Okx, Product::Spot) => (80, 100),
        (_, Product::Spot) => (100, 100),
        (VenueId::Bybit, Product::Perpetual) => (20, 55),
        (_, Product::Perpetual) => (20, 50),
    };
    (Dec::scaled(maker, 5), Dec::scaled(taker, 5))
}

/// Bitcoin and ether have their real rules; another asset gets those of a coin of a few dollars.
fn rules(venue: VenueId, product: Product, base: &str) -> Rules {
    let row = |tick: (i64, u8),
               lot: (i64, u8),
               max: i64,
               notional: i64,
               contract: (i64, u8),
               places: (u8, u8)| Rules {
        tick: Dec::scaled(tick.0, tick.1),
        lot: Dec::scaled(lot.0, lot.1),
        qty_max: Dec::whole(max),
        qty_max_market: Dec::whole(max / 8),
        notional_min: Dec::whole(notional),
        contract: Dec::scaled(contract.0, contract.1),
        price_places: places.0,
        qty_places: places.1,
    };
    use Product::{Perpetual, Spot};
    use VenueId::{BinanceSpot, BinanceUsdm, Bybit, Okx};
    #[rustfmt::skip]
    let rules = match (venue, product, base) {
        (BinanceSpot, _, "BTC")      => row((1, 2), (1, 5),   9_000,   5, (1, 0), (8, 8)),
        (BinanceSpot, _, "ETH")      => row((1, 2), (1, 4),   9_000,   5, (1, 0), (8, 8)),
        (BinanceSpot, _, _)          => row((1, 3), (1, 2), 900_000,   5, (1, 0), (8, 8)),
        (BinanceUsdm, _, "BTC")      => row((1, 1), (1, 3),   1_000,  50, (1, 0), (2, 3)),
        (BinanceUsdm, _, "ETH")      => row((1, 2), (1, 3),  10_000,  20, (1, 0), (2, 3)),
        (BinanceUsdm, _, _)          => row((1, 3), (1, 0), 900_000,   5, (1, 0), (4, 0)),
        (Okx, Spot, "BTC")           => row((1, 1), (1, 8),   9_000,   0, (1, 0), (1, 8)),
        (Okx, Spot, "ETH")           => row((1, 2), (1, 6),  90_000,   0, (1, 0), (2, 6)),
        (Okx, Spot, _)               => row((1, 3), (1, 4), 900_000,   0, (1, 0), (3, 4)),
        (Okx, Perpetual, "BTC")      => row((1, 1), (1, 4),   1_000,   0, (1, 2), (1, 4)),
        (Okx, Perpetual, "ETH")      => row((1, 2), (1, 3),  10_000,   0, (1, 1), (2, 3)),
        (Okx, Perpetual, _)          => row((1, 3), (1, 0), 900_000,   0, (1, 0), (3, 0)),
        (Bybit, Spot, "BTC")         => row((1, 2), (1, 6),     100,   5, (1, 0), (2, 6)),
        (Bybit, Spot, "ETH")         => row((1, 2), (1, 5),   2_000,   5, (1, 0), (2, 5)),
        (Bybit, Spot, _)             => row((1, 3), (1, 2), 900_000,   5, (1, 0), (3, 2)),
        (Bybit, Perpetual, "BTC")    => row((1, 1), (1, 3),   1_000,   5, (1, 0), (1, 3)),
        (Bybit, Perpetual, "ETH")    => row((1, 2), (1, 2),  10_000,   5, (1, 0), (2, 2)),
        (Bybit, Perpetual, _)        => row((1, 3), (1, 0), 900_000,   5, (1, 0), (3, 0)),
    };
    rules
}
