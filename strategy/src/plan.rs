//! Everything the core is told before its first input, as plain data written beside the journal.
//!
//! A replay is this plan and the journal's records, nothing else: so every number that can change
//! a decision is here and is exact. Ratios are [`Rate`]s, amounts [`Money`] in the currency.

use base::{AssetId, InstrumentId, Instruments, Money, Product, Rate, Span};
use core::fmt;
use serde::{Deserialize, Serialize};

/// What the core trades, how, and within which limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Every instrument and asset of the run.
    pub instruments: Instruments,
    /// By priority: the row is the `StrategyId`, an earlier one decides first.
    pub strategies: Vec<StrategyPlan>,
    /// Limits over everything.
    pub risk: RiskPlan,
    /// How old what is traded on may be.
    pub freshness: Freshness,
    /// How long one leg may stand alone, and what is tried meanwhile.
    pub legging: Legging,
    /// How orders are priced and when silence becomes a question.
    pub orders: OrderPlan,
    /// Sizes of the tables.
    pub core: CorePlan,
    /// The start this is: part of every order id.
    pub epoch: u32,
    /// The configuration version every order is sent under.
    pub version: u32,
}

/// One configured strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrategyPlan {
    /// Its name in reports.
    pub name: String,
    /// Whether it opens pairs; those it has are looked after in any case.
    pub enabled: bool,
    /// What it looks for.
    pub class: Class,
    /// What it may trade.
    pub instruments: Vec<InstrumentId>,
}

/// The two strategies and their parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Perpetual against perpetual across venues, and spot against perpetual.
    FundingRate(FundingRatePlan),
    /// Spot against perpetual.
    Basis(BasisPlan),
}

/// Parameters of `funding_rate_arbitrage`; [`crate::decide`] says what each means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundingRatePlan {
    /// The smallest executable spread worth a look.
    pub min_spread: Rate,
    /// A larger spread is taken for bad data.
    pub max_spread: Rate,
    /// Notional of each leg.
    pub position_size: Money,
    /// Pairs of this strategy at once.
    pub max_positions: u16,
    /// Close when the trade lost this much of its notional, fees apart.
    pub stop_loss: Rate,
    /// Close when it earned this much of its notional after all fees.
    pub take_profit: Rate,
    /// The expected funding over the horizon that asks for an entry by itself.
    pub funding_threshold: Rate,
    /// Wall time over which settlements are counted and after which a pair must still pay.
    pub horizon: Span,
}

impl Default for FundingRatePlan {
    fn default() -> Self {
        Self {
            min_spread: Rate(100_000_000),
            max_spread: Rate(10_000_000_000),
            position_size: Money::from_whole(1000),
            max_positions: 5,
            stop_loss: Rate(5_000_000_000),
            take_profit: Rate(3_000_000_000),
            funding_threshold: Rate(500_000_000),
            horizon: Span::from_secs(8 * 3600),
        }
    }
}

/// Parameters of `basis_arbitrage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasisPlan {
    /// The smallest executable basis worth a look.
    pub min_basis: Rate,
    /// A larger basis is taken for bad data.
    pub max_basis: Rate,
    /// Notional of each leg.
    pub position_size: Money,
    /// Pairs of this strategy at once.
    pub max_positions: u16,
    /// The basis at which it has converged.
    pub exit_basis: Rate,
    /// Close when the trade lost this much of its notional, fees apart.
    pub stop_loss: Option<Rate>,
    /// Close when it earned this much of its notional after all fees.
    pub take_profit: Option<Rate>,
    /// Wall time over which the perpetual's funding is counted into the edge.
    pub horizon: Span,
}

impl Default for BasisPlan {
    fn default() -> Self {
        Self {
            min_basis: Rate(2_000_000_000),
            max_basis: Rate(20_000_000_000),
            position_size: Money::from_whole(500),
            max_positions: 3,
            exit_basis: Rate(200_000_000),
            stop_loss: Some(Rate(5_000_000_000)),
            take_profit: None,
            horizon: Span::from_secs(8 * 3600),
        }
    }
}

impl Class {
    /// Notional of each leg.
    #[must_use]
    pub const fn position_size(&self) -> Money {
        match self {
            Self::FundingRate(p) => p.position_size,
            Self::Basis(p) => p.position_size,
        }
    }

    /// Pairs at once.
    #[must_use]
    pub const fn max_positions(&self) -> u16 {
        match self {
            Self::FundingRate(p) => p.max_positions,
            Self::Basis(p) => p.max_positions,
        }
    }

    /// Wall time over which settlements are counted.
    #[must_use]
    pub const fn horizon(&self) -> Span {
        match self {
            Self::FundingRate(p) => p.horizon,
            Self::Basis(p) => p.horizon,
        }
    }
}

