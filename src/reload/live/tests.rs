use super::*;
use base::VenueId;
use strategy::plan::{Alert, BaseLimit, RiskPlan};
use strategy::view::{LimitView, PositionView};
use strategy::{Core, Mode};

fn plan(risk: RiskPlan) -> Plan {
    let instruments = base::Instruments { assets: vec!["USDT".into(), "BTC".into()], ..empty() };
    Plan {
        instruments,
        strategies: Vec::new(),
        risk,
        freshness: strategy::plan::Freshness::default(),
        legging: strategy::plan::Legging::default(),
        orders: strategy::plan::OrderPlan::default(),
        core: strategy::plan::CorePlan::default(),
        epoch: 1,
        version: 1,
    }
}

fn empty() -> base::Instruments {
    serde_json::from_str(r#"{"assets":[],"list":[]}"#).unwrap()
}

/// 0.05 BTC held long and 0.02 short, at 60,000 each; a fifth of the day's loss used up.
fn view() -> View {
    let mut view = Core::new(&plan(RiskPlan::default())).view();
    let position = |venue, qty: &str, value| PositionView {
        venue,
        name: "BTC/USDT:USDT".to_owned(),
        qty: qty.to_owned(),
        reported: None,
        orphan: "0".to_owned(),
        dust: "0".to_owned(),
        value: Money::from_whole(value),
        realised: Money::ZERO,
        unrealised: Money::ZERO,
        fees: Money::ZERO,
        funding: Money::ZERO,
        accrued: Money::ZERO,
    };
    view.positions =
        vec![position(VenueId::Okx, "0.05", 3000), position(VenueId::Bybit, "-0.02", -1200)];
    view.equity = Some(Money::from_whole(10_000));
    view.limits = vec![
        LimitView { limit: Limit::DailyLoss, used: Rate(Rate::ONE.0 / 5) },
        LimitView { limit: Limit::Drawdown, used: Rate(Rate::ONE.0 / 2) },
    ];
    assert_eq!(view.mode, Mode::Disarmed);
    view
}

fn told(change: impl FnOnce(&mut RiskPlan)) -> Vec<String> {
    let now = plan(RiskPlan::default());
    let mut next = now.clone();
    change(&mut next.risk);
    exceeded(&next, &now, &view())
}

#[test]
fn limits_above_what_is_held_say_nothing() {
    assert_eq!(told(|_| ()), Vec::<String>::new());
    assert_eq!(told(|risk| risk.max_position_size = Money::from_whole(3000)), Vec::<String>::new());
}

#[test]
fn each_limit_below_what_is_held_is_told_with_what_is_held() {
    let one = |told: Vec<String>, parts: &[&str]| {
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(parts.iter().all(|part| told[0].contains(part)), "{told:?}");
    };
    one(
        told(|risk| risk.max_position_size = Money::from_whole(2000)),
        &["max_position_size", "3000", "okx"],
    );
    // 4,200 against 10,000.
    one(told(|risk| risk.max_leverage = Rate(Rate::ONE.0 * 2 / 5)), &["max_leverage", "4200"]);
    let limit = |most: &str| BaseLimit {
        base: base::AssetId(1),
        max_position: Money::parse(most.as_bytes()).unwrap(),
        max_concentration: Rate::ONE,
    };
    one(told(|risk| risk.bases.push(limit("0.04"))), &["position_limits.BTC", "0.05"]);
    assert_eq!(told(|risk| risk.bases.push(limit("0.05"))), Vec::<String>::new());
    // A fifth of 5,000 is lost.
    one(
        told(|risk| risk.max_daily_loss = Money::from_whole(900)),
        &["max_daily_loss", "nothing new"],
    );
    one(told(|risk| risk.max_drawdown = Rate(Rate::ONE.0 / 25)), &["max_drawdown", "nothing new"]);
}

#[test]
fn what_an_alert_will_do_at_once_is_told() {
    let alert =
        |action| Alert { limit: Limit::DailyLoss, threshold: Rate(Rate::ONE.0 / 2), action };
    let halts = told(|risk| {
        risk.max_daily_loss = Money::from_whole(2000);
        risk.alerts.push(alert(AlertAction::EmergencyStop));
    });
    assert!(halts[0].contains("halts at once"), "{halts:?}");
    let closes = told(|risk| {
        risk.max_daily_loss = Money::from_whole(2000);
        risk.alerts.push(alert(AlertAction::ReducePosition));
    });
    assert!(closes[0].contains("will be closed"), "{closes:?}");
}
