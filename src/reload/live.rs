//! Limits against what is held at this moment: what a tighter one will mean, said before it counts.

use base::{Money, Rate};
use std::collections::BTreeMap;
use strategy::plan::{AlertAction, Limit};
use strategy::{Plan, View};

/// Everything a plan allows less of than there is. None of it is closed for that alone: what would add to
/// it is not sent any more, what reduces it is.
pub(super) fn exceeded(plan: &Plan, now: &Plan, view: &View) -> Vec<String> {
    let mut told = Vec::new();
    positions(plan, view, &mut told);
    bases(plan, view, &mut told);
    pairs(plan, view, &mut told);
    let risk = (&plan.risk, &now.risk);
    let share =
        |limit| view.limits.iter().find(|l| l.limit == limit).map_or(Rate::ZERO, |l| l.used);
    let lost =
        share_of_other(share(Limit::DailyLoss), risk.1.max_daily_loss, risk.0.max_daily_loss);
    let fallen = ratio(share(Limit::Drawdown), risk.1.max_drawdown, risk.0.max_drawdown);
    for (limit, key, used) in
        [(Limit::DailyLoss, "max_daily_loss", lost), (Limit::Drawdown, "max_drawdown", fallen)]
    {
        let reached = |action| {
            plan.risk.alerts.iter().any(|a| {
                a.limit == limit && a.action == action && used >= i128::from(a.threshold.0)
            })
        };
        if reached(AlertAction::EmergencyStop) {
            told.push(format!(
                "global_limits.{key}: so much is lost already: trading halts at once"
            ));
        } else if reached(AlertAction::ReducePosition) {
            told.push(format!(
                "global_limits.{key}: so much is lost already: pairs will be closed"
            ));
        } else if used > i128::from(Rate::ONE.0) {
            told.push(format!("global_limits.{key}: more is lost already: nothing new is opened"));
        }
    }
    told
}

/// Notional of single instruments.
fn positions(plan: &Plan, view: &View, told: &mut Vec<String>) {
    let most = plan.risk.max_position_size;
    for held in view.positions.iter().filter(|held| held.value.abs() > most) {
        let (value, name, venue) = (money(held.value.abs()), &held.name, held.venue);
        told.push(format!(
            "global_limits.max_position_size: {value} of {name} are held on {venue}: only reduced from now on"
        ));
    }
    let gross: Money = view.positions.iter().map(|held| held.value.abs()).sum();
    let allowed = view.equity.and_then(|e| e.checked_mul_rate(plan.risk.max_leverage));
    if allowed.is_some_and(|allowed| gross > allowed) {
        let gross = money(gross);
        told.push(format!(
            "global_limits.max_leverage: {gross} are held: only reduced from now on"
        ));
    }
}

/// Positions of single base assets over all venues, either way.
fn bases(plan: &Plan, view: &View, told: &mut Vec<String>) {
    let mut held: BTreeMap<&str, [Money; 2]> = BTreeMap::new();
    for position in &view.positions {
        let base = position.name.split('/').next().unwrap_or_default();
        let Ok(qty) = Money::parse(position.qty.trim_start_matches('-').as_bytes()) else {
            continue;
        };
        let sides = held.entry(base).or_default();
        sides[usize::from(position.qty.starts_with('-'))] += qty;
    }
    for limit in &plan.risk.bases {
        let Some(base) = plan.instruments.assets.get(limit.base.index()) else { continue };
        let most = held.get(base.as_str()).map_or(Money::ZERO, |[long, short]| (*long).max(*short));
        if most > limit.max_position {
            let most = money(most);
            told.push(format!(
                "position_limits.{base}: {most} {base} are held one way: only reduced from now on"
            ));
        }
    }
}

fn pairs(plan: &Plan, view: &View, told: &mut Vec<String>) {
    let open = view.pairs.len();
    if open > usize::from(plan.risk.max_open_pairs) {
        told.push(format!(
            "global_limits.max_open_pairs: {open} are open: none is opened until there are fewer"
        ));
    }
    for strategy in &plan.strategies {
        let name = &strategy.name;
        let open = view.pairs.iter().filter(|pair| pair.strategy == *name).count();
        if open > 0 && !strategy.enabled {
            told.push(format!(
                "{name}: {open} of its pairs are open: they are brought to their end"
            ));
        } else if open > usize::from(strategy.class.max_positions()) {
            told.push(format!(
                "{name}.max_positions: {open} are open: none is opened until there are fewer"
            ));
        }
    }
}

/// A share of one limit as a share of another, 10^12 being all of it.
fn share_of_other(used: Rate, of: Money, other: Money) -> i128 {
    if other.0 <= 0 {
        return if used.0 > 0 { i128::MAX } else { 0 };
    }
    // Whole units of the currency are fine enough, and cannot overflow.
    let whole = |money: Money| (money.0 / Money::from_whole(1).0).max(1);
    i128::from(used.0).saturating_mul(whole(of)) / whole(other)
}

fn ratio(used: Rate, of: Rate, other: Rate) -> i128 {
    if other.0 <= 0 {
        return if used.0 > 0 { i128::MAX } else { 0 };
    }
    i128::from(used.0) * i128::from(of.0) / i128::from(other.0)
}

/// With two decimals.
fn money(amount: Money) -> String {
    amount.round_to(2).to_string()
}

#[cfg(test)]
mod tests;
