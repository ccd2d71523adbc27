//! The venues' clocks: asked for every few seconds, told to the core, and what makes data stale.

use crate::errand::{Answer, Job};
use crate::market::Market;
use base::{Input, InstrumentId, Span, Stamp, VenueId, WallNs};
use net::ErrandHandle;
use telemetry::{Notice, NoticeCode};
use venue::OffsetEstimator;

/// The first questions come quickly: the shortest round trip of several tells most.
const FIRST_EVERY: Span = Span::from_millis(200);
const FIRST: u32 = 5;
/// A clock that is known no better than this stops trading there; the log hears of it.
const BOUND_MAX: Span = Span::from_millis(500);

/// One venue's clock.
#[derive(Debug)]
struct Watched {
    venue: VenueId,
    estimator: OffsetEstimator,
    asked_at: Stamp,
    asked: u32,
    told_at: Stamp,
}

/// The clocks of a stage's venues.
#[derive(Debug)]
pub(super) struct Clocks {
    watched: Vec<Watched>,
    every: Span,
    speed: u64,
}

impl Clocks {
    pub(super) fn new(venues: &[VenueId], speed: u32, every: Span) -> Self {
        let watched = venues
            .iter()
            .map(|venue| Watched {
                venue: *venue,
                estimator: OffsetEstimator::new(*venue, speed),
                asked_at: Stamp(0),
                asked: 0,
                told_at: Stamp(0),
            })
            .collect();
        Self { watched, every, speed: u64::from(speed.max(1)) }
    }

    /// Asks whose turn it is.
    pub(super) fn ask(&mut self, now: Stamp, errands: &mut ErrandHandle<Job, Answer>) {
        for watched in &mut self.watched {
            let every = if watched.asked < FIRST { FIRST_EVERY } else { self.every };
            let due = watched.asked == 0 || now - watched.asked_at >= every;
            if due && errands.submit(Job::Time(watched.venue)).is_ok() {
                watched.asked_at = now;
                watched.asked = watched.asked.saturating_add(1);
            }
        }
    }

    /// Takes an answer.
    pub(super) fn sample(&mut self, venue: VenueId, sent: Stamp, received: Stamp, time: WallNs) {
        if let Some(watched) = self.watched.iter_mut().find(|w| w.venue == venue) {
            watched.estimator.sample(sent, received, time);
        }
    }

    /// Tells the core what is known of a venue's clock now.
    pub(super) fn tell(&mut self, venue: VenueId, now: Stamp, wall: WallNs, market: &mut Market) {
        let Some(watched) = self.watched.iter_mut().find(|w| w.venue == venue) else { return };
        let Some(state) = watched.estimator.state(now, wall) else { return };
        watched.told_at = now;
        market.outbox.clock(venue, Input::ClockState(state).record(now));
        let bound = i64::try_from(state.bound.0).unwrap_or(i64::MAX);
        let safe = state.bound.0 <= BOUND_MAX.0.saturating_mul(self.speed);
        let code = if safe { NoticeCode::ClockOffset } else { NoticeCode::ClockUnsafe };
        let numbers = [state.offset_ns, bound, 0];
        market.notices.tell(Notice::new(now, code, Some(venue), InstrumentId::ALL, numbers));
    }

    /// By venue: times before these are older than `age_max`, whatever the error of the estimate. While a
    /// clock is unknown nothing can be called stale by it.
    pub(super) fn judge(
        &self,
        now: Stamp,
        age_max: Span,
        stale_before: &mut [WallNs; VenueId::COUNT],
    ) {
        for watched in &self.watched {
            let Some(place) = stale_before.get_mut(watched.venue.index()) else { continue };
            *place = watched.estimator.estimate(now).map_or(WallNs(i64::MIN), |estimate| {
                let age = age_max.0.saturating_mul(self.speed).saturating_add(estimate.bound.0);
                WallNs(estimate.venue.0.saturating_sub(i64::try_from(age).unwrap_or(i64::MAX)))
            });
        }
    }
}
