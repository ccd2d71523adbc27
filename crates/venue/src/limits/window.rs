//! One limit over a length of time, counted so that the venue never counts more than it allows.

use base::{Span, Stamp, WallNs};
use core::num::NonZeroU64;

/// Parts a rolling window is counted in. More parts waste less of the limit.
const PARTS: u64 = 32;
const SLOTS: usize = 33;
const _: () = assert!(SLOTS as u64 == PARTS + 1);

/// What a message may take longer to the venue than the one before it, so that it is counted later.
const GUARD: Span = Span::from_millis(100);

/// A reserve is a tenth of the limit, rounded up.
const RESERVE_PART: u32 = 10;

/// How the venue counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// From the beginning of its minute (ten seconds, day): the count starts again at each.
    Fixed,
    /// Over the last so many seconds, at any time.
    Rolling,
}

/// A limit and what was counted against it.
#[derive(Clone, Debug)]
pub struct Window {
    limit: u32,
    span: Span,
    shape: Shape,
    rolling: Rolling,
    /// Takes over from `rolling` when the venue's minutes are known.
    fixed: Option<Fixed>,
}

impl Window {
    /// An empty window.
    #[must_use]
    pub fn new(limit: u32, span: Span, shape: Shape) -> Self {
        Self { limit, span, shape, rolling: Rolling::new(span), fixed: None }
    }

    /// What the venue allows in it.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Its length.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// Counted in it now.
    pub fn used(&mut self, now: Stamp) -> u32 {
        match &mut self.fixed {
            Some(fixed) => fixed.used(now),
            None => self.rolling.used(now),
        }
    }

    /// Whether `cost` fits now.
    ///
    /// # Errors
    /// When it may fit; `Stamp(u64::MAX)` when it is more than the whole window.
    #[inline]
    pub fn room(&mut self, cost: u32, reserve: bool, now: Stamp) -> Result<(), Stamp> {
        let allowed = self.allowed(reserve);
        if cost > allowed {
            return Err(Stamp(u64::MAX));
        }
        // Time only takes away from what is counted: mostly there is room before anybody asks for the time.
        if self.counted() <= allowed - cost {
            return Ok(());
        }
        self.room_now(allowed - cost, now)
    }

    /// Whether one more surely fits, whatever the time.
    #[inline]
    #[must_use]
    pub fn has_plenty(&self, reserve: bool) -> bool {
        self.counted() < self.allowed(reserve)
    }

    #[inline]
    const fn allowed(&self, reserve: bool) -> u32 {
        let kept = if reserve || self.limit < 2 { 0 } else { self.limit.div_ceil(RESERVE_PART) };
        self.limit - kept
    }

    /// Counted in it when it was last looked at: no less than now.
    #[inline]
    const fn counted(&self) -> u32 {
        match &self.fixed {
            Some(fixed) => fixed.count,
            None => self.rolling.sum,
        }
    }

    #[cold]
    #[inline(never)]
    fn room_now(&mut self, most: u32, now: Stamp) -> Result<(), Stamp> {
        if self.used(now) <= most {
            return Ok(());
        }
        Err(match &self.fixed {
            Some(fixed) => fixed.ends(),
            None => self.rolling.frees(most),
        })
    }

    /// Counts `cost`.
    pub fn add(&mut self, cost: u32, now: Stamp) {
        match &mut self.fixed {
            Some(fixed) => fixed.add(cost, now),
            None => self.rolling.add(cost, now),
        }
    }

    /// The venue's own count; raises ours when it is higher. A limit above zero replaces ours.
    pub fn observe(&mut self, used: u32, limit: u32, now: Stamp) {
        if limit > 0 {
            self.limit = limit;
        }
        let ours = self.used(now);
        if used > ours {
            self.add(used - ours, now);
        }
    }

    /// The venue's wall time is `venue` at `now`.
    pub fn align(&mut self, venue: WallNs, now: Stamp) {
        let Ok(wall) = u64::try_from(venue.0) else { return };
        if self.shape != Shape::Fixed || self.span.0 <= 4 * GUARD.0 {
            return;
        }
        let into = wall % self.span.0;
        match &mut self.fixed {
            // A window that has counted once only moves with the venue's clock when it does so clearly.
            Some(fixed) => fixed.shift(into, now),
            None => {
                let mut fixed = Fixed::new(self.span, into, now);
                let carried = self.rolling.used(now);
                fixed.carry(carried);
                self.fixed = Some(fixed);
            }
        }
    }
}

/// A length to divide by.
fn whole(length: u64) -> NonZeroU64 {
    NonZeroU64::new(length).unwrap_or(NonZeroU64::MIN)
}

/// Counts by parts; what is counted covers at least the whole window and at most one part more.
#[derive(Clone, Debug)]
struct Rolling {
    part_ns: NonZeroU64,
    /// By number of part, modulo the length; one more than a window's so that it is always covered.
    parts: [u32; SLOTS],
    /// The newest part counted in.
    newest: u64,
    sum: u32,
}

