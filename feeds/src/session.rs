//! One connection's life: subscribing within the venue's limits, acknowledgements, pings, age.

mod request;

use crate::decode::Directory;
use crate::fifo::Fifo;
use crate::message::Control;
use crate::plan::{Line, Sub};
use base::{Span, Stamp, VenueId};
use core::ops::Range;
use net::Channel;
use request::Request;

/// What a request does with a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Begins it.
    Join,
    /// Ends it.
    Leave,
}

/// A request that is not answered for this long means that nobody listens.
const ACK_WITHIN: Span = Span::from_secs(8);
/// OKX cuts a connection that was silent for 30 s; Bybit wants a ping every 20 s.
const PING_EVERY: Span = Span::from_secs(20);
/// Without a byte for this long in spite of our pings the connection is dead.
const DEAD_AFTER: Span = Span::from_secs(30);
/// The old connection is let go this long after the new one has opened.
const OVERLAP: Span = Span::from_secs(8);
const HOUR: Span = Span::from_secs(3600);
/// Most bytes of a request.
const REQUEST_MAX: usize = 12_000;

/// What the stage must do for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// Nothing.
    Nothing,
    /// The connection is of no use: drop it and dial again.
    Reopen,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Session<L> {
    pub(crate) link: L,
    pub(crate) line: Line,
    pub(crate) directory: Directory,
    /// Its subscriptions, as a part of all.
    pub(crate) subs: Range<usize>,
    pub(crate) state: State,
}

/// What a session remembers beside its link.
#[derive(Debug)]
pub(crate) struct State {
    venue: VenueId,
    /// Requests not sent yet.
    queue: Fifo<(Op, usize)>,
    queue_at: Stamp,
    request: i64,
    /// Answers outstanding, and when the oldest of them should have come.
    unanswered: u32,
    answer_due: Stamp,
    hour_began: Stamp,
    hour_requests: u32,
    renew_at: Stamp,
    renewing: bool,
    /// While an old connection still delivers: until when.
    pub(crate) overlap_until: Option<Stamp>,
    pub(crate) is_open: bool,
    pub(crate) opened: u64,
    heard_at: Stamp,
    pinged_at: Stamp,
}

impl<L: Channel> Session<L> {
    pub(crate) fn new(link: L, line: Line, directory: Directory, subs: Range<usize>) -> Self {
        let state = State {
            venue: line.venue(),
            queue: Fifo::with_capacity(4 * subs.len() + 4, (Op::Join, 0)),
            queue_at: Stamp(0),
            request: 0,
            unanswered: 0,
            answer_due: Stamp(u64::MAX),
            hour_began: Stamp(0),
            hour_requests: 0,
            renew_at: Stamp(u64::MAX),
            renewing: false,
            overlap_until: None,
            is_open: false,
            opened: 0,
            heard_at: Stamp(0),
            pinged_at: Stamp(0),
        };
        Self { link, line, directory, subs, state }
    }

    /// It opened: everything is to be subscribed.
    pub(crate) fn on_opened(&mut self, now: Stamp, renew_after: Span) {
        let state = &mut self.state;
        state.start(now, renew_after);
        state.is_open = true;
        state.opened += 1;
        state.overlap_until = None;
        state.queue.clear();
        for sub in self.subs.clone() {
            state.queue.push((Op::Join, sub));
        }
    }

    /// A second connection opened beside the first: everything is to be subscribed there too.
    pub(crate) fn on_renewed(&mut self, now: Stamp, renew_after: Span) {
        self.on_opened(now, renew_after);
        self.state.overlap_until = Some(now + OVERLAP);
    }

    /// It is gone, or is about to be dropped.
    pub(crate) fn on_closed(&mut self) {
        let state = &mut self.state;
        state.is_open = false;
        state.renewing = false;
        state.overlap_until = None;
        state.unanswered = 0;
        state.queue.clear();
    }

    /// Leaves a channel and joins it again: the venue answers with a snapshot.
    pub(crate) fn resubscribe(&mut self, sub: usize) -> bool {
        let state = &mut self.state;
        state.is_open
            && state.queue.free() >= 2
            && state.queue.push((Op::Leave, sub))
            && state.queue.push((Op::Join, sub))
    }

