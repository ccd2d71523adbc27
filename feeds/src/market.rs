//! Everything a feed stage knows, apart from its connections: events go in here, records come out.

mod repair;
mod watch;

use crate::decode::{Decoder, Directory};
use crate::message::{Best, BookChange, Control, Event, Refusal, Ticker, Why};
use crate::options::{FeedOptions, Silence};
use crate::outbox::Outbox;
use crate::plan::{Channel, FeedPlan, IndexPlan, Line, Sub};
use crate::symbols::Row;
use crate::sync::Sync;
use crate::tracked::{After, Arrival, Tracked};
use base::input::{BookHealth, Trade};
use base::{Input, InstrumentId, Price, Span, Stamp, VenueId, WallNs};
use telemetry::{Counter, Notice, NoticeCode, NoticeSender, Writer};

pub(crate) use repair::Repair;
pub(crate) use watch::Cure;

/// From which of a session's connections a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// There is one.
    Only,
    /// There are two, and it came from the second.
    Second,
    /// There are two, and it came from the one that is being replaced.
    First,
}

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its connection is not open, or it was not asked for yet.
    Idle,
    /// Asked for; no data yet.
    Asked,
    /// Data comes.
    Live,
}

/// The life of one subscription: what the watchdog looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulse {
    pub(crate) standing: Standing,
    /// When data came last, or when it was asked for.
    pub(crate) last: Stamp,
    /// Whether the second of two connections delivers it already.
    pub(crate) taken: bool,
    /// How often the watchdog had to act on it without success.
    pub(crate) tries: u8,
    /// When the watchdog acted last.
    pub(crate) cured: Stamp,
}

impl Pulse {
    pub(crate) const IDLE: Self =
        Self { standing: Standing::Idle, last: Stamp(0), taken: false, tries: 0, cured: Stamp(0) };
}

/// Counted since the last housekeeping.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    messages: u64,
    bytes: u64,
    ignored: u64,
    stale: u64,
    /// Requests the venue's budget had no room for.
    held: u64,
    /// Requests the venue refused because there were too many.
    limited: u64,
    refused: [u64; Why::COUNT],
}

/// The state of a feed stage without its connections.
#[derive(Debug)]
pub(crate) struct Market {
    pub(crate) decoder: Decoder,
    pub(crate) tracked: Vec<Tracked>,
    pub(crate) indices: Vec<IndexPlan>,
    pub(crate) subs: Vec<Sub>,
    pub(crate) pulses: Vec<Pulse>,
    pub(crate) outbox: Outbox,
    pub(crate) sync: Sync,
    /// By venue: times before these are too old.
    pub(crate) stale_before: [WallNs; VenueId::COUNT],
    /// Whether some interval must be asked for at once.
    pub(crate) wants_intervals: bool,
    pub(crate) notices: NoticeSender,
    snapshot_levels: u16,
    silence: [Silence; VenueId::COUNT],
    /// Whose each subscription is.
    sub_venues: Vec<VenueId>,
    /// The subscription the watchdog looks at next.
    looked_at: usize,
    /// The subscription of each index.
    index_subs: Vec<usize>,
    counts: Counts,
    fallbacks: u64,
    refusal_told: Stamp,
}

/// A log line about refused messages at most this often.
const REFUSALS_EVERY: Span = Span::from_millis(250);

impl Market {
    pub(crate) fn new(
        plan: FeedPlan,
        options: &FeedOptions,
        outbox: Outbox,
        notices: NoticeSender,
    ) -> Self {
        let rows = plan.rows.len();
        let mut tracked: Vec<_> = (0..)
            .map(Row)
            .zip(&plan.rows)
            .map(|(row, instrument)| Tracked::new(row, instrument, options))
            .collect();
        for (at, sub) in (0_u16..).zip(&plan.subs) {
            if sub.channel != Channel::Index
                && let Some(tracked) = tracked.get_mut(sub.row.index())
                && let Some(place) = tracked.subs.get_mut(sub.channel as usize)
            {
                *place = Some(at);
            }
        }
        let index_of = |at: usize| {
            let is_it = |sub: &Sub| sub.channel == Channel::Index && sub.row.index() == at;
            plan.subs.iter().position(is_it).unwrap_or(usize::MAX)
        };
        let index_subs = (0..plan.indices.len()).map(index_of).collect();
        let venue_of = |sub: &Sub| plan.sessions.get(sub.session).map(|s| s.line.venue());
        let sub_venues = plan.subs.iter().filter_map(venue_of).collect();
        let by_rest = tracked.iter().any(|tracked| tracked.sequence.wants_rest());
        Self {
            decoder: Decoder::new(options.message_max),
            pulses: vec![Pulse::IDLE; plan.subs.len()],
            outbox,
            sync: Sync::new(rows, by_rest, usize::from(options.snapshot_levels)),
            indices: plan.indices,
            subs: plan.subs,
            tracked,
            stale_before: [WallNs(i64::MIN); VenueId::COUNT],
            wants_intervals: true,
            notices,
            snapshot_levels: options.snapshot_levels,
            silence: options.silence,
            sub_venues,
            looked_at: 0,
            index_subs,
            counts: Counts::default(),
            fallbacks: 0,
            refusal_told: Stamp(0),
        }
    }

