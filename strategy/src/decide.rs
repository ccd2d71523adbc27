//! When a pair is worth opening and when it is done: the two strategies' parameters, read once.
//!
//! **`funding_rate_arbitrage`** trades perpetual against perpetual on two venues, and spot bought
//! against a perpetual sold. Spot is never sold short, so that combination has one direction.
//!
//! - It looks when the *carry* over `horizon` reaches `funding_threshold`, or the executable spread
//!   reaches `min_spread`. The threshold is meant for what will really be settled within the
//!   horizon (8 h by default, which is what "the funding rate" means to those who wrote 0.0005
//!   down), so a venue that settles hourly is counted eight times, not once.
//! - It enters only if the edge after all fees, in and out, is above zero ([`crate::signal`]).
//! - A spread above `max_spread` is not an opportunity, it is bad data: refused and counted.
//! - It leaves with a profit when the result after all fees reaches `take_profit` of the notional;
//!   with a loss when prices (fees apart, they were known) lost `stop_loss` of it; when nothing is
//!   left to earn, that is when carry and remaining basis together are no longer positive; and when
//!   the horizon is over and the carry no longer reaches `funding_threshold`.
//!   Between the entry rule and the exit rule lie all costs of a round trip, so that a pair cannot
//!   flicker around one value.
//!
//! **`basis_arbitrage`** buys spot and sells the perpetual, on one venue or two, while the executable
//! basis lies in `min_basis..=max_basis` and the edge is above zero, and leaves when the basis of
//! the mids has fallen to `exit_basis`, on profit or on loss as above.
//!
//! A carry that is not known (a perpetual's interval unknown, its rate too old, its settlement just
//! passed) opens nothing and closes nothing.

use crate::plan::Class;
use crate::signal::Edge;
use base::output::PairReason;
use base::{Money, Rate};

/// What is thought of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Worth opening.
    Enter,
    /// Not worth it.
    Pass,
    /// Too good to be true.
    Incredible,
}

/// The least spread at the touch at which entering could pay: a necessary condition that costs one
/// comparison an event. `None` when nothing can be said: never.
pub(crate) fn hurdle(class: &Class, carry: Option<Rate>, fees: Rate) -> Option<Rate> {
    let carry = carry?;
    let costs = fees - carry;
    let asked = match class {
        Class::FundingRate(p) if carry >= p.funding_threshold => -p.max_spread,
        Class::FundingRate(p) => p.min_spread,
        Class::Basis(p) => p.min_basis,
    };
    Some(asked.max(costs).max(Rate(1 - Rate::ONE.0)))
}

/// Whether to enter.
pub(crate) fn entry(class: &Class, edge: &Edge) -> Verdict {
    let (asked, most) = match class {
        Class::FundingRate(p) => {
            (edge.carry >= p.funding_threshold || edge.spread >= p.min_spread, p.max_spread)
        }
        Class::Basis(p) => (edge.spread >= p.min_basis, p.max_basis),
    };
    if edge.spread > most || -edge.spread > most {
        return Verdict::Incredible;
    }
    if asked && edge.net > Rate::ZERO { Verdict::Enter } else { Verdict::Pass }
}

/// How an open pair stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// What one leg was worth at entry.
    pub(crate) notional: Money,
    /// Result of prices if both legs were closed through the books now.
    pub(crate) trading: Money,
    /// Fees paid, and those of leaving; positive.
    pub(crate) fees: Money,
    /// Funding settled.
    pub(crate) funding: Money,
    /// What convergence of the mids would still earn.
    pub(crate) basis: Rate,
    /// What the horizon from now on pays, when known.
    pub(crate) carry: Option<Rate>,
    /// The horizon it was opened for is over.
    pub(crate) over: bool,
}

/// Whether to leave, and why.
pub(crate) fn exit(class: &Class, s: &Standing) -> Option<PairReason> {
    let (profit, loss) = match class {
        Class::FundingRate(p) => (Some(p.take_profit), Some(p.stop_loss)),
        Class::Basis(p) => (p.take_profit, p.stop_loss),
    };
    let net = s.trading + s.funding - s.fees;
    let of = |rate: Rate| s.notional.checked_mul_rate(rate);
    if loss.and_then(of).is_some_and(|limit| s.trading + s.funding <= -limit) {
        return Some(PairReason::StopLoss);
    }
    if profit.and_then(of).is_some_and(|limit| net >= limit) {
        return Some(PairReason::TakeProfit);
    }
    match class {
        Class::FundingRate(p) => {
            let carry = s.carry?;
            if carry + s.basis <= Rate::ZERO {
                let earned = net >= Money::ZERO;
                return Some(if earned { PairReason::TakeProfit } else { PairReason::Funding });
            }
            (s.over && carry < p.funding_threshold).then_some(PairReason::Funding)
        }
        Class::Basis(p) => (s.basis <= p.exit_basis).then_some(PairReason::TakeProfit),
    }
}

#[cfg(test)]
mod tests;
