//! What one step wrote: a buffer that never grows.

use base::{Output, Record, Stamp};

/// The outputs of one step, in order.
#[derive(Clone, Debug)]
pub struct Outputs {
    list: Vec<Record>,
}

impl Outputs {
    /// The most outputs of one step. Whoever acts looks at [`Outputs::room`] first.
    pub const CAPACITY: usize = 256;

    /// An empty one: the only allocation.
    #[must_use]
    pub fn new() -> Self {
        Self { list: Vec::with_capacity(Self::CAPACITY) }
    }

    /// How many more fit.
    #[must_use]
    pub fn room(&self) -> usize {
        Self::CAPACITY - self.list.len()
    }

    /// Appends one; says whether it fitted.
    pub fn push(&mut self, output: Output, stamp: Stamp) -> bool {
        if self.room() == 0 {
            return false;
        }
        self.list.push(output.record(stamp));
        true
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