    /// One text of a connection; what it says of the connection itself is handed back.
    #[inline(always)]
    pub(crate) fn on_text(
        &mut self,
        line: Line,
        directory: &Directory,
        bytes: &[u8],
        recv: Stamp,
        from: From,
    ) -> Option<Control> {
        self.counts.messages += 1;
        self.counts.bytes += bytes.len() as u64;
        let venue = line.venue();
        let stale_before = self.stale_before.get(venue.index()).copied().unwrap_or_default();
        let arrival = Arrival { recv, stale_before };
        match self.decoder.decode(line.dialect(), directory, bytes) {
            Ok(Event::Best(best)) => self.on_best(&best, arrival, from),
            Ok(Event::Book(change)) => self.on_book(&change, arrival, from),
            Ok(Event::Trades(row)) => self.on_trades(row, recv, from),
            Ok(Event::Ticker(ticker)) => self.on_ticker(&ticker, recv),
            Ok(Event::Index { index, price, venue_time }) => {
                self.on_index(index, price, venue_time, recv);
            }
            Ok(Event::Control(control)) => return Some(control),
            Ok(Event::Ignored | Event::Foreign) => self.counts.ignored += 1,
            Err(refusal) => self.on_refusal(refusal, venue, bytes.len(), recv),
        }
        None
    }

    #[inline(always)]
    fn on_best(&mut self, best: &Best, arrival: Arrival, from: From) {
        let Some(tracked) = self.tracked.get_mut(best.row.index()) else { return };
        if beat(&mut self.pulses, tracked, Channel::Best, arrival.recv, from) {
            let before = tracked.published();
            tracked.on_best(best, arrival, &mut self.outbox);
            if tracked.published() != before {
                self.health_changed(best.row, arrival.recv);
            }
        }
    }

    #[inline(always)]
    fn on_book(&mut self, change: &BookChange, arrival: Arrival, from: From) {
        let Some(tracked) = self.tracked.get_mut(change.row.index()) else { return };
        if from == From::Second && !joins(tracked, change) {
            // The first connection still carries what is missing before it.
            return;
        }
        if !beat(&mut self.pulses, tracked, Channel::Book, arrival.recv, from) {
            return;
        }
        let before = tracked.published();
        match tracked.on_book(change, &self.decoder.scratch, arrival, &mut self.outbox) {
            After::Fine if tracked.published() == before => {}
            After::Fine => self.health_changed(change.row, arrival.recv),
            After::Stale => self.counts.stale += 1,
            After::Hold => self.sync.keep(change, &self.decoder.scratch),
            After::Resync { expected, got } => {
                self.book_lost(change.row, expected, got, arrival.recv);
                self.hold_after_gap(change, arrival.recv);
            }
        }
    }

    /// The core was told that an instrument is known, or is not; the log hears of it too.
    #[cold]
    #[inline(never)]
    fn health_changed(&mut self, row: Row, now: Stamp) {
        let Some(tracked) = self.tracked.get(row.index()) else { return };
        let (code, number) = match tracked.published() {
            BookHealth::Known => (NoticeCode::BookKnown, i64::from(tracked.resyncs)),
            wrong => (NoticeCode::BookLost, i64::from(wrong as u16)),
        };
        let (venue, instrument) = (Some(tracked.venue), tracked.instrument);
        self.notices.tell(Notice::new(now, code, venue, instrument, [number, 0, 0]));
    }

    #[inline(always)]
    fn on_trades(&mut self, row: Row, recv: Stamp, from: From) {
        let Some(tracked) = self.tracked.get_mut(row.index()) else { return };
        if tracked.sub(Channel::Trades).is_none() {
            self.counts.ignored += 1;
            return;
        }
        if !beat(&mut self.pulses, tracked, Channel::Trades, recv, from) {
            return;
        }
        for trade in self.decoder.scratch.trades.as_slice() {
            let trade = Trade {
                venue: tracked.venue,
                instrument: tracked.instrument,
                taker: trade.taker,
                price: trade.price,
                qty: trade.qty,
                trade_id: trade.id,
                venue_time: trade.venue_time,
            };
            self.outbox.trade(Input::Trade(trade).record(recv));
        }
    }

    fn on_ticker(&mut self, ticker: &Ticker, recv: Stamp) {
        let Some(tracked) = self.tracked.get_mut(ticker.row.index()) else { return };
        // Only OKX has a channel for funding alone.
        let alone = tracked.sub(Channel::Funding).is_some() && ticker.rate.is_some();
        let channel = if alone { Channel::Funding } else { Channel::Mark };
        beat(&mut self.pulses, tracked, channel, recv, From::Only);
        let disagrees = tracked.facts.on_ticker(tracked.row, ticker, recv, &mut self.outbox);
        self.wants_intervals |= disagrees;
    }

