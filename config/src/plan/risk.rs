//! Limits over everything, and what happens on the way to them.

use super::exchanges::{Symbol, symbol};
use super::form::{amount, amount_above_zero, choice, millis, ratio, whole};
use super::section::Section;
use crate::fault::{Fault, Source};
use base::{Money, Rate, Span};

/// The limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// Loss since midnight UTC.
    pub max_daily_loss: Money,
    /// Loss since the highest equity, as a share of it.
    pub max_drawdown: Rate,
    /// Notional of one instrument's position.
    pub max_position_size: Money,
    /// Notional of all positions over equity.
    pub max_leverage: Rate,
    /// Notional of one order.
    pub max_order_notional: Money,
    /// Pairs at once over all strategies.
    pub max_open_pairs: u16,
    /// Orders whose outcome is unknown before nothing new is opened.
    pub max_unknown_orders: u16,
    /// Pairs one strategy may open within a minute.
    pub max_opens_per_minute: u16,
    /// Limits of single base assets.
    pub positions: Vec<PositionLimit>,
    /// Value at risk.
    pub var: Var,
    /// What happens on the way to a limit.
    pub alerts: Vec<Alert>,
    /// How old what is traded on may be.
    pub freshness: Freshness,
    /// How long one leg may stand alone.
    pub legging: Legging,
    /// How orders are priced.
    pub orders: Orders,
}

/// The limit of one base asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionLimit {
    /// Its key, where somebody wrote it; `None` of a limit that is built in.
    pub written: Option<String>,
    /// The pair it is written for; its base asset is what is limited.
    pub symbol: Symbol,
    /// The most of it held either way over all venues, in whole assets.
    pub max_position: Money,
    /// Its notional as a share of equity.
    pub max_concentration: Rate,
}

/// Value at risk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Var {
    /// With this confidence
    pub confidence: Rate,
    /// over so many days
    pub horizon_days: u16,
    /// not more than this is lost.
    pub max: Money,
}

/// What is done when a share of a limit is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Of which limit.
    pub kind: AlertKind,
    /// The share of it.
    pub threshold: Rate,
    /// What is done.
    pub action: AlertAction,
}

/// The limits an alert can watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the limit of its name")]
pub enum AlertKind {
    Var,
    Position,
    DailyLoss,
    Drawdown,
    Leverage,
    Concentration,
}

/// What an alert does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AlertAction {
    /// A person is told.
    #[default]
    Warn,
    /// Nothing new, and pairs are closed until below the threshold.
    ReducePosition,
    /// Nothing new until armed again by hand.
    EmergencyStop,
}

/// How old what is traded on may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// Since a book's last message arrived.
    pub receive_age: Span,
    /// Since the venue made it.
    pub venue_age: Span,
    /// Since a funding rate was last said.
    pub funding_age: Span,
    /// The widest error of a venue's clock offset.
    pub clock_bound: Span,
}

/// The ladder of a pair that stands on one leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legging {
    /// How long the missing leg is sent again.
    pub hedge_time: Span,
    /// And at most this often.
    pub hedge_tries: u8,
    /// How long the other leg is unwound then, before a person is called.
    pub unwind_time: Span,
}

/// How orders are priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orders {
    /// How far beyond the touch a limit may reach.
    pub slippage: Rate,
    /// How far from the mid a limit may ever be.
    pub collar: Rate,
    /// The notional whose price on the books is followed.
    pub probe: Money,
    /// How long what two books show together must stand, unless both say it.
    pub confirm: Span,
    /// How long a combination rests after a stop-loss.
    pub stop_loss_pause: Span,
}

const ALERTS: [(&str, AlertKind); 6] = [
    ("var_breach", AlertKind::Var),
    ("position_limit_breach", AlertKind::Position),
    ("daily_loss_breach", AlertKind::DailyLoss),
    ("drawdown_breach", AlertKind::Drawdown),
    ("leverage_breach", AlertKind::Leverage),
    ("concentration_breach", AlertKind::Concentration),
];
const ACTIONS: &[(&str, AlertAction)] = &[
    ("warn", AlertAction::Warn),
    ("reduce_position", AlertAction::ReducePosition),
    ("emergency_stop", AlertAction::EmergencyStop),
];

