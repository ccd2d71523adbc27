use super::{CAPACITY, Purpose, Request, Requests};
use base::{InstrumentId, OrderId, Span, Stamp};

fn request(order: u64) -> Request {
    Request {
        purpose: Purpose::Place,
        order: OrderId(order),
        instrument: InstrumentId(0),
        sent: Stamp(0),
        by_rest: false,
    }
}

fn take(table: &mut Requests, order: u64, until: u64) -> u64 {
    let number = table.free().expect("room");
    table.take(number, request(order), Stamp(until));
    number
}

fn expired(table: &mut Requests, now: u64) -> Vec<u64> {
    std::iter::from_fn(|| table.expire(Stamp(now))).map(|request| request.order.0).collect()
}

#[test]
fn an_answer_finds_its_request_once() {
    let mut table = Requests::new(1_000);
    let (first, second) = (take(&mut table, 1, 100), take(&mut table, 2, 100));
    assert_ne!(first, second);
    assert_eq!(table.answer(second).map(|f| (f.request.order.0, f.was_late)), Some((2, false)));
    assert_eq!(table.answer(second), None);
    assert_eq!(table.answer(77), None);
    assert_eq!(table.waiting(), 1);
}

#[test]
fn a_request_without_answer_is_given_up_once_and_its_late_answer_is_still_understood() {
    let mut table = Requests::new(0);
    let number = take(&mut table, 1, 100);
    assert!(expired(&mut table, 99).is_empty());
    assert_eq!(expired(&mut table, 100), [1]);
    assert!(expired(&mut table, 101).is_empty());
    assert_eq!(table.waiting(), 0);
    assert_eq!(table.answer(number).map(|found| found.was_late), Some(true));
}

#[test]
fn a_late_request_is_forgotten_in_the_end() {
    let mut table = Requests::new(0);
    let number = take(&mut table, 1, 100);
    expired(&mut table, 100);
    expired(&mut table, (Stamp(100) + Span::from_secs(31)).0);
    assert_eq!(table.answer(number), None);
}

#[test]
fn losing_the_connection_gives_up_all_that_wait() {
    let mut table = Requests::new(0);
    let answered = take(&mut table, 1, 100);
    take(&mut table, 2, 100);
    take(&mut table, 3, 100);
    table.answer(answered);
    table.abandon(Stamp(5));
    assert_eq!(expired(&mut table, 5), [2, 3]);
}

#[test]
fn a_full_table_takes_nothing_and_an_old_number_never_matches_a_new_request() {
    let mut table = Requests::new(0);
    let numbers: Vec<u64> =
        (0..CAPACITY as u64).map(|order| take(&mut table, order, 100)).collect();
    assert_eq!(table.free(), None);
    table.answer(numbers[7]);
    let again = take(&mut table, 99, 100);
    assert_eq!(super::Requests::place(again), super::Requests::place(numbers[7]));
    assert_eq!(table.answer(numbers[7]), None);
    assert_eq!(table.answer(again).map(|found| found.request.order.0), Some(99));
}
