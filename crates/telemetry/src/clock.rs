//! The clock of this host.
//!
//! A [`Stamp`] is nanoseconds of CLOCK_MONOTONIC, so that processes of one host agree. Reading that
//! clock costs twice what reading the processor's counter does, so where the counter is constant it
//! is read instead and scaled; the scale is measured at start and corrected against the clock by
//! [`HostClock::discipline`], which a cold thread calls every now and then. All threads share one
//! scale, so a stamp taken on one and compared on another differs by nothing but the counter itself.

use crate::seqlock::Seqlock;
use base::{Clock, Stamp, WallNs};
use std::sync::{Arc, Mutex};

mod tsc;

use tsc::Pair;

/// Bits behind the point of the scale: nanoseconds per tick x 2^40.
const SCALE_BITS: u32 = 40;
/// The most the clock is hurried or slowed to meet CLOCK_MONOTONIC, parts per million.
const SLEW_PPM_MAX: i64 = 1_000;
/// Behind by more than this (a suspended machine), it is set forward at once.
const STEP_NS: i64 = 10_000_000;
/// Corrections closer together than this would correct noise.
const DISCIPLINE_NS_MIN: u64 = 40_000_000;
/// The stretch over which the rate is measured, once there was so much.
const BASELINE_NS: u64 = 16_000_000_000;

/// What the stamps are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockSource {
    /// The processor's counter, at so many ticks a millisecond.
    Counter {
        /// Its rate.
        khz: u64,
    },
    /// CLOCK_MONOTONIC itself, because the counter cannot be used.
    Monotonic {
        /// Why not.
        reason: &'static str,
    },
}

/// The real clock; clones share one scale.
#[derive(Clone, Debug)]
pub struct HostClock {
    counter: Result<Arc<Counter>, &'static str>,
    wall: Wall,
}

#[derive(Clone, Copy, Debug)]
enum Wall {
    System,
    /// Runs `speed` times as fast as time, from this moment.
    Scenario {
        wall_at: WallNs,
        mono_at: Stamp,
        speed: u32,
    },
}

#[derive(Debug)]
struct Counter {
    /// Ticks and nanoseconds of one moment, and the scale from there on.
    scale: Seqlock,
    discipline: Mutex<Discipline>,
}

#[derive(Debug)]
struct Discipline {
    /// Where the present measurement of the rate began.
    since: Pair,
    /// Where the next one will be measured from.
    next_since: Pair,
    /// When it was corrected last.
    last: Pair,
    /// How far it was off then.
    error_ns: i64,
}

impl HostClock {
    /// The clock of this host, with the system's wall time. Takes some 10 ms to measure the counter.
    #[must_use]
    pub fn start() -> Self {
        Self { counter: Counter::start().map(Arc::new), wall: Wall::System }
    }

    /// The clock of this host, with a wall time that was `wall_at` at the moment `mono_at` and runs
    /// `speed` times as fast as time. Monotonic time stays true.
    #[must_use]
    pub fn scenario(wall_at: WallNs, mono_at: Stamp, speed: u32) -> Self {
        Self::start().with_scenario(wall_at, mono_at, speed)
    }

    /// The same clock with the wall time of a scenario.
    #[must_use]
    pub fn with_scenario(mut self, wall_at: WallNs, mono_at: Stamp, speed: u32) -> Self {
        self.wall = Wall::Scenario { wall_at, mono_at, speed };
        self
    }

    /// CLOCK_MONOTONIC itself, for comparison and for machines under test.
    #[must_use]
    pub fn monotonic() -> Self {
        Self { counter: Err("asked for"), wall: Wall::System }
    }

    /// What its stamps are made of.
    #[must_use]
    pub fn source(&self) -> ClockSource {
        match &self.counter {
            Ok(counter) => ClockSource::Counter { khz: counter.khz() },
            Err(reason) => ClockSource::Monotonic { reason },
        }
    }

