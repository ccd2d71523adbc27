//! The connections of a desk: opening, logging on, subscribing, pinging, replacing.

use base::{InstrumentId, OrderId, Span, Stamp, VenueId};
use net::{Channel, CloseReason, DialFault, Polled, SendError};
use telemetry::{Counter, NoticeCode};

use super::trial::Attempt;
use super::{Desk, Hands, Mind};
use crate::decode::Context;
use crate::encode::{Moment, TEXT_MAX};
use crate::requests::{Purpose, Request};
use crate::wire::Wire;

/// Most texts one turn reads from one connection.
pub(super) const BURST: usize = 32;

/// A log-on or subscription that takes longer than this is begun anew.
pub(super) const JOIN_TIMEOUT: Span = Span::from_secs(10);
/// A venue that goes says so on every connection: each is not replaced by one that is told so again.
const RENEW_AGAIN: Span = Span::from_secs(5);
/// How long to wait after a refused log-on.
const REFUSED_WAIT: Span = Span::from_secs(5);
/// The venue's own ping leaves after this long without a text from it...
const PING_AFTER: Span = Span::from_secs(15);
/// ...at the latest after this long, whatever comes: Bybit counts pings, not data...
const PING_EVERY: Span = Span::from_secs(20);
/// ...and the connection is given up after this long without any text.
const PING_DEAD: Span = Span::from_secs(28);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) orders: bool,
    pub(super) account: bool,
}

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not dialed: the start, or no listen key yet.
    Idle,
    /// A dial is under way.
    Dialing,
    /// The log-on was sent.
    LoggingOn,
    /// So many acknowledgements of the subscription are still missing.
    Subscribing(u32),
    /// It does all it is for.
    Up,
    /// The venue refused the log-on or subscription.
    Refused,
}

/// A connection with its state.
#[derive(Debug)]
pub(super) struct Line<L> {
    pub(super) channel: L,
    pub(super) state: LineState,
}

/// What is known of a connection.
#[derive(Debug)]
pub(super) struct LineState {
    pub(super) role: Role,
    pub(super) phase: Phase,
    /// When it entered its phase.
    pub(super) since: Stamp,
    pub(super) born: Stamp,
    pub(super) heard: Stamp,
    pub(super) pinged: Stamp,
    /// When the venue last asked for another connection.
    told_to_go: Option<Stamp>,
    /// The joining under way belongs to a connection that replaces a working one, which is read on until
    /// it is settled.
    pub(super) renewed: bool,
    /// Requests still go on the connection that is being replaced: the new one has not logged on.
    pub(super) on_old: bool,
    /// How far it is with another key, if one is tried.
    pub(super) attempt: Attempt,
    /// The code of the last refused log-on or subscription.
    pub(super) refusal: i64,
    pub(super) todo: Todo,
}

/// What the texts just read ask to be done on the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Todo {
    /// The log-on was accepted (or refused).
    pub(super) logged_on: Option<bool>,
    /// The subscription stands.
    pub(super) subscribed: bool,
    /// The venue will close the connection.
    pub(super) renew: bool,
    /// The user stream ended.
    pub(super) stream_ended: bool,
    /// The venue does not know this session.
    pub(super) reopen: bool,
}

/// What a poll found.
enum Step {
    Text,
    Opened,
    Renewed,
    Closed(CloseReason),
}

impl<L: Channel> Line<L> {
    pub(super) fn new(channel: L, role: Role) -> Self {
        Self {
            channel,
            state: LineState {
                role,
                phase: Phase::Idle,
                since: Stamp(0),
                born: Stamp(0),
                heard: Stamp(0),
                pinged: Stamp(0),
                told_to_go: None,
                renewed: false,
                on_old: false,
                attempt: Attempt::None,
                refusal: 0,
                todo: Todo::default(),
            },
        }
    }

    /// Sends on the connection that is logged on.
    #[inline]
    pub(super) fn send_with(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        if self.state.on_old {
            return self.channel.send_trailing_with(max, write);
        }
        self.channel.send_with(max, write)
    }

    pub(super) fn dial(&mut self, now: Stamp) {
        self.state.on_old = false;
        self.state.enter(Phase::Dialing, now);
        self.channel.reopen(now);
    }
}

