use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn level(price: i64, qty: i64) -> Level {
    Level { price: Price(price), qty: Qty(qty) }
}

fn book(capacity: usize, bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Book {
    let mut book = Book::with_capacity(capacity);
    let side = |side: &[(i64, i64)]| -> Vec<Level> {
        side.iter().map(|(price, qty)| level(*price, *qty)).collect()
    };
    book.replace(&side(bids), &side(asks));
    book
}

/// Notional in raw units of a scale without decimals.
fn probe(notional: i64) -> Probe {
    let scale = Scale { price_exp: 0, qty_exp: 0 };
    Probe::new(Money::from_whole(notional), scale).expect("more than nothing")
}

#[test]
fn levels_are_set_changed_and_taken_away() {
    let mut book = book(10, &[(99, 1), (98, 2)], &[(101, 1), (102, 2)]);
    assert_eq!((book.bid(), book.ask()), (Top::Known(level(99, 1)), Top::Known(level(101, 1))));
    book.apply(&[level(100, 5), level(99, 0)], &[level(101, 7), level(103, 0)]);
    assert_eq!((book.bid(), book.ask()), (Top::Known(level(100, 5)), Top::Known(level(101, 7))));
    book.apply(&[level(100, 0), level(98, 0)], &[]);
    assert_eq!(book.bid(), Top::Empty);
    assert_eq!(book.len(), (0, 2));
}

#[test]
fn a_full_side_drops_its_far_end_and_knows_that_it_does_not_know_it() {
    let mut book = book(3, &[(100, 1), (99, 1), (98, 1)], &[]);
    book.apply(&[level(97, 1)], &[]);
    assert_eq!(book.len().0, 3, "97 is beyond what fits");
    book.apply(&[level(101, 1)], &[]);
    assert_eq!(book.bid(), Top::Known(level(101, 1)));
    // 98 was dropped: with 101, 100 and 99 gone, whether there is a bid at 98 is not known.
    book.apply(&[level(101, 0), level(100, 0)], &[]);
    assert_eq!(book.bid(), Top::Known(level(99, 1)));
    book.apply(&[level(99, 0)], &[]);
    assert_eq!(book.bid(), Top::Unknown);
    book.apply(&[level(90, 1)], &[]);
    assert_eq!(book.bid(), Top::Unknown, "something better may rest between");
    book.apply(&[level(99, 2)], &[]);
    assert_eq!(book.bid(), Top::Known(level(99, 2)));
}

#[test]
fn a_cut_snapshot_is_known_as_far_as_it_goes() {
    let mut book = book(10, &[(100, 1), (99, 1)], &[(101, 1), (102, 1)]);
    book.ends_here();
    assert_eq!(book.buy(probe(203)).map(|sweep| sweep.limit), Some(Price(102)));
    book.apply(&[], &[level(105, 100)]);
    assert_eq!(book.buy(probe(204)), None, "103 and 104 are unknown");
}

#[test]
fn a_sweep_is_what_the_notional_trades_at_rounded_against_the_taker() {
    let book = book(10, &[(99, 1), (97, 10)], &[(101, 1), (103, 10)]);
    let sweep = |average, limit| Some(Sweep { average: Price(average), limit: Price(limit) });
    assert_eq!(book.buy(probe(50)), sweep(101, 101));
    assert_eq!(book.buy(probe(101)), sweep(101, 101));
    // One at 101 and two at 103 for the 199 left: 307 for 3, rounded up.
    assert_eq!(book.buy(probe(300)), sweep(103, 103));
    // One at 99 and three at 97: 390 for 4, rounded down.
    assert_eq!(book.sell(probe(300)), sweep(97, 97));
    assert_eq!(book.sell(probe(10_000)), None);
    assert_eq!(book.buy(probe(i64::from(u32::MAX))), None);
}

#[test]
fn a_probe_of_nothing_is_none() {
    let scale = Scale { price_exp: 2, qty_exp: 3 };
    assert_eq!(Probe::new(Money::ZERO, scale), None);
    assert_eq!(Probe::new(Money(1), scale), None);
    assert_eq!(Probe::new(Money::from_whole(1), scale), Some(Probe(100_000)));
}

#[test]
fn the_checksum_is_that_of_the_venues_examples() {
    // From OKX's page on checksums; the sums by zlib.
    let edge = Edge { price_exp: 1, size_exp: 0, size_factor: 1 };
    let even = book(10, &[(33_661, 7), (33_660, 6)], &[(33_668, 9), (33_680, 8)]);
    assert_eq!(even.checksum(&edge), -1_881_014_294);
    let uneven = book(10, &[(33_661, 7)], &[(33_668, 9), (33_680, 8), (33_720, 8)]);
    assert_eq!(uneven.checksum(&edge), 831_078_360);
}

#[test]
fn rescaling_keeps_the_book_or_changes_nothing() {
    let mut book = book(10, &[(99, 1)], &[(101, i64::MAX / 5)]);
    assert!(!book.rescale(1, 10));
    assert_eq!(book.bid(), Top::Known(level(99, 1)));
    assert!(book.rescale(10, 1));
    assert_eq!(book.ask(), Top::Known(level(1_010, i64::MAX / 5)));
}

/// Both sides by price, as a plain map knows them.
#[derive(Default)]
struct Model {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

impl Model {
    fn set(side: &mut BTreeMap<i64, i64>, level: Level) {
        if level.qty.is_zero() {
            side.remove(&level.price.0);
        } else {
            side.insert(level.price.0, level.qty.0);
        }
    }

    /// Takes unit by unit: slow and plain.
    fn sweep<'a>(
        levels: impl Iterator<Item = (&'a i64, &'a i64)>,
        notional: i64,
        up: bool,
    ) -> Option<(i64, i64)> {
        let (mut cost, mut taken) = (0, 0);
        for (price, qty) in levels {
            for _ in 0..*qty {
                cost += price;
                taken += 1;
                if cost >= notional {
                    let round = if up { taken - 1 } else { 0 };
                    return Some(((cost + round) / taken, *price));
                }
            }
        }
        None
    }
}

proptest! {
    #[test]
    fn a_book_with_room_is_two_sorted_maps(
        changes in proptest::collection::vec((any::<bool>(), 1_i64..60, 0_i64..5), 0..200),
        notional in 1_i64..2_000,
    ) {
        let mut book = Book::with_capacity(64);
        let mut model = Model::default();
        for (is_bid, price, qty) in changes {
            let change = [level(price, qty)];
            if is_bid {
                book.apply(&change, &[]);
                Model::set(&mut model.bids, change[0]);
            } else {
                book.apply(&[], &change);
                Model::set(&mut model.asks, change[0]);
            }
            let top = |best: Option<(&i64, &i64)>| {
                best.map_or(Top::Empty, |(price, qty)| Top::Known(level(*price, *qty)))
            };
            prop_assert_eq!(book.bid(), top(model.bids.last_key_value()));
            prop_assert_eq!(book.ask(), top(model.asks.first_key_value()));
            prop_assert_eq!(book.len(), (model.bids.len(), model.asks.len()));
        }
        let pair = |sweep: Option<Sweep>| sweep.map(|sweep| (sweep.average.0, sweep.limit.0));
        prop_assert_eq!(
            pair(book.buy(probe(notional))),
            Model::sweep(model.asks.iter(), notional, true)
        );
        prop_assert_eq!(
            pair(book.sell(probe(notional))),
            Model::sweep(model.bids.iter().rev(), notional, false)
        );
    }

    #[test]
    fn a_small_book_never_calls_known_what_a_large_one_knows_better(
        changes in proptest::collection::vec((1_i64..40, 0_i64..3), 0..300),
        capacity in 1_usize..6,
    ) {
        let mut small = Book::with_capacity(capacity);
        let mut large = Book::with_capacity(64);
        for (price, qty) in changes {
            small.apply(&[level(price, qty)], &[]);
            large.apply(&[level(price, qty)], &[]);
            match small.bid() {
                Top::Unknown => {}
                known => prop_assert_eq!(known, large.bid()),
            }
            let (ours, theirs) = (small.sell(probe(30)), large.sell(probe(30)));
            prop_assert!(ours.is_none() || ours == theirs);
        }
    }
}
