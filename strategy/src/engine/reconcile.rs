//! Agreement with a venue: what a whole reading of the account proves, and what is done where it
//! differs from our books.
//!
//! Between `Begin` and `End` the venue names everything there is. What it did not name does not
//! exist: an order not named is gone, a position not named is flat. A first reading adopts the
//! venue's positions; a later one adopts only what differed before and still does, so that a fill
//! on its way is never counted twice. Whatever is adopted is told.

use super::{Core, signed};
use crate::order::{Event, Life};
use crate::outputs::Outputs;
use crate::pair::{Leg, Pair, entry_side};
use crate::rules::{Row, bit};
use base::input::{OpenOrder, OrderStatus, Reconcile, ReconcilePhase};
use base::output::{AlarmCode, Cancel, PairPhase, PairReason};
use base::{InstrumentId, Money, OrderId, Output, PairId, Price, Qty, Span, Stamp, VenueId};

/// A difference that stood this long before a reading is no fill on its way.
const SETTLED_NS: u64 = 1_000_000_000;
/// Lists of positions may lag so far behind the fills.
const LAG: Span = Span::from_secs(3);

impl Core {
    pub(super) fn on_reconcile(&mut self, reconcile: Reconcile, out: &mut Outputs) {
        let now = self.now;
        let Some(venue) = self.venues.get_mut(reconcile.venue.index()) else { return };
        match reconcile.phase {
            ReconcilePhase::Begin => {
                venue.reading = Some(now);
                venue.round += 1;
            }
            ReconcilePhase::Failed => venue.reading = None,
            ReconcilePhase::End => self.end_reading(reconcile.venue, out),
        }
    }

    fn end_reading(&mut self, id: VenueId, out: &mut Outputs) {
        let Some(venue) = self.venues.get_mut(id.index()) else { return };
        let Some(begun) = venue.reading.take() else { return };
        let (round, first) = (venue.round, !venue.reconciled);
        venue.reconciled = venue.account;
        self.end_orders(id, begun, round, out);
        self.ledger.unnamed_balances(id, round);
        for number in 0..self.rules.rows.len() {
            let Some(row) = self.rules.rows.get(number).copied() else { return };
            if row.venue == id && row.is_perpetual() {
                self.end_position(&row, round, (begun, first), out);
            }
        }
        if self.is_reconciled() {
            self.recover_pairs(out);
            self.look_at_limits(out);
        }
    }

    /// Orders sent well before the reading began and not named in it are gone.
    fn end_orders(&mut self, id: VenueId, begun: Stamp, round: u64, out: &mut Outputs) {
        let settle = self.rules.plan.orders.settle;
        let mut at = 0;
        // bound: the orders watched; each pass ends one or moves on
        while let Some(order) = self.orders.watched_at(at).copied() {
            let there = self.rules.row(order.instrument).is_some_and(|row| row.venue == id);
            if there
                && !order.life.is_done()
                && order.round != round
                && order.sent + settle <= begun
            {
                self.tell(order.id, Event::Gone, out);
                if self.orders.watched_at(at).is_some_and(|next| next.id == order.id) {
                    at += 1;
                }
            } else {
                at += 1;
            }
        }
    }

    fn end_position(
        &mut self,
        row: &Row,
        round: u64,
        (begun, first): (Stamp, bool),
        out: &mut Outputs,
    ) {
        let now = self.now;
        let busy = self.orders.alive().any(|o| o.instrument == row.id);
        let price = self.market.slot(row.id).and_then(crate::market::Slot::value_price);
        let Some(book) = self.ledger.book_mut(row.id) else { return };
        if book.round != round {
            book.reported = Some(Qty::ZERO);
        }
        let theirs = book.reported.unwrap_or(Qty::ZERO);
        let difference = theirs - book.qty;
        if difference.is_zero() || busy {
            if !busy {
                book.disputed = None;
            }
            return;
        }
        let settled = book.disputed.is_some_and(|since| (now - since).0 >= SETTLED_NS);
        // A list may be older than the fills that came by the stream meanwhile, or lag behind them.
        let still = book.filled_at == Stamp(0) || book.filled_at + LAG < begun;
        if !(settled || first && still) {
            book.disputed.get_or_insert(now);
            return;
        }
        let entry = (book.reported_entry.0 > 0).then_some(book.reported_entry);
        let price = if book.qty.is_zero() { entry.or(price) } else { price.or(entry) };
        book.disputed = None;
        book.told = false;
        let ours = book.qty;
        let seen = (theirs.0, ours.0);
        self.alarm(AlarmCode::PositionMismatch, Some(row), PairId(0), seen, out);
        self.ledger.adopt(row, difference, price.unwrap_or(Price::ZERO));
        let explained = self.absorb_missing(row.id);
        self.attribute(row.id, difference - explained, out);
    }

    /// What orders reported as filled without fills is in the adopted position now; their legs hold
    /// it already.
    fn absorb_missing(&mut self, id: InstrumentId) -> Qty {
        let mut explained = Qty::ZERO;
        for order in self.orders.of_mut(id) {
            let open = order.unexplained();
            if open.0 > 0 {
                order.absorbed += open;
                explained += signed(open, order.side);
            }
        }
        self.orders.retire_explained();
        if let Some(book) = self.ledger.book_mut(id) {
            book.missing -= explained;
        }
        explained
    }

