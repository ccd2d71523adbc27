//! A perpetual's funding: an estimate that moves, an interval that may change, settlements on the hour.

use super::basis::between;
use crate::dec::Dec;
use crate::scenario::{FundingPlan, FundingStep};
use base::WallNs;
use rand_chacha::ChaCha8Rng;

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// How often the estimate moves.
const MOVE: i64 = 10 * SECOND;
/// Settlements before the run that histories show.
const PAST: i64 = 6;

/// One settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// When.
    pub at: WallNs,
    /// The rate charged.
    pub rate: Dec,
    /// The mark price it was charged on.
    pub mark: Dec,
}

/// The state of an instrument's funding.
#[derive(Clone, Debug)]
pub struct Funding {
    /// The running estimate of the rate charged at `next`.
    pub rate: Dec,
    /// Hours between settlements.
    pub hours: u32,
    /// The next settlement.
    pub next: WallNs,
    /// The settlement after that.
    pub after: WallNs,
    /// Settlements so far, oldest first, with some from before the run.
    pub history: Vec<Settled>,
    target: Dec,
    noise: Dec,
    cap: Dec,
    steps: Vec<FundingStep>,
    start: i64,
    next_move: i64,
    rng: ChaCha8Rng,
}

impl Funding {
    /// The funding of a plan from `start` on; `price` stands for the marks of the past.
    pub(super) fn new(
        plan: &FundingPlan,
        cap: Dec,
        price: Dec,
        start: i64,
        mut rng: ChaCha8Rng,
    ) -> Self {
        let next = boundary(start, plan.hours);
        let history = (1..=PAST).rev().map(|back| Settled {
            at: WallNs(next - back * i64::from(plan.hours) * HOUR),
            rate: near(&mut rng, plan.rate, plan.noise, cap),
            mark: price,
        });
        let history = history.collect();
        Self {
            rate: plan.rate.cut_places(8),
            hours: plan.hours,
            next: WallNs(next),
            after: WallNs(boundary(next, plan.hours)),
            history,
            target: plan.rate,
            noise: plan.noise,
            cap,
            steps: plan.steps.clone(),
            start,
            next_move: start,
            rng,
        }
    }

    /// Settles when the time has come.
    pub(super) fn settle(&mut self, now: WallNs, mark: Dec) -> Option<Settled> {
        if now < self.next {
            return None;
        }
        let settled = Settled { at: self.next, rate: self.rate, mark };
        self.history.push(settled);
        self.next = self.after;
        self.after = WallNs(boundary(self.next.0, self.hours));
        self.next_move = now.0;
        Some(settled)
    }

    /// A second has passed; whether anything a venue announces has changed.
    pub(super) fn second(&mut self, now: WallNs) -> bool {
        let mut changed = false;
        while let Some(step) = self.steps.first().filter(|s| now.0 >= self.start + seconds(s.at_s))
        {
            self.target = step.rate.unwrap_or(self.target);
            if let Some(hours) = step.hours {
                self.hours = hours;
                self.next = WallNs(boundary(now.0, hours));
                self.after = WallNs(boundary(self.next.0, hours));
            }
            self.steps.remove(0);
            self.next_move = now.0;
            changed = true;
        }
        if now.0 >= self.next_move {
            self.next_move = now.0 + MOVE;
            let rate = near(&mut self.rng, self.target, self.noise, self.cap);
            changed |= rate != self.rate;
            self.rate = rate;
        }
        changed
    }
}

/// The first settlement after `now`: whole multiples of the interval after midnight UTC.
fn boundary(now: i64, hours: u32) -> i64 {
    let interval = i64::from(hours.max(1)) * HOUR;
    (now.div_euclid(interval) + 1) * interval
}

fn near(rng: &mut ChaCha8Rng, target: Dec, noise: Dec, cap: Dec) -> Dec {
    let rate = between(rng, target - noise, target + noise);
    rate.clamp(-cap, cap).cut_places(8)
}

fn seconds(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX / SECOND / 2).saturating_mul(SECOND)
}
