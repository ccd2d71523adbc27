//! What venues say of orders: acknowledgements, refusals, states, fills and fees.

use super::{Core, signed};
use crate::order::{Change, Event, Life, Order, Purpose};
use crate::outputs::Outputs;
use crate::pair::{Leg, Pair, entry_side};
use crate::rules::Row;
use crate::seen::Tag;
use base::input::{
    Ack, CancelReject, Fee, Fill, OrderState, OrderStatus, OrderUnknown, Reject, RejectClass,
};
use base::output::{AlarmCode, PairPhase, PairReason, Query};
use base::{InstrumentId, Money, OrderId, Output, PairId, Price, Qty, Side};

impl Core {
    pub(super) fn on_ack(&mut self, ack: &Ack, out: &mut Outputs) {
        self.tell(ack.order, Event::Ack, out);
    }

    pub(super) fn on_reject(&mut self, reject: &Reject, out: &mut Outputs) {
        if let Some(row) = self.rules.row(reject.instrument).copied()
            && let Some(order) = self.orders.get(reject.order)
        {
            let (pair, done) = (order.pair, order.life.is_done());
            if !done {
                self.counts.orders_rejected += 1;
                let seen = (reject.code, i64::from(reject.class as u16));
                self.alarm(AlarmCode::OrderRejected, Some(&row), pair, seen, out);
            }
        }
        self.tell(reject.order, Event::Reject(reject.class), out);
    }

    pub(super) fn on_order_state(&mut self, state: &OrderState, out: &mut Outputs) {
        let event = if state.status == OrderStatus::NotFound {
            // Believed only as the answer to a question asked long enough after sending.
            let settle = self.rules.plan.orders.settle;
            let proof = self
                .orders
                .get(state.order)
                .is_some_and(|o| o.questions > 0 && o.news - o.sent >= settle);
            Event::NotFound { proof }
        } else {
            Event::Report(state.status, state.filled.max(Qty::ZERO))
        };
        self.tell(state.order, event, out);
    }

    pub(super) fn on_order_unknown(&mut self, order: &OrderUnknown, out: &mut Outputs) {
        self.tell(order.order, Event::Unknown, out);
    }

    pub(super) fn on_cancel_reject(&mut self, reject: &CancelReject, out: &mut Outputs) {
        self.tell(reject.order, Event::CancelRefused, out);
        if reject.class == RejectClass::NotFound {
            // It is not there any more: filled, cancelled or never made. Ask which.
            self.ask(reject.order, out);
        }
    }

