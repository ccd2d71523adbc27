//! How long to wait before dialing again.

use base::{Span, Stamp};

use super::options::Backoff;

/// Doubling waits with jitter, so that many links do not come back in step.
#[derive(Clone, Debug)]
pub(super) struct Retry {
    backoff: Backoff,
    /// Dials since the last connection that lasted.
    tries: u32,
    random: u64,
}

impl Retry {
    pub(super) const fn new(backoff: Backoff, seed: u64) -> Self {
        Self { backoff, tries: 0, random: seed }
    }

    /// A connection that lived from `opened` to `now` is gone.
    pub(super) fn lived(&mut self, opened: Stamp, now: Stamp) {
        if now - opened >= self.backoff.stable {
            self.tries = 0;
        }
    }

    /// The wait before the next dial: none before the first.
    pub(super) fn next(&mut self) -> Span {
        let tries = self.tries;
        self.tries = tries.saturating_add(1);
        let Some(doublings) = tries.checked_sub(1) else { return Span(0) };
        let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
        let whole = self.backoff.first.0.saturating_mul(factor).min(self.backoff.most.0);
        let half = whole / 2;
        let jitter = self.draw().checked_rem((whole - half).saturating_add(1)).unwrap_or(0);
        Span(half + jitter)
    }

    /// The next number of the sequence (splitmix64).
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests;
