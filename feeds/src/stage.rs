//! The feed stage of one group of venues: turns over its connections, and the slow things between them.

mod clocks;

use crate::errand::{Answer, Job};
use crate::market::{Cure, From, Market, Repair};
use crate::options::FeedOptions;
use crate::outbox::Outbox;
use crate::plan::FeedPlan;
use crate::session::{Session, Want};
use base::{Clock, InstrumentId, Record, Span, Stage, Stamp, VenueId, Work};
use clocks::Clocks;
use net::{Channel, ErrandHandle, Polled};
use rings::Sender;
use telemetry::{Counter, Hist, Notice, NoticeCode, NoticeSender, RingGauge, Writer};

/// Most texts one turn reads, over all connections. It ends with the first that tells the core something, so
/// that what follows from it is done before more is read.
pub const BURST: usize = 64;
/// Most pieces of answers one housekeeping takes.
const ANSWERS: usize = 32;
/// Most books one housekeeping begins to bring into sequence.
const REPAIRS: usize = 8;
/// What needs no hundred microseconds is done this often.
const SLOW_EVERY: Span = Span::from_millis(1);
/// Gauges that take a walk over all instruments.
const GAUGES_EVERY: Span = Span::from_millis(250);
/// Between two questions for the funding intervals, however urgent.
const INTERVALS_GAP: Span = Span::from_secs(10);

/// What asks by REST for a stage: two threads, so that a slow answer delays no measurement of a clock.
#[derive(Debug)]
pub struct FeedErrands {
    /// For [`Job::Time`].
    pub clock: ErrandHandle<Job, Answer>,
    /// For everything else.
    pub data: ErrandHandle<Job, Answer>,
}

/// Where a stage tells what it does.
#[derive(Debug)]
pub struct FeedTells {
    /// To the core.
    pub records: Sender<Record>,
    /// To the gateway of the same venues, which stamps its requests by their clocks; with
    /// [`FeedOptions::market_too`] all of `records` as well.
    pub clocks: Option<Sender<Record>>,
    /// To the page.
    pub page: Writer,
    /// To the log.
    pub notices: NoticeSender,
    /// Where the fill of both rings is shown: `records`, then `clocks`.
    pub gauges: [Option<RingGauge>; 2],
}

/// Market data of one group of venues: bytes in, records out.
#[derive(Debug)]
pub struct FeedStage<L, C> {
    name: &'static str,
    clock: C,
    sessions: Vec<Session<L>>,
    /// The connection that is read now, and how many texts of its share it had.
    cursor: usize,
    served: usize,
    /// The last turn ended because the core was told something.
    has_more: bool,
    market: Market,
    clocks: Clocks,
    errands: FeedErrands,
    page: Writer,
    gauges: [Option<RingGauge>; 2],
    options: FeedOptions,
    started: bool,
    slow_at: Stamp,
    gauges_at: Stamp,
    intervals_at: Stamp,
    has_intervals: bool,
}

impl<L: Channel, C: Clock> FeedStage<L, C> {
    /// A stage with one link for each connection of its plan, in the plan's order. Everything it will ever
    /// need is allocated here; the links are dialed at its first turn.
    #[must_use]
    pub fn new(
        plan: FeedPlan,
        options: FeedOptions,
        links: Vec<L>,
        errands: FeedErrands,
        tells: FeedTells,
        clock: C,
    ) -> Self {
        let of_session = |at: usize| {
            let first = plan.subs.iter().position(|sub| sub.session == at).unwrap_or(0);
            first..first + plan.subs.iter().filter(|sub| sub.session == at).count()
        };
        let sessions = links
            .into_iter()
            .zip(&plan.sessions)
            .enumerate()
            .map(|(at, (link, session))| {
                Session::new(link, session.line, plan.directory(session.line), of_session(at))
            })
            .collect();
        let venues: Vec<VenueId> = VenueId::ALL
            .into_iter()
            .filter(|venue| plan.sessions.iter().any(|session| session.line.venue() == *venue))
            .collect();
        let mut outbox = Outbox::new(tells.records, tells.clocks, plan.rows.len());
        if options.market_too {
            outbox.tell_twice();
        }
        let has_intervals = venues.contains(&VenueId::BinanceUsdm);
        Self {
            name: plan.name,
            clock,
            sessions,
            cursor: 0,
            served: 0,
            has_more: false,
            market: Market::new(plan, &options, outbox, tells.notices),
            clocks: Clocks::new(&venues, options.speed, options.clock_every),
            errands,
            page: tells.page,
            gauges: tells.gauges,
            options,
            started: false,
            slow_at: Stamp(0),
            gauges_at: Stamp(0),
            intervals_at: Stamp(0),
            has_intervals,
        }
    }

