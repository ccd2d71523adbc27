//! How far a venue's clock is from ours, with a bound that is true.
//!
//! A question sent at `s` and answered at `r` with the venue's time `t` proves that `t` lies between
//! them: the venue's clock at the middle is `t` within half the round trip. The shortest round trip of
//! the last minutes knows best; an older one knows less by what two clocks may drift apart since. The
//! venue's time is kept against our **monotonic** clock, so that a step of the wall clock cannot move
//! it, and what [`OffsetEstimator::stamp`] hands out does not run
//! backwards when a better sample arrives.

use base::{Span, Stamp, VenueId, WallNs, input::ClockState};

/// Samples looked at.
const SAMPLES: usize = 32;

/// A sample older than this says nothing any more.
const AGE_MAX: Span = Span::from_secs(300);

/// What two clocks may drift apart, in millionths: cheap quartz, twice.
const DRIFT_PPM: u64 = 100;

/// A round trip longer than this is a stall and not a measurement.
const ROUND_TRIP_MAX: Span = Span::from_secs(5);

/// One answered question.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// The middle of the round trip.
    middle: Stamp,
    /// The venue's time then, in nanoseconds.
    venue_ns: i64,
    /// Right within this, in the venue's nanoseconds.
    bound_ns: u64,
}

/// What is known of a venue's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The venue's time now.
    pub venue: WallNs,
    /// Right within plus or minus this.
    pub bound: Span,
}

/// The estimator of one venue.
#[derive(Debug)]
pub struct OffsetEstimator {
    venue: VenueId,
    speed: u32,
    /// Half the venue's unit of time.
    half_unit_ns: u64,
    samples: [Option<Sample>; SAMPLES],
    next: usize,
    last: i64,
}

impl OffsetEstimator {
    /// An estimator that knows nothing. The venue prints milliseconds; its clock runs `speed` times as
    /// fast as ours (1, but for a simulated venue on a scenario clock).
    #[must_use]
    pub fn new(venue: VenueId, speed: u32) -> Self {
        Self {
            venue,
            speed: speed.max(1),
            half_unit_ns: 500_000,
            samples: [None; SAMPLES],
            next: 0,
            last: i64::MIN,
        }
    }

    /// Takes the answer to a question sent at `sent` and received at `received`. An answer that cannot
    /// be one (received first, too slow, a time of 0) is left out: `false`.
    pub fn sample(&mut self, sent: Stamp, received: Stamp, venue: WallNs) -> bool {
        let round_trip = received - sent;
        if received < sent || round_trip > ROUND_TRIP_MAX || venue.0 <= 0 {
            return false;
        }
        let half = round_trip.0 / 2;
        let sample = Sample {
            middle: Stamp(sent.0 + half),
            // The venue cut its time down to its unit.
            venue_ns: venue.0.saturating_add(self.half_unit_ns.cast_signed()),
            bound_ns: (half + 1) * u64::from(self.speed) + self.half_unit_ns,
        };
        self.drop_contradicted(&sample);
        if let Some(place) = self.samples.get_mut(self.next) {
            *place = Some(sample);
        }
        self.next = (self.next + 1) % SAMPLES;
        true
    }

    /// The venue's clock now; `None` while nothing recent is known.
    #[must_use]
    pub fn estimate(&self, now: Stamp) -> Option<Estimate> {
        let known = self.samples.iter().flatten().filter(|s| now - s.middle <= AGE_MAX);
        let best = known.min_by_key(|sample| self.bound_at(sample, now))?;
        let since = i128::from(now.0) - i128::from(best.middle.0);
        let venue = i128::from(best.venue_ns) + since * i128::from(self.speed);
        let venue = WallNs(i64::try_from(venue).ok()?);
        Some(Estimate { venue, bound: Span(self.bound_at(best, now)) })
    }

    /// The venue's time to sign with: as [`Self::estimate`], and not earlier than the one before, unless
    /// that one has turned out to be wrong by more than the estimate may be.
    #[must_use]
    pub fn stamp(&mut self, now: Stamp) -> Option<WallNs> {
        let Estimate { venue, bound } = self.estimate(now)?;
        let ahead = self.last.saturating_sub(venue.0);
        let within = u64::try_from(ahead).is_ok_and(|ahead| ahead <= bound.0.saturating_mul(2));
        self.last = if within { self.last } else { venue.0 };
        Some(WallNs(self.last))
    }

    /// The offset as the core reads it: the venue's wall minus ours, which reads `wall` now.
    #[must_use]
    pub fn state(&self, now: Stamp, wall: WallNs) -> Option<ClockState> {
        let Estimate { venue, bound } = self.estimate(now)?;
        Some(ClockState { venue: self.venue, offset_ns: venue.0.checked_sub(wall.0)?, bound })
    }

    /// Forgets everything: the host slept, or the venue's answers contradict each other.
    pub fn forget(&mut self) {
        self.samples = [None; SAMPLES];
    }

    /// Two samples whose bounds do not meet cannot both be true of one clock: the venue's was set, so the
    /// older one is forgotten.
    fn drop_contradicted(&mut self, new: &Sample) {
        let speed = i128::from(self.speed);
        for place in &mut self.samples {
            let Some(old) = place else { continue };
            let since = i128::from(new.middle.0) - i128::from(old.middle.0);
            let expected = i128::from(old.venue_ns) + since * speed;
            let apart = expected.abs_diff(i128::from(new.venue_ns));
            let drift =
                since.unsigned_abs() * u128::from(DRIFT_PPM) / 1_000_000 * speed.unsigned_abs();
            if apart > u128::from(old.bound_ns) + u128::from(new.bound_ns) + drift {
                *place = None;
            }
        }
    }

    fn bound_at(&self, sample: &Sample, now: Stamp) -> u64 {
        let age = (now - sample.middle).0;
        sample
            .bound_ns
            .saturating_add((age * DRIFT_PPM / 1_000_000).saturating_mul(u64::from(self.speed)))
    }
}

#[cfg(test)]
mod tests;