    /// Everything that is due. `joined` is called for each subscription that was asked for.
    pub(crate) fn housekeep(
        &mut self,
        now: Stamp,
        subs: &[Sub],
        joined: &mut dyn FnMut(usize),
    ) -> Want {
        if !self.state.is_open {
            return Want::Nothing;
        }
        if self.state.unanswered > 0 && now >= self.state.answer_due {
            return Want::Reopen;
        }
        if now >= self.state.renew_at && !self.state.renewing {
            self.state.renewing = true;
            self.link.renew(now);
        }
        if self.send_queue(now, subs, joined) == Want::Reopen {
            return Want::Reopen;
        }
        self.ping(now)
    }

    /// The second connection delivers everything, or had time enough: the first may go.
    pub(crate) fn settle(&mut self) {
        self.state.overlap_until = None;
        self.link.settle();
    }

    /// Sends the next request of the queue, when the venue's pace allows one.
    fn send_queue(&mut self, now: Stamp, subs: &[Sub], joined: &mut dyn FnMut(usize)) -> Want {
        let state = &mut self.state;
        if state.queue.is_empty() || now < state.queue_at {
            return Want::Nothing;
        }
        if now - state.hour_began >= HOUR {
            state.hour_began = now;
            state.hour_requests = 0;
        }
        if state.hour_requests >= self.line.requests_per_hour() {
            return Want::Reopen;
        }
        let request =
            Request::gather(self.line, state.request + 1, &state.queue, subs, REQUEST_MAX);
        let sent = self.link.send_with(REQUEST_MAX, &mut |room| request.write(room));
        state.queue_at = now + self.line.request_gap();
        if sent.is_err() {
            // A full socket: tried again when the gap is over. A closed one says so by itself.
            return Want::Nothing;
        }
        state.request += 1;
        state.hour_requests += 1;
        // OKX answers each argument, the others each request.
        let answers = if state.venue == VenueId::Okx { request.count() } else { 1 };
        if state.unanswered == 0 {
            state.answer_due = now + ACK_WITHIN;
        }
        state.unanswered = state.unanswered.saturating_add(u32::try_from(answers).unwrap_or(1));
        let (op, count) = (request.op(), request.count());
        for _ in 0..count {
            if let Some((_, sub)) = state.queue.pop()
                && op == Op::Join
            {
                joined(sub);
            }
        }
        Want::Nothing
    }

    /// Binance's pings are frames and answered below; the other two want texts of their own.
    fn ping(&mut self, now: Stamp) -> Want {
        let state = &mut self.state;
        let text: &[u8] = match state.venue {
            VenueId::BinanceSpot | VenueId::BinanceUsdm => return Want::Nothing,
            VenueId::Okx => b"ping",
            VenueId::Bybit => b"{\"req_id\":\"0\",\"op\":\"ping\"}",
        };
        if now - state.heard_at >= DEAD_AFTER {
            return Want::Reopen;
        }
        let since = if state.venue == VenueId::Okx {
            state.heard_at.max(state.pinged_at)
        } else {
            state.pinged_at
        };
        if now - since >= PING_EVERY && self.link.send(text).is_ok() {
            state.pinged_at = now;
        }
        Want::Nothing
    }
}

impl State {
    fn start(&mut self, now: Stamp, renew_after: Span) {
        self.queue_at = now;
        self.unanswered = 0;
        self.hour_began = now;
        self.hour_requests = 0;
        self.heard_at = now;
        self.pinged_at = now;
        self.renewing = false;
        let ages = matches!(self.venue, VenueId::BinanceSpot | VenueId::BinanceUsdm);
        self.renew_at = if ages { now + renew_after } else { Stamp(u64::MAX) };
    }

    /// When something came last.
    #[inline(always)]
    pub(crate) const fn heard_at(&self) -> Stamp {
        self.heard_at
    }

    /// Something came.
    #[inline(always)]
    pub(crate) const fn heard(&mut self, recv: Stamp) {
        self.heard_at = recv;
    }

    /// What the venue says of the connection; the code of a refusal.
    pub(crate) fn on_control(&mut self, control: Control, now: Stamp) -> Option<i64> {
        match control {
            Control::Ack(_) | Control::Subscribed | Control::Unsubscribed => self.answered(now),
            Control::Refused { code, .. } => {
                self.answered(now);
                return Some(code);
            }
            Control::Closing => self.renew_at = now,
            Control::Pong => {}
        }
        None
    }

    fn answered(&mut self, now: Stamp) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.answer_due = now + ACK_WITHIN;
    }
}

#[cfg(test)]
mod tests;
