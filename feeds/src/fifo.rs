//! A queue of fixed capacity: made once, never grown.

/// First in, first out.
#[derive(Debug)]
pub(crate) struct Fifo<T> {
    places: Box<[T]>,
    first: usize,
    len: usize,
}

impl<T: Copy> Fifo<T> {
    pub(crate) fn with_capacity(capacity: usize, empty: T) -> Self {
        Self { places: vec![empty; capacity.max(1)].into_boxed_slice(), first: 0, len: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) const fn free(&self) -> usize {
        self.places.len() - self.len
    }

    pub(crate) const fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds one at the end; `false` when there is no room.
    #[inline]
    pub(crate) fn push(&mut self, item: T) -> bool {
        if self.len == self.places.len() {
            return false;
        }
        let end = self.wrap(self.first + self.len);
        let Some(place) = self.places.get_mut(end) else { return false };
        *place = item;
        self.len += 1;
        true
    }

    /// The first, which stays.
    #[inline]
    pub(crate) fn front(&self) -> Option<T> {
        if self.len == 0 { None } else { self.places.get(self.first).copied() }
    }

    /// The first, taken out.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.front()?;
        self.first = self.wrap(self.first + 1);
        self.len -= 1;
        Some(item)
    }

    /// All of them, the first first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.len).filter_map(|at| self.places.get(self.wrap(self.first + at)).copied())
    }

    const fn wrap(&self, at: usize) -> usize {
        if at >= self.places.len() { at - self.places.len() } else { at }
    }
}

#[cfg(test)]
mod tests;