    /// Passes an event to an order of ours and draws the consequences.
    pub(super) fn tell(&mut self, id: OrderId, event: Event, out: &mut Outputs) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(id) else { return };
        let (was, was_proven, missing) = (order.life, order.proven, order.missing());
        let change = order.apply(event);
        if !matches!(event, Event::NotFound { .. }) {
            order.news = now;
        }
        let after = *order;
        let cleared = was == Life::Unknown && change.done;
        self.counts.orders_acked += u64::from(after.proven && !was_proven);
        if after.life == Life::Unknown && was != Life::Unknown {
            self.counts.orders_unknown += 1;
        }
        let explained = after.missing() - missing;
        if let Some(book) = self.ledger.book_mut(after.instrument) {
            book.missing += signed(explained, after.side);
        }
        if cleared && let Some(pair) = self.place_of(&after).and_then(|at| self.pairs.get_mut(at)) {
            // What it waited for is known: no pause is left to keep, not even that of a stuck pair.
            pair.next_try = now;
        }
        self.follow(&after, change, out);
    }

    /// The pair follows what its order did.
    fn follow(&mut self, order: &Order, change: Change, out: &mut Outputs) {
        if change.odd.is_some() {
            let row = self.rules.row(order.instrument).copied();
            let code = AlarmCode::PositionMismatch;
            let seen = (order.filled().0, order.qty.0);
            self.alarm(code, row.as_ref(), order.pair, seen, out);
        }
        if change.done {
            self.settle_order(order);
        }
        if order.life.is_done() && order.unexplained().is_zero() {
            self.orders.retire(order.id);
        }
        if change.grown.0 > 0 {
            self.move_leg(order, change.grown);
        }
        if (change.done || change.grown.0 > 0)
            && let Some(at) = self.place_of(order)
        {
            self.drive(at, out);
        }
    }

    /// The place of the pair an order works for: its own, or the one its combination has now.
    fn place_of(&self, order: &Order) -> Option<usize> {
        self.pairs.find(order.pair).or_else(|| {
            let watch = self.watches.get(order.combination as usize)?;
            (watch.pair != super::NO_PAIR).then_some(usize::from(watch.pair))
        })
    }

    fn settle_order(&mut self, order: &Order) {
        if order.filled().is_zero()
            && let Some(row) = self.rules.row(order.instrument)
        {
            // What was filled stays reserved until the venue's next balance shows it.
            self.ledger.reserve(row.venue, row.quote, -order.need);
        }
        let passing =
            order.refusal.and_then(RejectClass::from_u16).is_some_and(RejectClass::is_passing);
        let rejected = order.life == Life::Rejected;
        let refused = rejected && !passing;
        let (now, pause) = (self.now, self.rules.plan.legging.pause);
        let Some(pair) = self.pairs.find(order.pair).and_then(|at| self.pairs.get_mut(at)) else {
            return;
        };
        if rejected && passing {
            pair.hold_back(now, pause);
        } else {
            pair.held_back = 0;
        }
        if let Some(leg) = pair.legs.iter_mut().find(|leg| leg.order == order.id) {
            leg.order = OrderId::FOREIGN;
            let opened = matches!(order.purpose, Purpose::Open | Purpose::Hedge);
            leg.refused |= refused && opened;
        }
    }

    /// A leg holds `grown` more of what `order` trades; a pair long gone comes back to be closed.
    fn move_leg(&mut self, order: &Order, grown: Qty) {
        let at = self.place_of(order).or_else(|| self.revive(order));
        let Some(pair) = at.and_then(|at| self.pairs.get_mut(at)) else {
            return self.orphaned(order.instrument, signed(grown, order.side));
        };
        pair.traded = true;
        let Some(number) = pair.leg_of(order.instrument) else { return };
        if let Some(leg) = pair.legs.get_mut(number) {
            leg.held += if order.side == entry_side(number) { grown } else { -grown };
        }
    }

    /// A late fill of a pair that was finished: it gets a place again, only to be closed.
    fn revive(&mut self, order: &Order) -> Option<usize> {
        let c = self.rules.combinations.get(order.combination as usize)?;
        let [first, second] = c.legs;
        let other = if order.instrument == first { second } else { first };
        let (long, short) =
            if order.leg == 0 { (order.instrument, other) } else { (other, order.instrument) };
        let leg = |instrument: InstrumentId| Leg { instrument, ..Leg::default() };
        let pair = Pair {
            strategy: order.strategy,
            combination: order.combination,
            legs: [leg(long), leg(short)],
            phase: PairPhase::Closing,
            reason: PairReason::Unknown,
            target: order.qty,
            opened: self.wall,
            traded: true,
            leaving: true,
            ..Pair::default()
        };
        let at = self.pairs.add(&pair)?;
        if let Some(watch) = self.watches.get_mut(order.combination as usize)
            && let Ok(place) = u16::try_from(at)
        {
            watch.pair = place;
        }
        Some(at)
    }

    pub(super) fn on_fill(&mut self, fill: &Fill, out: &mut Outputs) {
        let Some(row) = self.rules.row(fill.instrument).copied() else { return };
        if fill.qty.0 <= 0 || fill.price.0 <= 0 {
            return self.bad_input(base::Kind::Fill as u8, out);
        }
        if !self.seen.is_new(Tag::Fill, row.id, fill.trade_id) {
            self.counts.duplicates += 1;
            return;
        }
        let ours = self.orders.get(fill.order).copied();
        match ours.filter(|o| o.instrument == row.id && o.side == fill.side) {
            Some(order) => self.own_fill(&row, &order, fill, out),
            None => self.foreign_fill(&row, fill, out),
        }
    }

    fn own_fill(&mut self, row: &Row, order: &Order, fill: &Fill, out: &mut Outputs) {
        if fill.qty > order.qty - order.fills {
            // More than was ordered: not ours to book twice. The venue's position will tell.
            let seen = (fill.qty.0, (order.qty - order.fills).0);
            return self.alarm(AlarmCode::PositionMismatch, Some(row), order.pair, seen, out);
        }
        self.counts.fills += 1;
        self.give_back(row, order, fill);
        self.book_fill(row, fill);
        if let Some(order) = self.orders.get_mut(order.id) {
            order.last_price = fill.price;
        }
        if let Some(pair) = self.pairs.find(order.pair).and_then(|at| self.pairs.get_mut(at))
            && let Some(number) = pair.leg_of(row.id)
            && let Some(leg) = pair.legs.get_mut(number)
        {
            leg.flow -= signed_money(row.scale.notional(fill.price, fill.qty), fill.side);
        }
        self.tell(order.id, Event::Fill(fill.qty), out);
    }

    fn book_fill(&mut self, row: &Row, fill: &Fill) {
        self.ledger.fill(row, fill.side, fill.price, fill.qty);
        if let Some(book) = self.ledger.book_mut(row.id) {
            book.filled_at = self.now;
        }
    }

    /// A fill explains what a reconciliation had taken over without it: that is undone first.
    fn give_back(&mut self, row: &Row, order: &Order, fill: &Fill) {
        let back = order.absorbed.min(fill.qty);
        if back.0 <= 0 {
            return;
        }
        let price = self.ledger.book(row.id).map_or(fill.price, |b| b.adopted_price);
        self.ledger.adopt(row, -signed(back, fill.side), price);
        if let Some(order) = self.orders.get_mut(order.id) {
            order.absorbed -= back;
        }
        if let Some(book) = self.ledger.book_mut(row.id) {
            // `missing` left the books when it was taken over, and leaves the order only now.
            book.missing += signed(back, fill.side);
        }
    }

    #[cold]
    fn foreign_fill(&mut self, row: &Row, fill: &Fill, out: &mut Outputs) {
        self.counts.fills_foreign += 1;
        self.book_fill(row, fill);
        let seen = (signed(fill.qty, fill.side).0, 0);
        self.alarm(AlarmCode::ForeignFill, Some(row), PairId(0), seen, out);
        self.attribute(row.id, signed(fill.qty, fill.side), out);
    }

    /// A position changed without an order of ours: pairs that hold the other way lose it first,
    /// what remains belongs to nobody.
    pub(super) fn attribute(&mut self, id: InstrumentId, change: Qty, out: &mut Outputs) {
        let mut left = change;
        for at in 0..self.pairs.len() {
            if left.is_zero() {
                break;
            }
            let Some(pair) = self.pairs.get_mut(at) else { continue };
            let Some(number) = pair.leg_of(id) else { continue };
            let Some(leg) = pair.legs.get_mut(number) else { continue };
            let side = entry_side(number);
            let reduces = (signed(leg.held, side).0 > 0) != (left.0 > 0);
            if leg.held.0 <= 0 || !reduces {
                continue;
            }
            let taken = leg.held.min(left.abs());
            leg.held -= taken;
            left += signed(taken, side);
            self.drive(at, out);
        }
        self.orphaned(id, left);
    }

    /// Part of a position that no pair holds.
    pub(super) fn orphaned(&mut self, id: InstrumentId, change: Qty) {
        self.ledger.orphaned(id, change);
    }

    pub(super) fn on_fee(&mut self, fee: &Fee) {
        let Some(row) = self.rules.row(fee.instrument).copied() else { return };
        if !self.seen.is_new(Tag::Fee, row.id, fee.trade_id) {
            self.counts.duplicates += 1;
            return;
        }
        let order = self.orders.get(fee.order).copied();
        let price = order.map_or_else(|| self.last_price(row.id), |o| o.last_price);
        let taken = self.ledger.fee(&row, fee.asset, fee.amount, price);
        let mut value = row.scale.notional(price, taken);
        if fee.asset == row.quote {
            value = fee.amount;
        } else if fee.asset != row.base {
            let worth = self.worth(fee.asset, fee.amount);
            self.ledger.other_fee(worth);
            value = worth.unwrap_or(Money::ZERO);
        }
        let at = order.and_then(|o| self.pairs.find(o.pair));
        let Some(pair) = at.and_then(|at| self.pairs.get_mut(at)) else {
            return self.leave_dust(row.id, -taken);
        };
        if let Some(number) = pair.leg_of(row.id)
            && let Some(leg) = pair.legs.get_mut(number)
        {
            leg.fees += value;
            leg.fees_in_base += row.scale.notional(price, taken);
            leg.held -= signed(taken, entry_side(number));
        }
    }

    fn last_price(&self, id: InstrumentId) -> Price {
        self.market.slot(id).map_or(Price::ZERO, |slot| slot.last)
    }

    /// What an amount of an asset is worth in the currency, by the first instrument that prices it.
    fn worth(&self, asset: base::AssetId, amount: Money) -> Option<Money> {
        let id = self.rules.members(asset).first()?;
        let (row, price) = (self.rules.row(*id)?, self.last_price(*id));
        let unit = row.scale.amount(Qty(1)).0.max(1);
        let units = i64::try_from(amount.0 / unit).ok()?;
        (price.0 > 0).then(|| row.scale.notional(price, Qty(units)))
    }

    /// Asks the venue what became of an order.
    pub(super) fn ask(&mut self, id: OrderId, out: &mut Outputs) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(id) else { return };
        let answered = order.life.is_done() && order.unexplained().is_zero();
        let Some(row) = self.rules.row(order.instrument) else { return };
        let (venue, instrument) = (row.venue, row.id);
        // While nothing of the venue stands nobody could answer.
        let stands = self.venues.get(venue.index()).is_some_and(|v| v.orders || v.account);
        if answered || !stands || out.room() < 8 {
            return;
        }
        order.questions = order.questions.saturating_add(1);
        order.news = now;
        self.counts.queries += 1;
        self.write(Output::Query(Query { venue, instrument, order: id }), out);
    }
}

fn signed_money(amount: Money, side: Side) -> Money {
    if side == Side::Buy { amount } else { -amount }
}
