//! What is done every now and then: time-outs, dead-man switches, sweeps, the session's state.

use base::input::{Input, SessionState};
use base::{InstrumentId, Span, VenueId, WallNs, output::CancelAll};
use net::Channel;
use telemetry::NoticeCode;
use venue::Spend;

use super::{Desk, Hands, Mind, soon};
use crate::rest::Task;

impl<L: Channel> Desk<L> {
    /// Slow bookkeeping, about every 100 microseconds.
    pub(crate) fn housekeep(&mut self, wall: WallNs, hands: &mut Hands<'_>) {
        let venue_ms = self.mind.venue_time(wall).millis();
        self.mind.venue_ms = u64::try_from(venue_ms).unwrap_or(0);
        self.mind.give_up(hands);
        self.care_for_account(hands);
        self.care_for_trial(hands);
        self.care_for_lines(hands);
        self.care_for_listen_key(hands);
        self.reconcile(hands);
        self.recheck(hands);
        self.mind.resume_jobs(hands);
        self.feed_dead_man(hands);
        self.sweep(hands);
        self.mind.look_at_budget(hands);
        self.mind.look_for_losses(hands);
        self.mind.report_session(hands);
        self.exchange_keys(hands.now);
    }

    /// From now on no new order leaves, and everything that is out is cancelled until none is.
    pub(crate) fn wind_down(&mut self, hands: &mut Hands<'_>) {
        if self.mind.winding {
            return;
        }
        self.mind.winding = true;
        let instrument = InstrumentId::ALL;
        self.cancel_all(&CancelAll { venue: self.mind.venue, instrument }, hands);
    }

    /// New orders may leave again.
    pub(crate) fn resume(&mut self) {
        self.mind.winding = false;
    }

    /// Tells the venue that we are still there, so that it does not cancel everything yet. "We" is the core
    /// as well: orders that it does not look after are not to be kept.
    fn feed_dead_man(&mut self, hands: &mut Hands<'_>) {
        let Self { markets, mind, .. } = self;
        let Some(timeout) = mind.settings.dead_man else { return };
        let now = hands.now;
        let are_there = hands.fence.is_open(now) && hands.core.is_open(now);
        if now < mind.dead_man_at || mind.open.is_empty() || !mind.account_up || !are_there {
            return;
        }
        mind.dead_man_at = hands.now + Span(timeout.0 / 4);
        let after_ms = u32::try_from(timeout.0 / 1_000_000).unwrap_or(u32::MAX);
        match mind.venue {
            // Spot has none.
            VenueId::BinanceSpot => {}
            VenueId::BinanceUsdm => {
                mind.mark_instruments();
                for market in markets.iter() {
                    if mind.marked.get(market.id.index()).copied().unwrap_or(false) {
                        mind.feed(market.id, after_ms, hands);
                    }
                }
            }
            VenueId::Okx | VenueId::Bybit => mind.feed(InstrumentId::ALL, after_ms, hands),
        }
    }
}

impl Mind {
    fn feed(&mut self, instrument: InstrumentId, after_ms: u32, hands: &Hands<'_>) {
        let spent = self.budget.try_spend(Spend::DeadMan, instrument, hands.now).is_ok();
        if !spent || !self.submit(Task::DeadMan { instrument, after_ms }, 0) {
            self.dead_man_at = soon(hands.now, 1_000);
        }
    }

    /// Requests whose time is over.
    pub(super) fn give_up(&mut self, hands: &mut Hands<'_>) {
        // bound: the table's rows
        while let Some(request) = self.requests.expire(hands.now) {
            self.unanswered(request, hands);
        }
    }

    /// New orders may leave again once the window that refused one has room.
    fn look_at_budget(&mut self, hands: &Hands<'_>) {
        let Some((instrument, until)) = self.budget_held else { return };
        let now = hands.now;
        let recovered = instrument == InstrumentId::ALL && self.budget.frozen(now).is_none()
            || self.budget.room(Spend::Place, instrument, now).is_ok();
        if now >= until && recovered {
            self.budget_held = None;
        }
    }

    /// Reports that found no room anywhere must be found again.
    fn look_for_losses(&mut self, hands: &Hands<'_>) {
        if hands.out.lost() != self.lost_seen {
            self.lost_seen = hands.out.lost();
            self.reconcile.missed_something();
        }
    }

    /// Says what may be done, whenever that changes.
    pub(super) fn report_session(&mut self, hands: &mut Hands<'_>) {
        let is_ours = hands.fence.is_open(hands.now);
        let orders = (self.orders_up || self.goes_slowly()) && self.fitness.is_fit() && is_ours;
        let state = SessionState {
            venue: self.venue,
            orders,
            slow: orders && !self.orders_up,
            account: self.account_up,
            budget: self.budget_held.is_none(),
        };
        if self.reported != Some(state) {
            if state.slow && self.reported.is_none_or(|before| !before.slow) {
                hands.tell(self.venue, NoticeCode::OrdersBySlowWay, [0; 3]);
            }
            self.reported = Some(state);
            hands.out.push(Input::SessionState(state), hands.now);
        }
    }
}