    fn on_index(&mut self, index: Row, price: Price, venue_time: WallNs, recv: Stamp) {
        let Some(plan) = self.indices.get(index.index()) else { return };
        for row in &plan.members {
            if let Some(tracked) = self.tracked.get_mut(row.index()) {
                tracked.facts.on_index(*row, price, venue_time, recv, &mut self.outbox);
            }
        }
        let sub = self.index_subs.get(index.index()).copied();
        if let Some(pulse) = sub.and_then(|at| self.pulses.get_mut(at)) {
            *pulse = Pulse { standing: Standing::Live, last: recv, taken: true, ..*pulse };
        }
    }

    /// Counted, and what it would have changed is unknown: it cannot be guessed.
    #[cold]
    #[inline(never)]
    fn on_refusal(&mut self, refusal: Refusal, venue: VenueId, bytes: usize, recv: Stamp) {
        if let Some(count) = self.counts.refused.get_mut(refusal.why as usize) {
            *count += 1;
        }
        let tracked = refusal.row.and_then(|row| self.tracked.get_mut(row.index()));
        let instrument = tracked.as_ref().map_or(InstrumentId::ALL, |tracked| tracked.instrument);
        if let Some(tracked) = tracked {
            let row = tracked.row;
            tracked.lose_book(BookHealth::Refused, 0, 0, recv, &mut self.outbox);
            self.book_lost(row, 0, 0, recv);
        }
        if recv - self.refusal_told >= REFUSALS_EVERY {
            self.refusal_told = recv;
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            let numbers = [i64::from(refusal.why as u8), bytes, 0];
            let code = NoticeCode::MessageRefused;
            self.notices.tell(Notice::new(recv, code, Some(venue), instrument, numbers));
        }
    }

    /// What was counted goes to the page.
    pub(crate) fn publish_counts(&mut self, writer: &Writer) {
        let counts = core::mem::take(&mut self.counts);
        let (sent, dropped) = self.outbox.take_counts();
        let fallbacks = self.decoder.fallbacks();
        let lost = self.outbox.take_losses();
        let lost = |why: BookHealth| lost.get(why as usize).copied().unwrap_or(0);
        let refused = |why: Why| counts.refused.get(why as usize).copied().unwrap_or(0);
        for (counter, by) in [
            (Counter::FeedMessages, counts.messages),
            (Counter::FeedBytes, counts.bytes),
            (Counter::FeedIgnored, counts.ignored),
            (Counter::FeedStaleDeltas, counts.stale),
            (Counter::FeedRequestsHeld, counts.held),
            (Counter::FeedRequestsLimited, counts.limited),
            (Counter::FeedEvents, sent),
            (Counter::FeedDropped, dropped),
            (Counter::FeedFallback, fallbacks - self.fallbacks),
            (Counter::FeedRefusedJson, refused(Why::Garbage)),
            (Counter::FeedRefusedMissing, refused(Why::Missing)),
            (Counter::FeedRefusedDecimal, refused(Why::Price) + refused(Why::Size)),
            (Counter::FeedRefusedValue, refused(Why::Value)),
            (Counter::FeedRefusedUnknown, refused(Why::Shape)),
            (Counter::FeedGaps, lost(BookHealth::Gap)),
            (Counter::FeedCrossed, lost(BookHealth::Crossed)),
            (Counter::FeedEmpty, lost(BookHealth::Empty)),
            (Counter::FeedSilent, lost(BookHealth::Silent)),
            (Counter::FeedStale, lost(BookHealth::Stale)),
            (Counter::FeedRefusedSize, refused(Why::TooMany) + refused(Why::TooLong)),
        ] {
            if by > 0 {
                writer.add(counter, by);
            }
        }
        self.fallbacks = fallbacks;
    }
}

/// Notes that data came on a channel; `false` when it is a repetition from the connection being replaced.
#[inline(always)]
fn beat(
    pulses: &mut [Pulse],
    tracked: &Tracked,
    channel: Channel,
    recv: Stamp,
    from: From,
) -> bool {
    let Some(pulse) = tracked.sub(channel).and_then(|at| pulses.get_mut(at)) else { return true };
    if from == From::First {
        if !pulse.taken {
            pulse.last = recv;
        }
        return !pulse.taken;
    }
    pulse.standing = Standing::Live;
    pulse.last = recv;
    pulse.taken = true;
    true
}

/// Whether a change from a second connection continues the book without what only the first one carries.
#[cold]
#[inline(never)]
fn joins(tracked: &Tracked, change: &BookChange) -> bool {
    use crate::sequence::Step;
    let mut place = tracked.sequence;
    !matches!(place.step(change), Step::Gap { .. } | Step::Stale)
}