    /// Reads the connection under the cursor until it has nothing, its share of the burst is used up, or the
    /// core was told something.
    #[inline(always)]
    fn read(&mut self, share: usize, now: Stamp) -> Read {
        let mut read = Read { count: 0, told: false };
        let mut end = now;
        let before = self.market.outbox.pushed();
        // bound: its share of BURST
        while self.served < share && !read.told && !self.market.outbox.is_jammed() {
            let Some(session) = self.sessions.get_mut(self.cursor) else { break };
            let overlap = session.state.overlap_until.is_some();
            let (bytes, recv, from) = match session.link.poll(now) {
                Polled::Idle => break,
                Polled::Text { bytes, recv } if overlap => (bytes, recv, From::Second),
                Polled::Text { bytes, recv } => (bytes, recv, From::Only),
                Polled::Trailing { bytes, recv } => (bytes, recv, From::First),
                event => {
                    let event = Happened::of(&event);
                    read.count += 1;
                    self.on_event(self.cursor, event, now);
                    read.told = self.market.outbox.pushed() != before;
                    break;
                }
            };
            let control = self.market.on_text(session.line, &session.directory, bytes, recv, from);
            read.told = self.market.outbox.pushed() != before;
            read.count += 1;
            self.served += 1;
            // Texts that came with one read of the socket are charged one after the other.
            let begin = recv.max(end);
            end = self.clock.now();
            self.page.record(Hist::Decode, (end - begin).0);
            if from != From::First {
                let waited = session.link.socket_to_user();
                if waited > 0 && session.state.heard_at() != recv {
                    self.page.record(Hist::SocketToUser, waited);
                }
                session.state.heard(recv);
                if let Some(control) = control
                    && let Some(code) = session.state.on_control(control, now)
                {
                    self.market.subscription_refused(self.cursor, session.line.venue(), code, now);
                }
            }
        }
        read
    }

    /// The next connection's share begins.
    #[inline(always)]
    fn advance(&mut self) {
        self.served = 0;
        self.cursor += 1;
        if self.cursor >= self.sessions.len() {
            self.cursor = 0;
        }
    }

    /// A connection opened, was renewed, or closed.
    #[cold]
    #[inline(never)]
    fn on_event(&mut self, at: usize, event: Happened, now: Stamp) {
        let Some(session) = self.sessions.get_mut(at) else { return };
        let number = i64::try_from(at).unwrap_or(i64::MAX);
        let (code, counter, what) = match event {
            Happened::Opened => {
                session.on_opened(now, self.options.renew_after);
                let attempt = i64::try_from(session.state.opened).unwrap_or(i64::MAX);
                (NoticeCode::ConnectionOpened, Some(Counter::ConnOpened), attempt)
            }
            Happened::Renewed => {
                session.on_renewed(now, self.options.renew_after);
                self.market.on_renewed(session.subs.clone());
                (NoticeCode::ConnectionRenewed, Some(Counter::ConnRenewed), 0)
            }
            Happened::Closed { was_dial } => {
                let was_open = session.state.is_open;
                session.on_closed();
                self.market.on_closed(session.subs.clone(), now);
                session.link.reopen(now);
                if was_dial && !was_open {
                    (NoticeCode::ConnectionFailed, None, 0)
                } else {
                    (NoticeCode::ConnectionClosed, Some(Counter::ConnClosed), 0)
                }
            }
        };
        if let Some(counter) = counter {
            self.page.add(counter, 1);
        }
        let venue = Some(session.line.venue());
        let notice = Notice::new(now, code, venue, InstrumentId::ALL, [number, what, 0]);
        self.market.notices.tell(notice);
    }

    /// A connection is of no use any more: drops it and dials again.
    #[cold]
    #[inline(never)]
    fn reopen(&mut self, at: usize, now: Stamp) {
        let Some(session) = self.sessions.get_mut(at) else { return };
        session.on_closed();
        self.market.on_closed(session.subs.clone(), now);
        session.link.reopen(now);
        self.page.add(Counter::ConnClosed, 1);
    }

    fn take_answers(&mut self, now: Stamp) {
        for _ in 0..ANSWERS {
            let Some(answer) = self.errands.data.poll() else { break };
            self.market.on_answer(&answer, now);
        }
        for _ in 0..VenueId::COUNT {
            let Some(answer) = self.errands.clock.poll() else { break };
            match answer {
                Answer::Time { venue, sent, received, time } => {
                    self.clocks.sample(venue, sent, received, time);
                    let wall = self.clock.wall();
                    self.clocks.tell(venue, now, wall, &mut self.market);
                }
                other => self.market.on_answer(&other, now),
            }
        }
    }

    fn repair(&mut self, now: Stamp) {
        for _ in 0..REPAIRS.min(self.market.waiting()) {
            match self.market.next_repair(now) {
                Repair::Nothing => {}
                Repair::Ask(job) => {
                    self.page.add(Counter::FeedResyncs, 1);
                    if let Err(Job::Snapshot { row, .. }) = self.errands.data.submit(job) {
                        self.market.not_repaired(row, now);
                    }
                }
                Repair::Resubscribe(sub) => {
                    self.page.add(Counter::FeedResyncs, 1);
                    self.resubscribe(sub, now);
                }
            }
        }
        self.market.check_holdings(now);
    }

