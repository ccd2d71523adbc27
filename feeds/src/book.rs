//! The L2 book of one instrument: two sorted ladders of fixed capacity.
//!
//! The best level is the last of its ladder, so that the changes near the top, which are most, move little.
//! A full ladder drops its far end and remembers how far it still knows every level: what lies beyond is
//! unknown, never empty.

mod checksum;
mod ladder;

use crate::message::Level;
use base::input::Sweep;
use base::{Edge, Money, Price, Qty, Scale};
use ladder::Ladder;

/// Both sides of one instrument.
#[derive(Debug)]
pub struct Book {
    bids: Ladder,
    asks: Ladder,
}

/// The best of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    /// It is known.
    Known(Level),
    /// There is nothing on that side.
    Empty,
    /// What is left lies beyond what is known of that side.
    Unknown,
}

impl Top {
    /// The level, if it is known.
    #[must_use]
    pub const fn level(self) -> Option<Level> {
        match self {
            Self::Known(level) => Some(level),
            Self::Empty | Self::Unknown => None,
        }
    }
}

impl Book {
    /// An empty book that holds `capacity` levels a side.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bids: Ladder::with_capacity(capacity), asks: Ladder::with_capacity(capacity) }
    }

    /// Forgets every level.
    pub fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// Sets each level to its quantity, zero taking it away.
    #[inline]
    pub fn apply(&mut self, bids: &[Level], asks: &[Level]) {
        for level in bids {
            self.bids.set(level.price.0, level.qty.0);
        }
        for level in asks {
            self.asks.set(-level.price.0, level.qty.0);
        }
    }

    /// Makes these levels the whole book. Venues list the best first; the worst goes in first.
    pub fn replace(&mut self, bids: &[Level], asks: &[Level]) {
        self.clear();
        for level in bids.iter().rev() {
            self.bids.set(level.price.0, level.qty.0);
        }
        for level in asks.iter().rev() {
            self.asks.set(-level.price.0, level.qty.0);
        }
    }

    /// The snapshot just put in went no further: levels beyond its last ones are unknown, not empty.
    pub fn ends_here(&mut self) {
        self.bids.ends_here();
        self.asks.ends_here();
    }

    /// The best bid.
    #[inline]
    #[must_use]
    pub fn bid(&self) -> Top {
        match self.bids.top() {
            ladder::Best::Known(rank, qty) => {
                Top::Known(Level { price: Price(rank), qty: Qty(qty) })
            }
            ladder::Best::Empty => Top::Empty,
            ladder::Best::Unknown => Top::Unknown,
        }
    }

    /// The best ask.
    #[inline]
    #[must_use]
    pub fn ask(&self) -> Top {
        match self.asks.top() {
            ladder::Best::Known(rank, qty) => {
                Top::Known(Level { price: Price(-rank), qty: Qty(qty) })
            }
            ladder::Best::Empty => Top::Empty,
            ladder::Best::Unknown => Top::Unknown,
        }
    }

    /// How many bid and ask levels it holds.
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        (self.bids.len(), self.asks.len())
    }

    /// Whether it holds no level.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    /// What selling `notional` into the bids trades at; `None` when they are not known so deep.
    #[inline]
    #[must_use]
    pub fn sell(&self, probe: Probe) -> Option<Sweep> {
        let taken = self.bids.take(probe.0, 1)?;
        Some(Sweep { average: Price(taken.average(false)?), limit: Price(taken.limit) })
    }

    /// What buying `notional` from the asks trades at; `None` when they are not known so deep.
    #[inline]
    #[must_use]
    pub fn buy(&self, probe: Probe) -> Option<Sweep> {
        let taken = self.asks.take(probe.0, -1)?;
        Some(Sweep { average: Price(taken.average(true)?), limit: Price(taken.limit) })
    }

    /// OKX's checksum of the best 25 levels, in the venue's own texts.
    #[must_use]
    pub fn checksum(&self, edge: &Edge) -> i32 {
        checksum::of(&self.bids, &self.asks, edge)
    }

    /// Multiplies every price and quantity: what a finer scale asks of a book. `false`, and no change, when
    /// they do not fit.
    pub(crate) fn rescale(&mut self, price_by: i64, qty_by: i64) -> bool {
        let fits = self.bids.fits(price_by, qty_by) && self.asks.fits(price_by, qty_by);
        if fits {
            self.bids.rescale(price_by, qty_by);
            self.asks.rescale(price_by, qty_by);
        }
        fits
    }
}

/// A notional in the raw units of one instrument: price units times quantity units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe(i128);

impl Probe {
    /// `notional` for an instrument of that scale; `None` when it is nothing in it.
    #[must_use]
    pub fn new(notional: Money, scale: Scale) -> Option<Self> {
        let exp = scale.price_exp.checked_add(scale.qty_exp)?;
        let unit = base::decimal::pow10(Money::EXP.checked_sub(exp)?);
        let raw = notional.0.checked_div(unit)?;
        (raw > 0).then_some(Self(raw))
    }
}

#[cfg(test)]
mod tests;