    /// Compares with CLOCK_MONOTONIC and corrects the scale; returns how far it was off, nanoseconds
    /// (positive: it was behind). For a cold thread, every 50 ms to a few seconds.
    pub fn discipline(&self) -> i64 {
        self.counter.as_ref().map_or(0, |counter| counter.discipline(tsc::pair()))
    }
}

impl Clock for HostClock {
    #[inline]
    fn now(&self) -> Stamp {
        match &self.counter {
            Ok(counter) => counter.at(tsc::ticks()),
            Err(_) => monotonic(),
        }
    }

    fn wall(&self) -> WallNs {
        match self.wall {
            Wall::System => system_wall(),
            Wall::Scenario { wall_at, mono_at, speed } => {
                let now = i128::from(self.now().0) - i128::from(mono_at.0);
                let wall = i128::from(wall_at.0) + now * i128::from(speed);
                WallNs(i64::try_from(wall).unwrap_or(i64::MAX))
            }
        }
    }
}

impl Counter {
    fn start() -> Result<Self, &'static str> {
        let (pair, ns_per_tick) = tsc::calibrate()?;
        let scale = Seqlock::new([pair.ticks, pair.ns, ns_per_tick]);
        let discipline = Discipline { since: pair, next_since: pair, last: pair, error_ns: 0 };
        Ok(Self { scale, discipline: Mutex::new(discipline) })
    }

    #[inline]
    fn at(&self, ticks: u64) -> Stamp {
        let [from_ticks, from_ns, scale] = self.scale.read();
        scaled(ticks, from_ticks, from_ns, scale)
    }

    fn khz(&self) -> u64 {
        let [_, _, scale] = self.scale.read();
        u64::try_from((1_000_000_u128 << SCALE_BITS) / u128::from(scale.max(1))).unwrap_or(0)
    }

    fn discipline(&self, now: Pair) -> i64 {
        // Two callers at once: the second has nothing to add.
        let Ok(mut past) = self.discipline.try_lock() else { return 0 };
        if now.ns.saturating_sub(past.last.ns) < DISCIPLINE_NS_MIN {
            return past.error_ns;
        }
        let here = self.at(now.ticks).0;
        let error = now.ns.cast_signed().wrapping_sub(here.cast_signed());
        let true_scale = past.since.scale_to(now);
        let (from_ns, scale) = if error > STEP_NS {
            (now.ns, true_scale)
        } else {
            // Meets the clock again after as long as it took to part from it, within the slew.
            let stretch = (now.ns - past.last.ns).cast_signed();
            let ppm = (error.saturating_mul(1_000_000) / stretch.max(1))
                .clamp(-SLEW_PPM_MAX, SLEW_PPM_MAX);
            (here, true_scale.saturating_add_signed(true_scale.cast_signed() / 1_000_000 * ppm))
        };
        self.scale.write([now.ticks, from_ns, scale]);
        if now.ns.saturating_sub(past.next_since.ns) >= BASELINE_NS {
            past.since = past.next_since;
            past.next_since = now;
        }
        past.last = now;
        past.error_ns = error;
        error
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "nanoseconds since the start of the host")]
fn scaled(ticks: u64, from_ticks: u64, from_ns: u64, scale: u64) -> Stamp {
    // A thread may read the counter just before another one moved `from_ticks` past it.
    let passed = ticks.saturating_sub(from_ticks);
    let ns = (u128::from(passed) * u128::from(scale)) >> SCALE_BITS;
    Stamp(from_ns.wrapping_add(ns as u64))
}

/// CLOCK_MONOTONIC.
pub(crate) fn monotonic() -> Stamp {
    Stamp(nanoseconds(libc::CLOCK_MONOTONIC).cast_unsigned())
}

/// The system's wall time.
pub(crate) fn system_wall() -> WallNs {
    WallNs(nanoseconds(libc::CLOCK_REALTIME))
}

/// A clock of the system; unlike the standard library's it cannot panic.
fn nanoseconds(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a timespec of this frame; the call writes nothing else.
    let _ = unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}

#[cfg(all(test, not(loom)))]
mod tests;
