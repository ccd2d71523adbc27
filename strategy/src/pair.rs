//! A pair: two legs, what each holds, and where the trade is in its life.
//!
//! The pair owns no order: it knows at most one living order of each leg by its number. What a leg
//! holds follows from cumulative filled quantities alone, never from an order being "done".

use crate::pipe::{self, Pipe, Words, pipe_fields};
use base::output::{PairPhase, PairReason};
use base::{
    InstrumentId, Money, OrderId, PairId, Qty, Rate, Side, Span, Stamp, StrategyId, WallNs,
};

/// The pause after a refusal that passes doubles so many times.
const HELD_BACK_MAX: u8 = 6;

/// One leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Leg {
    pub(crate) instrument: InstrumentId,
    /// In the leg's own direction: bought by the long leg, sold by the short one.
    pub(crate) held: Qty,
    /// Its living order; `FOREIGN` when it has none.
    pub(crate) order: OrderId,
    /// Sum of -side x notional of its fills.
    pub(crate) flow: Money,
    /// Fees valued in the currency, positive.
    pub(crate) fees: Money,
    /// Of those, the ones charged in the base asset, which `held` lost already.
    pub(crate) fees_in_base: Money,
    /// It was refused for a reason that will not pass.
    pub(crate) refused: bool,
}
pipe_fields!(Leg { instrument, held, order, flow, fees, fees_in_base, refused });

impl Leg {
    /// Whether an order of it is on its way, on a book, or unknown.
    pub(crate) fn is_busy(&self) -> bool {
        self.order != OrderId::FOREIGN
    }
}

/// A two-legged trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// 0: the place is free.
    pub(crate) id: PairId,
    pub(crate) strategy: StrategyId,
    pub(crate) combination: u32,
    /// Long, short.
    pub(crate) legs: [Leg; 2],
    pub(crate) phase: PairPhase,
    pub(crate) reason: PairReason,
    /// What each leg was to hold.
    pub(crate) target: Qty,
    /// Edge that decided the entry.
    pub(crate) edge: Rate,
    /// One leg's value at entry.
    pub(crate) notional: Money,
    pub(crate) funding: Money,
    pub(crate) opened: WallNs,
    /// Since when the legs differ by more than can be left, or since when it is closing.
    pub(crate) since: Option<Stamp>,
    pub(crate) tries: u8,
    /// Orders refused in a row for a reason that passes: each doubles the pause before the next.
    pub(crate) held_back: u8,
    pub(crate) next_try: Stamp,
    /// Since when there is a reason to leave; 0 while there is none.
    pub(crate) exit_since: Stamp,
    /// The missing leg is not tried any more.
    pub(crate) unwinding: bool,
    /// Somebody was told that it stands on one leg.
    pub(crate) warned: bool,
    /// Something was filled at some time.
    pub(crate) traded: bool,
    /// It is on its way out.
    pub(crate) leaving: bool,
}
pipe_fields!(Pair {
    id,
    strategy,
    combination,
    legs,
    phase,
    reason,
    target,
    edge,
    notional,
    funding,
    opened,
    since,
    tries,
    held_back,
    next_try,
    exit_since,
    unwinding,
    warned,
    traded,
    leaving,
});

impl Default for Pair {
    fn default() -> Self {
        Self {
            id: PairId(0),
            strategy: StrategyId(0),
            combination: 0,
            legs: [Leg::default(); 2],
            phase: PairPhase::Abandoned,
            reason: PairReason::Edge,
            target: Qty::ZERO,
            edge: Rate::ZERO,
            notional: Money::ZERO,
            funding: Money::ZERO,
            opened: WallNs::NONE,
            since: None,
            tries: 0,
            held_back: 0,
            next_try: Stamp(0),
            exit_since: Stamp(0),
            unwinding: false,
            warned: false,
            traded: false,
            leaving: false,
        }
    }
}

/// The side that opens leg 0 (long) or 1 (short).
pub(crate) const fn entry_side(leg: usize) -> Side {
    if leg == 0 { Side::Buy } else { Side::Sell }
}

