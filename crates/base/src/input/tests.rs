mod layout;

use super::*;
use crate::record::Kind;
use proptest::prelude::*;

fn venue() -> impl Strategy<Value = VenueId> {
    proptest::sample::select(VenueId::ALL.to_vec())
}

fn pick<T: Copy + core::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn side() -> impl Strategy<Value = Side> {
    pick(&[Side::Buy, Side::Sell])
}

fn sweep() -> impl Strategy<Value = Option<Sweep>> {
    proptest::option::of(
        (any::<i64>(), any::<i64>())
            .prop_map(|(a, l)| Sweep { average: Price(a), limit: Price(l) }),
    )
}

fn market() -> impl Strategy<Value = Input> {
    let at = (venue(), any::<u16>().prop_map(InstrumentId));
    let numbers = any::<[i64; 5]>();
    (at, numbers, sweep(), sweep(), side(), any::<[bool; 4]>()).prop_flat_map(
        |((venue, instrument), [a, b, c, d, e], bid, ask, taker, on)| {
            let time = WallNs(e);
            prop_oneof![
                Just(Input::Quote(Quote {
                    venue,
                    instrument,
                    bid: Price(a),
                    bid_qty: Qty(b),
                    ask: Price(c),
                    ask_qty: Qty(d),
                    venue_time: time
                })),
                Just(Input::Depth(Depth { venue, instrument, bid, ask, venue_time: time })),
                Just(Input::Trade(Trade {
                    venue,
                    instrument,
                    taker,
                    price: Price(a),
                    qty: Qty(b),
                    trade_id: c.cast_unsigned(),
                    venue_time: time
                })),
                Just(Input::Mark(Mark {
                    venue,
                    instrument,
                    mark: on[0].then_some(Price(a)),
                    index: on[1].then_some(Price(b)),
                    venue_time: time
                })),
                Just(Input::Funding(Funding {
                    venue,
                    instrument,
                    rate: Rate(a),
                    interval: on[0].then_some(Span(b.cast_unsigned())),
                    next: WallNs(c),
                    venue_time: time
                })),
                Just(Input::ClockState(ClockState {
                    venue,
                    offset_ns: a,
                    bound: Span(b.cast_unsigned())
                })),
                Just(Input::SessionState(SessionState {
                    venue,
                    orders: on[0],
                    account: on[1],
                    budget: on[2],
                    slow: on[3]
                })),
                pick(BookHealth::ALL).prop_map(move |state| Input::BookState(BookState {
                    venue,
                    instrument,
                    state
                })),
                Just(Input::Timer(Timer { wall: time })),
                (pick(Action::ALL), any::<u32>())
                    .prop_map(|(action, version)| Input::Command(Command { action, version })),
            ]
        },
    )
}

#[expect(clippy::too_many_lines, reason = "a table: one arm a kind")]
fn execution() -> impl Strategy<Value = Input> {
    let at = (venue(), any::<u16>().prop_map(InstrumentId));
    let numbers = any::<[i64; 5]>();
    let money = any::<[i128; 2]>();
    (at, numbers, money, side(), any::<bool>(), any::<u16>()).prop_flat_map(
        |((venue, instrument), [a, b, c, d, e], [x, y], side, on, asset)| {
            let order = OrderId(a.cast_unsigned());
            let asset = AssetId(asset);
            prop_oneof![
                Just(Input::Ack(Ack {
                    venue,
                    instrument,
                    order,
                    venue_order: b.cast_unsigned(),
                    venue_time: WallNs(c)
                })),
                pick(RejectClass::ALL).prop_map(move |class| Input::Reject(Reject {
                    venue,
                    instrument,
                    order,
                    class,
                    code: b
                })),
                pick(RejectClass::ALL).prop_map(move |class| Input::CancelReject(CancelReject {
                    venue,
                    instrument,
                    order,
                    class,
                    code: b
                })),
                pick(OrderStatus::ALL).prop_map(move |status| Input::OrderState(OrderState {
                    venue,
                    instrument,
                    order,
                    status,
                    filled: Qty(b),
                    venue_order: c.cast_unsigned(),
                    venue_time: WallNs(d)
                })),
                Just(Input::OrderUnknown(OrderUnknown { venue, instrument, order })),
                Just(Input::Fill(Fill {
                    venue,
                    instrument,
                    order,
                    side,
                    maker: on,
                    price: Price(b),
                    qty: Qty(c),
                    trade_id: d.cast_unsigned(),
                    venue_time: WallNs(e)
                })),
                Just(Input::Fee(Fee {
                    venue,
                    instrument,
                    order,
                    trade_id: b.cast_unsigned(),
                    asset,
                    amount: Money(x)
                })),
                Just(Input::FundingPaid(FundingPaid {
                    venue,
                    instrument,
                    asset,
                    amount: Money(x),
                    settled: WallNs(c)
                })),
                Just(Input::Position(Position {
                    venue,
                    instrument,
                    qty: Qty(a),
                    entry: on.then_some(Price(b)),
                    venue_time: WallNs(c)
                })),
                Just(Input::Balance(Balance {
                    venue,
                    asset,
                    total: Money(x),
                    available: on.then_some(Money(y))
                })),
                Just(Input::OpenOrder(OpenOrder {
                    venue,
                    instrument,
                    order,
                    side,
                    price: Price(b),
                    qty: Qty(c),
                    filled: Qty(d),
                    venue_order: e.cast_unsigned()
                })),
                pick(ReconcilePhase::ALL)
                    .prop_map(move |phase| Input::Reconcile(Reconcile { venue, phase })),
            ]
        },
    )
}

proptest! {
    #[test]
    fn every_input_reads_back_from_its_record(input in prop_oneof![market(), execution()], stamp: u64) {
        let record = input.record(Stamp(stamp));
        prop_assert_eq!(record.stamp, Stamp(stamp));
        prop_assert_eq!(record.seal, 0);
        prop_assert_eq!(Record::from_words(record.to_words()), record);
        prop_assert_eq!(Input::read(&record), Ok(input));
    }

    #[test]
    fn no_bytes_panic(words: [u64; 8]) {
        let record = Record::from_words(words);
        if let Ok(input) = Input::read(&record) {
            let again = input.record(record.stamp);
            prop_assert_eq!(Input::read(&again), Ok(input));
        }
    }
}

#[test]
fn outputs_and_unknown_kinds_are_no_inputs() {
    let mut record = Record { kind: Kind::Place as u8, ..Record::EMPTY };
    assert_eq!(Input::read(&record), Err(RecordError::Field(Kind::Place)));
    record.kind = 200;
    assert_eq!(Input::read(&record), Err(RecordError::Kind(200)));
}
