//! What goes to the strategy: a ring that may be full, and what waits before it.

use std::collections::VecDeque;

use base::{Record, Stamp, input::Input};
use rings::Sender;

/// Records that can wait before a full ring.
const HELD_MAX: usize = 8_192;

/// The way to the strategy. Nothing is lost while it is slow: the stage stops reading its sockets as
/// long as something waits here.
#[derive(Debug)]
pub(crate) struct Outbox {
    ring: Sender<Record>,
    held: VecDeque<Record>,
    lost: u64,
}

impl Outbox {
    /// Onto that ring.
    #[must_use]
    pub(crate) fn new(ring: Sender<Record>) -> Self {
        Self { ring, held: VecDeque::with_capacity(HELD_MAX), lost: 0 }
    }

    /// Reports `input`, seen at `stamp`, behind all that was reported before.
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

    /// Moves on what waits. False when the ring is still full.
    #[inline]
    pub(crate) fn flush(&mut self) -> bool {
        // bound: HELD_MAX
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
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Records that found even the waiting place full: a reconciliation must find them again.
    #[must_use]
    pub(crate) const fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests;
