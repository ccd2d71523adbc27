use super::*;
use crate::message::Ticker;
use crate::rig::instrument;
use base::{Price, Product, Qty, Rate, Record};
use rings::{Full, Receiver, ring};

fn tracked(venue: VenueId) -> (Tracked, Outbox, Receiver<Record>) {
    let (sender, receiver) = ring("md-test", 256, Full::DropNew);
    let instrument = instrument(0, venue, Product::Perpetual, "X", 1);
    let options = FeedOptions { index: true, ..FeedOptions::default() };
    (Tracked::new(Row(0), &instrument, &options), Outbox::new(sender, None, 1), receiver)
}

fn at(recv: u64) -> Arrival {
    Arrival { recv: Stamp(recv), stale_before: WallNs(1_000) }
}

fn best(order: i64, bid: i64, ask: i64) -> Best {
    let level = |price| Some(Level { price: Price(price), qty: Qty(1) });
    Best {
        row: Row(0),
        bid: level(bid),
        ask: level(ask),
        order,
        venue_time: WallNs(2_000),
        partial: false,
    }
}

fn inputs(receiver: &mut Receiver<Record>) -> Vec<Input> {
    core::iter::from_fn(|| receiver.pop()).map(|r| Input::read(&r).unwrap()).collect()
}

/// Gives it a book of one level a side.
fn with_book(tracked: &mut Tracked, order: i64, outbox: &mut Outbox) {
    let level = |price| [Level { price: Price(price), qty: Qty(5) }];
    tracked.book.replace(&level(100), &level(110));
    tracked.sequence.snapshot(order);
    assert_eq!(tracked.look_at_book(order, WallNs(2_000), at(1), outbox), After::Fine);
}

#[test]
fn a_quote_older_than_the_book_still_proves_that_its_channel_lives() {
    let (mut tracked, mut outbox, mut receiver) = tracked(VenueId::Okx);
    with_book(&mut tracked, 50, &mut outbox);
    assert!(inputs(&mut receiver).is_empty());
    tracked.on_best(&best(49, 90, 95), at(2), &mut outbox);
    assert_eq!(tracked.published(), BookHealth::Known);
    let told = inputs(&mut receiver);
    let Some(Input::Quote(quote)) = told.first() else { panic!("{told:?}") };
    assert_eq!((quote.bid, quote.ask), (Price(100), Price(110)), "the newer one is the book's");
}

#[test]
fn an_old_quote_that_makes_no_sense_says_nothing_against_a_newer_one() {
    let (mut tracked, mut outbox, _receiver) = tracked(VenueId::Okx);
    with_book(&mut tracked, 50, &mut outbox);
    tracked.on_best(&best(51, 101, 110), at(2), &mut outbox);
    tracked.on_best(&best(40, 200, 110), at(3), &mut outbox);
    assert_eq!(tracked.published(), BookHealth::Known);
    tracked.on_best(&best(52, 200, 110), at(4), &mut outbox);
    assert_eq!(tracked.published(), BookHealth::Crossed);
}

#[test]
fn an_unchanged_quote_is_repeated_only_after_a_while() {
    let (mut tracked, mut outbox, mut receiver) = tracked(VenueId::Okx);
    with_book(&mut tracked, 50, &mut outbox);
    let quotes = |receiver: &mut Receiver<Record>| {
        inputs(receiver).iter().filter(|input| matches!(input, Input::Quote(_))).count()
    };
    tracked.on_best(&best(51, 101, 110), at(1), &mut outbox);
    assert_eq!(quotes(&mut receiver), 1);
    tracked.on_best(&best(52, 101, 110), at(2), &mut outbox);
    assert_eq!(quotes(&mut receiver), 0);
    tracked.on_best(&best(53, 101, 110), at(600_000_000), &mut outbox);
    assert_eq!(quotes(&mut receiver), 1);
}

#[test]
fn numbers_that_begin_afresh_are_known_by_the_venues_time() {
    let (mut tracked, mut outbox, _receiver) = tracked(VenueId::Okx);
    with_book(&mut tracked, 50, &mut outbox);
    let later = |ns: i64| Best { venue_time: WallNs(2_000 + ns), ..best(3, 104, 110) };
    tracked.on_best(&later(900_000_000), at(2), &mut outbox);
    assert_eq!(tracked.quote.map(|told| told.order), Some(50));
    tracked.on_best(&later(1_100_000_000), at(3), &mut outbox);
    assert_eq!(tracked.quote.map(|told| told.order), Some(3));
}

#[test]
fn losses_in_quick_succession_are_counted_and_later_forgotten() {
    let (mut tracked, _, _) = tracked(VenueId::Okx);
    let second = 1_000_000_000;
    for (at, losses) in [(100, 1), (101, 2), (105, 3), (116, 1)] {
        tracked.note_loss(Stamp(at * second));
        assert_eq!(tracked.losses(), losses, "at {at} s");
    }
}

#[test]
fn funding_that_was_never_known_is_not_announced_as_unknown() {
    let (mut tracked, mut outbox, mut receiver) = tracked(VenueId::Bybit);
    let mut ticker = Ticker::new(Row(0), WallNs(5));
    (ticker.snapshot, ticker.mark) = (true, Some(Price(7)));
    tracked.facts.on_ticker(Row(0), &ticker, Stamp(1), &mut outbox);
    assert!(matches!(inputs(&mut receiver)[..], [Input::Mark(_)]));
    ticker.rate = Some(Some(Rate(1)));
    ticker.next = Some(WallNs(9));
    tracked.facts.on_ticker(Row(0), &ticker, Stamp(2), &mut outbox);
    let told = inputs(&mut receiver);
    let Some(Input::Funding(funding)) = told.last() else { panic!("{told:?}") };
    assert_eq!((funding.rate, funding.interval), (Rate(1), None), "no interval was stated");
}

#[test]
fn lost_marks_are_unknown_and_said_once() {
    let (mut tracked, mut outbox, mut receiver) = tracked(VenueId::Bybit);
    let mut ticker = Ticker::new(Row(0), WallNs(5));
    (ticker.mark, ticker.index) = (Some(Price(7)), Some(Price(8)));
    tracked.facts.on_ticker(Row(0), &ticker, Stamp(1), &mut outbox);
    inputs(&mut receiver);
    for expected in [1, 0] {
        tracked.facts.lose_mark(Row(0), Stamp(2), &mut outbox);
        let told = inputs(&mut receiver);
        assert_eq!(told.len(), expected);
        assert!(told.iter().all(|input| {
            matches!(input, Input::Mark(mark) if mark.mark.is_none() && mark.index.is_none())
        }));
    }
}