impl LineState {
    pub(super) fn enter(&mut self, phase: Phase, now: Stamp) {
        self.phase = phase;
        self.since = now;
    }
}

impl<L: Channel> Desk<L> {
    /// Reads what came on every connection; returns how many things did.
    pub(crate) fn poll(&mut self, hands: &mut Hands<'_>) -> u32 {
        self.poll_line(0, hands) + self.poll_line(1, hands)
    }

    fn poll_line(&mut self, index: usize, hands: &mut Hands<'_>) -> u32 {
        let mut done = 0;
        for _ in 0..BURST {
            let Self { lines, wire, markets, mind, .. } = self;
            let Some(Some(line)) = lines.get_mut(index) else { break };
            let cx = Context { markets, instance: mind.instance };
            let step = match line.channel.poll(hands.now) {
                Polled::Idle => break,
                Polled::Opened => Step::Opened,
                Polled::Renewed => Step::Renewed,
                Polled::Closed(reason) => Step::Closed(reason),
                Polled::Text { bytes, recv } => {
                    line.state.heard = hands.now;
                    mind.text(wire, &cx, Some(&mut line.state), bytes, recv, hands);
                    Step::Text
                }
                Polled::Trailing { bytes, recv } => {
                    mind.text(wire, &cx, None, bytes, recv, hands);
                    Step::Text
                }
            };
            match step {
                Step::Text => self.follow(index, hands),
                Step::Opened => self.opened(index, false, hands),
                Step::Renewed => self.opened(index, true, hands),
                Step::Closed(reason) => self.closed(index, reason, hands),
            }
            done += 1;
        }
        done
    }

    /// Does what the texts just read ask for.
    fn follow(&mut self, index: usize, hands: &mut Hands<'_>) {
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        let todo = core::mem::take(&mut line.state.todo);
        if let Some(accepted) = todo.logged_on {
            self.logged_on(index, accepted, hands);
        }
        if todo.subscribed {
            self.subscribed(index, hands);
        }
        if todo.stream_ended {
            self.stream_ended(index, hands);
        }
        if todo.renew
            && let Some(Some(line)) = self.lines.get_mut(index)
            && line.state.told_to_go.is_none_or(|at| hands.now - at > RENEW_AGAIN)
        {
            line.state.told_to_go = Some(hands.now);
            line.channel.renew(hands.now);
        }
        if todo.reopen {
            self.drop_line(index, hands);
        }
        self.look_for_refusal(index, hands);
    }

    #[cold]
    #[inline(never)]
    fn opened(&mut self, index: usize, renewed: bool, hands: &mut Hands<'_>) {
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        let (now, state) = (hands.now, &mut line.state);
        let on_trial = state.attempt.opened(state.born);
        (state.born, state.heard, state.pinged, state.renewed) = (now, now, now, renewed);
        state.todo = Todo::default();
        let role = state.role;
        let counter = if renewed { Counter::ConnRenewed } else { Counter::ConnOpened };
        hands.page.add(counter, 1);
        let code =
            if renewed { NoticeCode::ConnectionRenewed } else { NoticeCode::ConnectionOpened };
        hands.tell(self.mind.venue, code, [place(index), 0, 0]);
        if role.orders && !on_trial {
            self.wire.set_logged_on(false);
        }
        if on_trial {
            self.opened_on_trial(index, renewed);
        } else if role.orders && self.wire.needs_log_on() {
            // The old connection stays logged on while the new one does so: order entry never goes down.
            line.state.on_old = renewed && self.mind.orders_up && line.channel.is_trailing();
            self.mind.orders_up = line.state.on_old;
        } else if role.orders {
            self.order_session_up(hands);
        }
        if self.joins_by_url(role) {
            self.subscribed(index, hands);
        } else if self.joins_with(index).logs_on() {
            self.join(index, Phase::LoggingOn, Purpose::Login, Wire::log_on, hands);
        } else {
            self.subscribe(index, hands);
        }
    }

    /// The key a connection joins with.
    fn joins_with(&self, index: usize) -> &Wire {
        let line = self.lines.get(index).and_then(Option::as_ref);
        line.and_then(|line| self.trial.wire_of(&line.state)).unwrap_or(&self.wire)
    }

