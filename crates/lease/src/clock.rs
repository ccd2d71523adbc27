//! The two clocks a tenure needs.

use base::{Span, Stamp};
use rustix::time::{ClockId, clock_gettime};

/// Time as the order path counts it, and time that also passes while the machine is suspended.
pub trait Clocks {
    /// The clock the order path compares a fence with: `CLOCK_MONOTONIC`.
    fn mono(&self) -> Stamp;
    /// The clock by which a Lease runs out: `CLOCK_BOOTTIME`.
    fn boot(&self) -> Stamp;
}

/// This machine's.
#[derive(Clone, Copy, Debug, Default)]
pub struct BootClock;

impl Clocks for BootClock {
    fn mono(&self) -> Stamp {
        read(ClockId::Monotonic)
    }

    fn boot(&self) -> Stamp {
        read(ClockId::Boottime)
    }
}

fn read(clock: ClockId) -> Stamp {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Stamp(0) + Span::from_secs(seconds) + Span(u64::try_from(time.tv_nsec).unwrap_or(0))
}