impl Rolling {
    fn new(span: Span) -> Self {
        let part_ns = whole((span.0 + GUARD.0).div_ceil(PARTS));
        Self { part_ns, parts: [0; SLOTS], newest: 0, sum: 0 }
    }

    fn slot(part: u64) -> usize {
        usize::try_from(part % (PARTS + 1)).unwrap_or(0)
    }

    fn used(&mut self, now: Stamp) -> u32 {
        // Most questions fall into the newest part.
        if now.0 < (self.newest + 1).saturating_mul(self.part_ns.get()) {
            return self.sum;
        }
        let part = now.0 / self.part_ns;
        let passed = part - self.newest;
        if passed > PARTS {
            // All of it has left: an order after a pause does not pay for every part.
            self.parts.fill(0);
            self.sum = 0;
        }
        let passed = if self.sum == 0 { 0 } else { passed };
        // bound: the parts of one window
        for step in 1..=passed {
            let slot = Self::slot(part - passed + step);
            if let Some(old) = self.parts.get_mut(slot) {
                self.sum = self.sum.saturating_sub(*old);
                *old = 0;
            }
        }
        self.newest = part;
        self.sum
    }

    fn add(&mut self, cost: u32, now: Stamp) {
        self.used(now);
        if let Some(part) = self.parts.get_mut(Self::slot(self.newest)) {
            *part = part.saturating_add(cost);
            self.sum = self.sum.saturating_add(cost);
        }
    }

    /// When so much has left that no more than `wanted` is counted.
    fn frees(&self, wanted: u32) -> Stamp {
        let mut left = self.sum;
        // bound: the parts of one window, oldest first
        for age in (0..=PARTS).rev() {
            let Some(part) = self.newest.checked_sub(age) else { continue };
            left = left.saturating_sub(self.parts.get(Self::slot(part)).copied().unwrap_or(0));
            if left <= wanted {
                return Stamp((part + PARTS + 1).saturating_mul(self.part_ns.get()));
            }
        }
        Stamp(u64::MAX)
    }
}

/// Counts from boundary to boundary. A boundary is known within the guard only: what is sent that near
/// to it counts on both sides.
#[derive(Clone, Debug)]
struct Fixed {
    span_ns: NonZeroU64,
    /// A boundary, modulo the span.
    phase_ns: u64,
    /// The number of the boundary this window began at.
    index: u64,
    count: u32,
    /// The part of `count` sent so near the end that the next window may get it.
    edge: u32,
}

impl Fixed {
    fn new(span: Span, into_ns: u64, now: Stamp) -> Self {
        let mut fixed = Self { span_ns: whole(span.0), phase_ns: 0, index: 0, count: 0, edge: 0 };
        fixed.set_phase(into_ns, now);
        fixed.index = fixed.index_at(now);
        fixed
    }

    fn set_phase(&mut self, into_ns: u64, now: Stamp) {
        let since_zero = now.0 % self.span_ns;
        self.phase_ns = (since_zero + self.span_ns.get() - into_ns) % self.span_ns;
    }

    fn carry(&mut self, count: u32) {
        self.count = count;
        // Nobody knows when it was sent: the next window may get all of it.
        self.edge = count;
    }

    fn shift(&mut self, into_ns: u64, now: Stamp) {
        let before = self.phase_ns;
        self.used(now);
        self.set_phase(into_ns, now);
        let moved = self.phase_ns.abs_diff(before);
        let moved = moved.min(self.span_ns.get() - moved);
        if moved <= GUARD.0 / 4 {
            self.phase_ns = before;
            return;
        }
        self.index = self.index_at(now);
        self.carry(self.count);
    }

    /// The boundary whose window counts at `now`: a window is left only when it surely ended.
    fn index_at(&self, now: Stamp) -> u64 {
        // One span is added so that nothing is below zero.
        (now.0 + self.span_ns.get()).saturating_sub(self.phase_ns + GUARD.0) / self.span_ns
    }

    fn boundary(&self, index: u64) -> u64 {
        (index * self.span_ns.get() + self.phase_ns).saturating_sub(self.span_ns.get())
    }

    fn used(&mut self, now: Stamp) -> u32 {
        let index = self.index_at(now);
        if index > self.index {
            self.count = if index == self.index + 1 { self.edge } else { 0 };
            self.edge = 0;
            self.index = index;
        }
        self.count
    }

    fn add(&mut self, cost: u32, now: Stamp) {
        self.used(now);
        self.count = self.count.saturating_add(cost);
        if now.0 + GUARD.0 >= self.boundary(self.index + 1) {
            self.edge = self.edge.saturating_add(cost);
        }
    }

    fn ends(&self) -> Stamp {
        Stamp(self.boundary(self.index + 1) + GUARD.0)
    }
}
