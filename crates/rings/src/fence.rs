//! A permission that runs out by itself.

use crate::sync::{Arc, AtomicU64, Ordering};
use base::Stamp;
use core::fmt;
use crossbeam_utils::CachePadded;

/// Until when something may be done, on a cache line of its own. One thread moves it; whoever is
/// about to act compares it with the time. A thread that was stopped for a while and wakes up late finds
/// the permission gone without anybody having had to take it back.
///
/// Clones are the same fence.
#[derive(Clone)]
pub struct Fence(Arc<CachePadded<AtomicU64>>);

impl Fence {
    /// A fence that is always open: nobody has to be asked.
    #[must_use]
    pub fn none() -> Self {
        Self::at(u64::MAX)
    }

    /// A fence that stays shut until [`Fence::open_until`].
    #[must_use]
    pub fn shut() -> Self {
        Self::at(0)
    }

    fn at(end: u64) -> Self {
        Self(Arc::new(CachePadded::new(AtomicU64::new(end))))
    }

    /// Opens it until that moment, or shuts it where that has passed.
    pub fn open_until(&self, end: Stamp) {
        // SYNC fence-end: pairs with the Acquire load in `is_open`; what was learnt before the permission
        // was given is seen by who acts on it.
        self.0.store(end.0, Ordering::Release);
    }

    /// Shuts it: one store, and nobody acts any more.
    pub fn close(&self) {
        self.open_until(Stamp(0));
    }

    /// Whether something may be done at `now`.
    #[inline]
    #[must_use]
    pub fn is_open(&self, now: Stamp) -> bool {
        now < self.end()
    }

    /// When it shuts.
    #[inline]
    #[must_use]
    pub fn end(&self) -> Stamp {
        // SYNC fence-end: pairs with the Release store in `open_until`.
        Stamp(self.0.load(Ordering::Acquire))
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fence").field(&self.end()).finish()
    }
}

#[cfg(test)]
mod tests;
