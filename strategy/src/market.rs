//! The last known market of every instrument, and whether it may be traded on.
//!
//! Unknown is a value: an instrument whose book is not known has a bid of zero and an ask beyond
//! every price, so that no comparison can ever find a spread in it, and every reader that wants a
//! price asks [`Slot::touch`] and gets `None`.

use crate::pipe::{Pipe, Words, pipe_fields};
use crate::plan::Freshness;
use base::input::{BookHealth, ClockState, Depth, Funding, Mark, Quote, SessionState, Sweep};
use base::{InstrumentId, Price, Qty, Rate, Side, Span, Stamp, VenueId, WallNs};

/// What a price that nobody may trade on looks like to a comparison.
const NO_ASK: Price = Price(i64::MAX);

/// One instrument's market.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// Where it trades: what comes from elsewhere is not its market.
    pub(crate) venue: VenueId,
    /// Zero while unknown.
    pub(crate) bid: Price,
    /// `NO_ASK` while unknown.
    pub(crate) ask: Price,
    pub(crate) bid_qty: Qty,
    pub(crate) ask_qty: Qty,
    /// When the last message of the book left the socket.
    pub(crate) seen: Stamp,
    pub(crate) venue_time: WallNs,
    pub(crate) health: BookHealth,
    pub(crate) depth: [Option<Reach>; 2],
    pub(crate) mark: Option<Price>,
    pub(crate) index: Option<Price>,
    pub(crate) funding: Option<Rated>,
    /// The last mid or mark that was known, for valuation only.
    pub(crate) last: Price,
}

/// What the probe reaches on one side, and when that was said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    pub(crate) average: Price,
    pub(crate) seen: Stamp,
}

/// A funding rate with the interval it is for: never one without the other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rated {
    pub(crate) rate: Rate,
    pub(crate) interval: Span,
    pub(crate) next: WallNs,
    pub(crate) seen: Stamp,
}

pipe_fields!(Reach { average, seen });
pipe_fields!(Rated { rate, interval, next, seen });
pipe_fields!(Slot {
    bid,
    ask,
    bid_qty,
    ask_qty,
    seen,
    venue_time,
    health,
    depth,
    mark,
    index,
    funding,
    last
});

impl Default for Slot {
    fn default() -> Self {
        Self {
            venue: VenueId::BinanceSpot,
            bid: Price::ZERO,
            ask: NO_ASK,
            bid_qty: Qty::ZERO,
            ask_qty: Qty::ZERO,
            seen: Stamp(0),
            venue_time: WallNs::NONE,
            health: BookHealth::Starting,
            depth: [None; 2],
            mark: None,
            index: None,
            funding: None,
            last: Price::ZERO,
        }
    }
}

impl Slot {
    /// Best bid and ask, when known.
    #[inline]
    pub(crate) fn touch(&self) -> Option<(Price, Price)> {
        (self.bid.0 > 0 && self.ask.0 < NO_ASK.0).then_some((self.bid, self.ask))
    }

    /// Twice the mid, when known: exact.
    pub(crate) fn twice_mid(&self) -> Option<i128> {
        self.touch().map(|(bid, ask)| i128::from(bid.0) + i128::from(ask.0))
    }

    /// The mid, rounded down, when known.
    #[inline]
    pub(crate) fn mid(&self) -> Option<Price> {
        // Half of the sum without the sum, which might not fit.
        self.touch().map(|(bid, ask)| Price((bid.0 & ask.0) + ((bid.0 ^ ask.0) >> 1)))
    }

    /// What a position is valued at: mark, else the last mid; `None` when nothing was ever known.
    pub(crate) fn value_price(&self) -> Option<Price> {
        self.mark.or((self.last.0 > 0).then_some(self.last))
    }

    /// The price at which `qty` can be taken by an order of `side`: the touch when it is large
    /// enough, else the probe's average when it is fresh and not better than the touch.
    pub(crate) fn executable(&self, side: Side, qty: Qty, now: Stamp, age: Span) -> Option<Price> {
        let (bid, ask) = self.touch()?;
        let (price, size) = match side {
            Side::Buy => (ask, self.ask_qty),
            Side::Sell => (bid, self.bid_qty),
        };
        if size >= qty {
            return Some(price);
        }
        let [sell, buy] = self.depth;
        let reach = match side {
            Side::Buy => buy?,
            Side::Sell => sell?,
        };
        if now - reach.seen > age || reach.average.0 <= 0 {
            return None;
        }
        Some(match side {
            Side::Buy => reach.average.max(price),
            Side::Sell => reach.average.min(price),
        })
    }

    fn forget(&mut self) {
        self.bid = Price::ZERO;
        self.ask = NO_ASK;
        self.bid_qty = Qty::ZERO;
        self.ask_qty = Qty::ZERO;
        self.depth = [None; 2];
    }
}

/// One venue's clock and sessions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct VenueState {
    pub(crate) orders: bool,
    /// Orders go by REST only.
    pub(crate) slow: bool,
    pub(crate) account: bool,
    pub(crate) budget: bool,
    /// Offset of its clock and the bound of that.
    pub(crate) clock: Option<Offset>,
    /// The account was read once, wholly, since its stream stands.
    pub(crate) reconciled: bool,
    /// A reconciliation runs since then.
    pub(crate) reading: Option<Stamp>,
    /// Reconciliations begun; tells what the running one named.
    pub(crate) round: u64,
}

/// A venue's clock against ours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offset {
    pub(crate) ns: i64,
    pub(crate) bound: Span,
}

pipe_fields!(Offset { ns, bound });
pipe_fields!(VenueState { orders, slow, account, budget, clock, reconciled, reading, round });

