//! What follows where processors that must be the engine's own no longer are.
//!
//! An engine that refuses to start on shared processors does not go on trading on them either: it opens no
//! new pairs, says so, and stays so, over restarts, until somebody arms it by hand. Exits and hedges go on:
//! late ones are better than none.

use std::collections::BTreeSet;
use tuning::Degraded;

/// Looks on where `nodes.require_exclusive` is set.
#[derive(Debug, Default)]
pub(crate) struct Exclusivity {
    required: bool,
    /// The reasons that were met and the threads they are about, until none is left.
    met: BTreeSet<(&'static str, Option<String>)>,
    /// What was last lost, for people.
    told: String,
    /// The core is still to be disarmed.
    due: bool,
    /// Nobody has armed it since.
    held: bool,
}

impl Exclusivity {
    pub(crate) fn new(required: bool) -> Self {
        Self { required, ..Self::default() }
    }

    /// Takes in why the processors do not count as our own now; `true` when that is news to be acted on.
    pub(crate) fn look(&mut self, lost: &[Degraded]) -> bool {
        if !self.required {
            return false;
        }
        if lost.is_empty() {
            self.met.clear();
            return false;
        }
        // Every reason, for who armed by hand knew of all that were there.
        let mut is_news = false;
        for what in lost {
            is_news |= self.met.insert((what.code(), what.thread().map(str::to_owned)));
        }
        if is_news {
            let why: Vec<_> = lost.iter().map(ToString::to_string).collect();
            self.told = why.join("; ");
            (self.due, self.held) = (true, true);
        }
        is_news
    }

    /// Whether the core is to be disarmed.
    pub(crate) fn is_due(&self) -> bool {
        self.due
    }

    /// The core was told.
    pub(crate) fn done(&mut self) {
        self.due = false;
    }

    /// Somebody armed the engine by hand: what is lost now is known and accepted.
    pub(crate) fn armed(&mut self) {
        (self.due, self.held) = (false, false);
    }

    /// What keeps the engine from being ready.
    pub(crate) fn fault(&self) -> Option<String> {
        let told = &self.told;
        match (self.met.is_empty(), self.held) {
            (true, false) => None,
            (true, true) => Some(format!("{told}; over by now, disarmed until armed by hand")),
            (false, true) => Some(format!("{told}; disarmed until armed by hand")),
            (false, false) => Some(format!("{told}; armed by hand all the same")),
        }
    }
}

#[cfg(test)]
mod tests;
