//! Figures of the run so far, shown where venues show those of the last 24 hours.

use crate::dec::Dec;

/// First, highest, lowest price and what was traded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Day {
    pub(crate) open: Dec,
    pub(crate) high: Dec,
    pub(crate) low: Dec,
    pub(crate) volume: Dec,
    pub(crate) value: Dec,
}

impl Day {
    /// Counts a trade.
    pub(crate) fn trade(&mut self, price: Dec, qty: Dec) {
        if self.open.is_zero() {
            *self = Self { open: price, high: price, low: price, ..Self::default() };
        }
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.volume += qty;
        self.value += price.times(qty);
    }
}

#[cfg(test)]
mod tests;
