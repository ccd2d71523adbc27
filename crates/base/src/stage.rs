//! A stage: a part of the pipeline that is given turns.

use crate::time::Stamp;

/// What a turn amounted to; decides to which regime its time is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing was there to do.
    Idle,
    /// That many things were done.
    Done(u32),
    /// There was work that a full ring or socket refused.
    Backpressured,
}

impl Work {
    /// Both together, as one turn of a thread that runs several stages.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Backpressured, _) | (_, Self::Backpressured) => Self::Backpressured,
            (Self::Idle, work) | (work, Self::Idle) => work,
            (Self::Done(a), Self::Done(b)) => Self::Done(a.saturating_add(b)),
        }
    }
}

/// A part of the pipeline that is given turns. It owns no thread, sets no timer, never waits.
pub trait Stage {
    /// Its name: thread name, metrics label and row of the topology, at most 15 bytes.
    fn name(&self) -> &'static str;
    /// Does at most a burst of work and says how much it did.
    fn turn(&mut self, now: Stamp) -> Work;
    /// Whether the last turn ended only so that others may react to what it wrote, with more to do: then it
    /// is given another turn as soon as they have.
    fn has_more(&self) -> bool {
        false
    }
    /// Does what waits in its rings and touches no socket: given right after an upstream stage of the
    /// same thread has written, so that an order does not wait for the polls of other connections.
    fn react(&mut self, now: Stamp) -> Work {
        self.turn(now)
    }
    /// Slow bookkeeping, called about every 100 microseconds: time-outs, pings, published counters.
    fn housekeep(&mut self, now: Stamp);
}
