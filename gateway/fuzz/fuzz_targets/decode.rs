//! Any text on an order or account connection: no panic, and no fill from what another parser refuses.
//!
//! `cargo +nightly fuzz run decode`. The first byte chooses the venue, the rest is the text; the
//! messages in gateway/testdata make a good corpus.
#![no_main]

use std::sync::LazyLock;

use base::{
    AssetId, Edge, Instance, Instrument, InstrumentId, Instruments, Money, Price, Product, Qty,
    Rate, Scale, VenueId,
};
use gateway::decode::{Context, Event, binance, bybit, okx};
use gateway::markets::Markets;
use libfuzzer_sys::fuzz_target;

static MARKETS: LazyLock<[Markets; VenueId::COUNT]> =
    LazyLock::new(|| VenueId::ALL.map(|venue| Markets::new(venue, &instruments()).expect("short")));

fuzz_target!(|input: &[u8]| {
    let Some((first, text)) = input.split_first() else { return };
    let venue = VenueId::ALL[usize::from(*first) % VenueId::COUNT];
    let markets = &MARKETS[venue.index()];
    let cx = Context { markets, instance: Instance::new("ARB1").expect("legal") };
    let mut fills = 0;
    let mut emit = |event: Event<'_>| {
        if let Event::Fill(fill) = event {
            fills += 1;
            assert!(fill.qty.0 > 0 && fill.price.0 > 0, "{fill:?}");
            assert!(markets.get(fill.instrument).is_some(), "{fill:?}");
        }
    };
    let _ = match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => binance::decode(&cx, text, &mut emit),
        VenueId::Okx => okx::decode(&cx, text, &mut emit),
        VenueId::Bybit => bybit::decode(&cx, text, &mut emit),
    };
    // serde_json also refuses numbers beyond f64 and lone surrogates; those stand in no field of a fill.
    let plain = core::str::from_utf8(text).is_ok() && !text.windows(2).any(|two| two == b"\\u");
    let huge = text.windows(2).any(|two| matches!(two, [b'0'..=b'9', b'e' | b'E']));
    if fills > 0 && plain && !huge {
        assert!(serde_json::from_slice::<serde_json::Value>(text).is_ok());
    }
});

fn instruments() -> Instruments {
    let mut all = Instruments::default();
    for asset in ["BTC", "USDT", "BNB"] {
        all.asset(asset).expect("few");
    }
    let whole = Edge { price_exp: 2, size_exp: 8, size_factor: 1 };
    let contracts = Edge { price_exp: 2, size_exp: 2, size_factor: 10_000 };
    let rows = [
        (VenueId::BinanceSpot, Product::Spot, "BTCUSDT", whole),
        (VenueId::BinanceUsdm, Product::Perpetual, "BTCUSDT", whole),
        (VenueId::Okx, Product::Spot, "BTC-USDT", whole),
        (VenueId::Okx, Product::Perpetual, "BTC-USDT-SWAP", contracts),
        (VenueId::Bybit, Product::Spot, "BTCUSDT", whole),
        (VenueId::Bybit, Product::Perpetual, "BTCUSDT", whole),
    ];
    for (id, (venue, product, symbol, edge)) in (0..).zip(rows) {
        all.list.push(Instrument {
            id: InstrumentId(id),
            venue,
            product,
            name: "BTC/USDT".to_owned(),
            symbol: symbol.to_owned(),
            code: 1,
            base: AssetId(0),
            quote: AssetId(1),
            scale: Scale { price_exp: 2, qty_exp: 8 },
            edge,
            tick: Price(10),
            lot: Qty(10_000),
            qty_min: Qty(10_000),
            qty_max: Qty(i64::MAX),
            notional_min: Money::ZERO,
            fee_maker: Rate(0),
            fee_taker: Rate(0),
        });
    }
    all
}
