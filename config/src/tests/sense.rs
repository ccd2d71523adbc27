//! Values that are each allowed and make no sense together, or on a market.

use super::{dir, load, told};
use crate::plan::market::misfits;
use base::{
    Edge, Instrument, InstrumentId, Instruments, Money, Price, Product, Qty, Rate, Scale, VenueId,
};

#[test]
fn a_strategy_needs_two_legs_and_its_exchanges_the_features_for_them() {
    let features = |okx: &str, strategy: &str| {
        told(&[
            ("exchanges.yaml", &format!("exchanges: {{okx: {{features: {{{okx}}}}}}}\n")),
            (
                "strategies.yaml",
                &format!(
                    "strategies:\n  funding_rate_arbitrage: {{enabled: false}}\n  basis_arbitrage: {strategy}\n"
                ),
            ),
        ])
    };
    let basis = "{symbols: [BTC/USDT], exchanges: [okx]}";
    assert_eq!(
        features("futures_trading: false", basis),
        [
            "DIR/strategies.yaml:3:30: strategies.basis_arbitrage.symbols: no two legs of BTC/USDT on its exchanges; it needs spot and a perpetual"
        ]
    );
    assert_eq!(
        features("futures_trading: false", "{symbols: ['BTC/USDT:USDT'], exchanges: [okx]}"),
        [
            "DIR/strategies.yaml:3:30: strategies.basis_arbitrage.symbols: BTC/USDT:USDT is not traded on okx: it needs exchanges.okx.features.futures_trading"
        ]
    );
    let funding = told(&[
        ("exchanges.yaml", "exchanges: {okx: {features: {funding_rate: false}}}\n"),
        (
            "strategies.yaml",
            "strategies:\n  funding_rate_arbitrage: {symbols: ['BTC/USDT:USDT'], exchanges: [okx]}\n",
        ),
    ]);
    assert_eq!(
        funding,
        [
            "DIR/strategies.yaml:2:37: strategies.funding_rate_arbitrage.symbols: no two legs of BTC/USDT on its exchanges; it needs a perpetual, and another perpetual or spot to hold against it",
            "DIR/strategies.yaml:2:67: strategies.funding_rate_arbitrage.exchanges: okx does not follow funding rates: it needs exchanges.okx.features.funding_rate",
        ]
    );
}

#[test]
fn a_lease_outlasts_what_its_last_holder_may_still_have_under_way() {
    let okx = "exchanges: {okx: {recv_window_ms: 6000}}\n";
    let with = |lease: &str| {
        told(&[
            ("exchanges.yaml", okx),
            ("nodes.yaml", &format!("nodes: {{lease: {{{lease}}}}}\n")),
        ])
    };
    assert_eq!(
        with("enabled: true, duration_s: 17"),
        [
            "DIR/nodes.yaml:1:44: nodes.lease.duration_s: of it 5666 ms lie between the last order of one engine and the first of another: less than exchanges.okx.recv_window_ms (6000), for which an order stays good; 18 would do"
        ]
    );
    for fine in ["enabled: true, duration_s: 18", "duration_s: 3"] {
        let nodes = format!("nodes: {{lease: {{{fine}}}}}\n");
        let mine = dir(&[("exchanges.yaml", okx), ("nodes.yaml", &nodes)]);
        assert!(load(Some(mine.path()), &[]).is_ok(), "{fine}");
    }
}

#[test]
fn a_size_that_a_limit_always_refuses_is_a_fault_at_the_size() {
    let limits = "risk_management:\n  global_limits: {max_order_notional: 400, max_position_size: 450}\n  orders: {slippage: 0.03}\n";
    let strategies = "strategies:\n  funding_rate_arbitrage:\n    enabled: false\n    parameters: {position_size: 2000}\n  basis_arbitrage:\n    parameters: {position_size: 500}\n";
    assert_eq!(
        told(&[("risk.yaml", limits), ("strategies.yaml", strategies)]),
        [
            "DIR/risk.yaml:3:22: risk_management.orders.slippage: 0.03 is above risk_management.orders.collar (0.02)",
            "DIR/strategies.yaml:4:33: strategies.funding_rate_arbitrage.parameters.position_size: 2000 is above risk_management.orders.probe (1000)",
            "DIR/strategies.yaml:6:33: strategies.basis_arbitrage.parameters.position_size: 500 is above risk_management.global_limits.max_order_notional (400)",
            "DIR/strategies.yaml:6:33: strategies.basis_arbitrage.parameters.position_size: 500 is above risk_management.global_limits.max_position_size (450)",
        ]
    );
}