/// Limits over all strategies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskPlan {
    /// What everything is quoted and settled in.
    pub currency: AssetId,
    /// Loss since midnight UTC.
    pub max_daily_loss: Money,
    /// Loss since the highest equity, as a share of it.
    pub max_drawdown: Rate,
    /// Notional of one instrument's position.
    pub max_position_size: Money,
    /// Notional of all positions over equity; also the margin assumed: notional / leverage.
    pub max_leverage: Rate,
    /// Notional of one order.
    pub max_order_notional: Money,
    /// Pairs at once over all strategies.
    pub max_open_pairs: u16,
    /// Orders whose outcome is unknown before nothing new is opened.
    pub max_unknown_orders: u16,
    /// Pairs one strategy may open within a minute.
    pub max_opens_per_minute: u16,
    /// Limits of single assets.
    pub bases: Vec<BaseLimit>,
    /// What happens on the way to a limit.
    pub alerts: Vec<Alert>,
}

impl Default for RiskPlan {
    fn default() -> Self {
        Self {
            currency: AssetId(0),
            max_daily_loss: Money::from_whole(5000),
            max_drawdown: Rate(100_000_000_000),
            max_position_size: Money::from_whole(10_000),
            max_leverage: Rate(5_000_000_000_000),
            max_order_notional: Money::from_whole(5000),
            max_open_pairs: 8,
            max_unknown_orders: 2,
            max_opens_per_minute: 60,
            bases: Vec::new(),
            alerts: Vec::new(),
        }
    }
}

/// Limits of one base asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseLimit {
    /// Which.
    pub base: AssetId,
    /// The most of it held long, and the most held short, over all venues, in whole assets.
    pub max_position: Money,
    /// Its notional as a share of equity.
    pub max_concentration: Rate,
}

/// The most alerts there can be.
pub const ALERTS_MAX: usize = 16;

/// What is done when a share of a limit is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Of which limit.
    pub limit: Limit,
    /// The share of it.
    pub threshold: Rate,
    /// What is done.
    pub action: AlertAction,
}

/// The limits an alert can watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Limit {
    /// Of any base asset, or of any instrument's notional.
    Position = 0,
    /// Since midnight UTC.
    DailyLoss = 1,
    /// Since the highest equity.
    Drawdown = 2,
    /// Notional over equity.
    Leverage = 3,
    /// Share of one base asset.
    Concentration = 4,
}

impl Limit {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Position, Self::DailyLoss, Self::Drawdown, Self::Leverage, Self::Concentration];
}

/// What an alert does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum AlertAction {
    /// A person is told.
    Warn = 0,
    /// Nothing new is opened; pairs are closed, newest first, until below the threshold.
    ReducePosition = 1,
    /// Nothing new is opened until armed again; what rests is cancelled; hedges and exits go on.
    EmergencyStop = 2,
}

/// How old what is traded on may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    /// Since a book's last message left the socket.
    pub receive_age: Span,
    /// Since the venue made it, on the venue's clock. Wall time: a clock that runs faster needs more.
    pub venue_age: Span,
    /// Since a funding rate was last said, monotonic.
    pub funding_age: Span,
    /// The widest bound of a venue's clock offset.
    pub clock_bound: Span,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            receive_age: Span::from_millis(250),
            venue_age: Span::from_secs(1),
            funding_age: Span::from_secs(180),
            clock_bound: Span::from_millis(500),
        }
    }
}

/// The ladder of a pair that stands on one leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Legging {
    /// First rung: the missing leg is sent again at the market of the moment, this long.
    pub hedge_time: Span,
    /// ... and at most this often.
    pub hedge_tries: u8,
    /// Second rung: the leg that is ahead is unwound, this long; then a person is called.
    pub unwind_time: Span,
    /// Pause between two tries.
    pub pause: Span,
    /// Pause between tries of a pair that a person was called for.
    pub stuck_pause: Span,
}

impl Default for Legging {
    fn default() -> Self {
        Self {
            hedge_time: Span::from_millis(500),
            hedge_tries: 3,
            unwind_time: Span::from_secs(2),
            pause: Span::from_millis(20),
            stuck_pause: Span::from_secs(1),
        }
    }
}

