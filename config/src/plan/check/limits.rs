//! Limits against each other, and against what the strategies want.

use crate::plan::{Config, Environment, Exchange, Mode, Strategy};

/// A size that a limit refuses every time is a strategy that never trades.
pub(super) fn check_size(
    config: &Config,
    strategy: &Strategy,
    clash: &mut impl FnMut(&[&str], String),
) {
    let risk = &config.risk;
    let size = strategy.class.position_size();
    let path = ["strategies", &strategy.name, "parameters", "position_size"];
    let limits = [
        ("global_limits.max_order_notional", risk.max_order_notional, strategy.enabled),
        ("global_limits.max_position_size", risk.max_position_size, strategy.enabled),
        // The books are followed to this depth, whoever may be enabled later.
        ("orders.probe", risk.orders.probe, true),
    ];
    for (key, most, _) in limits.into_iter().filter(|(_, most, counts)| *counts && size > *most) {
        clash(&path, format!("{size} is above risk_management.{key} ({most})"));
    }
}

pub(super) fn check(config: &Config, clash: &mut impl FnMut(&[&str], String)) {
    let orders = &config.risk.orders;
    if orders.slippage > orders.collar {
        let why = format!(
            "{} is above risk_management.orders.collar ({})",
            orders.slippage, orders.collar
        );
        clash(&["risk_management", "orders", "slippage"], why);
    }
}

pub(super) fn warn(config: &Config, warn: &mut impl FnMut(&[&str], String)) {
    let risk = &config.risk;
    if risk.max_order_notional > risk.max_position_size {
        let what = format!(
            "is above max_position_size ({}), which stops such an order",
            risk.max_position_size
        );
        warn(&["risk_management", "global_limits", "max_order_notional"], what);
    }
    for limit in &risk.positions {
        let traded =
            |e: &Exchange| e.enabled && e.symbols.iter().any(|s| s.base == limit.symbol.base);
        if let Some(key) = &limit.written
            && !config.exchanges.iter().any(traded)
        {
            let what = format!("limits {}, which no enabled exchange lists", limit.symbol.base);
            warn(&["risk_management", "position_limits", key], what);
        }
    }
    let pairs: u32 = config
        .strategies
        .iter()
        .filter(|s| s.enabled)
        .map(|s| u32::from(s.class.max_positions()))
        .sum();
    if pairs > u32::from(risk.max_open_pairs) {
        let what =
            format!("is below the {pairs} pairs that the enabled strategies may open together");
        warn(&["risk_management", "global_limits", "max_open_pairs"], what);
    }
    if risk.freshness.venue_age < risk.freshness.receive_age {
        let what = "is below receive_age: what has just arrived could be too old".to_owned();
        warn(&["risk_management", "freshness_ms", "venue_age"], what);
    }
    if config.system.mode == Mode::Live && config.system.environment != Environment::Production {
        let what = "is live while system.environment is not production".to_owned();
        warn(&["system", "mode"], what);
    }
}
