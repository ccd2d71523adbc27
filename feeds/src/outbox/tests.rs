use super::*;
use base::input::{BookState, Quote, Trade};
use base::{Input, InstrumentId, Price, Qty, Side, Stamp, VenueId, WallNs};
use proptest::prelude::*;
use rings::{Full, Receiver, ring};

fn outbox(depth: usize) -> (Outbox, Receiver<Record>) {
    let (sender, receiver) = ring("md-test", depth, Full::DropNew);
    (Outbox::new(sender, None, 3), receiver)
}

fn quote(row: u16, number: i64) -> Record {
    let (price, qty) = (Price(number), Qty(1));
    Input::Quote(Quote {
        venue: VenueId::Okx,
        instrument: InstrumentId(row),
        bid: price,
        bid_qty: qty,
        ask: price,
        ask_qty: qty,
        venue_time: WallNs::NONE,
    })
    .record(Stamp(0))
}

fn state(row: u16, state: BookHealth) -> Record {
    let instrument = InstrumentId(row);
    Input::BookState(BookState { venue: VenueId::Okx, instrument, state }).record(Stamp(0))
}

fn trade() -> Record {
    Input::Trade(Trade {
        venue: VenueId::Okx,
        instrument: InstrumentId(0),
        taker: Side::Buy,
        price: Price(1),
        qty: Qty(1),
        trade_id: 1,
        venue_time: WallNs::NONE,
    })
    .record(Stamp(0))
}

fn drain(outbox: &mut Outbox, receiver: &mut Receiver<Record>) -> Vec<Record> {
    let mut records = Vec::new();
    for _ in 0..100 {
        records.extend(core::iter::from_fn(|| receiver.pop()));
        outbox.flush();
    }
    records
}

#[test]
fn with_room_everything_leaves_at_once() {
    let (mut outbox, mut receiver) = outbox(8);
    outbox.newest(Row(0), Newest::Quote, quote(0, 1));
    outbox.state(Row(0), state(0, BookHealth::Known));
    outbox.trade(trade());
    assert!(outbox.is_clear());
    assert_eq!(outbox.take_counts(), (3, 0));
    let order: Vec<u8> = core::iter::from_fn(|| receiver.pop()).map(|r| r.kind).collect();
    assert_eq!(order, [Kind::Quote as u8, Kind::BookState as u8, Kind::Trade as u8]);
}

#[test]
fn without_room_trades_are_lost_and_counted_and_states_are_not() {
    let (mut outbox, mut receiver) = outbox(1);
    outbox.trade(trade());
    outbox.trade(trade());
    outbox.state(Row(1), state(1, BookHealth::Known));
    outbox.state(Row(1), state(1, BookHealth::Gap));
    outbox.trade(trade());
    assert_eq!(outbox.take_counts(), (1, 2));
    let left = drain(&mut outbox, &mut receiver);
    assert_eq!(left[1..], [state(1, BookHealth::Known), state(1, BookHealth::Gap)]);
}

#[test]
fn what_waits_of_an_instrument_is_forgotten_when_it_becomes_unknown() {
    let (mut outbox, mut receiver) = outbox(1);
    outbox.trade(trade());
    outbox.newest(Row(2), Newest::Quote, quote(2, 7));
    outbox.state(Row(2), state(2, BookHealth::Gap));
    let left = drain(&mut outbox, &mut receiver);
    assert_eq!(left[1..], [state(2, BookHealth::Gap)]);
}

#[test]
fn the_newest_clock_waits_for_room() {
    let (mut outbox, mut receiver) = outbox(1);
    outbox.trade(trade());
    outbox.clock(VenueId::Bybit, quote(0, 1));
    outbox.clock(VenueId::Bybit, quote(0, 2));
    assert_eq!(drain(&mut outbox, &mut receiver).len(), 1, "sent with the next one");
    outbox.clock(VenueId::Bybit, quote(0, 3));
    assert_eq!(drain(&mut outbox, &mut receiver), [quote(0, 3)]);
}

#[test]
fn it_is_jammed_before_a_state_could_be_lost() {
    let (mut outbox, _receiver) = outbox(1);
    outbox.trade(trade());
    let mut states = 0;
    // bound: the capacity of the queue of states
    while !outbox.is_jammed() {
        outbox.state(Row(0), state(0, BookHealth::Gap));
        states += 1;
        assert!(states < 1_000);
    }
    assert_eq!(outbox.take_counts().1, 0);
    assert!(outbox.states.free() > 3, "room for what one more message may say");
}

