//! Two kinds of time that never meet by accident.
//!
//! A [`Stamp`] is this machine's monotonic time and orders what happened here. A [`WallNs`] is what
//! a venue or a calendar says. They meet in one place only: the clock-offset estimate of a venue.

use core::ops::{Add, Sub};
use serde::{Deserialize, Serialize};

/// A point of this machine's monotonic time, in nanoseconds since an origin of the process's own.
///
/// Where the processor's counter is constant it is that counter, scaled; else the monotonic clock.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct Stamp(pub u64);

/// A length of monotonic time, in nanoseconds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct Span(pub u64);

impl Span {
    /// That many microseconds.
    #[must_use]
    pub const fn from_micros(us: u64) -> Self {
        Self(us * 1_000)
    }

    /// That many milliseconds.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }

    /// That many seconds.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000_000)
    }
}

impl Sub for Stamp {
    type Output = Span;
    /// The time from `earlier` to `self`; zero when `earlier` is later.
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for Stamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// Wall time: nanoseconds since 1970-01-01 UTC. 0 means that nobody said.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct WallNs(pub i64);

impl WallNs {
    /// Not said.
    pub const NONE: Self = Self(0);

    /// From the milliseconds most venues send; saturates.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// In milliseconds, rounded down.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

/// Where times come from. The program has a real one, tests and simulation one they turn by hand.
pub trait Clock {
    /// Monotonic now.
    fn now(&self) -> Stamp;
    /// Wall time now, as this machine believes it.
    fn wall(&self) -> WallNs;
}
