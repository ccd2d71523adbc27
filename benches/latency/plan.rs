//! What the core is told beforehand: BTC on some venues, one strategy, limits that let every cycle trade.

use base::{
    AssetId, Edge, Instrument, InstrumentId, Instruments, Money, Price, Product, Qty, Rate, Scale,
    Span, VenueId,
};
use strategy::plan::{
    Class, CorePlan, Freshness, FundingRatePlan, Legging, OrderPlan, Plan, RiskPlan, StrategyPlan,
};

/// Longer than any run, leaps included.
pub(crate) const EVER: Span = Span::from_secs(1_000_000_000);
/// After a trade nothing is opened for this long, so that only a leap lets the next one be.
const PAUSE: Span = Span::from_secs(10);
/// Of an eager run: the funding settles once within it.
pub(crate) const HORIZON: Span = Span::from_secs(1_000_000);

/// Trading for whatever there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eager {
    /// The funding of the last venue's perpetual; there are no fees.
    pub(crate) rate: Rate,
    /// After a trade nothing is opened for this long.
    pub(crate) pause: Span,
}

/// BTC on a venue: prices in cents, quantities in satoshis.
pub(crate) fn instrument(id: u16, venue: VenueId, fee: Rate) -> Instrument {
    let (okx, spot) = (venue == VenueId::Okx, venue == VenueId::BinanceSpot);
    Instrument {
        id: InstrumentId(id),
        venue,
        product: if spot { Product::Spot } else { Product::Perpetual },
        name: if spot { "BTC/USDT" } else { "BTC/USDT:USDT" }.to_owned(),
        symbol: if okx { "BTC-USDT-SWAP" } else { "BTCUSDT" }.to_owned(),
        code: 10_459,
        base: AssetId(1),
        quote: AssetId(0),
        scale: Scale { price_exp: 2, qty_exp: 8 },
        edge: Edge {
            price_exp: 2,
            size_exp: if okx { 2 } else { 8 },
            size_factor: if okx { 10_000 } else { 1 },
        },
        tick: Price(10),
        lot: Qty(100_000),
        qty_min: Qty(100_000),
        qty_max: Qty(i64::MAX),
        notional_min: Money::from_whole(5),
        fee_maker: fee,
        fee_taker: fee,
    }
}

/// One BTC instrument a venue and one strategy, with limits that let every cycle trade.
pub(crate) fn plan(venues: &[VenueId], eager: Option<Eager>) -> Plan {
    let mut instruments = Instruments::default();
    instruments.asset("USDT").expect("few assets");
    instruments.asset("BTC").expect("few assets");
    let fee = if eager.is_some() { Rate::ZERO } else { Rate(500_000_000) };
    instruments.list.extend((0..).zip(venues).map(|(id, venue)| instrument(id, *venue, fee)));
    let rates = FundingRatePlan::default();
    let rates = match eager {
        Some(_) => FundingRatePlan { horizon: HORIZON, ..rates },
        None => rates,
    };
    Plan {
        strategies: vec![StrategyPlan {
            name: "funding_rate_arbitrage".to_owned(),
            enabled: true,
            class: Class::FundingRate(rates),
            instruments: instruments.list.iter().map(|i| i.id).collect(),
        }],
        risk: RiskPlan { max_opens_per_minute: u16::MAX, ..RiskPlan::default() },
        freshness: Freshness {
            receive_age: EVER,
            venue_age: EVER,
            funding_age: EVER,
            clock_bound: EVER,
        },
        legging: Legging::default(),
        orders: OrderPlan {
            quiet: EVER,
            settle: EVER,
            refusal_pause: eager.map_or(PAUSE, |eager| eager.pause),
            ..OrderPlan::default()
        },
        core: CorePlan::default(),
        epoch: 7,
        version: 1,
        instruments,
    }
}