proptest! {
    /// Each instrument's records arrive in the order they were made, nothing but quotes is missing, and the
    /// last quote always arrives.
    #[test]
    fn order_and_states_survive_a_slow_reader(
        steps in proptest::collection::vec((0_u16..3, 0_u8..4), 0..60),
    ) {
        let (mut outbox, mut receiver) = outbox(4);
        let (mut received, mut number) = (Vec::new(), 0);
        let mut made: [Vec<Record>; 3] = Default::default();
        let mut known = [false; 3];
        for (row, what) in steps {
            let at = usize::from(row);
            match what {
                0 | 1 if known[at] => {
                    number += 1;
                    let record = quote(row, number);
                    outbox.newest(Row(row), Newest::Quote, record);
                    made[at].push(record);
                }
                2 => {
                    known[at] = !known[at];
                    let health = if known[at] { BookHealth::Known } else { BookHealth::Gap };
                    outbox.state(Row(row), state(row, health));
                    made[at].push(state(row, health));
                }
                _ => {
                    received.extend(receiver.pop());
                    outbox.flush();
                }
            }
        }
        received.extend(drain(&mut outbox, &mut receiver));
        for (row, made) in (0_u16..).zip(made) {
            let got: Vec<Record> =
                received.iter().filter(|r| r.instrument == row).copied().collect();
            let states = |records: &[Record]| -> Vec<Record> {
                records.iter().filter(|r| r.kind == Kind::BookState as u8).copied().collect()
            };
            prop_assert_eq!(states(&got), states(&made));
            let numbers: Vec<i64> =
                got.iter().filter(|r| r.kind == Kind::Quote as u8).map(|r| r.words[0]).collect();
            prop_assert!(numbers.is_sorted_by(|a, b| a < b), "{:?}", numbers);
            let last_state = made.iter().rposition(|r| r.kind == Kind::BookState as u8);
            let last_quote = made.iter().rposition(|r| r.kind == Kind::Quote as u8);
            if last_quote > last_state {
                prop_assert_eq!(numbers.last().copied(), last_quote.map(|at| made[at].words[0]));
            }
        }
    }
}

/// An outbox whose second ring carries the market.
fn twin(depth: usize) -> (Outbox, Receiver<Record>, Receiver<Record>) {
    let (sender, core) = ring("md-test", 1_024, Full::DropNew);
    let (second, desk) = ring("clk-test", depth, Full::DropNew);
    let mut outbox = Outbox::new(sender, Some(second), 3);
    outbox.tell_twice();
    (outbox, core, desk)
}

fn clock() -> Record {
    let (venue, bound) = (VenueId::Okx, base::Span(1));
    Input::ClockState(base::input::ClockState { venue, offset_ns: 1, bound }).record(Stamp(0))
}

fn all(receiver: &mut Receiver<Record>) -> Vec<Record> {
    core::iter::from_fn(|| receiver.pop()).collect()
}

#[test]
fn the_second_ring_carries_the_clocks_alone_unless_it_is_told_all() {
    let (sender, mut core) = ring("md-test", 16, Full::DropNew);
    let (second, mut gateway) = ring("clk-test", 16, Full::DropNew);
    let mut outbox = Outbox::new(sender, Some(second), 3);
    outbox.newest(Row(0), Newest::Quote, quote(0, 1));
    outbox.clock(VenueId::Okx, clock());
    assert_eq!(all(&mut gateway), [clock()]);
    assert_eq!(all(&mut core), [quote(0, 1), clock()]);

    let (mut outbox, mut core, mut desk) = twin(16);
    outbox.newest(Row(0), Newest::Quote, quote(0, 1));
    outbox.state(Row(0), state(0, BookHealth::Known));
    outbox.trade(trade());
    outbox.clock(VenueId::Okx, clock());
    let told = all(&mut core);
    assert_eq!(told, [quote(0, 1), state(0, BookHealth::Known), trade(), clock()]);
    assert_eq!(all(&mut desk), told, "record for record");
}

#[test]
fn what_a_full_second_ring_lost_is_said_before_anything_else() {
    let (mut outbox, mut core, mut desk) = twin(2);
    for number in 1..=4 {
        outbox.newest(Row(0), Newest::Quote, quote(0, number));
    }
    assert_eq!(all(&mut core).len(), 4, "the core loses nothing by it");
    assert_eq!(all(&mut desk), [quote(0, 1), quote(0, 2)]);
    outbox.newest(Row(0), Newest::Quote, quote(0, 5));
    let lost = state(InstrumentId::ALL.0, BookHealth::Gap);
    assert_eq!(all(&mut desk), [lost, quote(0, 5)]);
    outbox.newest(Row(0), Newest::Quote, quote(0, 6));
    assert_eq!(all(&mut desk), [quote(0, 6)]);
    assert_eq!(outbox.rings()[1], (0, 2));
}

#[test]
fn what_waits_for_the_core_is_told_twice_only_when_it_leaves() {
    let (sender, mut core) = ring("md-test", 2, Full::DropNew);
    let (second, mut desk) = ring("clk-test", 64, Full::DropNew);
    let mut outbox = Outbox::new(sender, Some(second), 3);
    outbox.tell_twice();
    for row in 0..3 {
        outbox.newest(Row(row), Newest::Quote, quote(row, 1));
        outbox.state(Row(row), state(row, BookHealth::Known));
    }
    let mut told = all(&mut desk);
    assert_eq!(told.len(), 2, "no more than the core was told");
    let heard = drain(&mut outbox, &mut core);
    told.extend(all(&mut desk));
    assert_eq!((told.len(), told), (6, heard));
}
