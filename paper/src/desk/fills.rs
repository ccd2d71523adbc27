//! Orders against what is shown.

use base::input::Trade;
use base::output::Style;
use base::{InstrumentId, OrderId, Price, Qty, Side};

use super::{Desk, Hands, RESTING_MAX, Resting};
use crate::account::Row;
use crate::market::is_worse;

impl Desk {
    /// Takes what is shown, as far as the order's limit allows.
    pub(super) fn take(&mut self, row: &Row, resting: &mut Resting, hands: &mut Hands<'_>) {
        let place = resting.place;
        let (side, age) = (place.side, self.terms.quote_age);
        let Some(market) = self.markets.get(row.id.index()) else { return };
        let offers = market.offers(side, hands.now, age);
        for (level, offer) in offers.into_iter().enumerate() {
            let beyond = place.style != Style::Market && is_worse(side, offer.price, place.price);
            if beyond {
                return;
            }
            let qty = resting.left().min(offer.qty).min(self.reducible(row, &place));
            if qty.0 <= 0 {
                continue;
            }
            if let Some(market) = self.markets.get_mut(row.id.index()) {
                market.take(side, level, qty, hands.now);
            }
            self.fill(row, resting, (offer.price, qty, false), hands);
        }
    }

    /// What an order may still fill by its own word: a reduce-only one what there is to reduce.
    pub(super) fn reducible(&self, row: &Row, place: &base::output::Place) -> Qty {
        if !place.reduce_only {
            return Qty(i64::MAX);
        }
        let held = self.accounts.held(row.id).qty;
        match place.side {
            Side::Buy => (-held).max(Qty::ZERO),
            Side::Sell => held.max(Qty::ZERO),
        }
    }

    /// What became of an order after it took what it could.
    pub(super) fn rest(&mut self, row: &Row, resting: Resting, hands: &mut Hands<'_>) {
        let stays = matches!(resting.place.style, Style::Limit | Style::PostOnly);
        let wants = resting.left().0 > 0 && !self.reducible(row, &resting.place).is_zero();
        let rests = stays && wants && self.resting.push(resting);
        if rests && resting.filled.is_zero() {
            return self.tell_balances(row, hands);
        }
        if rests {
            self.tell_resting(&resting, hands);
        } else {
            self.tell_over(&resting, hands);
        }
        if !resting.filled.is_zero() {
            self.tell_position(row, hands);
        }
        if rests || !resting.filled.is_zero() {
            self.tell_balances(row, hands);
        }
    }

    /// The book moved: orders whose price it moved through are filled at their price, as far as what is
    /// shown there reaches.
    pub(super) fn cross(&mut self, instrument: InstrumentId, hands: &mut Hands<'_>) {
        if self.resting.is_empty() {
            return;
        }
        let now = hands.now;
        let age = self.terms.quote_age;
        self.fill_resting(instrument, hands, |desk, resting| {
            let side = resting.place.side;
            let market = desk.markets.get_mut(instrument.index())?;
            let [best, _] = market.offers(side, now, age);
            is_through(side, best.price, resting.place.price).then_some(best.qty)
        });
    }

    /// A trade was told: orders whose price it went through are filled at their price, together no more
    /// than was traded.
    pub(super) fn traded(&mut self, trade: &Trade, hands: &mut Hands<'_>) {
        if self.resting.is_empty() {
            return;
        }
        let age = self.terms.quote_age;
        let known = self.markets.get(trade.instrument.index());
        if !known.is_some_and(|market| market.is_known(hands.now, age)) {
            return;
        }
        let mut left = trade.qty;
        // Only what came to take from our side of the book could have met us.
        let maker = trade.taker.opposite();
        let mut at = 0;
        // bound: the orders that rest
        for _ in 0..RESTING_MAX {
            let Some(resting) = self.resting.get(at).copied() else { break };
            let place = resting.place;
            let met = place.instrument == trade.instrument
                && place.side == maker
                && is_through(maker, trade.price, place.price);
            let qty = if met { left } else { Qty::ZERO };
            let filled = self.fill_one(at, qty, None, hands);
            left -= filled.qty;
            at += usize::from(!filled.gone);
        }
    }

