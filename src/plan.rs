//! From the configuration and the venues' instruments to the plan the core is made from.

use base::{AssetId, Instruments, Span, VenueId};
use config::plan as conf;
use strategy::Plan;
use strategy::plan::{
    self, Alert, AlertAction, BaseLimit, BasisPlan, Class, CorePlan, Freshness, FundingRatePlan,
    Legging, Limit, OrderPlan, RiskPlan, StrategyPlan,
};
use thiserror::Error;
use venue::catalog::{Fees, Tier, Wanted};

/// The currency everything is quoted and settled in.
const CURRENCY: &str = "USDT";

/// Why there is no plan.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("no instrument is quoted in {CURRENCY}: set `symbols` of an enabled exchange")]
    NoCurrency,
    #[error("the configuration cannot be traded:\n{}", .0.iter().map(|f| format!("  {f}")).collect::<Vec<_>>().join("\n"))]
    Plan(Vec<plan::PlanFault>),
}

/// Every instrument some exchange is configured with.
pub(crate) fn wanted(config: &conf::Config) -> Vec<Wanted> {
    config.wanted().into_iter().map(|(venue, name)| Wanted { venue, name }).collect()
}

/// The configured fees by venue and product.
pub(crate) fn fees(config: &conf::Config) -> Fees {
    let mut fees = Fees::default();
    for venue in VenueId::ALL {
        let Some(exchange) = config.venue(venue) else { continue };
        let tier = |t: conf::FeeTier| Tier { maker: t.maker, taker: t.taker };
        let (spot, futures) = (tier(exchange.fees_spot), tier(exchange.fees_futures));
        fees.set(venue, base::Product::Spot, spot);
        fees.set(venue, base::Product::Perpetual, futures);
    }
    fees
}

/// The plan of a version for a start. `speed` is how many times as fast as time the venues' clocks run.
pub(crate) fn make(
    config: &conf::Config,
    instruments: Instruments,
    epoch: u32,
    version: u32,
    speed: u32,
) -> Result<Plan, Fault> {
    let currency = instruments.asset_id(CURRENCY).ok_or(Fault::NoCurrency)?;
    let strategies = config.strategies.iter().map(|s| strategy(config, s, &instruments)).collect();
    let plan = Plan {
        strategies,
        risk: risk(&config.risk, &instruments, currency),
        freshness: freshness(&config.risk.freshness, speed),
        legging: legging(&config.risk.legging),
        orders: orders(&config.risk.orders),
        core: CorePlan::default(),
        epoch,
        version,
        instruments,
    };
    let faults = plan.faults();
    if faults.is_empty() { Ok(plan) } else { Err(Fault::Plan(faults)) }
}

fn strategy(
    config: &conf::Config,
    strategy: &conf::Strategy,
    instruments: &Instruments,
) -> StrategyPlan {
    let wanted = config.wanted_by(strategy);
    let ids = wanted.iter().filter_map(|(venue, name)| instruments.by_name(*venue, name));
    StrategyPlan {
        name: strategy.name.clone(),
        enabled: strategy.enabled,
        class: class(&strategy.class),
        instruments: ids.map(|instrument| instrument.id).collect(),
    }
}

fn class(class: &conf::Class) -> Class {
    match class {
        conf::Class::FundingRate(p) => Class::FundingRate(FundingRatePlan {
            min_spread: p.min_spread,
            max_spread: p.max_spread,
            position_size: p.position_size,
            max_positions: p.max_positions,
            stop_loss: p.stop_loss,
            take_profit: p.take_profit,
            funding_threshold: p.funding_threshold,
            horizon: p.horizon,
        }),
        conf::Class::Basis(p) => Class::Basis(BasisPlan {
            min_basis: p.min_basis,
            max_basis: p.max_basis,
            position_size: p.position_size,
            max_positions: p.max_positions,
            exit_basis: p.exit_basis,
            stop_loss: p.stop_loss,
            take_profit: p.take_profit,
            horizon: p.horizon,
        }),
    }
}

fn risk(risk: &conf::Risk, instruments: &Instruments, currency: AssetId) -> RiskPlan {
    let base = |p: &conf::risk::PositionLimit| {
        Some(BaseLimit {
            base: instruments.asset_id(&p.symbol.base)?,
            max_position: p.max_position,
            max_concentration: p.max_concentration,
        })
    };
    RiskPlan {
        currency,
        max_daily_loss: risk.max_daily_loss,
        max_drawdown: risk.max_drawdown,
        max_position_size: risk.max_position_size,
        max_leverage: risk.max_leverage,
        max_order_notional: risk.max_order_notional,
        max_open_pairs: risk.max_open_pairs,
        max_unknown_orders: risk.max_unknown_orders,
        max_opens_per_minute: risk.max_opens_per_minute,
        bases: risk.positions.iter().filter_map(base).collect(),
        alerts: risk.alerts.iter().filter_map(alert).collect(),
    }
}

/// An alert on value at risk has no limit in the core: it is the business of the views.
fn alert(alert: &conf::risk::Alert) -> Option<Alert> {
    let limit = match alert.kind {
        conf::AlertKind::Var => return None,
        conf::AlertKind::Position => Limit::Position,
        conf::AlertKind::DailyLoss => Limit::DailyLoss,
        conf::AlertKind::Drawdown => Limit::Drawdown,
        conf::AlertKind::Leverage => Limit::Leverage,
        conf::AlertKind::Concentration => Limit::Concentration,
    };
    let action = match alert.action {
        conf::AlertAction::Warn => AlertAction::Warn,
        conf::AlertAction::ReducePosition => AlertAction::ReducePosition,
        conf::AlertAction::EmergencyStop => AlertAction::EmergencyStop,
    };
    Some(Alert { limit, threshold: alert.threshold, action })
}

/// Ages on a venue's clock grow with its speed: a scenario that runs ten times as fast makes data that is
/// a tenth of a second old look a second old.
fn freshness(fresh: &conf::risk::Freshness, speed: u32) -> Freshness {
    let times = |span: Span| Span(span.0.saturating_mul(u64::from(speed.max(1))));
    Freshness {
        receive_age: fresh.receive_age,
        venue_age: times(fresh.venue_age),
        funding_age: fresh.funding_age,
        clock_bound: times(fresh.clock_bound),
    }
}

fn legging(legging: &conf::risk::Legging) -> Legging {
    Legging {
        hedge_time: legging.hedge_time,
        hedge_tries: legging.hedge_tries,
        unwind_time: legging.unwind_time,
        ..Legging::default()
    }
}

fn orders(orders: &conf::risk::Orders) -> OrderPlan {
    OrderPlan {
        slippage: orders.slippage,
        collar: orders.collar,
        probe: orders.probe,
        confirm: orders.confirm,
        stop_loss_pause: orders.stop_loss_pause,
        ..OrderPlan::default()
    }
}