impl Pair {
    pub(crate) const fn is_alive(&self) -> bool {
        self.id.0 != 0
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.legs.iter().any(Leg::is_busy)
    }

    pub(crate) fn leg(&self, leg: usize) -> Option<&Leg> {
        self.legs.get(leg)
    }

    /// An order of it was refused for a reason that passes, a spent budget or a busy venue: that was no
    /// try at the market, so the next one reaches no deeper, but it waits longer each time.
    pub(crate) fn hold_back(&mut self, now: Stamp, pause: Span) {
        self.tries = self.tries.saturating_sub(1);
        let pause = pause.0.saturating_mul(1 << self.held_back.min(HELD_BACK_MAX));
        self.held_back = self.held_back.saturating_add(1);
        self.next_try = self.next_try.max(now + Span(pause));
    }

    /// Which leg trades `id`.
    pub(crate) fn leg_of(&self, id: InstrumentId) -> Option<usize> {
        self.legs.iter().position(|leg| leg.instrument == id)
    }

    /// Long minus short: positive when the long leg is ahead.
    pub(crate) fn difference(&self) -> Qty {
        let [long, short] = &self.legs;
        long.held - short.held
    }

    /// Whether it holds nothing at all.
    pub(crate) fn is_flat(&self) -> bool {
        self.legs.iter().all(|leg| leg.held.is_zero())
    }
}

/// All pairs alive.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    slots: Vec<Pair>,
    /// No pair lives in this place or behind it: what is walked ends here.
    end: usize,
    /// Numbers given so far.
    numbered: u32,
}

impl Pipe for Pairs {
    fn pipe(&mut self, words: &mut dyn Words) {
        pipe::table(&mut self.slots, words);
        self.numbered.pipe(words);
        self.end = self.slots.len();
        self.trim();
    }
}

impl Pairs {
    pub(crate) fn new(size: u16) -> Self {
        Self { slots: vec![Pair::default(); usize::from(size)], end: 0, numbered: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Pair> {
        self.slots.get(at).filter(|p| p.is_alive())
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut Pair> {
        self.slots.get_mut(at).filter(|p| p.is_alive())
    }

    pub(crate) fn alive(&self) -> impl Iterator<Item = (usize, &Pair)> {
        self.slots.iter().take(self.end).enumerate().filter(|(_, p)| p.is_alive())
    }

    pub(crate) fn alive_mut(&mut self) -> impl Iterator<Item = &mut Pair> {
        self.slots.iter_mut().take(self.end).filter(|p| p.is_alive())
    }

    pub(crate) fn find(&self, id: PairId) -> Option<usize> {
        self.slots.iter().take(self.end).position(|p| p.is_alive() && p.id == id)
    }

    pub(crate) fn has_room(&self) -> bool {
        self.end < self.slots.len() || self.slots.iter().any(|p| !p.is_alive())
    }

    /// Numbers `pair` and gives it a place.
    #[inline]
    pub(crate) fn add(&mut self, pair: &Pair) -> Option<usize> {
        let at = self.slots.iter().position(|p| !p.is_alive())?;
        self.numbered += 1;
        *self.slots.get_mut(at)? = Pair { id: PairId(self.numbered), ..*pair };
        self.end = self.end.max(at + 1);
        Some(at)
    }

    pub(crate) fn remove(&mut self, at: usize) {
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Pair::default();
            self.trim();
        }
    }

    fn trim(&mut self) {
        let alive = |slots: &[Pair]| slots.last().is_some_and(Pair::is_alive);
        // bound: the places
        while self.end > 0 && !self.slots.get(..self.end).is_some_and(alive) {
            self.end -= 1;
        }
    }

    /// A new start: stamps of another run mean nothing.
    pub(crate) fn restart(&mut self) {
        for pair in self.alive_mut() {
            pair.since = None;
            pair.next_try = Stamp(0);
            pair.tries = 0;
            pair.exit_since = Stamp(0);
            pair.held_back = 0;
            pair.warned = false;
        }
    }
}
