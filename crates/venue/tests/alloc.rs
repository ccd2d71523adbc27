//! What is called for every order allocates nothing: counted, not promised.

use base::{
    AssetId, Edge, Instrument, InstrumentId, Instruments, Money, Price, Product, Qty, Rate, Scale,
    Span, Stamp, VenueId, WallNs,
};
use std::hint::black_box;
use telemetry::alloc::{CountingAllocator, counted};
use venue::credentials::Credentials;
use venue::errors::classify;
use venue::sign::{binance, bybit, okx, text};
use venue::{Budget, OffsetEstimator, Spend};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Runs `work` and says how often it asked for memory or gave it back.
fn calls(work: impl FnOnce()) -> u64 {
    let ((), calls) = counted(work);
    calls.allocations + calls.frees
}

fn one(venue: VenueId) -> Instruments {
    let instrument = Instrument {
        id: InstrumentId(0),
        venue,
        product: Product::Perpetual,
        name: "BTC/USDT:USDT".into(),
        symbol: "BTCUSDT".into(),
        code: 0,
        base: AssetId(0),
        quote: AssetId(1),
        scale: Scale { price_exp: 2, qty_exp: 8 },
        edge: Edge { price_exp: 2, size_exp: 8, size_factor: 1 },
        tick: Price(1),
        lot: Qty(1),
        qty_min: Qty(1),
        qty_max: Qty(1),
        notional_min: Money(0),
        fee_maker: Rate(0),
        fee_taker: Rate(0),
    };
    Instruments { list: vec![instrument], assets: vec!["BTC".into(), "USDT".into()] }
}

#[test]
fn the_counter_counts() {
    assert!(calls(|| drop(black_box(Box::new(1_u64)))) >= 2);
}

#[test]
fn signing_an_order_allocates_nothing() {
    let pem = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";
    let hmac = Credentials::new("key", "secret", None).expect("a key");
    let ed25519 = Credentials::new("key", pem, None).expect("a key");
    let key = hmac.hmac().expect("HMAC");
    let prefix = key.prefix(b"apiKey=key&");
    let count = calls(|| {
        let mut buffer = [0; 256];
        let mut payload = binance::Payload::new(&mut buffer);
        payload.param("apiKey", b"key").param("symbol", b"BTCUSDT").param("timestamp", b"1");
        let payload = payload.finish().expect("in order");
        let mut out = [0; binance::SIGNATURE_MAX];
        let mut query = [0; binance::QUERY_SIGNATURE_MAX];
        for secret in [&hmac.secret, &ed25519.secret] {
            black_box(binance::sign(secret, payload, &mut out));
            black_box(binance::sign_query(secret, payload, &mut query));
        }
        let mut mac = key.resume(&prefix);
        mac.update(payload);
        black_box(text::hex(&mac.finish()));
        let at = okx::timestamp(WallNs::from_millis(1_786_000_000_000));
        black_box(okx::rest(key, &at, b"POST", b"/api/v5/trade/order", b"{}"));
        black_box(okx::login(key, b"1786000000"));
        black_box(bybit::rest(key, b"1", b"key", b"5000", b"{}"));
        black_box(bybit::auth(key, text::decimal(1_786_000_000_000, &mut [0; 20])));
    });
    assert_eq!(count, 0);
}

#[test]
fn counting_classifying_and_stamping_allocate_nothing() {
    for venue in VenueId::ALL {
        let mut budget = Budget::new(venue, &one(venue), Some(1_000));
        let mut clock = OffsetEstimator::new(venue, 1);
        let count = calls(|| {
            for step in 0..5_000_u64 {
                let now = Stamp(1_000_000_000 + step * 3_000_000);
                let spend = if step % 3 == 0 { Spend::Cancel } else { Spend::Place };
                if budget.try_spend(spend, InstrumentId(0), now).is_err() {
                    budget.refused(spend, InstrumentId(0), now);
                }
                budget.observe("orders-10s", 5, 100, now);
                budget.observe_bybit(spend, InstrumentId(0), 10, 5, now);
                budget.align(WallNs::from_millis(1_786_000_000_000), now);
                clock.sample(
                    now,
                    now + Span::from_millis(1),
                    WallNs::from_millis(1_786_000_000_000),
                );
                black_box((clock.stamp(now), clock.state(now, WallNs(0))));
                black_box(classify(venue, -2010, b"Account has insufficient balance"));
                black_box(budget.usage(now).map(|usage| usage.used).sum::<u32>());
            }
            budget.refused_status(429, Some(Span::from_secs(1)), Stamp(1));
        });
        assert_eq!(count, 0, "{venue}");
    }
}
