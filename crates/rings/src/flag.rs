//! A flag every thread can see: stop, kill.

use crate::sync::{Arc, AtomicBool, Ordering};
use core::fmt;
use crossbeam_utils::CachePadded;

/// One shared yes-or-no, on a cache line of its own so that reading it in a loop disturbs nobody.
///
/// Clones are the same flag. Once set it stays set until [`Flag::clear`], which only the place that
/// re-arms the engine has a reason to call.
#[derive(Clone)]
pub struct Flag(Arc<CachePadded<AtomicBool>>);

impl Flag {
    /// A flag that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(CachePadded::new(AtomicBool::new(false))))
    }

    /// Sets it. Everything written before is visible to whoever sees it set.
    pub fn set(&self) {
        // SYNC flag-set: pairs with the Acquire load in `is_set`.
        self.0.store(true, Ordering::Release);
    }

    /// Takes it back.
    pub fn clear(&self) {
        // SYNC flag-set: as above, for the readers that wait for it to go away.
        self.0.store(false, Ordering::Release);
    }

    /// Whether it is set.
    #[inline]
    #[must_use]
    pub fn is_set(&self) -> bool {
        // SYNC flag-set: pairs with the Release stores above.
        self.0.load(Ordering::Acquire)
    }
}

impl Default for Flag {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flag").field(&self.is_set()).finish()
    }
}

#[cfg(test)]
mod tests;
