//! How far a job of several calls is, and what was learned on the way. All of it is bounded.

use std::collections::{HashMap, VecDeque};

use base::{InstrumentId, OrderId};

use super::{Failure, Job, Task};

/// Most calls of one job; a longer list is a failure, not a short list.
const CALLS_MAX: u32 = 20_000;

/// Most jobs that are in the middle of something. A job whose place was taken fails and is begun anew.
const WALKS_MAX: usize = 64;

/// Most order numbers that are remembered with our name for them.
const KNOWN_MAX: usize = 8_192;

/// How far one job is.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Which of its lists or instruments it is at.
    pub(super) leg: usize,
    /// Where the list goes on, in the venue's words.
    pub(super) cursor: String,
    /// Where the list goes on, as a number.
    pub(super) from: Option<u64>,
    /// Entries that were read and wait for something: their number, and what they are.
    pub(super) waiting: VecDeque<(u64, Vec<u8>)>,
}

/// The jobs that were interrupted after a call.
#[derive(Debug, Default)]
pub(super) struct Walks(VecDeque<(Task, u32, u32, Walk)>);

impl Walks {
    /// Where `job` goes on; `None` when that was forgotten, or when it never ends.
    pub(super) fn take(&mut self, job: Job) -> Option<Walk> {
        let found = self.0.iter().position(|(task, tag, ..)| *task == job.task && *tag == job.tag);
        let known = found.and_then(|at| self.0.remove(at));
        match known {
            _ if job.step == 0 => Some(Walk::default()),
            Some((_, _, step, walk)) if step == job.step && step < CALLS_MAX => Some(walk),
            _ => None,
        }
    }

    /// Remembers where `job` goes on with its next call.
    pub(super) fn keep(&mut self, job: Job, walk: Walk) {
        if self.0.len() >= WALKS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((job.task, job.tag, job.step + 1, walk));
    }
}

/// Our names of orders by the venue's numbers; the oldest is forgotten first.
#[derive(Debug, Default)]
pub(super) struct Known {
    orders: HashMap<(InstrumentId, u64), OrderId>,
    oldest: VecDeque<(InstrumentId, u64)>,
}

impl Known {
    pub(super) fn get(&self, instrument: InstrumentId, number: u64) -> Option<OrderId> {
        self.orders.get(&(instrument, number)).copied()
    }

    pub(super) fn put(&mut self, instrument: InstrumentId, number: u64, order: OrderId) {
        let key = (instrument, number);
        if self.orders.insert(key, order).is_some() {
            return;
        }
        self.oldest.push_back(key);
        if self.oldest.len() > KNOWN_MAX
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.orders.remove(&oldest);
        }
    }
}

impl Walk {
    /// The entry of that place, where a list has an end.
    pub(super) fn at<T: Copy>(&self, list: &[T]) -> Result<T, Failure> {
        list.get(self.leg).copied().ok_or(Failure::unreadable())
    }
}

#[cfg(test)]
mod tests;
