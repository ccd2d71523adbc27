//! Books that were lost are found again: the queue of resyncs and what the venue answers.

use super::{Market, Pulse, Standing};
use crate::errand::{Answer, Job};
use crate::message::BookChange;
use crate::plan::{Channel, Sub};
use crate::sequence::Step;
use crate::symbols::Row;
use crate::tracked::{After, Arrival};
use base::input::BookHealth;
use base::{InstrumentId, Span, Stamp, VenueId, WallNs};
use core::ops::Range;
use telemetry::{Notice, NoticeCode};

/// A book that is lost again and again waits twice as long each time, up to this many doublings.
const DOUBLINGS_MAX: u32 = 5;
/// The first wait after a repeated loss.
const RESYNC_WAIT: Span = Span::from_millis(500);
/// A holding that got no change for this long asks for its snapshot all the same.
const QUIET_FOR: Span = Span::from_secs(1);
/// However long a venue wants to be left alone, whether it still does is looked at this often.
const HELD_MAX: Span = Span::from_secs(60);
/// A snapshot that was asked for and never came is asked for again.
const SNAPSHOT_WITHIN: Span = Span::from_secs(20);

/// What a resync asks of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// Nothing is due.
    Nothing,
    /// A REST snapshot.
    Ask(Job),
    /// Leave and join this subscription.
    Resubscribe(usize),
}

impl Market {
    /// A book became unknown: says so and puts it in the queue.
    #[cold]
    #[inline(never)]
    pub(super) fn book_lost(&mut self, row: Row, expected: i64, got: i64, now: Stamp) {
        let Some(tracked) = self.tracked.get_mut(row.index()) else { return };
        let health = i64::from(tracked.book_health() as u16);
        let (venue, instrument) = (Some(tracked.venue), tracked.instrument);
        let numbers = [health, expected, got];
        self.notices.tell(Notice::new(now, NoticeCode::BookLost, venue, instrument, numbers));
        tracked.note_loss(now);
        self.queue_resync(row, now);
    }

    /// Puts a book in the queue of resyncs, once.
    pub(crate) fn queue_resync(&mut self, row: Row, now: Stamp) {
        let Some(tracked) = self.tracked.get_mut(row.index()) else { return };
        let wait = match tracked.losses() {
            0 | 1 => Span(0),
            n => Span(RESYNC_WAIT.0 << (n - 2).min(DOUBLINGS_MAX)),
        };
        self.queue_until(row, now + wait);
    }

    fn queue_until(&mut self, row: Row, due: Stamp) {
        let Some(tracked) = self.tracked.get_mut(row.index()) else { return };
        if !tracked.queued {
            tracked.queued = self.sync.waiting.push((row, due));
        }
    }

    /// The change that showed a gap is the first that the next snapshot must be followed by.
    #[cold]
    #[inline(never)]
    pub(super) fn hold_after_gap(&mut self, change: &BookChange, now: Stamp) {
        let tracked = self.tracked.get(change.row.index());
        if tracked.is_some_and(|tracked| tracked.sequence.wants_rest())
            && self.sync.hold(change.row, now).is_some()
        {
            self.sync.keep(change, &self.decoder.scratch);
        }
    }

    /// The next resync that is due.
    pub(crate) fn next_repair(&mut self, now: Stamp) -> Repair {
        let Some((row, due)) = self.sync.waiting.pop() else { return Repair::Nothing };
        let repair = if now < due { None } else { self.repair(row, now) };
        let Some(tracked) = self.tracked.get_mut(row.index()) else { return Repair::Nothing };
        let Some(repair) = repair else {
            self.sync.waiting.push((row, due));
            return Repair::Nothing;
        };
        tracked.queued = false;
        tracked.resyncs += u32::from(repair != Repair::Nothing);
        repair
    }

    /// How many books wait for their turn.
    pub(crate) const fn waiting(&self) -> usize {
        self.sync.waiting.len()
    }

    /// What brings `row` into sequence now; `None` when it must wait.
    fn repair(&mut self, row: Row, now: Stamp) -> Option<Repair> {
        let tracked = self.tracked.get(row.index())?;
        let Some(sub) = tracked.sub(Channel::Book) else { return Some(Repair::Nothing) };
        let standing = self.pulses.get(sub).map_or(Standing::Idle, |pulse| pulse.standing);
        if standing == Standing::Idle {
            // Its connection is down: opening it begins everything afresh.
            return Some(Repair::Nothing);
        }
        if !tracked.sequence.wants_rest() {
            return Some(Repair::Resubscribe(sub));
        }
        let holding = self.sync.hold(row, now)?;
        if holding.asked {
            return Some(Repair::Nothing);
        }
        if holding.is_empty() && now - holding.since < QUIET_FOR {
            return None;
        }
        let holding = self.sync.hold(row, now)?;
        holding.asked = true;
        holding.since = now;
        Some(Repair::Ask(Job::Snapshot { row, levels: self.snapshot_levels }))
    }

