//! Requests under way: what was asked, and until when an answer is waited for.
//!
//! A table of fixed size. A request's number is its row plus a count that never repeats, also over
//! restarts, so an answer that comes late is known for what it is. A request whose time is over
//! keeps its row for a while: its late answer is still news.

use base::{InstrumentId, OrderId, Span, Stamp};

/// Requests that can be under way at one venue; a power of two.
pub(crate) const CAPACITY: usize = 512;

/// How long after its time is over a request's late answer is still understood.
const LATE: Span = Span::from_secs(30);

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A new order.
    Place,
    /// A cancel of one order.
    Cancel,
    /// A cancel of everything of an instrument, or of a batch.
    CancelAll,
    /// What became of an order.
    Query,
    /// A session to be logged on.
    Login,
    /// A user stream.
    Subscribe,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// What it asked for.
    pub(crate) purpose: Purpose,
    /// The order it names; `FOREIGN` when it names none.
    pub(crate) order: OrderId,
    /// The instrument it names; `ALL` when it names none.
    pub(crate) instrument: InstrumentId,
    /// When its bytes were written.
    pub(crate) sent: Stamp,
    /// It went by REST: what becomes of the connection is nothing to it.
    pub(crate) by_rest: bool,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    number: u64,
    request: Request,
    until: Stamp,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Waiting,
    /// Its time is over; its outcome was reported as unknown.
    Late,
}

/// The requests of one venue.
#[derive(Debug)]
pub(crate) struct Requests {
    rows: Box<[Row]>,
    next: u64,
    waiting: usize,
    /// No row's time is over before this.
    due: Stamp,
}

/// How an answer found its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// What was asked.
    pub(crate) request: Request,
    /// Whether it had been given up: its outcome was reported as unknown.
    pub(crate) was_late: bool,
}

impl Requests {
    /// A table whose numbers begin at `first`, which must lie above those of every earlier start.
    #[must_use]
    pub(crate) fn new(first: u64) -> Self {
        let request = Request {
            purpose: Purpose::Place,
            order: OrderId::FOREIGN,
            instrument: InstrumentId::ALL,
            sent: Stamp(0),
            by_rest: false,
        };
        let row = Row { number: 0, request, until: Stamp(u64::MAX), state: State::Free };
        Self {
            rows: vec![row; CAPACITY].into_boxed_slice(),
            next: first,
            waiting: 0,
            due: Stamp(u64::MAX),
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
    fn place(number: u64) -> usize {
        number as usize & (CAPACITY - 1)
    }

    /// The number of the next request, or `None` when none can be taken on. It is only taken by
    /// [`Requests::take`].
    #[must_use]
    #[inline]
    pub(crate) fn free(&self) -> Option<u64> {
        (0..CAPACITY as u64).map(|step| self.next + step).find(|number| {
            self.rows.get(Self::place(*number)).is_some_and(|row| row.state == State::Free)
        })
    }

    /// Remembers a request that was sent under a number from [`Requests::free`].
    #[inline]
    pub(crate) fn take(&mut self, number: u64, request: Request, until: Stamp) {
        let Some(row) = self.rows.get_mut(Self::place(number)) else { return };
        *row = Row { number, request, until, state: State::Waiting };
        self.next = number + 1;
        self.waiting += 1;
        self.due = self.due.min(until);
    }

    /// Ends the request of that number, if it is known.
    #[inline]
    pub(crate) fn answer(&mut self, number: u64) -> Option<Found> {
        let row = self.rows.get_mut(Self::place(number))?;
        if row.number != number || row.state == State::Free {
            return None;
        }
        let was_late = row.state == State::Late;
        row.state = State::Free;
        self.waiting -= usize::from(!was_late);
        Some(Found { request: row.request, was_late })
    }

    /// Whether one that was sent on the connection by `stamp` waits for its answer.
    #[must_use]
    pub(crate) fn waits_since(&self, stamp: Stamp) -> bool {
        self.rows.iter().any(|row| {
            row.state == State::Waiting && !row.request.by_rest && row.request.sent <= stamp
        })
    }

    /// How many wait for an answer.
    #[must_use]
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// The next request whose time is over: each is given up once. Forgets old late ones on the way.
    ///
    /// Call it until it gives nothing.
    pub(crate) fn expire(&mut self, now: Stamp) -> Option<Request> {
        if now < self.due {
            return None;
        }
        let mut due = Stamp(u64::MAX);
        for row in &mut self.rows {
            if row.until <= now && row.state == State::Waiting {
                self.waiting -= 1;
                row.state = State::Late;
                row.until = now + LATE;
                return Some(row.request);
            }
            if row.until <= now {
                row.state = State::Free;
            }
            if row.state != State::Free {
                due = due.min(row.until);
            }
        }
        self.due = due;
        None
    }

    /// The connection is gone: the time of every waiting request is over.
    pub(crate) fn abandon(&mut self, now: Stamp) {
        let lost = |row: &&mut Row| row.state == State::Waiting && !row.request.by_rest;
        for row in self.rows.iter_mut().filter(lost) {
            row.until = now;
        }
        self.due = now;
    }
}

#[cfg(test)]
mod tests;
