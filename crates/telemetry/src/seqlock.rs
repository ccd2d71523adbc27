//! Three words that belong together, written by one thread now and then, read by many all the time.
//!
//! Two copies: the writer fills the one nobody is pointed at, then points there. A reader therefore
//! never waits for a writer that lost its processor half way; it only looks again when the pointer
//! moved under it.

use crate::sync::{AtomicU64, Ordering, fence};

/// Words of one copy.
pub(crate) const WORDS: usize = 3;

/// One cache line: the pointer and both copies.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Seqlock {
    /// How often it was written; its lowest bit says which copy is current.
    turn: AtomicU64,
    copies: [[AtomicU64; WORDS]; 2],
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Seqlock>() == 64);

impl Seqlock {
    pub(crate) fn new(words: [u64; WORDS]) -> Self {
        Self {
            turn: AtomicU64::new(0),
            copies: [words.map(AtomicU64::new), words.map(AtomicU64::new)],
        }
    }

    /// Replaces the words. One thread at a time.
    pub(crate) fn write(&self, words: [u64; WORDS]) {
        let next = self.turn.load(Ordering::Relaxed).wrapping_add(1);
        // SYNC copy-taken: pairs with the Acquire fence in `read`; whoever sees a word stored below
        // also sees that the pointer had left this copy.
        fence(Ordering::Release);
        let [even, odd] = &self.copies;
        let copy = if next & 1 == 0 { even } else { odd };
        for (cell, word) in copy.iter().zip(words) {
            cell.store(word, Ordering::Relaxed);
        }
        // SYNC copy-filled: pairs with the Acquire load in `read`.
        self.turn.store(next, Ordering::Release);
    }

    /// The words of one write, whole.
    #[inline]
    pub(crate) fn read(&self) -> [u64; WORDS] {
        // bound: repeats only when a whole write fell into the few nanoseconds of a read
        loop {
            // SYNC copy-filled: pairs with the Release store in `write`.
            let turn = self.turn.load(Ordering::Acquire);
            let [even, odd] = &self.copies;
            let copy = if turn & 1 == 0 { even } else { odd };
            let [a, b, c] = copy;
            let words =
                [a.load(Ordering::Relaxed), b.load(Ordering::Relaxed), c.load(Ordering::Relaxed)];
            // SYNC copy-taken: pairs with the Release fence in `write`.
            fence(Ordering::Acquire);
            if self.turn.load(Ordering::Relaxed) == turn {
                return words;
            }
        }
    }
}

#[cfg(test)]
mod tests;
