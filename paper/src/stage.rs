//! The desk as a stage: intents and market in, reports out.

use std::collections::VecDeque;

use base::input::{Input, Reject, RejectClass};
use base::output::{CancelAll, Output, Place};
use base::{Clock, InstrumentId, Instruments, Record, Stage, Stamp, VenueId, WallNs, Work};
use rings::{Fence, Flag, Receiver, Sender};
use telemetry::{Counter, Hist, Notice, NoticeCode, NoticeSender, RingGauge, Writer};

use crate::account::Opening;
use crate::desk::{Desk, Hands, Terms};
use crate::outbox::Outbox;

/// Most intents one turn takes.
const BURST: usize = 64;
/// Most market records one turn follows.
const MARKET_BURST: usize = 256;
/// Most intents that are on their way to a book at once.
const ON_THE_WAY: usize = 1_024;
/// How often the account is told as a whole.
const RECONCILE_EVERY: base::Span = base::Span::from_secs(30);

/// What a paper stage is made of.
#[derive(Debug)]
pub struct PaperParts<'a, C> {
    /// Its name: that of the gateway whose place it takes.
    pub name: &'static str,
    /// Whose orders it fills.
    pub venues: &'a [VenueId],
    /// Every instrument of the run.
    pub instruments: &'a Instruments,
    /// How orders are filled.
    pub terms: Terms,
    /// What the accounts begin with.
    pub opening: &'a Opening,
    /// From the strategy: Place, Cancel, CancelAll, Query.
    pub intents: Receiver<Record>,
    /// To the strategy; a [`rings::Full::Halt`] ring.
    pub reports: Sender<Record>,
    /// From the feed of the same venues: all it tells the core.
    pub market: Receiver<Record>,
    /// Where the fill of `reports` is shown.
    pub gauge: Option<RingGauge>,
    /// After it is set no new order is taken; everything that rests is cancelled.
    pub kill: Flag,
    /// While it is shut no new order is taken, as none would leave for a venue.
    pub fence: Fence,
    /// Time.
    pub clock: C,
    /// Its block of the metrics page.
    pub page: Writer,
    /// To the log.
    pub notices: NoticeSender,
}

/// An intent that is on its way to the book.
#[derive(Clone, Copy, Debug)]
struct Sent {
    output: Output,
    sent: Stamp,
    due: Stamp,
}

/// A gateway's place, taken by the paper desk.
#[derive(Debug)]
pub struct PaperStage<C> {
    name: &'static str,
    desk: Desk,
    /// In the order they left, which is that in which they arrive.
    under_way: VecDeque<Sent>,
    latency: base::Span,
    intents: Receiver<Record>,
    market: Receiver<Record>,
    out: Outbox,
    gauge: Option<RingGauge>,
    kill: Flag,
    fence: Fence,
    killed: bool,
    clock: C,
    /// Wall time at `walled`.
    wall: WallNs,
    walled: Stamp,
    reconcile_at: Stamp,
    started: bool,
    page: Writer,
    notices: NoticeSender,
}

/// The tools of one step, beside the desk.
macro_rules! hands {
    ($stage:ident, $now:expr) => {{
        let now: Stamp = $now;
        let since = i64::try_from((now - $stage.walled).0).unwrap_or(0);
        Hands {
            out: &mut $stage.out,
            page: &$stage.page,
            notices: &mut $stage.notices,
            now,
            wall: WallNs($stage.wall.0.saturating_add(since)),
        }
    }};
}

impl<C: Clock> PaperStage<C> {
    /// Makes the stage. All it will ever need is allocated here.
    #[must_use]
    pub fn open(parts: PaperParts<'_, C>) -> Self {
        let (venues, instruments) = (parts.venues, parts.instruments);
        let now = parts.clock.wall();
        let desk = Desk::new(parts.terms, venues, instruments, parts.opening, now);
        let out = Outbox::new(parts.reports, desk.records_max());
        Self {
            name: parts.name,
            desk,
            under_way: VecDeque::with_capacity(ON_THE_WAY),
            latency: parts.terms.latency,
            intents: parts.intents,
            market: parts.market,
            out,
            gauge: parts.gauge,
            kill: parts.kill,
            fence: parts.fence,
            killed: false,
            wall: now,
            walled: parts.clock.now(),
            clock: parts.clock,
            reconcile_at: Stamp(0),
            started: false,
            page: parts.page,
            notices: parts.notices,
        }
    }

    /// The kill flag: everything that rests is cancelled, and nothing new is taken until it is cleared.
    fn look_at_kill(&mut self, now: Stamp) {
        let killed = self.kill.is_set();
        if killed == self.killed {
            return;
        }
        self.killed = killed;
        if killed {
            let all = InstrumentId::ALL;
            self.notices.tell(Notice::new(now, NoticeCode::Killed, None, all, [0; 3]));
            for venue in VenueId::ALL.into_iter().filter(|venue| self.desk.serves(*venue)) {
                let cancel = Output::CancelAll(CancelAll { venue, instrument: all });
                send(&mut self.under_way, cancel, (now, now + self.latency));
            }
        }
    }

    /// Takes intents from the ring; returns how many.
    fn take_intents(&mut self, now: Stamp) -> u32 {
        let mut done = 0;
        for _ in 0..BURST {
            // The core waits with what finds no place on the way, but for the cancels of a kill.
            let full = self.under_way.len() + VenueId::COUNT >= ON_THE_WAY;
            if full || !self.out.is_clear() {
                break;
            }
            let Some(record) = self.intents.pop() else { break };
            self.intent(&record, now);
            done += 1;
        }
        done
    }

