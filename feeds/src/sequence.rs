//! The sequence rules: which book message continues the book, which is old, and where one is missing.

use crate::message::{BookAction, BookChange};

/// The rule of a venue's book channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Snapshot by REST; each delta's first update follows the last one of the delta before it.
    BinanceSpot,
    /// Snapshot by REST; each delta names the last update of the delta before it (`pu`). COIN-M alike.
    BinanceFutures,
    /// Snapshot first; each update names the one before it (`prevSeqId`).
    Okx,
    /// Snapshot first; updates are numbered without a gap, 1 means that the venue started afresh.
    Bybit,
}

/// What a book message means for the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Change these levels.
    Apply,
    /// These levels are the whole book.
    Replace,
    /// Nothing: the book is newer.
    Stale,
    /// There is no snapshot yet that it could continue.
    Waiting,
    /// A message is missing: the book is unknown.
    Gap {
        /// What should have come.
        expected: i64,
        /// What came.
        got: i64,
    },
}

/// Where a book stands in its venue's numbering.
#[derive(Clone, Copy, Debug)]
pub struct Sequence {
    rule: Rule,
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// No snapshot.
    Nowhere,
    /// Behind a REST snapshot of that number, no delta applied yet.
    Snapshot(i64),
    /// Behind the message of that number.
    Message(i64),
    /// In a stream older than sequence numbers (OKX until 2023).
    Unnumbered,
}

impl Sequence {
    /// Nowhere yet.
    #[must_use]
    pub const fn new(rule: Rule) -> Self {
        Self { rule, at: At::Nowhere }
    }

    /// Whether a snapshot stands under it.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.at != At::Nowhere
    }

    /// Whether the rule wants its snapshots by REST.
    #[must_use]
    pub const fn wants_rest(&self) -> bool {
        matches!(self.rule, Rule::BinanceSpot | Rule::BinanceFutures)
    }

    /// Forgets where it was.
    pub const fn reset(&mut self) {
        self.at = At::Nowhere;
    }

    /// A REST snapshot of that number is the book.
    pub const fn snapshot(&mut self, last_update: i64) {
        self.at = At::Snapshot(last_update);
    }

    /// Judges the next message and steps behind it when it continues the book. A gap forgets the place.
    #[inline]
    pub fn step(&mut self, change: &BookChange) -> Step {
        let step = match self.rule {
            Rule::BinanceSpot => self.spot(change),
            Rule::BinanceFutures => self.futures(change),
            Rule::Okx => self.okx(change),
            Rule::Bybit => self.bybit(change),
        };
        match step {
            Step::Apply | Step::Replace => {
                self.at = change.last.map_or(At::Unnumbered, At::Message);
            }
            Step::Gap { .. } => self.at = At::Nowhere,
            Step::Stale | Step::Waiting => {}
        }
        step
    }

    fn spot(&self, change: &BookChange) -> Step {
        let (At::Snapshot(at) | At::Message(at)) = self.at else { return Step::Waiting };
        let last = change.last.unwrap_or(change.order);
        let next = at.saturating_add(1);
        if last <= at {
            Step::Stale
        } else if change.first <= next {
            Step::Apply
        } else {
            Step::Gap { expected: next, got: change.first }
        }
    }

    fn futures(&self, change: &BookChange) -> Step {
        let last = change.last.unwrap_or(change.order);
        match self.at {
            At::Snapshot(at) if last < at => Step::Stale,
            At::Snapshot(at) if change.first <= at || change.prev == Some(at) => Step::Apply,
            At::Snapshot(at) => Step::Gap { expected: at, got: change.first },
            At::Message(at) if change.prev == Some(at) => Step::Apply,
            At::Message(at) if last <= at => Step::Stale,
            At::Message(at) => Step::Gap { expected: at, got: change.prev.unwrap_or(0) },
            At::Nowhere | At::Unnumbered => Step::Waiting,
        }
    }

    fn okx(&self, change: &BookChange) -> Step {
        if change.action == BookAction::Snapshot {
            return Step::Replace;
        }
        match (self.at, change.prev) {
            (At::Nowhere, _) => Step::Waiting,
            // A keep-alive repeats its number, a reset goes back: both name the message before them.
            (At::Message(at) | At::Snapshot(at), Some(prev)) if prev == at => Step::Apply,
            (At::Message(at) | At::Snapshot(at), prev) => {
                Step::Gap { expected: at, got: prev.unwrap_or(0) }
            }
            (At::Unnumbered, None) => Step::Apply,
            (At::Unnumbered, Some(prev)) => Step::Gap { expected: 0, got: prev },
        }
    }

    fn bybit(&self, change: &BookChange) -> Step {
        let last = change.last.unwrap_or(change.order);
        if change.action == BookAction::Snapshot || last == 1 {
            return Step::Replace;
        }
        let (At::Message(at) | At::Snapshot(at)) = self.at else { return Step::Waiting };
        let next = at.saturating_add(1);
        if last == next {
            Step::Apply
        } else if last <= at {
            Step::Stale
        } else {
            Step::Gap { expected: next, got: last }
        }
    }
}

#[cfg(test)]
mod tests;
