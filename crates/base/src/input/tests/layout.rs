//! Journals of earlier runs are read by this: which word holds what must not move.

use super::*;

const V: VenueId = VenueId::Okx;
const I: InstrumentId = InstrumentId(7);
const O: OrderId = OrderId(11);

/// Kind, flags, aux and words of a record.
type Row = (Kind, u16, u16, [i64; 5]);

#[rustfmt::skip]
fn markets() -> Vec<(Input, Row)> {
    let (price, qty, at) = (Price, Qty, WallNs);
    let sweep = Some(Sweep { average: price(1), limit: price(2) });
    vec![
        (Input::Quote(Quote { venue: V, instrument: I, bid: price(1), bid_qty: qty(2), ask: price(3), ask_qty: qty(4), venue_time: at(5) }),
            (Kind::Quote, 0, 0, [1, 2, 3, 4, 5])),
        (Input::Depth(Depth { venue: V, instrument: I, bid: sweep, ask: None, venue_time: at(5) }),
            (Kind::Depth, 1, 0, [1, 2, 0, 0, 5])),
        (Input::Depth(Depth { venue: V, instrument: I, bid: None, ask: sweep, venue_time: at(5) }),
            (Kind::Depth, 2, 0, [0, 0, 1, 2, 5])),
        (Input::Trade(Trade { venue: V, instrument: I, taker: Side::Sell, price: price(1), qty: qty(2), trade_id: 3, venue_time: at(4) }),
            (Kind::Trade, 1, 0, [1, 2, 3, 4, 0])),
        (Input::Mark(Mark { venue: V, instrument: I, mark: None, index: Some(price(2)), venue_time: at(3) }),
            (Kind::Mark, 2, 0, [0, 2, 3, 0, 0])),
        (Input::Funding(Funding { venue: V, instrument: I, rate: Rate(1), interval: Some(Span(2)), next: at(3), venue_time: at(4) }),
            (Kind::Funding, 1, 0, [1, 2, 3, 4, 0])),
        (Input::BookState(BookState { venue: V, instrument: I, state: BookHealth::Crossed }),
            (Kind::BookState, 0, 3, [0; 5])),
        (Input::ClockState(ClockState { venue: V, offset_ns: -1, bound: Span(2) }),
            (Kind::ClockState, 0, 0, [-1, 2, 0, 0, 0])),
        (Input::SessionState(SessionState { venue: V, orders: true, account: false, budget: true, slow: true }),
            (Kind::SessionState, 13, 0, [0; 5])),
        (Input::Timer(Timer { wall: at(9) }),
            (Kind::Timer, 0, 0, [9, 0, 0, 0, 0])),
        (Input::Command(Command { action: Action::Disarm, version: 4 }),
            (Kind::Command, 0, 1, [4, 0, 0, 0, 0])),
    ]
}

#[rustfmt::skip]
fn executions() -> Vec<(Input, Row)> {
    let (price, qty, at, asset) = (Price, Qty, WallNs, AssetId(5));
    // The higher half of a negative amount is all ones.
    let amount = Money(-2);
    vec![
        (Input::Ack(Ack { venue: V, instrument: I, order: O, venue_order: 2, venue_time: at(3) }),
            (Kind::Ack, 0, 0, [11, 2, 3, 0, 0])),
        (Input::Reject(Reject { venue: V, instrument: I, order: O, class: RejectClass::Rules, code: -4 }),
            (Kind::Reject, 0, 2, [11, -4, 0, 0, 0])),
        (Input::OrderState(OrderState { venue: V, instrument: I, order: O, status: OrderStatus::Filled, filled: qty(2), venue_order: 3, venue_time: at(4) }),
            (Kind::OrderState, 0, 2, [11, 2, 3, 4, 0])),
        (Input::OrderUnknown(OrderUnknown { venue: V, instrument: I, order: O }),
            (Kind::OrderUnknown, 0, 0, [11, 0, 0, 0, 0])),
        (Input::Fill(Fill { venue: V, instrument: I, order: O, side: Side::Sell, maker: true, price: price(2), qty: qty(3), trade_id: 4, venue_time: at(5) }),
            (Kind::Fill, 3, 0, [11, 2, 3, 4, 5])),
        (Input::Fee(Fee { venue: V, instrument: I, order: O, trade_id: 4, asset, amount }),
            (Kind::Fee, 0, 5, [11, 4, -2, -1, 0])),
        (Input::FundingPaid(FundingPaid { venue: V, instrument: I, asset, amount, settled: at(3) }),
            (Kind::FundingPaid, 0, 5, [-2, -1, 3, 0, 0])),
        (Input::Position(Position { venue: V, instrument: I, qty: qty(-1), entry: Some(price(2)), venue_time: at(3) }),
            (Kind::Position, 1, 0, [-1, 2, 3, 0, 0])),
        (Input::Balance(Balance { venue: V, asset, total: Money(7), available: Some(amount) }),
            (Kind::Balance, 1, 5, [7, 0, -2, -1, 0])),
        (Input::OpenOrder(OpenOrder { venue: V, instrument: I, order: O, side: Side::Buy, price: price(2), qty: qty(3), filled: qty(4), venue_order: 5 }),
            (Kind::OpenOrder, 0, 0, [11, 2, 3, 4, 5])),
        (Input::Reconcile(Reconcile { venue: V, phase: ReconcilePhase::Failed }),
            (Kind::Reconcile, 0, 2, [0; 5])),
        (Input::CancelReject(CancelReject { venue: V, instrument: I, order: O, class: RejectClass::NotFound, code: 9 }),
            (Kind::CancelReject, 0, 9, [11, 9, 0, 0, 0])),
    ]
}

#[test]
fn every_field_lies_where_it_always_lay() {
    for (input, (kind, flags, aux, words)) in markets().into_iter().chain(executions()) {
        let record = input.record(Stamp(1));
        assert_eq!(
            (record.kind, record.flags, record.aux, record.words),
            (kind as u8, flags, aux, words),
            "{input:?}"
        );
        assert_eq!(Input::read(&record), Ok(input));
    }
}