/// How orders are priced, and when silence becomes a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderPlan {
    /// How far beyond the touch a limit may reach; each further try reaches once more as far.
    pub slippage: Rate,
    /// How far from its own mid, and at entry from the other leg's, a limit may ever be.
    pub collar: Rate,
    /// No news of an order for this long: its outcome is unknown, ask.
    pub quiet: Span,
    /// "Not found" is believed when asked this long after sending.
    pub settle: Span,
    /// The notional that `Depth` events sweep.
    pub probe: Money,
    /// Pause of a candidate after a gate refused it.
    pub refusal_pause: Span,
    /// A spread that opens, or a loss that closes, must stand until both books have spoken since it
    /// was first seen, or for this long: one book ahead of the other shows what is not there. None: at
    /// once.
    #[serde(default)]
    pub confirm: Span,
    /// Pause of a combination after its pair was closed by stop-loss: what lost may still be there.
    #[serde(default)]
    pub stop_loss_pause: Span,
}

impl Default for OrderPlan {
    fn default() -> Self {
        Self {
            slippage: Rate(500_000_000),
            collar: Rate(20_000_000_000),
            quiet: Span::from_millis(250),
            settle: Span::from_millis(700),
            probe: Money::from_whole(1000),
            refusal_pause: Span::from_millis(10),
            confirm: Span(0),
            stop_loss_pause: Span(0),
        }
    }
}

/// Sizes of the core's tables; nothing grows after the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorePlan {
    /// Pairs alive at once, those that came back from the dead included.
    pub pairs: u16,
    /// Orders remembered; a power of two.
    pub orders: u32,
    /// Fills and fees remembered against counting twice; a power of two.
    pub fills: u32,
    /// Inputs between two checkpoints of the hash.
    pub checkpoint_every: u32,
}

impl Default for CorePlan {
    fn default() -> Self {
        Self { pairs: 32, orders: 1024, fills: 16_384, checkpoint_every: 4096 }
    }
}

/// What is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFault(pub String);

impl fmt::Display for PlanFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for PlanFault {}

impl Plan {
    /// Everything wrong with it, so that one edit mends it.
    #[must_use]
    pub fn faults(&self) -> Vec<PlanFault> {
        let mut faults = Vec::new();
        self.table_faults(&mut faults);
        self.instrument_faults(&mut faults);
        self.strategy_faults(&mut faults);
        faults
    }

    fn table_faults(&self, faults: &mut Vec<PlanFault>) {
        let mut check = |good: bool, what: &str| {
            if !good {
                faults.push(PlanFault(what.to_owned()));
            }
        };
        check(self.core.orders.is_power_of_two(), "core.orders is no power of two");
        check(self.core.fills.is_power_of_two(), "core.fills is no power of two");
        check(self.core.fills >= 64, "core.fills is below 64");
        check(self.core.orders <= 1 << 15, "core.orders is above 32768");
        check(self.core.checkpoint_every > 0, "core.checkpoint_every is zero");
        check(self.core.pairs >= self.risk.max_open_pairs, "core.pairs below risk.max_open_pairs");
        check(self.core.pairs < 4096, "core.pairs is above 4095");
        check(self.risk.max_leverage.0 > 0, "risk.max_leverage is not positive");
        check(self.risk.alerts.len() <= ALERTS_MAX, "risk.alerts has more than 16");
        check(self.epoch < 1 << 24, "epoch does not fit 24 bits");
        check(self.instruments.list.len() < usize::from(u16::MAX), "too many instruments");
    }

    fn instrument_faults(&self, faults: &mut Vec<PlanFault>) {
        for (row, i) in self.instruments.list.iter().enumerate() {
            let mut fault = |what: &str| {
                faults.push(PlanFault(format!("{} on {}: {what}", i.name, i.venue)));
            };
            if i.id.index() != row {
                fault("its id is not its row");
            }
            if i.quote != self.risk.currency {
                fault("it is not quoted in the currency of the risk limits");
            }
            if i.tick.0 <= 0 || i.lot.0 <= 0 || i.qty_min.0 < 0 || i.qty_max.0 <= 0 {
                fault("tick, lot or sizes are not positive");
            }
            if i.fee_taker.0.abs() >= Rate::ONE.0 {
                fault("its fee is not below 100 %");
            }
        }
    }

    fn strategy_faults(&self, faults: &mut Vec<PlanFault>) {
        for s in &self.strategies {
            for id in &s.instruments {
                if self.instruments.get(*id).is_none() {
                    faults
                        .push(PlanFault(format!("{}: instrument {} is not listed", s.name, id.0)));
                }
            }
            if s.class.position_size().0 <= 0 {
                faults.push(PlanFault(format!("{}: position_size is not positive", s.name)));
            }
            if self.orders.probe < s.class.position_size() {
                faults.push(PlanFault(format!("{}: position_size is above orders.probe", s.name)));
            }
            let perpetual = |id: &InstrumentId| {
                self.instruments.get(*id).is_some_and(|i| i.product == Product::Perpetual)
            };
            if s.enabled && !s.instruments.iter().any(perpetual) {
                faults.push(PlanFault(format!("{}: it lists no perpetual", s.name)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
