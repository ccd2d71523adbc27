//! A full-depth order book of exact decimals.

use crate::dec::Dec;
use crate::event::{Level, Top};
use base::Side;
use std::collections::BTreeMap;

/// Bids and asks by price.
#[derive(Clone, Debug, Default)]
pub struct Book {
    bids: BTreeMap<Dec, Dec>,
    asks: BTreeMap<Dec, Dec>,
}

impl Book {
    /// A book of these levels.
    #[must_use]
    pub fn of(bids: &[Level], asks: &[Level]) -> Self {
        let mut book = Self::default();
        book.apply(bids, asks);
        book
    }

    /// Sets the quantities of these levels; zero removes.
    pub fn apply(&mut self, bids: &[Level], asks: &[Level]) {
        for (side, levels) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
            for level in levels {
                if level.qty.is_zero() {
                    side.remove(&level.price);
                } else {
                    side.insert(level.price, level.qty);
                }
            }
        }
    }

    /// Best bid and offer; zeros on an empty side.
    #[must_use]
    pub fn top(&self) -> Top {
        let bid = self.bids.last_key_value().map_or((Dec::ZERO, Dec::ZERO), |(p, q)| (*p, *q));
        let ask = self.asks.first_key_value().map_or((Dec::ZERO, Dec::ZERO), |(p, q)| (*p, *q));
        Top { bid: bid.0, bid_qty: bid.1, ask: ask.0, ask_qty: ask.1 }
    }

    /// The bids (for [`Side::Buy`]) or asks, best first.
    pub fn levels(&self, side: Side) -> Box<dyn Iterator<Item = Level> + '_> {
        let level = |(price, qty): (&Dec, &Dec)| Level { price: *price, qty: *qty };
        match side {
            Side::Buy => Box::new(self.bids.iter().rev().map(level)),
            Side::Sell => Box::new(self.asks.iter().map(level)),
        }
    }

    /// The changes of one side that turn `self` into `next`.
    #[must_use]
    pub fn changes_to(&self, next: &Self, side: Side) -> Vec<Level> {
        let (old, new) = match side {
            Side::Buy => (&self.bids, &next.bids),
            Side::Sell => (&self.asks, &next.asks),
        };
        let gone = old.keys().filter(|price| !new.contains_key(price));
        let gone = gone.map(|price| Level { price: *price, qty: Dec::ZERO });
        let set = new.iter().filter(|(price, qty)| old.get(price) != Some(qty));
        gone.chain(set.map(|(price, qty)| Level { price: *price, qty: *qty })).collect()
    }
}

#[cfg(test)]
mod tests;
