use super::{Scenario, ScenarioError, list};
use crate::dec::Dec;
use base::{Product, VenueId};

#[test]
fn the_built_in_scenarios_can_be_played() {
    for name in Scenario::names() {
        let scenario = Scenario::load(name).unwrap_or_else(|why| panic!("{why}"));
        let listed = VenueId::ALL.map(|venue| list(&scenario, venue).expect("a listing").0.len());
        assert_eq!(listed, [2, 2, 4, 4], "{name}");
        assert_eq!(scenario.faults.is_empty(), name != "faults");
    }
}

#[test]
fn symbols_and_rules_are_the_venues_own() {
    let scenario = Scenario::load("default").expect("a built-in scenario");
    let swap = list(&scenario, VenueId::Okx).expect("a listing");
    let swap = swap.by_name("BTC/USDT:USDT").expect("a swap");
    assert_eq!((swap.symbol.as_str(), swap.product), ("BTC-USDT-SWAP", Product::Perpetual));
    assert_eq!(swap.to_contracts(Dec::scaled(5, 2)), Dec::whole(5));
    assert_eq!(swap.from_contracts(Dec::scaled(1, 2)), Some(Dec::scaled(1, 4)));
    assert_ne!(swap.code, 0);
    let usdm = list(&scenario, VenueId::BinanceUsdm).expect("a listing");
    let usdm = usdm.by_symbol("BTCUSDT", None).expect("a perpetual");
    assert_eq!(
        (usdm.tick, usdm.lot, usdm.notional_min),
        (Dec::scaled(1, 1), Dec::scaled(1, 3), Dec::whole(50))
    );
}

#[test]
fn a_scenario_nobody_has_is_refused_with_the_names_there_are() {
    let why = Scenario::load("no-such-thing").expect_err("there is none");
    assert!(matches!(why, ScenarioError::Unknown(_)));
    assert!(why.to_string().contains("default, calm, faults"));
}

#[test]
fn a_wrong_scenario_says_what_is_wrong() {
    let text = include_str!("../../scenarios/calm.yaml");
    let cases = [
        ("speed: 10", "speed: 0", "speed 0 is not within"),
        ("hours: 8", "hours: 5", "funding every 5 h"),
        ("ETH/USDT: {", "DOGE/USDT: {", "describe DOGE under `assets`"),
        ("BTC/USDT: {}", "BTC/USDT:USDT: {}", "binance-spot does not list BTC/USDT:USDT"),
        ("noise_bps: \"0.2\"", "noise_bps: \"0.2\", every_s: [1, 2]", "has 0 numbers, not 2"),
        ("noise_bps: \"0.2\"", "noise_bps: \"x\"", "`x` is not a decimal number"),
        ("seed: 1", "sead: 1", "sead"),
    ];
    for (from, to, expected) in cases {
        let broken = text.replacen(from, to, 1);
        assert_ne!(broken, text, "{from}");
        let why = Scenario::parse("broken", &broken).expect_err(to).to_string();
        assert!(why.contains(expected), "{to}: {why}");
    }
}
