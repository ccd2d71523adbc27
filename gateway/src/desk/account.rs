//! Agreement with the venue: reconciliations, replies of the errand thread, orders to ask for again,
//! the listen key.

use base::input::{FundingPaid, Input, Reconcile as Bracket, ReconcilePhase};
use base::{InstrumentId, OrderId, Span, Stamp, VenueId, WallNs};
use net::Channel;
use telemetry::{Counter, NoticeCode};
use venue::Spend;

use super::{Desk, Hands, Mind, soon};
use crate::rest::{Failure, Task};
use crate::settings::Settings;

mod replies;

/// Most orders that can wait to be asked for again.
pub(super) const RECHECKS_MAX: usize = 512;

/// Most replies one turn takes.
const REPLIES: usize = 256;

/// Fills and payments are asked for from this much before the last time it was done.
const OVERLAP_NS: i64 = 120_000_000_000;

/// For missing fills alone the account is not read again before this.
const FILLS_AGAIN: Span = Span::from_secs(2);

/// Instruments of which fills are asked for at the first reconciliation, where that takes a request
/// for each.
const FIRST_FILLS_MAX: usize = 40;

/// Funding payments remembered, so that stream and list tell each once.
const PAYMENTS: usize = 256;

/// An order to be asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recheck {
    pub(super) order: OrderId,
    pub(super) instrument: InstrumentId,
    pub(super) due: Stamp,
}

/// The reconciliation under way and the next one.
#[derive(Debug)]
pub(super) struct Reconcile {
    /// After a failure: not before this.
    not_before: Stamp,
    /// When the last one was completed.
    ended: Stamp,
    /// One is wanted now, whatever the interval.
    wanted: bool,
    /// One is wanted for fills that a stream which seems to stand did not tell.
    fills_missing: bool,
    tag: u32,
    run: Option<Run>,
    /// No reconciliation has been completed yet on this stream.
    missing: bool,
    first: bool,
    retry_ms: u64,
    fills_since: WallNs,
    funding_since: WallNs,
    /// When payments are to be asked for: soon after one is announced, and again when lists caught up.
    funding_at: [Stamp; 2],
    funding_began: WallNs,
    paid: Box<[Option<FundingPaid>]>,
    paid_next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    began: Stamp,
    /// When something of it last came: a long list takes its time, silence is a failure.
    heard: Stamp,
    began_venue: WallNs,
    left: u32,
    failed: Option<i64>,
    orders: i64,
    positions: i64,
}

impl Reconcile {
    pub(super) fn new(settings: &Settings, wall: WallNs) -> Self {
        let from = |since: WallNs| if since == WallNs::NONE { wall } else { since };
        Self {
            not_before: Stamp(0),
            ended: Stamp(0),
            wanted: true,
            fills_missing: false,
            tag: 0,
            run: None,
            missing: true,
            first: true,
            retry_ms: 500,
            fills_since: from(settings.fills_since),
            funding_since: from(settings.funding_since),
            funding_at: [Stamp(u64::MAX); 2],
            funding_began: WallNs::NONE,
            paid: vec![None; PAYMENTS].into_boxed_slice(),
            paid_next: 0,
        }
    }

    pub(super) const fn tag(&self) -> u32 {
        self.tag
    }

    /// Whether that reconciliation is under way.
    pub(super) fn is_running(&self, tag: u32) -> bool {
        self.run.is_some() && self.tag == tag
    }

    /// Whether one was completed in this run.
    pub(super) const fn was_done(&self) -> bool {
        !self.first
    }

    /// Something of that reconciliation came, or waits for its turn.
    pub(super) fn is_not_silent(&mut self, tag: u32, now: Stamp) {
        let same = self.tag == tag;
        if let Some(run) = self.run.as_mut().filter(|_| same) {
            run.heard = now;
        }
    }

    /// Something may have happened that no stream told.
    pub(super) fn missed_something(&mut self) {
        self.missing = true;
    }

    /// One is wanted now.
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// Fills are missing although the stream stands: all that happened is to be listed soon.
    pub(super) fn want_fills(&mut self) {
        self.fills_missing = true;
    }

    /// A payment was announced without its amount.
    pub(super) fn ask_for_funding(&mut self, now: Stamp) {
        self.funding_at = [soon(now, 200), soon(now, 5_000)];
    }

    /// The account stream is gone: nothing may be concluded from what was listed so far.
    pub(super) fn abort(&mut self, venue: VenueId, hands: &mut Hands<'_>) {
        if self.run.take().is_some() {
            bracket(venue, ReconcilePhase::Failed, hands);
        }
    }

    /// Whether this payment was not told yet.
    pub(super) fn is_new_payment(&mut self, paid: &FundingPaid) -> bool {
        let same = |known: &FundingPaid| {
            known.instrument == paid.instrument && known.settled == paid.settled
        };
        if self.paid.iter().flatten().any(same) {
            return false;
        }
        if let Some(place) = self.paid.get_mut(self.paid_next) {
            *place = Some(*paid);
        }
        self.paid_next = (self.paid_next + 1) % PAYMENTS;
        true
    }
}