#[test]
fn what_is_allowed_and_not_wise_is_warned_about_with_its_place() {
    let warned = |files: &[(&str, &str)], options: &[(&str, &str)]| -> Vec<String> {
        let mine = dir(files);
        let config = load(Some(mine.path()), options).expect("no fault");
        let path = mine.path().display().to_string();
        config.warnings.iter().map(|w| w.to_string().replace(&path, "DIR")).collect()
    };
    assert_eq!(
        warned(
            &[(
                "risk.yaml",
                "risk_management:\n  global_limits: {max_order_notional: 20000, max_open_pairs: 7}\n  freshness_ms: {venue_age: 100}\n  position_limits: {BTTC/USDT: {max_position: 1, max_concentration: 0.1}}\n"
            )],
            &[]
        ),
        [
            "DIR/risk.yaml:2:39: risk_management.global_limits.max_order_notional is above max_position_size (10000), which stops such an order",
            "DIR/risk.yaml:4:32: risk_management.position_limits.BTTC/USDT limits BTTC, which no enabled exchange lists",
            "DIR/risk.yaml:2:62: risk_management.global_limits.max_open_pairs is below the 8 pairs that the enabled strategies may open together",
            "DIR/risk.yaml:3:29: risk_management.freshness_ms.venue_age is below receive_age: what has just arrived could be too old",
        ]
    );
    assert_eq!(
        warned(
            &[(
                "strategies.yaml",
                "strategies:\n  funding_rate_arbitrage:\n    parameters: {max_spread: 0.0019}\n"
            )],
            &[]
        ),
        [
            "DIR/strategies.yaml:3:30: strategies.funding_rate_arbitrage.parameters.max_spread leaves at most 0.0019 to earn, and the cheapest round trip costs 0.002 in fees: without funding no pair can pay"
        ]
    );
    let keys = ["binance", "okx", "bybit"].map(|name| {
        ["api_key", "secret_key", "passphrase"].map(|key| format!("exchanges.{name}.{key}"))
    });
    let mut options: Vec<(&str, &str)> =
        keys.iter().flatten().map(|key| (key.as_str(), "x")).collect();
    options.push(("system.mode", "live"));
    let live = warned(&[], &options);
    assert!(
        live.contains(
            &"--set system.mode: system.mode is live while system.environment is not production"
                .to_owned()
        ),
        "{live:?}"
    );
}

/// Bitcoin on Binance spot: ticks of a cent, lots of a hundred-thousandth.
fn bitcoin(change: impl FnOnce(&mut Instrument)) -> Instruments {
    let mut list = Instruments::default();
    let (base, quote) = (list.asset("BTC").expect("room"), list.asset("USDT").expect("room"));
    let mut one = Instrument {
        id: InstrumentId(0),
        venue: VenueId::BinanceSpot,
        product: Product::Spot,
        name: "BTC/USDT".to_owned(),
        symbol: "BTCUSDT".to_owned(),
        code: 0,
        base,
        quote,
        scale: Scale { price_exp: 2, qty_exp: 5 },
        edge: Edge { price_exp: 2, size_exp: 5, size_factor: 1 },
        tick: Price(1),
        lot: Qty(1),
        qty_min: Qty(1),
        qty_max: Qty(i64::MAX),
        notional_min: Money::from_whole(5),
        fee_maker: Rate::ZERO,
        fee_taker: Rate::ZERO,
    };
    change(&mut one);
    list.list.push(one);
    list
}

#[test]
fn a_size_is_held_against_the_smallest_order_and_the_steps_of_each_instrument() {
    let told = |size: &str, price: Option<i64>, change: &dyn Fn(&mut Instrument)| -> Vec<String> {
        let options = [
            ("strategies.basis_arbitrage.parameters.position_size", size),
            ("strategies.funding_rate_arbitrage.enabled", "false"),
        ];
        let config = load(None, &options).expect("no fault");
        let all = misfits(&config, &bitcoin(change), &|_| price.map(|whole| Price(whole * 100)));
        all.into_iter()
            .map(|misfit| {
                assert_eq!(
                    misfit.at.to_string(),
                    "--set strategies.basis_arbitrage.parameters.position_size"
                );
                format!("{}: {}", misfit.key, misfit.what)
            })
            .collect()
    };
    let key = "strategies.basis_arbitrage.parameters.position_size";
    let place = "BTC/USDT on binance-spot";
    let plain = |_: &mut Instrument| {};
    assert_eq!(told("500", Some(100_000), &plain), [""; 0]);
    assert_eq!(
        told("4.5", None, &plain),
        [format!("{key}: 4.5 is below the smallest order of {place} (5)")]
    );
    assert_eq!(
        told("90", Some(100_000), &|i| i.qty_min = Qty(100)),
        [format!("{key}: 90 does not buy the smallest order of {place} (worth 100)")]
    );
    assert_eq!(
        told("900", Some(100_000), &|i| i.qty_max = Qty(500)),
        [format!("{key}: 900 is above the largest order of {place} (worth 500)")]
    );
    assert_eq!(
        told("190", Some(100_000), &|i| i.lot = Qty(100)),
        [format!("{key}: 190 becomes 100 by the size steps of {place}")]
    );
    assert_eq!(
        told("190", Some(100_000), &|i| (i.lot, i.notional_min) =
            (Qty(100), Money::from_whole(150))),
        [format!(
            "{key}: 190 becomes 100 by the size steps of {place}, below its smallest order (150)"
        )]
    );
    assert_eq!(
        told("190", None, &|i| i.lot = Qty(100)),
        [""; 0],
        "without a price only values are compared"
    );
}