    fn resubscribe(&mut self, sub: usize, now: Stamp) {
        let session = self.market.subs.get(sub).map(|sub| sub.session);
        let Some(at) = session else { return };
        let done = self.sessions.get_mut(at).is_some_and(|session| session.resubscribe(sub));
        if !done {
            self.reopen(at, now);
        }
    }

    fn keep_sessions(&mut self, now: Stamp) {
        for at in 0..self.sessions.len() {
            let Some(session) = self.sessions.get_mut(at) else { continue };
            let overlap = session.state.overlap_until;
            let market = &mut self.market;
            if let Some(until) = overlap
                && (now >= until || market.is_taken(session.subs.clone()))
            {
                session.settle();
            }
            let subs = core::mem::take(&mut market.subs);
            let mut joined = |sub| market.on_joined(sub, now, overlap.is_some(), &subs);
            let want = session.housekeep(now, &subs, &mut joined);
            self.market.subs = subs;
            if want == Want::Reopen {
                self.reopen(at, now);
            }
        }
    }

    fn ask_intervals(&mut self, now: Stamp) {
        let gap =
            if self.market.wants_intervals { INTERVALS_GAP } else { self.options.intervals_every };
        let never = self.intervals_at == Stamp(0);
        if self.has_intervals && (never || now - self.intervals_at >= gap) {
            self.intervals_at = now;
            if self.errands.data.submit(Job::Intervals).is_ok() {
                self.market.wants_intervals = false;
            }
        }
    }

    fn slow(&mut self, now: Stamp) {
        self.clocks.ask(now, &mut self.errands.clock);
        self.clocks.judge(now, self.options.age_max, &mut self.market.stale_before);
        self.ask_intervals(now);
        self.repair(now);
        self.keep_sessions(now);
        match self.market.watch(now) {
            Some(Cure::Resubscribe(sub)) => self.resubscribe(sub, now),
            Some(Cure::Reopen(sub)) => {
                if let Some(at) = self.market.subs.get(sub).map(|sub| sub.session) {
                    self.reopen(at, now);
                }
            }
            None => {}
        }
        self.market.publish_counts(&self.page);
        for (gauge, (fill, refused)) in self.gauges.iter().zip(self.market.outbox.rings()) {
            if let Some(gauge) = gauge {
                gauge.publish(fill, refused);
            }
        }
        if now >= self.gauges_at {
            self.gauges_at = now + GAUGES_EVERY;
            let open = self.sessions.iter().filter(|session| session.state.is_open).count();
            self.page.set(Counter::ConnOpen, open as u64);
            self.page.set(Counter::FeedBooks, self.market.tracked.len() as u64);
            self.page.set(Counter::FeedBooksKnown, self.market.known() as u64);
            self.page.set(Counter::NoticesDropped, self.market.notices.dropped());
        }
    }
}

/// What came of reading one connection.
#[derive(Clone, Copy, Debug)]
struct Read {
    /// Texts and events.
    count: usize,
    /// Whether the core was told something.
    told: bool,
}

/// What happened to a connection, without what a text would borrow.
#[derive(Clone, Copy, Debug)]
enum Happened {
    Opened,
    Renewed,
    Closed { was_dial: bool },
}

impl Happened {
    const fn of(event: &Polled<'_>) -> Self {
        match event {
            Polled::Opened => Self::Opened,
            Polled::Closed(net::CloseReason::Dial(_)) => Self::Closed { was_dial: true },
            Polled::Closed(_) => Self::Closed { was_dial: false },
            Polled::Renewed | Polled::Idle | Polled::Text { .. } | Polled::Trailing { .. } => {
                Self::Renewed
            }
        }
    }
}

impl<L: Channel, C: Clock> Stage for FeedStage<L, C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn turn(&mut self, now: Stamp) -> Work {
        let before = self.market.outbox.pushed();
        self.market.outbox.flush();
        let mut count = usize::from(self.market.outbox.pushed() != before);
        self.has_more = false;
        let sessions = self.sessions.len();
        let share = BURST.checked_div(sessions).unwrap_or(0).max(1);
        // bound: every connection once
        for _ in 0..sessions {
            let read = self.read(share, now);
            count += read.count;
            if read.told {
                self.has_more = true;
                if self.served >= share {
                    self.advance();
                }
                break;
            }
            self.advance();
        }
        if !self.market.outbox.is_clear() {
            self.has_more = false;
            return Work::Backpressured;
        }
        match u32::try_from(count) {
            Ok(0) => Work::Idle,
            Ok(count) => Work::Done(count),
            Err(_) => Work::Done(u32::MAX),
        }
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn react(&mut self, _now: Stamp) -> Work {
        // Nothing upstream writes to a feed.
        Work::Idle
    }

    fn housekeep(&mut self, now: Stamp) {
        if !self.started {
            self.started = true;
            for session in &mut self.sessions {
                session.link.reopen(now);
            }
        }
        self.market.outbox.flush();
        if self.market.outbox.is_jammed() {
            return;
        }
        self.take_answers(now);
        if now >= self.slow_at {
            self.slow_at = now + SLOW_EVERY;
            self.slow(now);
        }
    }
}

#[cfg(test)]
mod tests;