    fn intent(&mut self, record: &Record, now: Stamp) {
        match Output::read(record) {
            Ok(Output::Place(place)) => self.place(&place, now),
            Ok(output @ (Output::Cancel(_) | Output::CancelAll(_))) => {
                self.page.add(Counter::CancelsSent, 1);
                self.send(output, now);
            }
            Ok(output @ Output::Query(_)) => {
                self.page.add(Counter::Queries, 1);
                self.send(output, now);
            }
            // Not for a gateway, or not readable.
            Ok(Output::PairChange(_) | Output::Alarm(_) | Output::Checkpoint(_)) | Err(_) => {
                self.page.add(Counter::OrdersLocal, 1);
            }
        }
    }

    fn place(&mut self, place: &Place, now: Stamp) {
        let refused = if !self.desk.serves(place.venue) {
            Some((RejectClass::Local, Counter::OrdersLocal))
        } else if self.killed || self.kill.is_set() {
            Some((RejectClass::Local, Counter::OrdersKilled))
        } else if !self.fence.is_open(now) {
            Some((RejectClass::Unavailable, Counter::OrdersFenced))
        } else {
            None
        };
        if let Some((class, counter)) = refused {
            return self.not_placed(place, class, counter, now);
        }
        self.send(Output::Place(*place), now);
        self.page.add(Counter::OrdersSent, 1);
        self.page.record(Hist::TickToOrder, (now - place.cause).0);
    }

    #[cold]
    #[inline(never)]
    fn not_placed(&mut self, place: &Place, class: RejectClass, counter: Counter, now: Stamp) {
        self.page.add(counter, 1);
        let Place { venue, instrument, order, .. } = *place;
        let reject = Reject { venue, instrument, order, class, code: 0 };
        self.out.push(Input::Reject(reject), now);
    }

    fn send(&mut self, output: Output, now: Stamp) {
        send(&mut self.under_way, output, (now, now + self.latency));
    }

    /// Follows the market, each order arriving between the records it fell between. Returns how much was
    /// done, and whether nothing more waits.
    fn follow_market(&mut self, now: Stamp) -> (u32, bool) {
        let mut done = 0;
        for _ in 0..MARKET_BURST {
            let Some(record) = self.market.peek().copied() else { return (done, true) };
            let (arrived, all) = self.arrivals(record.stamp, now);
            done += arrived;
            if !all || !self.out.is_clear() {
                return (done, false);
            }
            let mut hands = hands!(self, now);
            self.desk.follow(&record, &mut hands);
            self.market.pop();
            done += 1;
        }
        (done, false)
    }

    /// Everything that is due before `until` arrives; how much did, and whether all did.
    fn arrivals(&mut self, until: Stamp, now: Stamp) -> (u32, bool) {
        let mut done = 0;
        // bound: what is on its way
        for _ in 0..ON_THE_WAY {
            let due = self.under_way.front().filter(|sent| sent.due <= until).copied();
            let Some(sent) = due else { return (done, true) };
            if !self.out.is_clear() {
                return (done, false);
            }
            self.under_way.pop_front();
            let mut hands = hands!(self, now);
            match sent.output {
                Output::Place(place) => self.desk.arrive(&place, sent.sent, &mut hands),
                Output::Cancel(cancel) => self.desk.cancel(&cancel, &mut hands),
                Output::CancelAll(all) => self.desk.cancel_all(&all, &mut hands),
                Output::Query(query) => self.desk.query(&query, &mut hands),
                Output::PairChange(_) | Output::Alarm(_) | Output::Checkpoint(_) => {}
            }
            done += 1;
        }
        (done, true)
    }

    /// Sessions and the whole account, at first and every so often.
    fn reconcile(&mut self, now: Stamp) {
        if now < self.reconcile_at || !self.out.is_clear() {
            return;
        }
        self.reconcile_at = now + RECONCILE_EVERY;
        let first = !core::mem::replace(&mut self.started, true);
        let mut hands = hands!(self, now);
        if first {
            self.desk.tell_sessions(&mut hands);
        }
        self.desk.reconcile(first, &mut hands);
    }

    fn publish(&self) {
        self.page.set(Counter::SessionUp, self.desk.venues() as u64);
        self.page.set(Counter::OrdersUnknown, self.out.lost());
        self.page.set(Counter::NoticesDropped, self.notices.dropped());
        if let Some(gauge) = &self.gauge {
            let (fill, refused) = self.out.ring();
            gauge.publish(fill, refused);
        }
    }
}

impl<C: Clock> Stage for PaperStage<C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn turn(&mut self, now: Stamp) -> Work {
        self.look_at_kill(now);
        if !self.out.flush() {
            return Work::Backpressured;
        }
        let mut done = self.take_intents(now);
        let (followed, all) = self.follow_market(now);
        done += followed;
        if all {
            done += self.arrivals(now, now).0;
        }
        if done == 0 { Work::Idle } else { Work::Done(done) }
    }

    fn housekeep(&mut self, now: Stamp) {
        self.wall = self.clock.wall();
        self.walled = now;
        if self.out.flush() {
            self.reconcile(now);
        }
        if self.out.is_clear() {
            let mut hands = hands!(self, now);
            self.desk.settle(&mut hands);
        }
        self.publish();
    }
}

/// Puts an intent on its way to the book.
fn send(under_way: &mut VecDeque<Sent>, output: Output, (sent, due): (Stamp, Stamp)) {
    if under_way.len() < under_way.capacity() {
        under_way.push_back(Sent { output, sent, due });
    }
}

#[cfg(test)]
mod tests;