    /// USD-M: the listen key in the address is log-on and subscription at once.
    fn joins_by_url(&self, role: Role) -> bool {
        self.mind.venue == VenueId::BinanceUsdm && !role.orders
    }

    pub(super) fn order_session_up(&mut self, hands: &mut Hands<'_>) {
        if !self.mind.orders_up {
            self.mind.orders_up = true;
            hands.tell(self.mind.venue, NoticeCode::SessionUp, [0; 3]);
        }
    }

    fn logged_on(&mut self, index: usize, accepted: bool, hands: &mut Hands<'_>) {
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        let role = line.state.role;
        if line.state.attempt.is_joining() {
            return self.logged_on_on_trial(index, accepted, hands);
        }
        if !accepted && self.wire.needs_log_on() {
            line.state.enter(Phase::Refused, hands.now);
            return;
        }
        line.state.on_old = false;
        self.wire.set_logged_on(accepted);
        if role.orders {
            self.order_session_up(hands);
        }
        self.subscribe(index, hands);
    }

    /// Asks for the account's events, where this connection is for them.
    pub(super) fn subscribe(&mut self, index: usize, hands: &mut Hands<'_>) {
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        if !line.state.role.account {
            line.state.enter(Phase::Up, hands.now);
            return;
        }
        let phase = Phase::Subscribing(self.joins_with(index).subscriptions());
        self.join(index, phase, Purpose::Subscribe, Wire::subscribe, hands);
    }

    fn subscribed(&mut self, index: usize, hands: &mut Hands<'_>) {
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        let renewed = line.state.renewed;
        line.state.enter(Phase::Up, hands.now);
        self.mind.account_up = true;
        // A new stream says nothing of what happened before it. A renewed one overlapped the old.
        self.mind.reconcile.want();
        if !renewed {
            self.mind.reconcile.missed_something();
        }
    }

    /// Lets the connection that was replaced go, once all that was asked on it is answered.
    fn settle(&mut self, index: usize) {
        let Self { lines, mind, .. } = self;
        let Some(Some(line)) = lines.get_mut(index) else { return };
        if line.state.renewed
            && line.state.attempt == Attempt::None
            && !(line.state.role.orders && mind.requests.waits_since(line.state.since))
        {
            line.state.renewed = false;
            line.channel.settle();
        }
    }

    /// Sends a log-on or a subscription.
    fn join(
        &mut self,
        index: usize,
        phase: Phase,
        purpose: Purpose,
        write: fn(&Wire, Moment, &mut [u8]) -> usize,
        hands: &mut Hands<'_>,
    ) {
        let Self { lines, wire, trial, mind, .. } = self;
        let Some(Some(line)) = lines.get_mut(index) else { return };
        let wire = trial.wire_of(&line.state).unwrap_or(wire);
        line.state.enter(phase, hands.now);
        let _ = mind.budget.try_spend(venue::Spend::Session, InstrumentId::ALL, hands.now);
        let Some(request) = mind.requests.free() else { return };
        let at = Moment { request, venue_ms: mind.venue_ms };
        let sent = line.channel.send_with(TEXT_MAX, &mut |out| write(wire, at, out));
        // OKX and Bybit answer these without a number.
        if sent.is_ok() && wire.can_query() {
            let (order, instrument) = (OrderId::FOREIGN, InstrumentId::ALL);
            let sent = hands.now;
            let request_row = Request { purpose, order, instrument, sent, by_rest: false };
            mind.requests.take(request, request_row, hands.now + JOIN_TIMEOUT);
        }
    }

    #[cold]
    #[inline(never)]
    fn closed(&mut self, index: usize, reason: CloseReason, hands: &mut Hands<'_>) {
        hands.page.add(Counter::ConnClosed, 1);
        let code = reason_number(reason);
        hands.tell(self.mind.venue, NoticeCode::ConnectionClosed, [place(index), code, 0]);
        let role = self.lines.get(index).and_then(Option::as_ref).map(|line| line.state.role);
        let by_url = role.is_some_and(|role| self.joins_by_url(role));
        let status = match reason {
            CloseReason::Dial(DialFault::Status(status)) if by_url => Some(status),
            _ => None,
        };
        if self.closed_on_trial(index, status, hands) {
            return;
        }
        if status.is_some() {
            // A key that is no longer good: it is asked for anew, beside the next dial.
            self.mind.listen.forget();
        }
        self.drop_line(index, hands);
    }