    /// A repair could not be handed over: it is tried again.
    pub(crate) fn not_repaired(&mut self, row: Row, now: Stamp) {
        if let Some(holding) = self.sync.holding(row) {
            holding.asked = false;
        }
        self.queue_resync(row, now);
    }

    /// A snapshot that never came is asked for again.
    pub(crate) fn check_holdings(&mut self, now: Stamp) {
        if let Some(row) = self.sync.overdue(now, SNAPSHOT_WITHIN) {
            self.not_repaired(row, now);
        }
    }

    /// What the errand thread answered, but for the time.
    pub(crate) fn on_answer(&mut self, answer: &Answer, now: Stamp) {
        match answer {
            Answer::Begin { row, last_update } => {
                self.sync.bids.clear();
                self.sync.asks.clear();
                self.sync.incoming = Some((*row, *last_update));
            }
            Answer::Levels { bids, count, levels, .. } => {
                let side = if *bids { &mut self.sync.bids } else { &mut self.sync.asks };
                for level in levels.iter().take(usize::from(*count)) {
                    side.push(*level);
                }
            }
            Answer::End { row, cut } => self.on_snapshot(*row, *cut, now),
            Answer::Interval { row, interval } => {
                if let Some(tracked) = self.tracked.get_mut(row.index()) {
                    tracked.facts.on_interval(*row, *interval, now, &mut self.outbox);
                }
            }
            Answer::Held { job, until } => self.on_held(*job, *until, now),
            Answer::Failed { job, status } => self.on_failed(*job, *status, now),
            Answer::Time { .. } => {}
        }
    }

    /// The venue allows no more now: asked again when it does, at the latest after [`HELD_MAX`].
    fn on_held(&mut self, job: Job, until: Stamp, now: Stamp) {
        self.counts.held += 1;
        match job {
            Job::Snapshot { row, .. } => {
                // Its place is another book's: that may be of a venue that does answer.
                self.sync.release(row);
                self.queue_until(row, until.min(now + HELD_MAX));
            }
            Job::Intervals => self.wants_intervals = true,
            Job::Time(_) => {}
        }
    }

    fn on_failed(&mut self, job: Job, status: u16, now: Stamp) {
        self.counts.limited += u64::from(matches!(status, 403 | 418 | 429));
        let request = match job {
            Job::Snapshot { row, .. } => {
                if let Some(tracked) = self.tracked.get_mut(row.index()) {
                    tracked.note_loss(now);
                }
                self.not_repaired(row, now);
                1
            }
            Job::Intervals => {
                self.wants_intervals = true;
                2
            }
            Job::Time(_) => 3,
        };
        let numbers = [request, i64::from(status), 0];
        let code = NoticeCode::RequestFailed;
        self.notices.tell(Notice::new(now, code, None, InstrumentId::ALL, numbers));
    }

    /// A whole snapshot: it becomes the book, and what was held is put on top of it.
    fn on_snapshot(&mut self, row: Row, cut: bool, now: Stamp) {
        let incoming = self.sync.incoming.take();
        let Some(tracked) = self.tracked.get_mut(row.index()) else { return };
        let Some((of, last_update)) = incoming.filter(|_| !tracked.sequence.is_synced()) else {
            return self.sync.release(row);
        };
        if of != row {
            return self.not_repaired(row, now);
        }
        tracked.book.replace(self.sync.bids.as_slice(), self.sync.asks.as_slice());
        if cut {
            tracked.book.ends_here();
        }
        tracked.sequence.snapshot(last_update);
        let mut latest = (last_update, WallNs::NONE);
        let mut gap = None;
        for (change, bids, asks) in self.sync.held(row) {
            match tracked.sequence.step(change) {
                Step::Apply | Step::Replace => {
                    tracked.book.apply(bids, asks);
                    latest = (change.order, change.venue_time);
                }
                Step::Stale | Step::Waiting => {}
                Step::Gap { expected, got } => {
                    gap = Some((expected, got));
                    break;
                }
            }
        }
        if let Some((expected, got)) = gap {
            // The snapshot is older than what was held: a newer one will meet it.
            tracked.lose_book(BookHealth::Gap, expected, got, now, &mut self.outbox);
            self.book_lost(row, expected, got, now);
            return self.not_repaired(row, now);
        }
        self.sync.release(row);
        self.look_at(row, latest, now);
    }

