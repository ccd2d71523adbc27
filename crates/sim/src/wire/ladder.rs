//! The levels a channel has shown so far, so that the next message holds only what changed.

use crate::event::Level;

/// Both sides of a book as last pushed, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ladder {
    /// Bids, dearest first.
    pub(crate) bids: Vec<Level>,
    /// Asks, cheapest first.
    pub(crate) asks: Vec<Level>,
}

impl Ladder {
    /// Becomes `now` and gives what a client must change to follow; gone levels have no quantity.
    pub(crate) fn advance(&mut self, now: Self) -> Self {
        let changes = Self {
            bids: changes(&self.bids, &now.bids, |a, b| a > b),
            asks: changes(&self.asks, &now.asks, |a, b| a < b),
        };
        *self = now;
        changes
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }
}

/// Walks both sorted sides at once.
fn changes(
    before: &[Level],
    after: &[Level],
    first: fn(crate::dec::Dec, crate::dec::Dec) -> bool,
) -> Vec<Level> {
    let mut out = Vec::new();
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return out,
            (Some(gone), None) => {
                out.push(Level { qty: crate::dec::Dec::ZERO, ..**gone });
                old.next();
            }
            (None, Some(level)) => {
                out.push(**level);
                new.next();
            }
            (Some(was), Some(is)) if was.price == is.price => {
                if was.qty != is.qty {
                    out.push(**is);
                }
                old.next();
                new.next();
            }
            (Some(gone), Some(is)) if first(gone.price, is.price) => {
                out.push(Level { qty: crate::dec::Dec::ZERO, ..**gone });
                old.next();
            }
            (Some(_), Some(level)) => {
                out.push(**level);
                new.next();
            }
        }
    }
}

#[cfg(test)]
mod tests;
