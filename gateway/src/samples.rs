//! Instruments the tests trade: BTC on every venue, with the venues' own steps.

use base::{
    Edge, Instrument, InstrumentId, Instruments, Money, Price, Product, Qty, Rate, Scale, VenueId,
};

/// Prices count 0.01 USDT, quantities 1e-8 BTC.
pub(crate) const SCALE: Scale = Scale { price_exp: 2, qty_exp: 8 };

/// Spot and perpetual BTC/USDT on each venue that has it; BNB and MNT are known as fee assets.
pub(crate) fn instruments() -> Instruments {
    let mut all = Instruments::default();
    for asset in ["BTC", "USDT", "BNB", "MNT"] {
        all.asset(asset).expect("few");
    }
    let whole = Edge { price_exp: 2, size_exp: 8, size_factor: 1 };
    let contracts = Edge { price_exp: 2, size_exp: 2, size_factor: 10_000 };
    add(&mut all, VenueId::BinanceSpot, Product::Spot, "BTCUSDT", (1, 1_000), whole, 0);
    add(&mut all, VenueId::BinanceUsdm, Product::Perpetual, "BTCUSDT", (10, 100_000), whole, 0);
    add(&mut all, VenueId::Okx, Product::Spot, "BTC-USDT", (10, 1), whole, 10_458);
    add(
        &mut all,
        VenueId::Okx,
        Product::Perpetual,
        "BTC-USDT-SWAP",
        (10, 10_000),
        contracts,
        10_459,
    );
    add(&mut all, VenueId::Bybit, Product::Spot, "BTCUSDT", (1, 100), whole, 0);
    add(&mut all, VenueId::Bybit, Product::Perpetual, "BTCUSDT", (10, 100_000), whole, 0);
    all
}

fn add(
    all: &mut Instruments,
    venue: VenueId,
    product: Product,
    symbol: &str,
    (tick, lot): (i64, i64),
    edge: Edge,
    code: u64,
) {
    let id = InstrumentId(u16::try_from(all.list.len()).expect("few"));
    let name = match product {
        Product::Spot => "BTC/USDT",
        Product::Perpetual => "BTC/USDT:USDT",
    };
    all.list.push(Instrument {
        id,
        venue,
        product,
        name: name.to_owned(),
        symbol: symbol.to_owned(),
        code,
        base: base::AssetId(0),
        quote: base::AssetId(1),
        scale: SCALE,
        edge,
        tick: Price(tick),
        lot: Qty(lot),
        qty_min: Qty(lot),
        qty_max: Qty(i64::MAX),
        notional_min: Money::ZERO,
        fee_maker: Rate(0),
        fee_taker: Rate(0),
    });
}
