//! The histograms: one row each, and how a length of time finds its bucket.
//!
//! Log-linear: 32 buckets for every doubling, so the middle of a bucket is within 1/64 (1.6 %) of
//! every value in it, from 64 ns to 18 minutes; below 64 ns every nanosecond has its own.

use crate::metric::{Metric, MetricKind};

macro_rules! hists {
    ($( $variant:ident : $name:literal $([$($label:literal = $value:literal),+])? $help:literal; )+) => {
        /// A distribution of nanoseconds that every stage has in its block.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Hist {
            $(
                #[doc = $help]
                $variant,
            )+
        }

        impl Hist {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its row of the table.
            #[must_use]
            pub const fn metric(self) -> Metric {
                match self {
                    $(Self::$variant => Metric {
                        name: $name,
                        kind: MetricKind::Histogram,
                        labels: &[$($(($label, $value)),+)?],
                        help: $help,
                    },)+
                }
            }
        }
    };
}

#[rustfmt::skip]
hists! {
    TickToOrder:  "arb_tick_to_order_seconds"                    "From the receive of the bytes that caused an order to the write of its bytes";
    Adoption:     "arb_adoption_seconds"                         "From the record that names another version of the configuration to the core that goes on with it";
    SocketToUser: "arb_socket_to_user_seconds"                   "From the kernel's receive of a packet to its read here, where the socket says";
    Decode:       "arb_stage_seconds" ["step" = "decode"]        "Time one step took";
    Strategy:     "arb_stage_seconds" ["step" = "strategy"]      "Time one step took";
    Journal:      "arb_stage_seconds" ["step" = "journal"]       "Time one step took";
    Encode:       "arb_stage_seconds" ["step" = "encode"]        "Time one step took";
    RingWait:     "arb_ring_wait_seconds"                        "Time an event lay in the ring before it was taken";
    AckRoundTrip: "arb_order_ack_seconds"                        "From the write of an order to the venue's acknowledgement";
    JitterFloor:  "arb_jitter_floor_seconds"                     "Gaps the processor itself showed in an empty loop, measured at start";
    LongTurn:     "arb_stage_long_turn_seconds"                  "Turns that took longer than a millisecond";
}

impl Hist {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Its place in the table.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Bits of the linear part: 2^5 buckets per doubling.
const LINEAR_BITS: u32 = 5;
/// Values are counted up to 2^40 - 1 ns, longer ones in the last bucket.
const VALUE_BITS: u32 = 40;

/// How many buckets a histogram has.
pub const BUCKETS: usize = ((VALUE_BITS - LINEAR_BITS) as usize + 1) << LINEAR_BITS;

/// The bucket of a length of time.
#[inline]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "below 64 after the shift")]
pub const fn bucket_of(ns: u64) -> usize {
    let ns = if ns >> VALUE_BITS == 0 { ns } else { (1 << VALUE_BITS) - 1 };
    let top = 63 - (ns | 1).leading_zeros();
    let shift = top.saturating_sub(LINEAR_BITS);
    ((shift as usize) << LINEAR_BITS) + (ns >> shift) as usize
}

/// The smallest length of time in a bucket.
#[must_use]
pub const fn bucket_low(bucket: usize) -> u64 {
    let linear = 1_usize << LINEAR_BITS;
    if bucket < 2 * linear {
        return bucket as u64;
    }
    let shift = bucket / linear - 1;
    ((bucket % linear + linear) as u64) << shift
}

/// The length of time that stands for a bucket: its middle.
#[must_use]
pub const fn bucket_middle(bucket: usize) -> u64 {
    let low = bucket_low(bucket);
    low + (bucket_low(bucket + 1) - 1 - low) / 2
}

/// A distribution read from a page.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Buckets {
    /// Events per bucket; see [`bucket_low`].
    pub counts: Vec<u64>,
    /// The sum of all values.
    pub sum: u64,
    /// The largest value, exact.
    pub max: u64,
}

impl Buckets {
    /// How many values were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds another distribution: several stages', or several runs'.
    pub fn add(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// As an HDR histogram of three digits.
    ///
    /// # Panics
    /// Never: the bounds are constants hdrhistogram accepts.
    #[must_use]
    #[expect(clippy::expect_used, reason = "constant bounds")]
    pub fn to_hdr(&self) -> hdrhistogram::Histogram<u64> {
        let high = 1_u64 << (VALUE_BITS + 1);
        let mut hdr = hdrhistogram::Histogram::new_with_bounds(1, high, 3).expect("legal bounds");
        for (bucket, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            hdr.saturating_record_n(bucket_middle(bucket).min(self.max), count);
        }
        hdr
    }

    /// The value below or at which the share `quantile` of all lies: the middle of its bucket, within
    /// 1.6 %; 0 when there is none.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> u64 {
        let hdr = self.to_hdr();
        if hdr.is_empty() { 0 } else { hdr.value_at_quantile(quantile).min(self.max) }
    }

    /// How many values lie below `ns`, to the resolution of the buckets: a bucket counts when all of
    /// it does.
    #[must_use]
    pub fn count_below(&self, ns: u64) -> u64 {
        let whole = self.counts.iter().enumerate();
        whole.take_while(|(b, _)| bucket_low(b + 1) <= ns).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests;
