use super::*;
use base::{OrderId, Side};
use serde_json::json;

#[path = "../../strategy/tests/world/mod.rs"]
mod world;

/// 0.003 bought at two prices, 0.001 of it sold: a third of the cost, which has no last decimal.
fn engine() -> View {
    let mut world = world::World::ready(&world::two_perpetuals());
    for (trade, side, price, qty) in [
        (1, Side::Buy, 5_000_000, 100),
        (2, Side::Buy, 5_000_100, 200),
        (3, Side::Sell, 5_000_300, 100),
    ] {
        world.fill_of(0, OrderId::FOREIGN, side, (price, qty), trade);
    }
    world.core.view()
}

fn venue(realised: &str, cost: &str) -> Value {
    json!({ "venues": [{ "venue": "okx", "accounts": [{
        "cash": { "USDT": { "deposit": "100000", "realised": realised } },
        "fills": [1, 2, 3],
        "positions": { "BTC/USDT:USDT": { "qty": "0.0020", "cost": cost } },
    }] }] })
}

#[test]
fn a_venue_that_rounds_what_an_open_position_realised_is_equal_to_the_last_unit() {
    let found = compare(&engine(), &venue("0.00233334", "100.00133334"), 3);
    assert!(found.equal, "{found}");
    assert_eq!((found.compared, found.venue_fills), (6, 3));
}

#[test]
fn a_unit_that_is_missing_is_told_with_its_place() {
    let found = compare(&engine(), &venue("0.00233334", "100.00133333"), 3);
    let [only] = found.differences.as_slice() else { panic!("one difference, not {found}") };
    assert_eq!((only.venue.as_str(), only.what.as_str()), ("okx", "USDT realised"));
    assert_eq!((only.engine.as_str(), only.venue_says.as_str()), ("-99.999", "-99.99899999"));
    assert!(!found.equal);
}

#[test]
fn a_fill_that_was_not_counted_is_told() {
    let found = compare(&engine(), &venue("0.00233334", "100.00133334"), 2);
    assert_eq!(found.differences.len(), 1);
    assert_eq!(found.differences[0].what, "fills");
}