fn bracket(venue: VenueId, phase: ReconcilePhase, hands: &mut Hands<'_>) {
    hands.out.push(Input::Reconcile(Bracket { venue, phase }), hands.now);
}

impl<L: Channel> Desk<L> {
    /// Takes what the errand thread brought; returns how many things it did.
    pub(crate) fn take_replies(&mut self, hands: &mut Hands<'_>) -> u32 {
        let mut done = 0;
        for _ in 0..REPLIES {
            let Some(reply) = self.mind.errands.poll() else { break };
            self.mind.reply(&reply, hands);
            done += 1;
        }
        if done > 0 {
            self.join_with_key(hands);
        }
        done
    }

    /// Asks for the orders that are due to be asked for.
    pub(super) fn recheck(&mut self, hands: &mut Hands<'_>) {
        // bound: each round takes one out or puts one off
        for _ in 0..RECHECKS_MAX {
            let due = self.mind.rechecks.iter().position(|recheck| recheck.due <= hands.now);
            let Some(recheck) = due.map(|at| self.mind.rechecks.swap_remove(at)) else { return };
            if !self.try_query(recheck.order, recheck.instrument, hands) {
                let due = soon(hands.now, 500);
                self.mind.ask_later(recheck.order, recheck.instrument, due);
            }
        }
    }

    /// Starts a reconciliation when one is due and the account's events arrive.
    pub(super) fn reconcile(&mut self, hands: &mut Hands<'_>) {
        let mind = &mut self.mind;
        if let Some(run) = mind.reconcile.run {
            if hands.now - run.heard > mind.settings.reconcile_timeout {
                mind.finish_reconcile(Some(0), hands);
            }
            return;
        }
        if mind.account_up && mind.is_reconcile_due(hands.now) {
            self.start_reconcile(hands);
        } else if mind.account_up && mind.reconcile.funding_at.iter().any(|at| *at <= hands.now) {
            mind.list_funding(0, hands.now);
        }
    }

    #[cold]
    #[inline(never)]
    fn start_reconcile(&mut self, hands: &mut Hands<'_>) {
        let Self { markets, mind, .. } = self;
        let (now, all) = (hands.now, InstrumentId::ALL);
        let affordable = [Spend::OpenOrders, Spend::Account, Spend::Account]
            .into_iter()
            .all(|spend| mind.budget.try_spend(spend, all, now).is_ok());
        if !affordable {
            mind.reconcile.not_before = soon(now, 1_000);
            return;
        }
        mind.reconcile.tag = mind.reconcile.tag.wrapping_add(1).max(1);
        let began_venue = WallNs::from_millis(i64::try_from(mind.venue_ms).unwrap_or(0));
        mind.reconcile.run = Some(Run {
            began: now,
            heard: now,
            began_venue,
            left: 0,
            failed: None,
            orders: 0,
            positions: 0,
        });
        bracket(mind.venue, ReconcilePhase::Begin, hands);
        for task in [Task::OpenOrders, Task::Positions, Task::Balances] {
            mind.reconcile_task(task);
        }
        let since = mind.fills_since();
        if matches!(mind.venue, VenueId::Okx | VenueId::Bybit) {
            mind.list_fills(all, since, now);
        } else {
            let every = mind.reconcile.first && markets.iter().count() <= FIRST_FILLS_MAX;
            mind.mark_for_listing(every);
            for market in markets.iter() {
                if mind.listing.get(market.id.index()).copied().unwrap_or(false) {
                    mind.list_fills(market.id, since, now);
                }
            }
        }
        if mind.reconcile.missing && mind.venue != VenueId::BinanceSpot {
            mind.list_funding(mind.reconcile.tag, now);
        }
        mind.end_reconcile_when_done(hands);
    }
}

impl Mind {
    /// Often while orders are out, at once when something was missed.
    fn is_reconcile_due(&self, now: Stamp) -> bool {
        let every = if self.open.is_empty() {
            self.settings.reconcile_idle_every
        } else {
            self.settings.reconcile_every
        };
        let state = &self.reconcile;
        let since = now - state.ended;
        let missing = state.fills_missing && since >= FILLS_AGAIN;
        now >= state.not_before && (state.missing || state.wanted || missing || since >= every)
    }

    /// Fills are listed of what was traded since they were last, and of what may have been meanwhile.
    fn mark_for_listing(&mut self, every: bool) {
        self.mark_instruments();
        let Self { listing, touched, marked, .. } = self;
        for ((listing, touched), open) in listing.iter_mut().zip(touched.iter_mut()).zip(marked) {
            // What an interrupted reconciliation was to list is still to be listed.
            *listing |= core::mem::take(touched) || *open || every;
        }
    }

    fn reconcile_task(&mut self, task: Task) {
        let sent = self.submit(task, self.reconcile.tag);
        if let Some(run) = &mut self.reconcile.run {
            if sent {
                run.left += 1;
            } else {
                run.failed = Some(0);
            }
        }
    }

