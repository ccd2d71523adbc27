//! What goes to the strategy: its ring, and what waits before it while it is full.

use std::collections::VecDeque;

use base::{Input, Record, Stamp};
use rings::Sender;

/// The way to the strategy. Nothing new is begun while something waits here, so what one step tells
/// always finds room.
#[derive(Debug)]
pub(crate) struct Outbox {
    ring: Sender<Record>,
    held: VecDeque<Record>,
    lost: u64,
}

impl Outbox {
    /// Onto that ring, with room for so many records of one step.
    pub(crate) fn new(ring: Sender<Record>, room: usize) -> Self {
        Self { ring, held: VecDeque::with_capacity(room), lost: 0 }
    }

    /// Tells `input`, seen at `stamp`, behind all that was told before.
    #[inline]
    pub(crate) fn push(&mut self, input: Input, stamp: Stamp) {
        let record = input.record(stamp);
        if self.held.is_empty() && self.ring.push(record).is_ok() {
            return;
        }
        self.hold(record);
    }

    #[cold]
    #[inline(never)]
    fn hold(&mut self, record: Record) {
        if self.held.len() < self.held.capacity() {
            self.held.push_back(record);
        } else {
            self.lost += 1;
        }
    }

    /// Moves on what waits. False while the ring is full.
    #[inline]
    pub(crate) fn flush(&mut self) -> bool {
        // bound: what is held
        while let Some(record) = self.held.front() {
            if self.ring.push(*record).is_err() {
                return false;
            }
            self.held.pop_front();
        }
        true
    }

    /// How full the ring is, and how many pushes found it full.
    pub(crate) fn ring(&self) -> (usize, u64) {
        (self.ring.fill(), self.ring.refused())
    }

    /// Whether nothing waits.
    pub(crate) fn is_clear(&self) -> bool {
        self.held.is_empty()
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// Records that found no room at all; none while steps tell no more than the room was made for.
    pub(crate) const fn lost(&self) -> u64 {
        self.lost
    }
}
