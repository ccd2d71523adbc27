//! The jitter floor of a processor: the gaps it shows a thread that does nothing but look at the clock.
//!
//! Whatever takes the processor away - ticks, interrupts, other threads, the hypervisor - is seen as a
//! gap. No stage can be steadier than this, so it is measured on every pinned thread at start and
//! published beside the latencies; a node that is not isolated is recognised by it.

use base::{Clock, Span};
use telemetry::Buckets;
use telemetry::hist::{bucket_low, bucket_middle};

/// A gap longer than this is not the loop's own.
pub const GAP_NS: u64 = 1_000;
/// A gap longer than this is more than a cache miss or two: something else ran.
pub const LONG_GAP_NS: u64 = 10_000;

/// What an empty loop saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct JitterFloor {
    /// Times the clock was read.
    pub readings: u64,
    /// The longest gap between two readings.
    pub max_ns: u64,
    /// Gaps over 1 us.
    pub gaps: u64,
    /// Gaps over 10 us.
    pub long_gaps: u64,
    /// The sum of the gaps over 1 us: time that was not the thread's.
    pub stolen_ns: u64,
    /// How long it was measured.
    pub measured_ns: u64,
}

impl JitterFloor {
    /// The share of time that was taken away, parts per million.
    #[must_use]
    pub fn stolen_ppm(&self) -> u64 {
        let stolen = u128::from(self.stolen_ns) * 1_000_000;
        u64::try_from(stolen / u128::from(self.measured_ns.max(1))).unwrap_or(u64::MAX)
    }
}

/// Gaps over 10 us a second that a processor of one's own stays below.
const LONG_GAPS_A_SECOND: u64 = 100;
/// The share of time, in parts per million, that may be taken from it.
const STOLEN_PPM: u64 = 2_000;

impl JitterFloor {
    /// What a recorded distribution of gaps amounts to.
    #[must_use]
    pub fn of(gaps: &Buckets) -> Self {
        let readings = gaps.count();
        let over = |ns: u64| readings - gaps.count_below(ns);
        let long = gaps.counts.iter().enumerate().filter(|(at, _)| bucket_low(*at) >= GAP_NS);
        let stolen = long.fold(0_u64, |sum, (at, count)| {
            sum.saturating_add(bucket_middle(at).min(gaps.max).saturating_mul(*count))
        });
        Self {
            readings,
            max_ns: gaps.max,
            gaps: over(GAP_NS),
            long_gaps: over(LONG_GAP_NS),
            stolen_ns: stolen,
            measured_ns: gaps.sum,
        }
    }

    /// Whether something else than the thread ran there more than a processor of one's own shows.
    #[must_use]
    pub fn is_noisy(&self) -> bool {
        let long = u128::from(self.long_gaps) * 1_000_000_000;
        let allowed = u128::from(LONG_GAPS_A_SECOND) * u128::from(self.measured_ns);
        long > allowed || self.stolen_ppm() > STOLEN_PPM
    }
}

/// Looks at the clock for `length` and hands each gap to `record`. To be called on the pinned thread,
/// before its loop.
pub fn measure(clock: &impl Clock, length: Span, mut record: impl FnMut(u64)) -> JitterFloor {
    let start = clock.now();
    let mut floor = JitterFloor::default();
    let mut last = start;
    // bound: `length` of the clock
    while (last - start).0 < length.0 {
        let now = clock.now();
        let gap = (now - last).0;
        last = now;
        floor.readings += 1;
        floor.max_ns = floor.max_ns.max(gap);
        if gap > GAP_NS {
            floor.gaps += 1;
            floor.long_gaps += u64::from(gap > LONG_GAP_NS);
            floor.stolen_ns += gap;
        }
        record(gap);
    }
    floor.measured_ns = (last - start).0;
    floor
}

#[cfg(test)]
mod tests;
