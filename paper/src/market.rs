//! What each instrument's market shows, and what of it we took.
//!
//! A level we took from still shows what was there before, since nobody but us knows of it: so what
//! was taken is remembered and not given out a second time.

use base::input::{BookHealth, Depth, Funding, Mark, Quote, Sweep};
use base::{Money, Price, Qty, Rate, Scale, Side, Span, Stamp, WallNs};

/// A level that shows another size is believed to be a new one so long after we took from it.
const RENEWED: Span = Span::from_secs(1);

/// Something shown at a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Level {
    price: Price,
    qty: Qty,
    taken: Qty,
    taken_at: Stamp,
}

impl Level {
    /// What is left of it for us.
    fn left(&self) -> Qty {
        (self.qty - self.taken).max(Qty::ZERO)
    }

    /// It shows this now. What we took stays taken while the price stands and the size does not
    /// change, or changes at once.
    fn show(&mut self, price: Price, qty: Qty, now: Stamp) {
        let renewed = qty != self.qty && now - self.taken_at > RENEWED;
        if price != self.price || renewed {
            self.taken = Qty::ZERO;
        }
        self.price = price;
        self.qty = qty;
    }

    fn take(&mut self, qty: Qty, now: Stamp) {
        self.taken += qty;
        self.taken_at = now;
    }
}

/// One side of a book.
#[derive(Clone, Copy, Debug, Default)]
struct Shelf {
    best: Level,
    /// What was shown beyond the best level, all of it at this price or a better one.
    beyond: Level,
    /// The best price when that was said.
    touch: Price,
    /// When.
    seen: Stamp,
}

/// What may be taken from one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// At which price.
    pub(crate) price: Price,
    /// How much.
    pub(crate) qty: Qty,
}

/// A funding rate that will be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// For the whole interval; positive: longs pay.
    pub(crate) rate: Rate,
    /// When.
    pub(crate) next: WallNs,
    interval: Option<Span>,
}

/// One instrument's market.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Market {
    known: bool,
    /// When a quote last came.
    seen: Stamp,
    bids: Shelf,
    asks: Shelf,
    mark: Option<Price>,
    /// The last mid, for values only.
    last: Price,
    funding: Option<Due>,
    /// The last settlement that was charged.
    charged: WallNs,
}

/// Taken for the interval of a rate whose own is not known.
const USUAL_INTERVAL: Span = Span::from_secs(3_600);

impl Market {
    /// Nothing is known; what fell due before `began` is not ours to charge.
    pub(crate) fn since(began: WallNs) -> Self {
        Self { charged: began, ..Self::default() }
    }

    /// A quote came. A feed says quotes only of books it knows, so the book is known by it; false when
    /// it is no quote to trade on.
    pub(crate) fn quote(&mut self, quote: &Quote, at: Stamp) -> bool {
        if quote.bid.0 <= 0 || quote.ask <= quote.bid {
            self.lose();
            return false;
        }
        self.known = true;
        self.seen = at;
        self.bids.best.show(quote.bid, quote.bid_qty, at);
        self.asks.best.show(quote.ask, quote.ask_qty, at);
        self.last = Price(quote.bid.0 + (quote.ask.0 - quote.bid.0) / 2);
        true
    }

    /// What `probe` would trade at was said: how much is shown beyond the best level, and to which price.
    pub(crate) fn depth(&mut self, depth: &Depth, probe: Money, scale: Scale, at: Stamp) {
        if !self.known {
            return;
        }
        for (side, sweep) in [(Side::Sell, depth.bid), (Side::Buy, depth.ask)] {
            let shelf = self.shelf(side);
            let (price, qty) = sweep.map_or((Price::ZERO, Qty::ZERO), |sweep| {
                (sweep.limit, shown(side, sweep, probe, scale) - shelf.best.qty)
            });
            shelf.beyond.show(price, qty.max(Qty::ZERO), at);
            shelf.touch = shelf.best.price;
            shelf.seen = at;
        }
    }

    pub(crate) fn health(&mut self, health: BookHealth) {
        if health != BookHealth::Known {
            self.lose();
        }
    }

