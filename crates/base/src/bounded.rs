//! A list whose room is fixed when it is made.

use core::fmt;
use core::ops::{Deref, DerefMut};

/// A list that never grows beyond the room it was made with, so that it never allocates again. A copy has
/// the same room.
#[derive(Clone)]
pub struct Bounded<T> {
    places: Box<[T]>,
    len: usize,
}

impl<T: Copy + Default> Bounded<T> {
    /// An empty list with room for so many.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self { places: vec![T::default(); room].into_boxed_slice(), len: 0 }
    }
}

impl<T: Copy> Bounded<T> {
    /// How many it may hold.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.places.len()
    }

    /// Adds one at the end; `false` when there is no room.
    #[inline]
    pub fn push(&mut self, item: T) -> bool {
        let Some(place) = self.places.get_mut(self.len) else { return false };
        *place = item;
        self.len += 1;
        true
    }

    /// Takes the last one.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let last = self.last().copied()?;
        self.len -= 1;
        Some(last)
    }

    /// Keeps those that `keep` says, in their order.
    #[inline]
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let mut kept = 0;
        for at in 0..self.len {
            let Some(item) = self.places.get(at).copied() else { break };
            if keep(&item) {
                if let Some(place) = self.places.get_mut(kept) {
                    *place = item;
                }
                kept += 1;
            }
        }
        self.len = kept;
    }

    /// Forgets all of them.
    #[inline]
    pub const fn clear(&mut self) {
        self.len = 0;
    }
}

impl<T> Deref for Bounded<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.places.get(..self.len).unwrap_or_default()
    }
}

impl<T> DerefMut for Bounded<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.places.get_mut(..self.len).unwrap_or_default()
    }
}

impl<T: fmt::Debug> fmt::Debug for Bounded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
