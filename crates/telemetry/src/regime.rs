//! Where the time of a pinned thread goes: every nanosecond belongs to exactly one regime.

use base::Work;

/// What a thread was doing. Exclusive and exhaustive: the four sum to its running time, so a thread
/// that is short of time, or held up by the next one, is seen at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Regime {
    /// Looked for work and found none.
    CaughtUp = 0,
    /// Did work.
    Busy = 1,
    /// Had work that a full ring or socket refused.
    Backpressured = 2,
    /// Time-outs, pings, heartbeats, published numbers.
    Housekeeping = 3,
}

impl Regime {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] =
        [Self::CaughtUp, Self::Busy, Self::Backpressured, Self::Housekeeping];

    /// Its label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CaughtUp => "caught-up",
            Self::Busy => "busy",
            Self::Backpressured => "backpressured",
            Self::Housekeeping => "housekeeping",
        }
    }
}

impl From<Work> for Regime {
    #[inline]
    fn from(work: Work) -> Self {
        match work {
            Work::Idle => Self::CaughtUp,
            Work::Done(_) => Self::Busy,
            Work::Backpressured => Self::Backpressured,
        }
    }
}