    /// Nothing that is shown may be relied on until it is shown anew. What we took stays taken.
    pub(crate) fn lose(&mut self) {
        self.known = false;
        for shelf in [&mut self.bids, &mut self.asks] {
            shelf.beyond.qty = Qty::ZERO;
            shelf.seen = Stamp(0);
        }
    }

    pub(crate) fn mark(&mut self, mark: &Mark) {
        // The last one that was said counts for funding and values, also when none is said now.
        self.mark = mark.mark.filter(|price| price.0 > 0).or(self.mark);
    }

    /// A rate came; what was due before the one it is for is returned, to be charged.
    pub(crate) fn funding(&mut self, funding: &Funding) -> Option<Due> {
        let before = self.funding.take();
        if funding.next.0 > self.charged.0 {
            let Funding { rate, interval, next, .. } = *funding;
            self.funding = Some(Due { rate, next, interval });
        }
        before.filter(|before| {
            let moved = i128::from(funding.next.0) - i128::from(before.next.0);
            let interval =
                i128::from(before.interval.filter(|i| i.0 > 0).unwrap_or(USUAL_INTERVAL).0);
            moved * 2 >= interval
        })
    }

    /// What is to be charged at `wall`, on the venue's clock. Only once.
    #[inline]
    pub(crate) fn due(&mut self, wall: WallNs) -> Option<Due> {
        let due = self.funding.filter(|due| due.next.0 <= wall.0)?;
        self.funding = None;
        Some(due)
    }

    /// That settlement was charged.
    pub(crate) const fn note_charged(&mut self, at: WallNs) {
        if at.0 > self.charged.0 {
            self.charged = at;
        }
    }

    /// What a position is valued at: the mark, else the last mid; `None` while nothing was ever known.
    pub(crate) fn value(&self) -> Option<Price> {
        self.mark.or((self.last.0 > 0).then_some(self.last))
    }

    /// Whether its book may be traded on.
    pub(crate) fn is_known(&self, now: Stamp, age: Span) -> bool {
        self.known && now - self.seen <= age
    }

    /// The best price an order of `side` meets.
    pub(crate) const fn touch(&self, side: Side) -> Price {
        match side {
            Side::Buy => self.asks.best.price,
            Side::Sell => self.bids.best.price,
        }
    }

    /// What an order of `side` meets: the best level, then what lies beyond it at its worst price.
    pub(crate) fn offers(&self, side: Side, now: Stamp, age: Span) -> [Offer; 2] {
        let shelf = match side {
            Side::Buy => &self.asks,
            Side::Sell => &self.bids,
        };
        let best = Offer { price: shelf.best.price, qty: shelf.best.left() };
        // A best level that went away took an unknown part of what lay beyond it with it.
        let stands = !is_worse(side, shelf.best.price, shelf.touch);
        let fresh = shelf.seen != Stamp(0) && now - shelf.seen <= age;
        let deeper = is_worse(side, shelf.beyond.price, shelf.best.price);
        let there = stands && fresh && deeper;
        let qty = if there { shelf.beyond.left() } else { Qty::ZERO };
        [best, Offer { price: shelf.beyond.price, qty }]
    }

    /// An order of `side` took so much of the best level (0) or beyond it (1).
    pub(crate) fn take(&mut self, side: Side, level: usize, qty: Qty, now: Stamp) {
        let shelf = self.shelf(side);
        match level {
            0 => shelf.best.take(qty, now),
            _ => shelf.beyond.take(qty, now),
        }
    }

    /// What an order of that side takes from.
    const fn shelf(&mut self, side: Side) -> &mut Shelf {
        match side {
            Side::Buy => &mut self.asks,
            Side::Sell => &mut self.bids,
        }
    }
}

/// Whether `price` is worse than `than` for an order of `side`.
pub(crate) const fn is_worse(side: Side, price: Price, than: Price) -> bool {
    match side {
        Side::Buy => price.0 > than.0,
        Side::Sell => price.0 < than.0,
    }
}

/// How much the probe took: at least what its notional buys at the average, which is rounded against us.
fn shown(side: Side, sweep: Sweep, probe: Money, scale: Scale) -> Qty {
    let average = match side {
        Side::Buy => sweep.average,
        Side::Sell => Price(sweep.average.0.saturating_add(1)),
    };
    scale.qty_for(probe, average)
}

#[cfg(test)]
mod tests;