    /// A book was brought into sequence: says whether it is known.
    fn look_at(&mut self, row: Row, (order, venue_time): (i64, WallNs), now: Stamp) {
        let Some(tracked) = self.tracked.get_mut(row.index()) else { return };
        let before = self.stale_before.get(tracked.venue.index());
        let arrival = Arrival { recv: now, stale_before: before.copied().unwrap_or_default() };
        let after = tracked.look_at_book(order, venue_time, arrival, &mut self.outbox);
        if let After::Resync { expected, got } = after {
            return self.book_lost(row, expected, got, now);
        }
        self.health_changed(row, now);
    }

    /// A subscription was asked for.
    pub(crate) fn on_joined(&mut self, sub: usize, now: Stamp, overlap: bool, subs: &[Sub]) {
        if let Some(pulse) = self.pulses.get_mut(sub) {
            pulse.taken = false;
            if !overlap {
                pulse.standing = Standing::Asked;
                pulse.last = now;
            }
        }
        let Some((channel, row)) = subs.get(sub).map(|sub| (sub.channel, sub.row)) else { return };
        let tracked = self.tracked.get(row.index()).filter(|_| channel == Channel::Book);
        if tracked.is_some_and(|t| t.sequence.wants_rest() && !t.sequence.is_synced()) {
            self.queue_resync(row, now);
        }
    }

    /// A subscription was refused.
    pub(crate) fn subscription_refused(
        &mut self,
        at: usize,
        venue: VenueId,
        code: i64,
        now: Stamp,
    ) {
        let numbers = [i64::try_from(at).unwrap_or(i64::MAX), code, 0];
        let notice = NoticeCode::SubscribeRefused;
        self.notices.tell(Notice::new(now, notice, Some(venue), InstrumentId::ALL, numbers));
    }

    /// A connection is gone: what it carried is unknown until it is back.
    pub(crate) fn on_closed(&mut self, subs: Range<usize>, now: Stamp) {
        for sub in subs {
            if let Some(pulse) = self.pulses.get_mut(sub) {
                *pulse = Pulse { tries: pulse.tries, cured: pulse.cured, ..Pulse::IDLE };
            }
            self.lose(sub, BookHealth::Starting, now);
        }
    }

    /// What a subscription feeds is unknown from now on.
    pub(crate) fn lose(&mut self, sub: usize, why: BookHealth, now: Stamp) {
        let Some((channel, row)) = self.subs.get(sub).map(|sub| (sub.channel, sub.row)) else {
            return;
        };
        let outbox = &mut self.outbox;
        if channel == Channel::Index {
            for member in self.indices.get(row.index()).into_iter().flat_map(|i| &i.members) {
                if let Some(tracked) = self.tracked.get_mut(member.index()) {
                    tracked.facts.lose_index(*member, now, outbox);
                }
            }
            return;
        }
        let Some(tracked) = self.tracked.get_mut(row.index()) else { return };
        match channel {
            Channel::Best => tracked.lose_best(why, now, outbox),
            Channel::Book => {
                tracked.lose_book(why, 0, 0, now, outbox);
                self.sync.release(row);
            }
            Channel::Mark => {
                tracked.facts.lose_mark(row, now, outbox);
                if tracked.venue != VenueId::Okx {
                    tracked.facts.lose_funding(row, now, outbox);
                }
            }
            Channel::Funding => tracked.facts.lose_funding(row, now, outbox),
            Channel::Trades | Channel::Index => {}
        }
    }

    /// A second connection stands beside the first: nothing comes from it yet.
    pub(crate) fn on_renewed(&mut self, subs: Range<usize>) {
        for pulse in self.pulses.get_mut(subs).unwrap_or_default() {
            pulse.taken = false;
        }
    }

    /// Whether everything of a session comes from its second connection by now.
    pub(crate) fn is_taken(&self, subs: Range<usize>) -> bool {
        let pulses = self.pulses.get(subs).unwrap_or_default();
        pulses.iter().all(|pulse| pulse.taken || pulse.standing != Standing::Live)
    }

    /// How many books are known.
    pub(crate) fn known(&self) -> usize {
        self.tracked.iter().filter(|t| t.published() == BookHealth::Known).count()
    }
}
