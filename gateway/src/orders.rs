//! The orders of ours that may rest at a venue: what must be cancelled at the end, asked for when the
//! venue stops naming it, and kept in the dead man's hand.
//!
//! This is no order state machine (that is the core's); it only knows which orders are not yet known
//! to be over.

use base::{InstrumentId, OrderId, Stamp};

/// Most orders that can be out at one venue.
pub(crate) const CAPACITY: usize = 4_096;
const PLACES: usize = CAPACITY * 2;

/// One order that is not known to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenOrder {
    /// Which.
    pub(crate) order: OrderId,
    /// Of what.
    pub(crate) instrument: InstrumentId,
    /// When its request was written; for one found at a venue, when it was found.
    pub(crate) sent: Stamp,
    /// When the venue last named it; `Stamp(0)` while it has not.
    pub(crate) seen: Stamp,
    /// When a cancel for it was last written; `Stamp(0)` when never.
    pub(crate) cancelled: Stamp,
    /// The reconciliation that last listed it.
    pub(crate) listed: u32,
    /// It is to be cancelled, and again until it is over.
    pub(crate) unwanted: bool,
}

/// A hash table of fixed size, by order id.
#[derive(Debug)]
pub(crate) struct Orders {
    places: Box<[Option<OpenOrder>]>,
    count: usize,
}

impl Default for Orders {
    fn default() -> Self {
        Self { places: vec![None; PLACES].into_boxed_slice(), count: 0 }
    }
}

impl Orders {
    /// How many are out.
    #[must_use]
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// Whether none is out.
    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether another one can be remembered.
    #[must_use]
    pub(crate) const fn has_room(&self) -> bool {
        self.count < CAPACITY
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the high bits of the product")]
    const fn home(order: OrderId) -> usize {
        (order.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES.trailing_zeros())) as usize
    }

    /// Where `order` is, or the free place where it would be put.
    #[inline]
    fn find(&self, order: OrderId) -> Option<usize> {
        let home = Self::home(order);
        (0..PLACES).map(|step| (home + step) & (PLACES - 1)).find(|at| {
            self.places
                .get(*at)
                .is_some_and(|place| place.as_ref().is_none_or(|known| known.order == order))
        })
    }

    /// The order of that id.
    #[must_use]
    #[inline]
    pub(crate) fn get(&self, order: OrderId) -> Option<&OpenOrder> {
        self.find(order).and_then(|at| self.places.get(at)).and_then(Option::as_ref)
    }

    /// The order of that id, to be changed.
    #[inline]
    pub(crate) fn get_mut(&mut self, order: OrderId) -> Option<&mut OpenOrder> {
        let at = self.find(order)?;
        self.places.get_mut(at)?.as_mut()
    }

    /// Remembers an order; one already known stays as it is. Nothing when there is no room.
    #[inline]
    pub(crate) fn add(&mut self, order: OpenOrder) {
        if !self.has_room() || order.order == OrderId::FOREIGN {
            return;
        }
        if let Some(place @ None) = self.find(order.order).and_then(|at| self.places.get_mut(at)) {
            *place = Some(order);
            self.count += 1;
        }
    }

    /// Forgets an order that is over.
    #[inline]
    pub(crate) fn remove(&mut self, order: OrderId) -> Option<OpenOrder> {
        let mut hole = self.find(order)?;
        let removed = self.places.get_mut(hole)?.take()?;
        self.count -= 1;
        // Close the gap, so that what was put further on because of it is still found.
        let mut at = hole;
        // bound: the run of taken places
        for _ in 0..PLACES {
            at = (at + 1) & (PLACES - 1);
            let Some(Some(moved)) = self.places.get(at).copied() else { break };
            let home = Self::home(moved.order);
            let distance = (at.wrapping_sub(home)) & (PLACES - 1);
            let gap = (at.wrapping_sub(hole)) & (PLACES - 1);
            if distance >= gap {
                if let Some(place) = self.places.get_mut(hole) {
                    *place = Some(moved);
                }
                if let Some(place) = self.places.get_mut(at) {
                    *place = None;
                }
                hole = at;
            }
        }
        Some(removed)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &OpenOrder> {
        self.places.iter().flatten()
    }

    /// All of them, to be changed (not their ids).
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut OpenOrder> {
        self.places.iter_mut().flatten()
    }
}

#[cfg(test)]
mod tests;
