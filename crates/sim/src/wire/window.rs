//! Request limits over a sliding window, one window per key (an account and an instrument, a user).

use base::WallNs;
use std::collections::{BTreeMap, VecDeque};

/// How often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// That many times…
    pub(crate) count: usize,
    /// …within that many scenario milliseconds.
    pub(crate) millis: i64,
}

impl Rule {
    /// `count` in `millis`.
    pub(crate) const fn new(count: usize, millis: i64) -> Self {
        Self { count, millis }
    }
}

/// What a window says to one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether it fits.
    pub(crate) ok: bool,
    /// How many still fit after it.
    pub(crate) left: usize,
    /// When there is room again, scenario milliseconds.
    pub(crate) reset_ms: i64,
}

/// Windows by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows {
    taken: BTreeMap<String, VecDeque<i64>>,
}

impl Windows {
    /// Takes `weight` places of the window of `key`, all or none.
    pub(crate) fn take(&mut self, now: WallNs, key: &str, rule: Rule, weight: usize) -> Verdict {
        let now_ms = now.millis();
        if !self.taken.contains_key(key) {
            self.taken.insert(key.to_owned(), VecDeque::new());
        }
        let Some(taken) = self.taken.get_mut(key) else {
            return Verdict { ok: true, left: 0, reset_ms: now_ms };
        };
        while taken.front().is_some_and(|at| *at <= now_ms - rule.millis) {
            taken.pop_front();
        }
        let ok = taken.len() + weight <= rule.count;
        if ok {
            taken.extend(std::iter::repeat_n(now_ms, weight));
        }
        let reset_ms = taken.front().map_or(now_ms, |first| first + rule.millis);
        Verdict { ok, left: rule.count.saturating_sub(taken.len()), reset_ms }
    }
}

#[cfg(test)]
mod tests;
