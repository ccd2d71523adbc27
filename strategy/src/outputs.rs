//! What one step wrote: a buffer that never grows.

use base::{Bounded, Output, Record, Stamp};

/// The outputs of one step, in order.
#[derive(Clone, Debug)]
pub struct Outputs {
    list: Bounded<Record>,
}

impl Outputs {
    /// The most outputs of one step. Whoever acts looks at [`Outputs::room`] first.
    pub const CAPACITY: usize = 256;

    /// An empty one: the only allocation.
    #[must_use]
    pub fn new() -> Self {
        Self { list: Bounded::with_room(Self::CAPACITY) }
    }

    /// How many more fit.
    #[must_use]
    pub fn room(&self) -> usize {
        Self::CAPACITY - self.list.len()
    }

    /// Appends one; says whether it fitted.
    pub fn push(&mut self, output: Output, stamp: Stamp) -> bool {
        self.list.push(output.record(stamp))
    }

    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[Record] {
        &self.list
    }

    /// Makes room for the next step.
    pub fn clear(&mut self) {
        self.list.clear();
    }
}

impl Default for Outputs {
    fn default() -> Self {
        Self::new()
    }
}
