//! The scenario's time: wall time that runs a fixed number of times as fast as this machine's.
//!
//! The anchor (a wall time, the monotonic time it belongs to, the speed) goes into `venues.json`, so
//! that the engine under test signs its requests with the same time the venues judge them by.

use base::WallNs;
use serde::{Deserialize, Serialize};

/// A straight line from monotonic to scenario time. Everything the venues do is timed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioClock {
    /// Scenario time at the anchor, in nanoseconds since 1970.
    pub wall_ns: i64,
    /// `CLOCK_MONOTONIC` of this host at the anchor, in nanoseconds.
    pub mono_ns: u64,
    /// Scenario seconds in one real second; at least 1.
    pub speed: u32,
}

impl ScenarioClock {
    /// A clock that shows `wall` now and runs `speed` times as fast as the host.
    #[must_use]
    pub fn start(wall: WallNs, speed: u32) -> Self {
        Self { wall_ns: wall.0, mono_ns: monotonic_ns(), speed: speed.max(1) }
    }

    /// Scenario time now.
    #[must_use]
    pub fn now(&self) -> WallNs {
        self.at(monotonic_ns())
    }

    /// Scenario time at a reading of the host's monotonic clock.
    #[must_use]
    pub fn at(&self, mono_ns: u64) -> WallNs {
        let passed = i128::from(mono_ns) - i128::from(self.mono_ns);
        let wall = i128::from(self.wall_ns) + passed * i128::from(self.speed);
        WallNs(i64::try_from(wall).unwrap_or(i64::MAX))
    }

    /// How many real nanoseconds from `now` to the scenario time `then`; zero when it has passed.
    #[must_use]
    pub fn real_until(&self, now: WallNs, then: WallNs) -> u64 {
        let left = then.0.saturating_sub(now.0).max(0);
        u64::try_from(left).unwrap_or(0).div_ceil(u64::from(self.speed))
    }
}

/// `CLOCK_MONOTONIC` in nanoseconds: the same for every process of this host.
#[must_use]
pub fn monotonic_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

#[cfg(test)]
mod tests;