    /// From when on fills are asked for; venues limit how far back that may be.
    fn fills_since(&self) -> WallNs {
        let now = WallNs::from_millis(i64::try_from(self.venue_ms).unwrap_or(0));
        let hours = match self.venue {
            VenueId::BinanceSpot => 23,
            VenueId::BinanceUsdm | VenueId::Bybit => 24 * 6,
            VenueId::Okx => 24 * 2,
        };
        let oldest = now.0.saturating_sub(hours * 3_600_000_000_000);
        WallNs(self.reconcile.fills_since.0.max(oldest))
    }

    fn list_fills(&mut self, instrument: InstrumentId, since: WallNs, now: Stamp) {
        let task = Task::Fills { instrument, since };
        if self.budget.try_spend(Spend::Trades, instrument, now).is_ok() {
            self.reconcile_task(task);
        } else if let Some(run) = &mut self.reconcile.run {
            run.failed = Some(0);
        }
    }

    /// Asks for payments, as part of a reconciliation or (`tag` 0) alone.
    fn list_funding(&mut self, tag: u32, now: Stamp) {
        for at in self.reconcile.funding_at.iter_mut().filter(|at| **at <= now) {
            *at = Stamp(u64::MAX);
        }
        let task = Task::Funding { since: self.reconcile.funding_since };
        let (spend, of) = task.spend(self.venue);
        if self.budget.try_spend(spend, of, now).is_err() {
            self.reconcile.funding_at = [soon(now, 1_000), Stamp(u64::MAX)];
            return;
        }
        self.reconcile.funding_began =
            WallNs::from_millis(i64::try_from(self.venue_ms).unwrap_or(0));
        if tag == 0 {
            self.submit(task, 0);
        } else {
            self.reconcile_task(task);
        }
    }

    /// Remembers to ask for an order; one already remembered is asked for at the earlier time.
    pub(super) fn ask_later(&mut self, order: OrderId, instrument: InstrumentId, due: Stamp) {
        if let Some(known) = self.rechecks.iter_mut().find(|known| known.order == order) {
            known.due = known.due.min(due);
        } else if self.rechecks.len() < self.rechecks.capacity() {
            self.rechecks.push(Recheck { order, instrument, due });
        }
    }

    fn reconcile_part_done(&mut self, failure: Option<Failure>, hands: &mut Hands<'_>) {
        let Some(run) = &mut self.reconcile.run else { return };
        run.left = run.left.saturating_sub(1);
        if let Some(failure) = failure {
            run.failed = Some(failure.code);
        }
        self.end_reconcile_when_done(hands);
    }

    fn end_reconcile_when_done(&mut self, hands: &mut Hands<'_>) {
        if let Some(run) = self.reconcile.run
            && run.left == 0
        {
            self.finish_reconcile(run.failed, hands);
        }
    }

    /// Closes the bracket: all of it was told, or nothing may be concluded.
    fn finish_reconcile(&mut self, failed: Option<i64>, hands: &mut Hands<'_>) {
        let Some(run) = self.reconcile.run.take() else { return };
        let now = hands.now;
        if let Some(code) = failed {
            bracket(self.venue, ReconcilePhase::Failed, hands);
            hands.tell(self.venue, NoticeCode::ReconcileFailed, [code, 0, 0]);
            self.reconcile.not_before = soon(now, self.reconcile.retry_ms);
            self.reconcile.missing = true;
            self.reconcile.retry_ms = (self.reconcile.retry_ms * 2).min(10_000);
            return;
        }
        bracket(self.venue, ReconcilePhase::End, hands);
        hands.page.add(Counter::Reconciliations, 1);
        if self.reconcile.missing {
            let numbers = [run.orders, run.positions, 0];
            hands.tell(self.venue, NoticeCode::Reconciled, numbers);
        }
        let since = run.began_venue.0.saturating_sub(OVERLAP_NS);
        let state = &mut self.reconcile;
        state.fills_since = WallNs(state.fills_since.0.max(since));
        (state.missing, state.first, state.wanted) = (false, false, false);
        state.fills_missing = false;
        (state.retry_ms, state.ended) = (500, now);
        self.listing.fill(false);
        self.end_cancels(run.began);
        self.ask_for_the_unlisted(run.began, now);
    }

    /// Orders the venue had named before and did not list now: what became of them?
    fn ask_for_the_unlisted(&mut self, began: Stamp, now: Stamp) {
        let tag = self.reconcile.tag;
        let Self { open, rechecks, .. } = self;
        let gone = open.iter().filter(|open| {
            let named = open.seen != Stamp(0) && open.seen < began;
            named && open.listed != tag
        });
        for open in gone {
            let known = rechecks.iter().any(|recheck| recheck.order == open.order);
            if !known && rechecks.len() < rechecks.capacity() {
                let (order, instrument) = (open.order, open.instrument);
                rechecks.push(Recheck { order, instrument, due: now });
            }
        }
    }
}