    /// Fills what rests of an instrument, as far as `most` says for each.
    fn fill_resting(
        &mut self,
        instrument: InstrumentId,
        hands: &mut Hands<'_>,
        most: impl Fn(&mut Self, &Resting) -> Option<Qty>,
    ) {
        let mut at = 0;
        // bound: the orders that rest
        for _ in 0..RESTING_MAX {
            let Some(resting) = self.resting.get(at).copied() else { break };
            let ours = resting.place.instrument == instrument;
            let qty = if ours { most(self, &resting) } else { None };
            let took = Some(resting.place.side);
            let filled = self.fill_one(at, qty.unwrap_or(Qty::ZERO), took, hands);
            at += usize::from(!filled.gone);
        }
    }

    /// Fills one resting order by at most `most`; `took` says whose shown quantity that is.
    fn fill_one(
        &mut self,
        at: usize,
        most: Qty,
        took: Option<Side>,
        hands: &mut Hands<'_>,
    ) -> Filled {
        let none = Filled { qty: Qty::ZERO, gone: false };
        if most.0 <= 0 {
            return none;
        }
        let Some(mut resting) = self.resting.get(at).copied() else { return none };
        let Some(row) = self.row(resting.place.instrument) else { return none };
        let may = self.reducible(&row, &resting.place);
        let qty = resting.left().min(most).min(may);
        if qty.0 > 0 {
            if let Some((side, market)) = took.zip(self.markets.get_mut(row.id.index())) {
                market.take(side, 0, qty, hands.now);
            }
            let price = resting.place.price;
            self.fill(&row, &mut resting, (price, qty, true), hands);
        }
        // What may only reduce ends when there is nothing left to reduce.
        let ends = resting.left().0 <= 0 || self.reducible(&row, &resting.place).is_zero();
        if ends {
            let order = resting.place.order;
            self.resting.retain(|resting| resting.place.order != order);
            self.tell_over(&resting, hands);
        } else {
            if let Some(place) = self.resting.get_mut(at) {
                *place = resting;
            }
            self.tell_resting(&resting, hands);
        }
        self.tell_position(&row, hands);
        self.tell_balances(&row, hands);
        Filled { qty, gone: ends }
    }

    /// One fill: the money of it, and what is told.
    fn fill(
        &mut self,
        row: &Row,
        resting: &mut Resting,
        (price, qty, maker): (Price, Qty, bool),
        hands: &mut Hands<'_>,
    ) {
        let side = resting.place.side;
        resting.filled += qty;
        self.accounts.fill(row, side, price, qty);
        let (asset, amount) = self.accounts.fee(row, (side, maker), price, qty);
        self.tell_fill(&resting.place, (price, qty, maker), (asset, amount), hands);
    }
}

/// What came of a resting order.
struct Filled {
    qty: Qty,
    /// It rests no more.
    gone: bool,
}

/// Whether a market at `price` went through what an order of `side` waits at: touching is not enough,
/// for others were there first.
const fn is_through(side: Side, price: Price, limit: Price) -> bool {
    match side {
        Side::Buy => price.0 < limit.0,
        Side::Sell => price.0 > limit.0,
    }
}

impl Desk {
    /// Ends a resting order, if it is there.
    pub(super) fn drop_order(&mut self, order: OrderId, hands: &mut Hands<'_>) -> bool {
        let found = self.resting.iter().find(|resting| resting.place.order == order).copied();
        let Some(resting) = found else { return false };
        self.resting.retain(|resting| resting.place.order != order);
        self.tell_cancelled(&resting, hands);
        if let Some(row) = self.row(resting.place.instrument) {
            self.tell_balances(&row, hands);
        }
        true
    }
}