/// The largest amount of money anything is limited to.
const MONEY_MAX: i64 = 1_000_000_000_000;

pub(super) fn read(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Risk {
    let mut g = s.section("global_limits", faults);
    let risk = Risk {
        max_daily_loss: g.need("max_daily_loss", &amount_above_zero(MONEY_MAX), faults),
        max_drawdown: g.need("max_drawdown", &ratio("0.000001", "1"), faults),
        max_position_size: g.need("max_position_size", &amount_above_zero(MONEY_MAX), faults),
        max_leverage: g.need("max_leverage", &ratio("0.01", "125"), faults),
        max_order_notional: g.need("max_order_notional", &amount_above_zero(MONEY_MAX), faults),
        max_open_pairs: g.need("max_open_pairs", &whole(1_u16, 4_000), faults),
        max_unknown_orders: g.need("max_unknown_orders", &whole(1, 1_000), faults),
        max_opens_per_minute: g.need("max_opens_per_minute", &whole(1, 60_000), faults),
        positions: positions(&s.section("position_limits", faults), faults),
        var: var(s.section("var_limits", faults), faults),
        alerts: alerts(s.section("risk_alerts", faults), faults),
        freshness: freshness(s.section("freshness_ms", faults), faults),
        legging: legging(s.section("legging", faults), faults),
        orders: orders(s.section("orders", faults), faults),
    };
    g.finish(faults);
    s.finish(faults);
    risk
}

fn positions(s: &Section<'_>, faults: &mut Vec<Fault>) -> Vec<PositionLimit> {
    let mut limits = Vec::new();
    for (entry, symbol, mut p) in s.named(&symbol(), faults) {
        let max_position = p.need("max_position", &amount(0, MONEY_MAX), faults);
        let max_concentration = p.need("max_concentration", &ratio("0", "1"), faults);
        p.finish(faults);
        if let Some(symbol) = symbol {
            let shipped = matches!(*entry.at.source, Source::Shipped(_));
            let written = (!shipped).then(|| entry.key.clone());
            limits.push(PositionLimit { written, symbol, max_position, max_concentration });
        }
    }
    limits
}

fn var(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Var {
    let var = Var {
        confidence: s.need("confidence_level", &ratio("0.5", "0.9999"), faults),
        horizon_days: s.need("time_horizon", &whole(1, 365), faults),
        max: s.need("max_var", &amount_above_zero(MONEY_MAX), faults),
    };
    s.finish(faults);
    var
}

fn alerts(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for (key, kind) in ALERTS {
        if let Some(mut a) = s.section_if_any(key, faults) {
            let threshold = a.need("threshold", &ratio("0", "1"), faults);
            let action = a.need("action", &choice(ACTIONS), faults);
            alerts.push(Alert { kind, threshold, action });
            a.finish(faults);
        }
    }
    s.finish(faults);
    alerts
}

fn freshness(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Freshness {
    let freshness = Freshness {
        receive_age: s.need("receive_age", &millis(1, 60_000), faults),
        venue_age: s.need("venue_age", &millis(1, 600_000), faults),
        funding_age: s.need("funding_age", &millis(1_000, 3_600_000), faults),
        clock_bound: s.need("clock_bound", &millis(1, 60_000), faults),
    };
    s.finish(faults);
    freshness
}

fn legging(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Legging {
    let legging = Legging {
        hedge_time: s.need("hedge_ms", &millis(1, 60_000), faults),
        hedge_tries: s.need("hedge_tries", &whole(1, 100), faults),
        unwind_time: s.need("unwind_ms", &millis(1, 600_000), faults),
    };
    s.finish(faults);
    legging
}

fn orders(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Orders {
    let orders = Orders {
        slippage: s.need("slippage", &ratio("0", "0.1"), faults),
        collar: s.need("collar", &ratio("0.0001", "0.5"), faults),
        probe: s.need("probe", &amount_above_zero(MONEY_MAX), faults),
        confirm: s.need("confirm_ms", &millis(0, 60_000), faults),
        stop_loss_pause: s.need("stop_loss_pause_ms", &millis(0, 86_400_000), faults),
    };
    s.finish(faults);
    orders
}