impl VenueState {
    pub(crate) fn session(&mut self, s: &SessionState) {
        self.orders = s.orders;
        self.slow = s.slow;
        self.account = s.account;
        self.budget = s.budget;
        if !s.account {
            // What happened meanwhile is not known: read the account again before new risk.
            self.reconciled = false;
            self.reading = None;
        }
    }

    pub(crate) fn clock(&mut self, c: &ClockState) {
        self.clock = Some(Offset { ns: c.offset_ns, bound: c.bound });
    }
}

/// Why a book may not be traded on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// No book, or not in sequence.
    Unknown,
    /// Nothing heard for too long.
    Stale,
    /// Made too long ago, or in the future, on the venue's clock.
    VenueStale,
    /// The venue's clock is not known well enough.
    Clock,
}

/// Every instrument's market.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    slots: Vec<Slot>,
    pub(crate) limits: Freshness,
}

impl Pipe for Market {
    fn pipe(&mut self, words: &mut dyn Words) {
        crate::pipe::table(&mut self.slots, words);
    }
}

impl Market {
    pub(crate) fn new(venues: impl Iterator<Item = VenueId>, limits: Freshness) -> Self {
        Self { slots: venues.map(|venue| Slot { venue, ..Slot::default() }).collect(), limits }
    }

    #[inline]
    pub(crate) fn slot(&self, id: InstrumentId) -> Option<&Slot> {
        self.slots.get(id.index())
    }

    /// Takes in a quote; `false` when there is no such instrument on its venue.
    #[inline]
    pub(crate) fn quote(&mut self, q: &Quote, at: Stamp) -> bool {
        let Some(slot) = self.slots.get_mut(q.instrument.index()) else { return false };
        if slot.health != BookHealth::Known || slot.venue != q.venue {
            return slot.venue == q.venue;
        }
        slot.seen = at;
        slot.venue_time = q.venue_time;
        if q.bid.0 <= 0 || q.ask.0 <= q.bid.0 || q.ask == NO_ASK {
            // Zero is no price, and a crossed book is nobody's market.
            slot.forget();
            return true;
        }
        slot.bid = q.bid;
        slot.ask = q.ask;
        slot.bid_qty = q.bid_qty;
        slot.ask_qty = q.ask_qty;
        slot.last = Price(q.bid.0 + (q.ask.0 - q.bid.0) / 2);
        true
    }

    pub(crate) fn depth(&mut self, d: &Depth, at: Stamp) {
        let Some(slot) = self.slots.get_mut(d.instrument.index()) else { return };
        if slot.health != BookHealth::Known {
            return;
        }
        let reach = |sweep: Sweep| Reach { average: sweep.average, seen: at };
        slot.depth = [d.bid.map(reach), d.ask.map(reach)];
    }

    pub(crate) fn mark(&mut self, m: &Mark) {
        let Some(slot) = self.slots.get_mut(m.instrument.index()) else { return };
        let price = |price: Option<Price>| price.filter(|p| p.0 > 0);
        // A price that is not known any more is no price.
        slot.mark = price(m.mark);
        slot.index = price(m.index);
    }

    pub(crate) fn funding(&mut self, f: &Funding, at: Stamp) {
        let Some(slot) = self.slots.get_mut(f.instrument.index()) else { return };
        let interval = f.interval.filter(|i| i.0 > 0);
        slot.funding = match interval {
            Some(interval) if f.next.0 > 0 => {
                Some(Rated { rate: f.rate, interval, next: f.next, seen: at })
            }
            _ => None,
        };
    }

    pub(crate) fn health(&mut self, id: InstrumentId, health: BookHealth) {
        let Some(slot) = self.slots.get_mut(id.index()) else { return };
        slot.health = health;
        if health != BookHealth::Known {
            slot.forget();
        }
    }

    /// Whether the book of `id` may be traded on at `now`; `wall` is this machine's wall time.
    pub(crate) fn fit(
        &self,
        id: InstrumentId,
        venue: &VenueState,
        now: Stamp,
        wall: WallNs,
    ) -> Result<&Slot, Unfit> {
        let slot = self.slot(id).ok_or(Unfit::Unknown)?;
        if slot.health != BookHealth::Known || slot.touch().is_none() {
            return Err(Unfit::Unknown);
        }
        if now - slot.seen > self.limits.receive_age {
            return Err(Unfit::Stale);
        }
        let clock = venue.clock.filter(|c| c.bound <= self.limits.clock_bound);
        let Some(clock) = clock else { return Err(Unfit::Clock) };
        if slot.venue_time != WallNs::NONE {
            // Wall times of this century: nothing saturates.
            let theirs = wall.0.saturating_add(clock.ns);
            let age = theirs.saturating_sub(slot.venue_time.0).unsigned_abs();
            if age > self.limits.venue_age.0.saturating_add(clock.bound.0) {
                return Err(Unfit::VenueStale);
            }
        }
        Ok(slot)
    }

    /// The funding of a perpetual that may be counted on: fresh, with its interval, not yet settled.
    pub(crate) fn rated(&self, id: InstrumentId, now: Stamp, wall: WallNs) -> Option<Rated> {
        let rated = self.slot(id)?.funding?;
        (now - rated.seen <= self.limits.funding_age && rated.next > wall).then_some(rated)
    }

    /// Forgets all that came from before a start: stamps of another run mean nothing.
    pub(crate) fn restart(&mut self) {
        for slot in &mut self.slots {
            *slot = Slot { venue: slot.venue, last: slot.last, mark: slot.mark, ..Slot::default() };
        }
    }
}

#[cfg(test)]
mod tests;