    /// The connection is gone or given up: what was under way on it is unknown; dial again.
    pub(super) fn drop_line(&mut self, index: usize, hands: &mut Hands<'_>) {
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        let role = line.state.role;
        if role.account {
            self.mind.account_up = false;
            self.mind.reconcile.missed_something();
            self.mind.reconcile.abort(self.mind.venue, hands);
        }
        if role.orders {
            if self.mind.orders_up {
                hands.tell(self.mind.venue, NoticeCode::SessionDown, [0; 3]);
            }
            self.mind.orders_up = false;
            self.wire.set_logged_on(false);
            self.mind.abandon(hands);
        }
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        line.dial(hands.now);
    }

    /// The user stream ended although its connection stands.
    fn stream_ended(&mut self, index: usize, hands: &mut Hands<'_>) {
        self.mind.account_up = false;
        self.mind.reconcile.missed_something();
        if self.mind.venue == VenueId::BinanceUsdm {
            self.mind.listen.forget();
        } else {
            self.subscribe(index, hands);
        }
    }

    /// Time-outs, pings, replacements; dials what was never dialed.
    pub(super) fn care_for_lines(&mut self, hands: &mut Hands<'_>) {
        for index in 0..self.lines.len() {
            self.care_for_line(index, hands);
        }
    }

    fn care_for_line(&mut self, index: usize, hands: &mut Hands<'_>) {
        let now = hands.now;
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        if line.state.on_old && !line.channel.is_trailing() {
            // It went before the new one had logged on.
            line.state.on_old = false;
            if line.state.phase != Phase::Up {
                self.mind.orders_up = false;
                hands.tell(self.mind.venue, NoticeCode::SessionDown, [0; 3]);
            }
        }
        let by_key = self.mind.venue == VenueId::BinanceUsdm && !line.state.role.orders;
        let in_phase = now - line.state.since;
        match line.state.phase {
            Phase::Idle if by_key => {}
            Phase::Idle => line.dial(now),
            Phase::Dialing => {}
            Phase::LoggingOn | Phase::Subscribing(_) if in_phase > JOIN_TIMEOUT => {
                self.drop_line(index, hands);
            }
            Phase::Refused if in_phase > REFUSED_WAIT => self.drop_line(index, hands),
            Phase::LoggingOn | Phase::Subscribing(_) | Phase::Refused => {}
            Phase::Up => {
                self.settle(index);
                self.care_for_open_line(index, hands);
            }
        }
    }

    fn care_for_open_line(&mut self, index: usize, hands: &mut Hands<'_>) {
        let now = hands.now;
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        if now - line.state.born > self.mind.settings.connection_life {
            line.state.born = now; // asked for once; the channel tries until it has one
            line.channel.renew(now);
        }
        let Some(ping) = self.wire.ping() else { return };
        if now - line.state.heard > PING_DEAD {
            self.drop_line(index, hands);
            return;
        }
        let quiet = now - line.state.heard > PING_AFTER && now - line.state.pinged > PING_AFTER;
        if quiet || now - line.state.pinged > PING_EVERY {
            line.state.pinged = now;
            let _ = line.channel.send(ping);
        }
    }
}

impl Mind {
    /// Whatever was under way on the order connection: nobody knows what became of it.
    pub(super) fn abandon(&mut self, hands: &mut Hands<'_>) {
        self.requests.abandon(hands.now);
        self.give_up(hands);
    }
}

fn place(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(0)
}

/// A close reason as one number of a notice: the peer's code, or what broke.
fn reason_number(reason: CloseReason) -> i64 {
    match reason {
        CloseReason::Peer(code) => i64::from(code),
        CloseReason::Socket(errno) => -i64::from(errno),
        CloseReason::Eof => 0,
        CloseReason::Silent => 1,
        CloseReason::Tls(_) => 2,
        CloseReason::Violation(_) => 3,
        CloseReason::Dial(_) => 4,
    }
}
