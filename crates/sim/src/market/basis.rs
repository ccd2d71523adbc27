//! A seeded path of price deviations: noise that steps every few seconds, and dislocations.

use crate::dec::Dec;
use crate::scenario::{Basis, Direction};
use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;

const SECOND: i64 = 1_000_000_000;
/// How long a dislocation takes to come and to go.
const RAMP: i64 = 2 * SECOND;

/// The path of one instrument. Ask with times that do not go back.
#[derive(Clone, Debug)]
pub(super) struct BasisPath {
    plan: Basis,
    rng: ChaCha8Rng,
    noise: Dec,
    noise_until: i64,
    dislocation: Option<Dislocation>,
}

/// One time the price leaves the others.
#[derive(Clone, Copy, Debug)]
struct Dislocation {
    from: i64,
    until: i64,
    size: Dec,
}

impl BasisPath {
    /// The path from `start` on.
    pub(super) fn new(plan: &Basis, rng: ChaCha8Rng, start: i64) -> Self {
        let mut path = Self {
            plan: plan.clone(),
            rng,
            noise: Dec::ZERO,
            noise_until: start,
            dislocation: None,
        };
        path.dislocation = path.next_dislocation(start);
        path
    }

    /// The deviation at a time, in basis points.
    pub(super) fn at(&mut self, at: i64) -> Dec {
        while at >= self.noise_until {
            self.noise = between(&mut self.rng, -self.plan.noise_bps, self.plan.noise_bps);
            self.noise_until += SECOND + i64::from(self.rng.next_u32() % 2_000) * 1_000_000;
        }
        while let Some(gone) = self.dislocation.filter(|d| at >= d.until) {
            self.dislocation = self.next_dislocation(gone.until);
        }
        let jump = self.dislocation.map_or(Dec::ZERO, |d| d.at(at));
        // Tenths of a basis point: finer steps would only rewrite books.
        (self.plan.offset_bps + self.noise + jump).round_to(Dec::scaled(1, 1))
    }

    fn next_dislocation(&mut self, after: i64) -> Option<Dislocation> {
        let (every, hold) = (pair(&self.plan.every_s)?, pair(&self.plan.hold_s)?);
        let (small, large) = (*self.plan.size_bps.first()?, *self.plan.size_bps.last()?);
        let from = after + seconds(&mut self.rng, every);
        let until = from + seconds(&mut self.rng, hold) + 2 * RAMP;
        let size = between(&mut self.rng, small, large);
        let down = match self.plan.direction {
            Some(direction) => direction == Direction::Down,
            None => self.rng.next_u32().is_multiple_of(2),
        };
        Some(Dislocation { from, until, size: if down { -size } else { size } })
    }
}

impl Dislocation {
    /// Up a ramp, along the top, down a ramp.
    fn at(&self, at: i64) -> Dec {
        let inside = (at - self.from).min(self.until - at).clamp(0, RAMP);
        Dec(self.size.0 * i128::from(inside) / i128::from(RAMP))
    }
}

fn pair(bounds: &[u32]) -> Option<(u32, u32)> {
    Some((*bounds.first()?, *bounds.last()?))
}

fn seconds(rng: &mut ChaCha8Rng, (low, high): (u32, u32)) -> i64 {
    let span = u64::from(high - low) * 1_000 + 1;
    let extra = i64::try_from(rng.next_u64() % span).unwrap_or(0);
    i64::from(low) * SECOND + extra * 1_000_000
}

/// A number between two, in steps of a thousandth of their distance.
pub(super) fn between(rng: &mut ChaCha8Rng, low: Dec, high: Dec) -> Dec {
    let step = i128::from(rng.next_u32() % 1_001);
    Dec(low.0 + (high.0 - low.0) * step / 1_000)
}
