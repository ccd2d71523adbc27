//! One side of a book, sorted by rank: the price of a bid, the negated price of an ask; higher is better.

/// A price as rank, and the quantity there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rung {
    pub(super) rank: i64,
    pub(super) qty: i64,
}

/// Rungs from the worst to the best, in the front of a fixed slice.
#[derive(Debug)]
pub(super) struct Ladder {
    rungs: Box<[Rung]>,
    len: usize,
    /// Every level of this rank or better is in `rungs`.
    known_to: i64,
}

/// The best of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Best {
    Known(i64, i64),
    Empty,
    Unknown,
}

/// Knows every level there is.
const ALL: i64 = i64::MIN;

impl Ladder {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let rungs = vec![Rung::default(); capacity.max(1)].into_boxed_slice();
        Self { rungs, len: 0, known_to: ALL }
    }

    pub(super) const fn clear(&mut self) {
        self.len = 0;
        self.known_to = ALL;
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// From the worst to the best.
    #[inline(always)]
    pub(super) fn rungs(&self) -> &[Rung] {
        self.rungs.get(..self.len).unwrap_or_default()
    }

    pub(super) fn ends_here(&mut self) {
        if let Some(worst) = self.rungs().first().map(|rung| rung.rank) {
            self.known_to = self.known_to.max(worst);
        }
    }

    /// Sets the quantity at a rank; zero takes the rung away.
    #[inline]
    pub(super) fn set(&mut self, rank: i64, qty: i64) {
        let Some(rungs) = self.rungs.get_mut(..self.len) else { return };
        let at = place_of(rungs, rank);
        if let Some(rung) = rungs.get_mut(at)
            && rung.rank == rank
        {
            if qty > 0 {
                rung.qty = qty;
            } else {
                self.remove(at);
            }
        } else if qty > 0 {
            self.insert(at, Rung { rank, qty });
        }
    }

    /// Closes the gap at `at`: what is better moves one down.
    #[inline]
    fn remove(&mut self, at: usize) {
        if let Some(tail) = self.rungs.get_mut(at..self.len) {
            move_down(tail);
            self.len -= 1;
        }
    }

    /// Opens a gap at `at`: what is better moves one up.
    #[inline]
    fn insert(&mut self, at: usize, rung: Rung) {
        if self.len == self.rungs.len() {
            self.insert_full(at, rung);
        } else if let Some(tail) = self.rungs.get_mut(at..=self.len) {
            move_up(tail, rung);
            self.len += 1;
        }
    }

    /// The ladder is full: its worst rung makes room, or the new one is worse than all of them.
    #[cold]
    #[inline(never)]
    fn insert_full(&mut self, at: usize, rung: Rung) {
        if let Some(below) = at.checked_sub(1)
            && let Some(worse) = self.rungs.get_mut(..=below)
        {
            move_down(worse);
            if let Some(place) = worse.last_mut() {
                *place = rung;
            }
        }
        if let Some(worst) = self.rungs.first().map(|worst| worst.rank) {
            self.known_to = self.known_to.max(worst);
        }
    }

    #[inline]
    pub(super) fn top(&self) -> Best {
        match self.rungs().last() {
            Some(rung) if rung.rank >= self.known_to => Best::Known(rung.rank, rung.qty),
            None if self.known_to == ALL => Best::Empty,
            _ => Best::Unknown,
        }
    }

    /// Takes `notional` raw units from the best rung on; `sign` turns ranks back into prices.
    #[inline]
    pub(super) fn take(&self, notional: i128, sign: i64) -> Option<Taken> {
        let mut cost = 0_i128;
        let mut qty = 0_i128;
        for rung in self.rungs().iter().rev() {
            if rung.rank < self.known_to {
                return None;
            }
            let price = rung.rank * sign;
            let whole = i128::from(price) * i128::from(rung.qty);
            let left = notional - cost;
            if whole < left {
                cost += whole;
                qty += i128::from(rung.qty);
                continue;
            }
            // The last rung: as much of it as is still wanted, a started unit counting whole.
            let part = divide_up(left, i128::from(price))?;
            return Some(Taken {
                cost: cost + part * i128::from(price),
                qty: qty + part,
                limit: price,
            });
        }
        None
    }

    /// Whether every rung fits after multiplying.
    pub(super) fn fits(&self, price_by: i64, qty_by: i64) -> bool {
        self.rungs().iter().all(|rung| {
            rung.rank.checked_mul(price_by).is_some() && rung.qty.checked_mul(qty_by).is_some()
        })
    }

    pub(super) fn rescale(&mut self, price_by: i64, qty_by: i64) {
        for rung in self.rungs.get_mut(..self.len).unwrap_or_default() {
            rung.rank = rung.rank.saturating_mul(price_by);
            rung.qty = rung.qty.saturating_mul(qty_by);
        }
        if self.known_to != ALL {
            self.known_to = self.known_to.saturating_mul(price_by);
        }
    }
}

/// What was taken from a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    cost: i128,
    qty: i128,
    /// The price of the last rung touched.
    pub(super) limit: i64,
}

impl Taken {
    /// The average price, rounded up or down.
    pub(super) fn average(self, up: bool) -> Option<i64> {
        let average =
            if up { divide_up(self.cost, self.qty)? } else { divide_down(self.cost, self.qty)? };
        i64::try_from(average).ok()
    }
}

/// `a / b` for numbers that are not negative, in 64 bits where they fit: 128-bit division is slow.
#[inline]
fn divide_down(a: i128, b: i128) -> Option<i128> {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => a.checked_div(b).map(i128::from),
        _ => a.checked_div(b),
    }
}

#[inline]
fn divide_up(a: i128, b: i128) -> Option<i128> {
    divide_down(a.checked_add(b)?.checked_sub(1)?, b)
}

/// Where `rank` is, or would be inserted. Most changes are near the top: it is looked at first.
#[inline(always)]
fn place_of(rungs: &[Rung], rank: i64) -> usize {
    const NEAR: usize = 8;
    let Some((far, near)) = rungs.len().checked_sub(NEAR).and_then(|at| rungs.split_at_checked(at))
    else {
        return rungs.iter().filter(|rung| rung.rank < rank).count();
    };
    match near.first() {
        Some(edge) if edge.rank <= rank => {
            far.len() + near.iter().filter(|rung| rung.rank < rank).count()
        }
        _ => far.partition_point(|rung| rung.rank < rank),
    }
}

/// Each rung takes the place before it; the first is lost.
#[inline(always)]
fn move_down(rungs: &mut [Rung]) {
    if !rungs.is_empty() {
        rungs.copy_within(1.., 0);
    }
}

/// Each rung takes the place behind it, `first` the first; the last is lost.
#[inline(always)]
fn move_up(rungs: &mut [Rung], first: Rung) {
    if let Some(moved) = rungs.len().checked_sub(1) {
        rungs.copy_within(..moved, 1);
    }
    if let Some(place) = rungs.first_mut() {
        *place = first;
    }
}
