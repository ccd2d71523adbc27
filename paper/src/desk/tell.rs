//! What the core is told, in the words of a gateway.

use base::input::{
    Balance, CancelReject, Fee, Fill, Input, OpenOrder, OrderState, OrderStatus, Position,
    Reconcile, ReconcilePhase, RejectClass, SessionState,
};
use base::output::{Cancel, Place, Query};
use base::{AssetId, Money, Price, Qty, VenueId};
use telemetry::{Counter, NoticeCode};

use super::{Desk, Hands, Resting};
use crate::account::Row;

impl Desk {
    /// Sessions stand from the first moment: there is nothing to dial.
    pub(crate) fn tell_sessions(&self, hands: &mut Hands<'_>) {
        for venue in &self.venues {
            let venue = *venue;
            let state =
                SessionState { venue, orders: true, slow: false, account: true, budget: true };
            hands.out.push(Input::SessionState(state), hands.now);
        }
    }

    /// The whole account of every venue, in its brackets.
    pub(crate) fn reconcile(&mut self, first: bool, hands: &mut Hands<'_>) {
        for at in 0..self.venues.len() {
            let Some(venue) = self.venues.get(at).copied() else { return };
            bracket(venue, ReconcilePhase::Begin, hands);
            let mut counts = [0_i64; 3];
            for resting in self.resting.iter().filter(|resting| resting.place.venue == venue) {
                hands.out.push(Input::OpenOrder(open(resting)), hands.now);
                counts[0] += 1;
            }
            for number in 0..self.rows.len() {
                let Some(row) = self.rows.get(number).copied().flatten() else { continue };
                let held = row.is_perpetual && !self.accounts.held(row.id).qty.is_zero();
                if row.venue == venue && held {
                    self.tell_position(&row, hands);
                    counts[1] += 1;
                }
            }
            for asset in 0..self.accounts.assets() {
                let Ok(asset) = u16::try_from(asset) else { break };
                self.tell_balance(venue, AssetId(asset), hands);
            }
            bracket(venue, ReconcilePhase::End, hands);
            hands.page.add(Counter::Reconciliations, 1);
            if first {
                hands.tell((venue, base::InstrumentId::ALL), NoticeCode::SessionUp, [0; 3]);
                hands.tell((venue, base::InstrumentId::ALL), NoticeCode::Reconciled, counts);
            }
        }
    }

    pub(super) fn tell_fill(
        &mut self,
        place: &Place,
        (price, qty, maker): (Price, Qty, bool),
        (asset, amount): (AssetId, Money),
        hands: &mut Hands<'_>,
    ) {
        let Place { venue, instrument, order, side, .. } = *place;
        let (trade_id, venue_time) = (self.number(), self.venue_time(venue, hands));
        hands.page.add(Counter::Fills, 1);
        let numbers = [order.0.cast_signed(), price.0, qty.0];
        hands.tell((venue, instrument), NoticeCode::Filled, numbers);
        let fill = Fill { venue, instrument, order, side, maker, price, qty, trade_id, venue_time };
        hands.out.push(Input::Fill(fill), hands.now);
        let fee = Fee { venue, instrument, order, trade_id, asset, amount };
        hands.out.push(Input::Fee(fee), hands.now);
    }

    /// It rests, perhaps partly filled.
    pub(super) fn tell_resting(&mut self, resting: &Resting, hands: &mut Hands<'_>) {
        let partial = !resting.filled.is_zero();
        let status = if partial { OrderStatus::Partial } else { OrderStatus::Live };
        self.tell_state(resting, status, hands);
    }

    /// It is over by itself: filled, or as far as it could be.
    pub(super) fn tell_over(&mut self, resting: &Resting, hands: &mut Hands<'_>) {
        let whole = resting.left().0 <= 0;
        let status = if whole { OrderStatus::Filled } else { OrderStatus::Expired };
        self.tell_state(resting, status, hands);
    }

    pub(super) fn tell_cancelled(&mut self, resting: &Resting, hands: &mut Hands<'_>) {
        self.tell_state(resting, OrderStatus::Cancelled, hands);
    }

    fn tell_state(&mut self, resting: &Resting, status: OrderStatus, hands: &mut Hands<'_>) {
        let Place { venue, instrument, order, .. } = resting.place;
        let venue_time = self.venue_time(venue, hands);
        let filled = resting.filled;
        let state =
            OrderState { venue, instrument, order, status, filled, venue_order: 0, venue_time };
        hands.out.push(Input::OrderState(state), hands.now);
    }

    /// An order that does not rest here: it is over, or never was.
    pub(super) fn tell_unknown(&mut self, query: &Query, hands: &mut Hands<'_>) {
        let Query { venue, instrument, order } = *query;
        let (status, filled) = (OrderStatus::NotFound, Qty::ZERO);
        let venue_time = self.venue_time(venue, hands);
        let state =
            OrderState { venue, instrument, order, status, filled, venue_order: 0, venue_time };
        hands.out.push(Input::OrderState(state), hands.now);
    }

    pub(super) fn tell_not_there(&self, cancel: &Cancel, hands: &mut Hands<'_>) {
        let Cancel { venue, instrument, order, .. } = *cancel;
        let class = RejectClass::NotFound;
        let reject = CancelReject { venue, instrument, order, class, code: 0 };
        hands.out.push(Input::CancelReject(reject), hands.now);
    }

    pub(super) fn tell_position(&mut self, row: &Row, hands: &mut Hands<'_>) {
        if !row.is_perpetual {
            return;
        }
        let held = self.accounts.held(row.id);
        let entry = held.entry(row.scale);
        let venue_time = self.venue_time(row.venue, hands);
        let (venue, instrument, qty) = (row.venue, row.id, held.qty);
        let position = Position { venue, instrument, qty, entry, venue_time };
        hands.out.push(Input::Position(position), hands.now);
    }

    /// What a trade of an instrument moves.
    pub(super) fn tell_balances(&self, row: &Row, hands: &mut Hands<'_>) {
        self.tell_balance(row.venue, row.quote, hands);
        if !row.is_perpetual {
            self.tell_balance(row.venue, row.base, hands);
        }
    }

    fn tell_balance(&self, venue: VenueId, asset: AssetId, hands: &mut Hands<'_>) {
        let total = self.accounts.cash(venue, asset);
        let available = Some(self.free(venue, asset).max(Money::ZERO));
        let balance = Balance { venue, asset, total, available };
        hands.out.push(Input::Balance(balance), hands.now);
    }
}

fn bracket(venue: VenueId, phase: ReconcilePhase, hands: &mut Hands<'_>) {
    hands.out.push(Input::Reconcile(Reconcile { venue, phase }), hands.now);
}

fn open(resting: &Resting) -> OpenOrder {
    let Place { venue, instrument, order, side, price, qty, .. } = resting.place;
    let filled = resting.filled;
    OpenOrder { venue, instrument, order, side, price, qty, filled, venue_order: 0 }
}
