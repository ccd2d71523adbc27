use super::*;
use crate::engine::world;
use base::{Qty, VenueId};

#[test]
fn the_defaults_are_the_seeds() {
    let f = FundingRatePlan::default();
    assert_eq!(f.min_spread.to_string(), "0.0001");
    assert_eq!(f.max_spread.to_string(), "0.01");
    assert_eq!(f.position_size, Money::from_whole(1000));
    assert_eq!((f.max_positions, f.stop_loss.to_string().as_str()), (5, "0.005"));
    assert_eq!(
        (f.take_profit.to_string().as_str(), f.funding_threshold.to_string().as_str()),
        ("0.003", "0.0005")
    );
    let b = BasisPlan::default();
    assert_eq!(
        (b.min_basis.to_string().as_str(), b.max_basis.to_string().as_str()),
        ("0.002", "0.02")
    );
    assert_eq!((b.position_size, b.max_positions), (Money::from_whole(500), 3));
    let r = RiskPlan::default();
    assert_eq!(
        (r.max_daily_loss, r.max_position_size),
        (Money::from_whole(5000), Money::from_whole(10_000))
    );
    assert_eq!(
        (r.max_drawdown.to_string().as_str(), r.max_leverage.to_string().as_str()),
        ("0.1", "5")
    );
}

#[test]
fn a_plan_reads_back_from_its_json() {
    let plan = world::two_perpetuals();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}

#[test]
fn every_fault_is_named_at_once() {
    let mut plan = world::two_perpetuals();
    assert_eq!(plan.faults(), []);
    plan.core.orders = 100;
    plan.instruments.list[1].lot = Qty(0);
    plan.strategies[0].instruments.push(base::InstrumentId(9));
    plan.orders.probe = Money::from_whole(1);
    plan.instruments.list[0].quote = base::AssetId(1);
    let faults: Vec<String> = plan.faults().into_iter().map(|fault| fault.0).collect();
    assert_eq!(
        faults,
        [
            "core.orders is no power of two",
            "BTC/USDT:USDT on okx: it is not quoted in the currency of the risk limits",
            "BTC/USDT:USDT on bybit: tick, lot or sizes are not positive",
            "funding_rate_arbitrage: instrument 9 is not listed",
            "funding_rate_arbitrage: position_size is above orders.probe",
            "basis_arbitrage: position_size is above orders.probe",
        ]
    );
}

#[test]
fn a_strategy_without_a_perpetual_is_refused() {
    let plan = world::plan(&[(VenueId::Okx, Product::Spot)], 1);
    assert_eq!(plan.faults().len(), 2);
}