    /// An order found open: ours and known, ours and forgotten, or somebody else's.
    pub(super) fn on_open_order(&mut self, open: &OpenOrder, out: &mut Outputs) {
        if open.order == OrderId::FOREIGN {
            return;
        }
        let round = self.round_of(open.venue);
        let Some(order) = self.orders.get_mut(open.order) else {
            return self.cancel_forgotten(open, out);
        };
        if let Some(round) = round {
            order.round = round;
        }
        let filled = open.filled.max(Qty::ZERO);
        self.tell(open.order, Event::Report(OrderStatus::Live, filled), out);
    }

    #[cold]
    fn cancel_forgotten(&mut self, open: &OpenOrder, out: &mut Outputs) {
        let row = self.rules.row(open.instrument).copied();
        let seen = (open.qty.0, 0);
        self.alarm(AlarmCode::OrderUnknown, row.as_ref(), PairId(0), seen, out);
        let cancel = Cancel {
            venue: open.venue,
            instrument: open.instrument,
            order: open.order,
            cause: self.now,
        };
        self.counts.cancels += 1;
        self.write(Output::Cancel(cancel), out);
    }

    /// Whether every used venue's account was read.
    pub(crate) fn is_reconciled(&self) -> bool {
        let ready = |(id, venue): (VenueId, &crate::market::VenueState)| {
            self.rules.used & bit(id) == 0 || venue.reconciled
        };
        VenueId::ALL.into_iter().zip(&self.venues).all(ready)
    }

    /// Two positions that belong to no pair and lie as a combination would hold them become one.
    fn recover_pairs(&mut self, out: &mut Outputs) {
        for number in 0..self.rules.combinations.len() {
            let Some(c) = self.rules.combinations.get(number).copied() else { return };
            let free = self.watches.get(number).is_some_and(|w| w.pair == super::NO_PAIR);
            let orphan = |id| self.ledger.book(id).map_or(Qty::ZERO, |book| book.orphan);
            let [a, b] = c.legs.map(orphan);
            if !free || !c.both_ways || (a.0 > 0) == (b.0 > 0) || a.is_zero() || b.is_zero() {
                continue;
            }
            let [first, second] = c.legs;
            let legs = if a.0 > 0 { [first, second] } else { [second, first] };
            self.recover(number, legs, a.abs().min(b.abs()), out);
        }
    }

    fn recover(&mut self, number: usize, ids: [InstrumentId; 2], held: Qty, out: &mut Outputs) {
        let Some(c) = self.rules.combinations.get(number).copied() else { return };
        let mut pair = Pair {
            strategy: c.strategy,
            combination: u32::try_from(number).unwrap_or(u32::MAX),
            phase: PairPhase::Open,
            reason: PairReason::Recovered,
            target: held,
            opened: self.wall,
            traded: true,
            ..Pair::default()
        };
        for (leg, id) in ids.into_iter().enumerate() {
            let Some(row) = self.rules.row(id).copied() else { return };
            let price = self.ledger.book(id).map_or(Price::ZERO, |book| book.adopted_price);
            let worth = row.scale.notional(price, held);
            let flow = if leg == 0 { -worth } else { worth };
            pair.notional = pair.notional.max(worth);
            if let Some(place) = pair.legs.get_mut(leg) {
                *place = Leg { instrument: id, held, flow, ..Leg::default() };
            }
        }
        let Some(at) = self.pairs.add(&pair) else { return };
        for (leg, id) in ids.into_iter().enumerate() {
            self.orphaned(id, -signed(held, entry_side(leg)));
        }
        if let Some(watch) = self.watches.get_mut(number) {
            watch.pair = u16::try_from(at).unwrap_or(super::NO_PAIR);
        }
        self.announce(at, out);
    }

    /// Everything that came from before this start: orders are unknown until asked, accounts are
    /// to be read again, nothing is armed.
    pub(crate) fn restart(&mut self, epoch: u32) {
        self.orders.restart(epoch);
        self.pairs.restart();
        self.market.restart();
        self.risk.restart();
        for venue in &mut self.venues {
            *venue = crate::market::VenueState { round: venue.round, ..Default::default() };
        }
        for watch in &mut self.watches {
            watch.hurdles = [super::NEVER; 2];
            watch.pause = base::Stamp(0);
            watch.since = base::Stamp(0);
        }
        for id in 0..self.rules.rows.len() {
            let Some(row) = self.rules.rows.get(id).map(|row| row.id) else { return };
            if let Some(book) = self.ledger.book_mut(row) {
                book.disputed = None;
                book.told = false;
                book.filled_at = Stamp(0);
                book.reported_at = base::WallNs::NONE;
                book.orphan_told = false;
            }
        }
        self.ledger.forget_available();
        self.now = base::Stamp(0);
        self.cause = base::Stamp(0);
        self.told_bad = base::Stamp(0);
    }

    /// Value at stake in an order nobody knows the outcome of, for reports.
    pub(crate) fn unknown_value(&self) -> Money {
        let unknown = self.orders.alive().filter(|o| o.life == Life::Unknown);
        unknown
            .filter_map(|o| {
                Some(self.rules.row(o.instrument)?.scale.notional(o.price, o.remaining()))
            })
            .sum()
    }
}
